// A face's bars: built once, then moved by transforms, which costs the page no layout.

import { say, words } from "../words.js";
import { named, percent, verdict } from "./format.js";

/** The page's colour of each class, in the order of live.css. */
export function colours(classes) {
  const style = getComputedStyle(document.documentElement);
  return classes.map((_, k) => style.getPropertyValue(`--class-${k % 8}`).trim());
}

/**
 * Build the bars of one face.
 *
 * @param {number} trackId  of the face
 * @param {{classes: string[], threshold: number}} classifier
 * @returns {{element: HTMLElement, show: (proba: Float32Array) => void}}
 */
export function createPanel(trackId, classifier) {
  const element = document.createElement("article");
  const title = part(element, "h3", "name");
  part(title, "small").textContent = say(words.face, { number: trackId });
  const name = part(title, "strong");
  const bars = part(element, "ul", "shares");
  const rows = classifier.classes.map((each, k) => {
    const row = part(bars, "li");
    part(row, "span", "class").textContent = named(each);
    const fill = part(part(row, "span", "track"), "span", `fill class-${k % 8}`);
    return { row, fill, share: part(row, "span", "share") };
  });
  element.className = "face-panel";

  function show(proba) {
    setText(name, verdict(proba, classifier));
    const best = proba.indexOf(Math.max(...proba));
    rows.forEach(({ row, fill, share }, k) => {
      row.classList.toggle("best", k === best);
      fill.style.transform = `scaleX(${proba[k].toFixed(4)})`;
      setText(share, percent(proba[k]));
    });
  }

  return { element, show };
}

function part(parent, tag, className = "") {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}

/** Change a text only if it is another: the page is laid out anew each time. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
