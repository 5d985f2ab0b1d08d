// A reading's photo as PNG, with box, label and, where it is shown, mesh on each face.
import { drawLabel } from "./draw-label.js";

const MIN_WIDTH = 400;
const LETTERS_ACROSS_A_BOX = 7;
const [MIN_LETTERS, MAX_LETTERS] = [13, 28];

async function decoded(href) {
  const photo = new Image();
  photo.src = href;
  await photo.decode();
  return photo;
}

function draw(context, found, mesh, scale) {
  const box = found.querySelector(".box").getBBox();
  context.save();
  context.scale(scale, scale);
  if (mesh) {
    context.lineWidth = 0.75 / scale;
    context.strokeStyle = "rgb(255 255 255 / 0.5)";
    context.stroke(new Path2D(found.querySelector(".edges").getAttribute("d")));
  }
  for (const [width, colour] of [[4, "rgb(0 0 0 / 0.4)"], [2, "#fff"]]) {
    context.lineWidth = width / scale;
    context.strokeStyle = colour;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  context.restore();
  const { x, y, width } = box;
  const size = Math.min(MAX_LETTERS, Math.max(MIN_LETTERS, (width * scale) / LETTERS_ACROSS_A_BOX));
  drawLabel(context, found.dataset.label, x * scale, y * scale, size);
}

/**
 * The PNG, as a Blob, of an svg.photo at the size its picture came in; tiny ones are enlarged, since
 * their labels would not be readable.
 */
export async function annotated(svg, mesh) {
  const photo = await decoded(svg.querySelector("image").getAttribute("href"));
  const canvas = document.createElement("canvas");
  const enlarged = Math.max(1, Math.ceil(MIN_WIDTH / photo.naturalWidth));
  canvas.width = enlarged * photo.naturalWidth;
  canvas.height = enlarged * photo.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const scale = canvas.width / svg.viewBox.baseVal.width;
  for (const found of svg.querySelectorAll(".found")) draw(context, found, mesh, scale);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
