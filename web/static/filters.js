// Which photos of many are shown: those with an expression, uncertain ones, those that failed.
import { say, words } from "./words.js";

const KINDS = { uncertain: words.uncertain, "no-face": words.no_face, failed: words.unread };

/** Where a kind stands among others: expressions first. */
export function rank(kind) {
  return Object.keys(KINDS).indexOf(kind);
}

export function kindsOf(place) {
  return place.querySelector("[data-kinds]")?.dataset.kinds.split(" ").filter(Boolean) ?? [];
}

function apply(list, kind) {
  for (const place of list.children) place.hidden = Boolean(kind) && !kindsOf(place).includes(kind);
}

function button(kind, text, bar, list) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.textContent = text;
  chip.dataset.kind = kind;
  chip.addEventListener("click", () => {
    for (const each of bar.children) each.setAttribute("aria-pressed", each === chip);
    apply(list, kind);
  });
  return chip;
}

/** Count the photos of each kind in a button, which shows them alone. */
export function showFilters(result) {
  const [bar, list] = [".filters", ".results"].map((name) => result.querySelector(name));
  const pressed = bar.querySelector("[aria-pressed=true]")?.dataset.kind ?? "";
  const counts = new Map();
  for (const place of list.children) {
    for (const kind of kindsOf(place)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const order = [...counts].sort(([one, n], [other, m]) => rank(one) - rank(other) || m - n);
  const chips = order.map(([kind, count]) => {
    const named = KINDS[kind] ?? words.expressions[kind] ?? kind;
    return button(kind, say(words.kind, { kind: named, count }), bar, list);
  });
  const all = button("", say(words.kind, { kind: words.all, count: list.children.length }), bar, list);
  bar.replaceChildren(all, ...chips);
  bar.hidden = result.querySelector(".sorting").hidden = list.children.length < 2;
  const shown = chips.find((chip) => chip.dataset.kind === pressed) ?? all;
  for (const chip of bar.children) chip.setAttribute("aria-pressed", chip === shown);
  apply(list, shown.dataset.kind);
}
