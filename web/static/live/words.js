// The sentences of english.json that the page carries for its scripts.

const room = document.getElementById("live");

export const words = JSON.parse(room.dataset.words);
const expressions = JSON.parse(room.dataset.expressions);

/** A sentence with its named places, such as {count}, filled. */
export function say(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A class in the visitor's language; one that the page doesn't know stays as it is. */
export function named(name) {
  return expressions[name] ?? name;
}

/** What a face shows, in a word, or between which two it is unsure. */
export function verdict(proba, { classes, unsure }) {
  const order = [...proba.keys()].sort((one, other) => proba[other] - proba[one]);
  const [expression, second] = order.map((k) => named(classes[k]));
  return proba[order[0]] < unsure ? say(words.unsure, { expression, second }) : expression;
}

/** 0 to 1 as a percentage without decimals: they would only flicker. */
export function percent(share) {
  return `${Math.round(100 * share)}\u00a0%`;
}
