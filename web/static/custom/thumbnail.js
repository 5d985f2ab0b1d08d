// A small picture of a face, by which a visitor knows what was recorded. It stays in the browser.
import { centre, radius } from "../live/geometry.js";

const SIDE = 48; // pixels
const REACH = 2; // radii of the mesh from its middle to the picture's edge

/** The face of a picture as a data URI. */
export function thumbnail(picture, points) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const [x, y] = centre(points);
  const reach = REACH * radius(points);
  const place = [x - reach, y - reach, 2 * reach, 2 * reach];
  canvas.getContext("2d").drawImage(picture, ...place, 0, 0, SIDE, SIDE);
  return canvas.toDataURL("image/jpeg", 0.8);
}
