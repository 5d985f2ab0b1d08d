// The order of many results: as they were chosen, or by what they say.
import { kindsOf, rank } from "./filters.js";

const { compare } = new Intl.Collator(document.documentElement.lang, { numeric: true });

function nameOf(place) {
  return place.querySelector(".file").textContent;
}

/** The confidence of the least certain face; photos without one come last. */
function confidence(place) {
  const element = place.querySelector("script.element");
  if (!element) return Infinity;
  const { faces } = JSON.parse(element.textContent);
  return Math.min(...faces.map(({ expression, confidences }) => confidences[expression]));
}

function kind(place) {
  return kindsOf(place)[0] ?? "";
}

const ORDERS = {
  chosen: () => 0,
  name: (one, other) => compare(nameOf(one), nameOf(other)),
  expression: (one, other) => rank(kind(one)) - rank(kind(other)) || compare(kind(one), kind(other)),
  confidence: (one, other) => confidence(one) - confidence(other),
};

/** Bring the items of a list into an order; their data-number is the one in which they were chosen. */
export function sort(list, order) {
  const places = [...list.children];
  places.forEach((place, i) => { place.dataset.number ??= i; });
  places.sort((one, other) => one.dataset.number - other.dataset.number).sort(ORDERS[order]);
  const focused = document.activeElement; // an item that moves would lose it
  list.append(...places);
  focused.focus({ preventScroll: true });
}
