// A reading's photo as PNG, with mesh, box and label on each face.
const MIN_WIDTH = 400;
const LETTERS_ACROSS_A_BOX = 7;
const MIN_LETTERS = 13;
const MAX_LETTERS = 28;

async function decoded(href) {
  const photo = new Image();
  photo.src = href;
  await photo.decode();
  return photo;
}

// Writes a label above its box, or inside where there is no room, on a ground of its own.
function write(context, text, box, scale) {
  const { width: all } = context.canvas;
  const fitting = (box.width * scale) / LETTERS_ACROSS_A_BOX;
  const size = Math.min(MAX_LETTERS, Math.max(MIN_LETTERS, fitting));
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width + size;
  const height = 1.5 * size;
  const left = Math.max(0, Math.min(box.x * scale, all - width));
  const top = Math.max(0, box.y * scale - height);
  context.fillStyle = "rgb(0 0 0 / 0.75)";
  context.fillRect(left, top, width, height);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, left + size / 2, top + height / 2);
}

function draw(context, found, scale) {
  const box = found.querySelector(".box").getBBox();
  context.save();
  context.scale(scale, scale);
  context.lineWidth = 0.75 / scale;
  context.strokeStyle = "rgb(255 255 255 / 0.5)";
  context.stroke(new Path2D(found.querySelector(".edges").getAttribute("d")));
  for (const [width, colour] of [[4, "rgb(0 0 0 / 0.4)"], [2, "#fff"]]) {
    context.lineWidth = width / scale;
    context.strokeStyle = colour;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
  context.restore();
  write(context, found.dataset.label, box, scale);
}

/**
 * The PNG, as a Blob, of an svg.photo at the size its picture came in; tiny ones are enlarged, since
 * their labels would not be readable.
 */
export async function annotated(svg) {
  const photo = await decoded(svg.querySelector("image").getAttribute("href"));
  const canvas = document.createElement("canvas");
  const enlarged = Math.max(1, Math.ceil(MIN_WIDTH / photo.naturalWidth));
  canvas.width = enlarged * photo.naturalWidth;
  canvas.height = enlarged * photo.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(photo, 0, 0, canvas.width, canvas.height);
  const scale = canvas.width / svg.viewBox.baseVal.width;
  for (const found of svg.querySelectorAll(".found")) draw(context, found, scale);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
