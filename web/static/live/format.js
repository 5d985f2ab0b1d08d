// What confidences say, in the visitor's language.

import { say, words } from "../words.js";

/** A class in the visitor's language; one that the page doesn't know stays as it is. */
export function named(name) {
  // A visitor may teach an expression called "constructor".
  return Object.hasOwn(words.expressions, name) ? words.expressions[name] : name;
}

/** What a face shows, in a word, or that it is uncertain between two. */
export function verdict(proba, { classes, threshold }) {
  const order = [...proba.keys()].sort((one, other) => proba[other] - proba[one]);
  const [expression, second] = order.map((k) => named(classes[k]));
  return proba[order[0]] < threshold ? say(words.uncertain, { expression, second }) : expression;
}

/** 0 to 1 as a percentage without decimals: they would only flicker. */
export function percent(share) {
  return `${Math.round(100 * share)}\u00a0%`;
}
