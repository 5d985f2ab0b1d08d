// Faces of a photo as Python finds them (landmarks/detector.py): each is looked at in four crops and
// their mirror images, and its points are the mean of these meshes.

import { centre, corners, distance, mean, mirrored, overlap, radius } from "./points.js";

const CROP_SIDE = 256;
const LOOK_RADII = 6; // side of a crop in radii of the mesh: twice a face's height
const LOOKS = [
  // roll, scale, shift to the right and down in sides: the first, and landmarks.looks.LOOKS_AGAIN
  [0, 1.05, 0, 0],
  [0.12, 1.05, 0.03, -0.02],
  [-0.12, 1.05, -0.03, -0.02],
  [0, 0.9, 0, 0.03],
];
const LEAST_AGREEMENT = 0.3; // mean distance in radii; see landmarks/plausibility.py
const FRAMES = [
  // border as a share of the longer side, grey: a face that fills the picture needs room around it
  [0, 0],
  [1 / 3, 0],
  [0.6, 0],
  [1 / 3, 128],
];
const FRAMED_SIDE = 640;
const OUTER_EYES = [33, 263]; // the visitor's right eye is on the picture's left

/**
 * Find every face of a photo.
 *
 * @param {{find: Function}} mesh  from openMesh, for several faces
 * @param {ImageBitmap} photo  upright
 * @param {number[]} mirror  the mesh's mirror permutation
 * @returns {Promise<{points: Float32Array}[]>}  largest first, in pixels of the photo
 */
export async function findInPhoto(mesh, photo, mirror) {
  for (const [border, grey] of FRAMES) {
    const found = await firstMeshes(mesh, photo, border, grey);
    const faces = [];
    for (const points of found) {
      const face = await lookedAt(mesh, photo, points, mirror);
      const known = face && faces.some((had) => overlap(corners(had.points), corners(face)) > 0.5);
      if (face && !known) faces.push({ points: face });
    }
    if (faces.length) return faces.sort((a, b) => radius(b.points) - radius(a.points));
  }
  return [];
}

async function firstMeshes(mesh, photo, border, grey) {
  const longer = Math.max(photo.width, photo.height);
  const scale = Math.min(1, FRAMED_SIDE / longer) / (1 + 2 * border);
  const edge = border * longer * scale;
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(photo.width * scale + 2 * edge)),
    Math.max(1, Math.round(photo.height * scale + 2 * edge)),
  );
  const look = { a: scale, b: 0, x: edge, y: edge, canvas };
  draw(look, photo, `rgb(${grey} ${grey} ${grey})`);
  const found = await mesh.find(canvas, { fresh: true });
  return found.map(({ points }) => toPhoto(look, points));
}

/** The mean mesh of a face whose points are roughly known, or null where the looks disagree. */
async function lookedAt(mesh, photo, rough, mirror) {
  let points = rough;
  const views = [];
  for (const [number, [turn, scale, right, down]] of LOOKS.entries()) {
    const pair = await pairOf(mesh, photo, cropAbout(points, turn, scale, right, down), mirror);
    if (number === 0) {
      // What the detector takes for a face in a curtain looks otherwise in the mirror.
      if (pair.length < 2 || apart(...pair) > LEAST_AGREEMENT) return null;
      points = mean(pair);
    }
    views.push(...pair);
  }
  return mean(views.filter((view) => apart(view, points) < LEAST_AGREEMENT));
}

function apart(one, other) {
  return distance(one, other) / radius(one);
}

/** A crop as the similarity from the photo to its canvas: (x, y) -> (ax - by + x0, bx + ay + y0). */
function cropAbout(points, turn, scale, right, down) {
  const side = LOOK_RADII * radius(points);
  const [x, y] = centre(points);
  const [one, other] = OUTER_EYES.map((i) => 3 * i);
  const eyes = Math.atan2(points[other + 1] - points[one + 1], points[other] - points[one]);
  const zoom = CROP_SIDE / (side * scale);
  const a = Math.cos(eyes + turn) * zoom;
  const b = -Math.sin(eyes + turn) * zoom;
  const [cx, cy] = [x + right * side, y + down * side];
  const canvas = new OffscreenCanvas(CROP_SIDE, CROP_SIDE);
  const half = CROP_SIDE / 2;
  return { a, b, x: half - (a * cx - b * cy), y: half - (b * cx + a * cy), canvas };
}

function draw({ a, b, x, y, canvas }, photo, paper = "black", flip = false) {
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (flip) context.setTransform(-a, b, b, a, canvas.width - x, y);
  else context.setTransform(a, b, -b, a, x, y);
  context.drawImage(photo, 0, 0);
  context.resetTransform();
}

/** The meshes of a crop and of its mirror image, in pixels of the photo; those that were found. */
async function pairOf(mesh, photo, look, mirror) {
  const pair = [];
  for (const flip of [false, true]) {
    draw(look, photo, "black", flip);
    const found = await mesh.find(look.canvas, { fresh: true });
    const points = mostCentral(found.map((face) => face.points));
    if (points) pair.push(toPhoto(look, flip ? mirrored(points, mirror, CROP_SIDE) : points));
  }
  return pair;
}

function mostCentral(meshes) {
  const half = CROP_SIDE / 2;
  const off = (points) => Math.hypot(centre(points)[0] - half, centre(points)[1] - half);
  return meshes.sort((one, other) => off(one) - off(other))[0];
}

/** Points of a look in pixels of the photo; z is scaled, not moved. */
function toPhoto({ a, b, x, y }, points) {
  const zoom = Math.hypot(a, b);
  const back = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const [dx, dy] = [points[i] - x, points[i + 1] - y];
    back[i] = (a * dx + b * dy) / zoom ** 2;
    back[i + 1] = (a * dy - b * dx) / zoom ** 2;
    back[i + 2] = points[i + 2] / zoom;
  }
  return back;
}
