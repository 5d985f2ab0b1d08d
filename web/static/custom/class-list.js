// The list of a dataset's classes: a name, a count of faces and buttons each.

import { counted, say, words } from "../words.js";

/**
 * Show a dataset's classes and let the visitor change them.
 *
 * @param {HTMLElement} section  with .expressions, .add and a template for an expression
 * @param {{expressions: object[]}} dataset  from createDataset
 * @param {object} limits
 * @param {{record: Function, photos: Function, changed: Function}} actions
 *   record(expression) and photos(expression, files) are the visitor's wishes; changed() is called
 *   after each change of the dataset
 * @returns {{replace: Function, show: Function, recording: Function}}
 *   replace(expressions) shows these in the place of all that are there; show() brings the counts up to date; recording(expression or
 *   null) says which one is being recorded
 */
export function createClassList(section, dataset, limits, actions) {
  const list = section.querySelector(".expressions");
  const more = section.querySelector(".add");
  const template = section.querySelector("template");
  const rows = new Map();

  more.addEventListener("click", () => add("").querySelector(".name").focus());

  function replace(expressions) {
    dataset.expressions.length = 0;
    rows.clear();
    list.replaceChildren();
    for (const { name, faces } of expressions) add(name, faces);
  }

  function add(name, faces = []) {
    const expression = { name, faces };
    const row = template.content.cloneNode(true).firstElementChild;
    dataset.expressions.push(expression);
    rows.set(expression, row);
    row.querySelector(".name").value = name;
    listen(row, expression);
    list.append(row);
    actions.changed();
    return row;
  }

  function listen(row, expression) {
    const on = (name, event, action) => row.querySelector(name).addEventListener(event, action);
    const changing = (action) => () => {
      action();
      actions.changed();
    };
    on(".name", "input", changing(() => (expression.name = row.querySelector(".name").value.trim())));
    on(".record", "click", () => actions.record(expression));
    on(".clear", "click", changing(() => (expression.faces = [])));
    on(".remove", "click", changing(() => remove(row, expression)));
    on(".photos input", "change", ({ target }) => {
      actions.photos(expression, [...target.files]);
      target.value = ""; // the same files may be chosen again
    });
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      actions.photos(expression, [...event.dataTransfer.files]);
    });
  }

  function remove(row, expression) {
    dataset.expressions.splice(dataset.expressions.indexOf(expression), 1);
    rows.delete(expression);
    row.remove();
    more.hidden = false;
    more.focus(); // the button that had the focus is gone
  }

  function show() {
    const { expressions } = dataset;
    more.hidden = expressions.length >= limits.maxClasses;
    expressions.forEach((expression, i) => {
      const row = rows.get(expression);
      const numbered = say(words.teach.numbered, { number: i + 1 });
      row.querySelector(".naming span").textContent = numbered;
      row.querySelector(".count").textContent = counted(words.teach.faces, expression.faces.length);
      row.querySelector(".remove").hidden = expressions.length <= limits.minClasses;
      row.querySelector(".clear").hidden = expression.faces.length === 0;
      showTakes(row, expression);
      for (const [button, visible] of buttons(row)) {
        const label = say(words.teach.of, { action: visible, name: expression.name || numbered });
        button.setAttribute("aria-label", label);
      }
    });
  }

  /** A picture for each recording and photo, which takes its faces away again. */
  function showTakes(row, expression) {
    const place = row.querySelector(".takes");
    const takes = [...new Set(expression.faces.map(({ take }) => take))];
    const removed = (take) => () => {
      expression.faces = expression.faces.filter((face) => face.take !== take);
      actions.changed();
      row.querySelector(".takes button, .record").focus(); // the button that had it is gone
    };
    place.replaceChildren(...takes.map((take) => {
      const count = expression.faces.filter((face) => face.take === take).length;
      return takeButton(take, counted(words.teach.take, count), removed(take));
    }));
  }

  function recording(current) {
    for (const [expression, row] of rows) {
      const on = expression === current;
      row.classList.toggle("recording", on);
      row.querySelector(".record").textContent = on ? words.teach.end : words.teach.record;
    }
    show();
  }

  return { replace, show, recording };
}

function takeButton({ image }, label, action) {
  const [item, button, picture] = ["li", "button", "img"].map((tag) => document.createElement(tag));
  button.type = "button";
  button.title = picture.alt = label;
  picture.src = image;
  button.append(picture);
  button.addEventListener("click", action);
  item.append(button);
  return item;
}

/** The buttons of a row that say the same in each row, and what they say. */
function buttons(row) {
  const names = [".record", ".clear", ".remove"].map((name) => row.querySelector(name));
  const photos = row.querySelector(".photos");
  return [
    ...names.map((button) => [button, button.textContent]),
    [photos.querySelector("input"), photos.textContent.trim()],
  ];
}
