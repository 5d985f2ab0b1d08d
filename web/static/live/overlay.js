// Mesh, box and name of each face, drawn over a picture.

import { drawLabel } from "../draw-label.js";

const LABEL = 0.045; // height of the letters over the picture's shorter side
const MARGIN = 4;

/**
 * Draw faces.
 *
 * @param {HTMLCanvasElement} canvas  as many pixels as the picture
 * @param {{points: Float32Array, box: number[], label: string}[]} faces  in pixels of the picture
 * @param {number[][]} edges  pairs of points
 * @param {boolean} flip  whether the picture is shown as a mirror would
 */
export function drawFaces(canvas, faces, edges, flip = false) {
  const context = canvas.getContext("2d");
  const shorter = Math.min(canvas.width, canvas.height);
  if (flip) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  for (const { points, box } of faces) {
    drawMesh(context, points, edges, shorter);
    drawBox(context, box, shorter);
  }
  context.resetTransform();
  for (const { box, label } of faces) {
    const left = flip ? canvas.width - box[2] : box[0];
    drawLabel(context, label, left - MARGIN, box[1] - MARGIN, LABEL * shorter);
  }
}

function drawMesh(context, points, edges, shorter) {
  context.beginPath();
  for (const [one, other] of edges) {
    context.moveTo(points[3 * one], points[3 * one + 1]);
    context.lineTo(points[3 * other], points[3 * other + 1]);
  }
  context.lineWidth = shorter / 800;
  context.strokeStyle = "rgb(255 255 255 / 55%)";
  context.stroke();
}

function drawBox(context, [left, top, right, bottom], shorter) {
  const sides = [left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN];
  for (const [width, colour] of [[100, "rgb(0 0 0 / 40%)"], [200, "white"]]) {
    context.lineWidth = shorter / width;
    context.strokeStyle = colour;
    context.strokeRect(...sides);
  }
}
