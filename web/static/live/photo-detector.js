// Faces of a photo as Python finds them (landmarks/detection/detector.py): the points of each are the
// mesh of one crop, or the mean with that of its mirror image.

import { enlarged, pixelsOf, squareCut } from "./resample.js";
import { FACE_RADIUS, centre, corners, distance, mean } from "./geometry.js";
import { mirrored, overlap, radius } from "./geometry.js";

const CROP_SIDE = 256;
// Python cuts a crop about its detector's box: of composites that box has twice this side in radii
// of the mesh, and its middle lies so many radii below the mesh's.
const CROP_RADII = 6.15;
const BELOW = 0.13;
const SHOWN = 90; // pixels of a crop at the scale that Face Mesh sees every face at
const MAX_DISAGREEMENT = 0.3; // mean distance in radii; see landmarks/detection/validation.py
const FRAMES = [
  // border as a share of the longer side, grey: a face that fills the picture needs room around it
  [0, 0],
  [1 / 3, 0],
  [0.6, 0],
  [1 / 3, 128],
];
const FRAMED_SIDE = 640;
const OUTER_EYES = [33, 263]; // the visitor's right eye is on the picture's left
const MOUTH = 13;

/**
 * Find every face of a photo.
 *
 * @param {{find: Function}} mesh  from openMesh, for several faces
 * @param {ImageBitmap} photo  upright
 * @param {number[]} mirror  the mesh's mirror permutation
 * @param {number} [meshes]  whose mean the points are, one or two
 * @returns {Promise<{points: Float32Array}[]>}  largest first, in pixels of the photo
 */
export async function findInPhoto(mesh, photo, mirror, meshes = 2) {
  const pixels = pixelsOf(photo);
  for (const [border, grey] of FRAMES) {
    const found = await firstMeshes(mesh, photo, border, grey);
    const faces = [];
    for (const points of found) {
      const face = await consensus(mesh, pixels, points, mirror, meshes);
      const known = face && faces.some((had) => overlap(corners(had.points), corners(face)) > 0.5);
      if (face && !known) faces.push({ points: face });
    }
    if (faces.length) return faces.sort((a, b) => radius(b.points) - radius(a.points));
  }
  return [];
}

/** The meshes of the whole photo in a frame, in pixels of the photo. */
async function firstMeshes(mesh, photo, border, grey) {
  const longer = Math.max(photo.width, photo.height);
  const scale = Math.min(1, FRAMED_SIDE / longer) / (1 + 2 * border);
  const edge = border * longer * scale;
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(photo.width * scale + 2 * edge)),
    Math.max(1, Math.round(photo.height * scale + 2 * edge)),
  );
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(photo, edge, edge, photo.width * scale, photo.height * scale);
  const place = { a: 1 / scale, b: 0, x: -edge / scale, y: -edge / scale };
  const found = await mesh.find(canvas, { fresh: true });
  return found.map(({ points }) => toPhoto(place, points));
}

/** The mesh of a face whose points are roughly known, or null where its mirror image disagrees. */
async function consensus(mesh, pixels, rough, mirror, meshes) {
  const pair = await pairOf(mesh, pixels, rough, mirror);
  // What the detector takes for a face in a curtain has another mesh in the mirror.
  if (pair.length < 2 || apart(...pair) > MAX_DISAGREEMENT) return null;
  return mean(pair.slice(0, meshes));
}

function apart(one, other) {
  return distance(one, other) / radius(one);
}

/** The place, as in resample.js, of a crop of so many pixels that a face stands upright in. */
function placeAbout(points, pixels) {
  const step = (CROP_RADII * radius(points)) / pixels;
  const [x, y] = centre(points);
  const roll = rollOf(points);
  const [a, b] = [Math.cos(roll) * step, Math.sin(roll) * step];
  const [half, below] = [pixels / 2, (BELOW * pixels) / CROP_RADII];
  return { a, b, x: x - (a - b) * half - b * below, y: y - (b + a) * half + a * below };
}

/** The turn of a face in the picture, by its eyes and mouth, as Python's detector reads it. */
function rollOf(points) {
  const [right, left, mouth] = [...OUTER_EYES, MOUTH].map((i) => [points[3 * i], points[3 * i + 1]]);
  const [x, y] = [0, 1].map((axis) => mouth[axis] - (right[axis] + left[axis]) / 2);
  return Math.atan2(left[1] - right[1] - x, left[0] - right[0] + y);
}

/** The crop of a face at the scale that Face Mesh sees every face at. */
function cropOf(pixels, points) {
  if (radius(points) <= FACE_RADIUS) {
    return squareCut(pixels, placeAbout(points, CROP_SIDE), CROP_SIDE);
  }
  return enlarged(squareCut(pixels, placeAbout(points, SHOWN), SHOWN), CROP_SIDE);
}

/** The meshes of a face's crop and of its mirror image, in pixels of the photo; those found. */
async function pairOf(mesh, pixels, rough, mirror) {
  const [crop, place] = [cropOf(pixels, rough), placeAbout(rough, CROP_SIDE)];
  const pair = [];
  for (const flip of [false, true]) {
    const found = await mesh.find(flip ? inMirror(crop) : crop, { fresh: true });
    const points = mostCentral(found.map((face) => face.points));
    if (points) pair.push(toPhoto(place, flip ? mirrored(points, mirror, CROP_SIDE) : points));
  }
  return pair;
}

/** The mirror image of a crop. */
function inMirror({ data, width, height }) {
  const flipped = new ImageData(width, height);
  const [from, to] = [data, flipped.data].map(({ buffer }) => new Uint32Array(buffer));
  for (let row = 0; row < to.length; row += width) {
    for (let i = 0; i < width; i++) to[row + i] = from[row + width - 1 - i];
  }
  return flipped;
}

function mostCentral(meshes) {
  const half = CROP_SIDE / 2;
  const off = (points) => Math.hypot(centre(points)[0] - half, centre(points)[1] - half);
  return meshes.sort((one, other) => off(one) - off(other))[0];
}

/** Points of a picture at a place in pixels of the photo; z is scaled, not moved. */
function toPhoto({ a, b, x, y }, points) {
  const step = Math.hypot(a, b);
  const moved = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    moved[i] = a * points[i] - b * points[i + 1] + x;
    moved[i + 1] = b * points[i] + a * points[i + 1] + y;
    moved[i + 2] = points[i + 2] * step;
  }
  return moved;
}
