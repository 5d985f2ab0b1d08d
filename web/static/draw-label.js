/**
 * Write a label above a face, within the canvas: the same on photos and on Live.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} left  edge of the face's box
 * @param {number} bottom  of the label, the upper edge of the box
 * @param {number} size  height of the letters
 */
export function drawLabel(context, text, left, bottom, size) {
  context.font = `600 ${size}px system-ui, sans-serif`;
  const width = context.measureText(text).width;
  const x = Math.max(0, Math.min(left, context.canvas.width - width));
  const y = Math.max(size, bottom - size / 3); // a face at the top keeps its name in sight
  context.lineWidth = size / 5;
  context.lineJoin = "round";
  context.strokeStyle = "rgb(0 0 0 / 60%)";
  context.strokeText(text, x, y);
  context.fillStyle = "white";
  context.fillText(text, x, y);
}
