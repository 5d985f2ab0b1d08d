// A project of Teach as a file that stays on this device: names, points of the faces, small pictures.

import { strFromU8, strToU8, unzipSync, zipSync } from "/vendor/fflate/esm/browser.js";
import { POINTS } from "../live/geometry.js";

const FORMAT = 1;
const [TEXT, VALUES] = ["project.json", "points.f32"]; // values: float32, the low byte first
const PICTURE = "data:image/jpeg;base64,";

/** The expressions of a dataset as a zip. */
export function packed(expressions) {
  const all = expressions.flatMap(({ faces }) => faces);
  const takes = [...new Set(all.map(({ take }) => take))];
  const values = new Float32Array(all.length * POINTS * 3);
  all.forEach(({ points }, i) => values.set(points, i * POINTS * 3));
  const text = JSON.stringify({
    format: FORMAT,
    pictures: takes.map(({ image }) => image),
    expressions: expressions.map(({ name, faces }) => ({
      name, faces: faces.map(({ width, height, take }) => [width, height, takes.indexOf(take)]),
    })),
  });
  return zipSync({ [TEXT]: strToU8(text), [VALUES]: new Uint8Array(values.buffer) });
}

/** The expressions that a zip holds, within the limits of a dataset, or null if it is no project. */
export function unpacked(content, { minClasses, maxClasses, maxFaces }) {
  try {
    const files = unzipSync(content);
    const { format, pictures, expressions } = JSON.parse(strFromU8(files[TEXT]));
    const values = new Float32Array(files[VALUES].slice().buffer);
    const takes = pictures.map((image) => ({ image }));
    let at = 0;
    const read = ([width, height, number]) => {
      const points = values.slice(at, (at += POINTS * 3));
      return { points, width, height, take: takes[number] };
    };
    const found = expressions.map(({ name, faces }) => ({ name: String(name), faces: faces.map(read) }));
    const fits = format === FORMAT && at === values.length && at <= maxFaces * POINTS * 3
      && found.length >= minClasses && found.length <= maxClasses && values.every(Number.isFinite)
      && pictures.every((image) => image.startsWith(PICTURE))
      && found.every(({ faces }) => faces.every(({ take }) => take));
    return fits ? found : null;
  } catch {
    return null; // no zip, or one of something else
  }
}
