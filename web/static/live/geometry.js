// Faces as Float32Array(468 * 3): x, y, z of each point in turn. See landmarks/mesh.py.

export const POINTS = 468;
export const FACE_RADIUS = 14.5; // pixels at which Face Mesh sees a face; see landmarks/crops.py

/** The face of the mirror image of a picture so wide, in the mesh's own order. */
export function mirrored(points, mirror, width = 0) {
  const flipped = new Float32Array(points.length);
  for (let i = 0; i < POINTS; i++) {
    const from = 3 * mirror[i];
    flipped[3 * i] = width - points[from];
    flipped[3 * i + 1] = points[from + 1];
    flipped[3 * i + 2] = points[from + 2];
  }
  return flipped;
}

/** The mean of several meshes of one face. */
export function mean(meshes) {
  const sum = new Float32Array(POINTS * 3);
  for (const points of meshes) for (let i = 0; i < sum.length; i++) sum[i] += points[i];
  return sum.map((value) => value / meshes.length);
}

/** Left, top, right and bottom of a face's points. */
export function corners(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    box[0] = Math.min(box[0], points[i]);
    box[1] = Math.min(box[1], points[i + 1]);
    box[2] = Math.max(box[2], points[i]);
    box[3] = Math.max(box[3], points[i + 1]);
  }
  return box;
}

/** The shared area of two boxes over the smaller one's, 0 to 1. */
export function overlap(one, other) {
  return intersection(one, other) / Math.max(Math.min(area(one), area(other)), 1e-9);
}

/** The intersection over union of two boxes, 0 to 1. */
export function iou(one, other) {
  const shared = intersection(one, other);
  return shared / Math.max(area(one) + area(other) - shared, 1e-9);
}

function intersection(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

function area(box) {
  return (box[2] - box[0]) * (box[3] - box[1]);
}

/** The mean of the points, [x, y, z]. */
export function centre(points) {
  const sum = [0, 0, 0];
  for (let i = 0; i < points.length; i++) sum[i % 3] += points[i];
  return sum.map((value) => value / POINTS);
}

/** The root of the points' mean squared distance from their centre. */
export function radius(points) {
  const middle = centre(points);
  let sum = 0;
  for (let i = 0; i < points.length; i++) sum += (points[i] - middle[i % 3]) ** 2;
  return Math.sqrt(sum / POINTS);
}

/** The mean distance of two meshes in the picture's plane, in pixels. */
export function distance(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i += 3) {
    sum += Math.hypot(one[i] - other[i], one[i + 1] - other[i + 1]);
  }
  return sum / POINTS;
}
