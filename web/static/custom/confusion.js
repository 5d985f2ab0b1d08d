// What the held-out faces of each expression were taken for.

import { named } from "../live/format.js";

function cell(tag, text, scope = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (scope) made.scope = scope;
  return made;
}

/**
 * Fill a table.
 *
 * @param {HTMLTableElement} table  its caption stays
 * @param {string[]} classes
 * @param {number[][]} counts  a row for each class that was shown, a column for each that was named
 */
export function showConfusion(table, classes, counts) {
  const body = document.createElement("tbody");
  const line = (cells) => body.insertRow().append(...cells);
  line([cell("td", ""), ...classes.map((name) => cell("th", named(name), "col"))]);
  counts.forEach((row, i) => {
    line([cell("th", named(classes[i]), "row"), ...row.map((count) => cell("td", count))]);
    body.rows[i + 1].cells[i + 1].className = "right";
  });
  table.replaceChildren(table.caption, body);
}
