// A custom dataset: named expressions, their faces, and whether these are enough to train on.

import { say, words } from "../words.js";

// As classifiers/custom/dataset.py has it: nothing in a name is syntax, in a spreadsheet either.
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} \-_'’]*$/u;

/**
 * Start a dataset.
 *
 * @param {object} limits  as web/routes/custom.py gives them to the page
 * @returns {{expressions: {name: string, faces: object[]}[], room: Function, whyNot: Function,
 *   form: Function}}
 *   a face is {points: Float32Array, width, height}, in pixels of its picture; room(expression)
 *   says how many more faces it may have; whyNot() is why no model can train on the dataset as yet, ""
 *   if it can; form() is what POST /api/teach takes
 */
export function createDataset(limits) {
  const expressions = [];
  // Each has its share of the most faces, so that none can crowd the others out.
  const share = Math.floor(limits.maxFaces / limits.maxClasses);

  function room({ faces }) {
    return share - faces.length;
  }

  function whyNot() {
    const names = expressions.map(({ name }) => name);
    if (names.some((name) => !name)) return words.teach.why_unnamed;
    const bad = names.find((name) => !NAME.test(name));
    if (bad) return say(words.teach.why_name, { name: bad });
    const known = names.map((name) => name.normalize("NFKC").toLowerCase());
    const twice = names.find((_, i) => known.indexOf(known[i]) < i);
    if (twice) return say(words.teach.why_twice, { name: twice });
    if (names.length < limits.minClasses) return words.teach.why_one;
    const few = expressions.find(({ faces }) => faces.length < limits.minFaces);
    if (!few) return "";
    const values = { name: few.name, count: few.faces.length, least: limits.minFaces };
    return say(words.teach.why_few, values);
  }

  function form() {
    const rows = expressions.flatMap(({ name, faces }) => faces.map((face) => ({ name, ...face })));
    const labels = rows.map(({ name }) => name);
    const sizes = rows.map(({ width, height }) => [width, height]);
    const content = new FormData();
    content.append("dataset", JSON.stringify({ labels, sizes }));
    content.append("points", new Blob(rows.map(({ points }) => points)), "points");
    return content;
  }

  return { expressions, room, whyNot, form };
}
