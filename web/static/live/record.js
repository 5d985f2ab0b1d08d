// What was seen, as CSV: one row a face and frame.

const MOST_ROWS = 200_000; // about an hour of two faces at 30 frames a second; then the oldest go

/**
 * Keep rows.
 *
 * @param {string[]} classes
 * @returns {{add: Function, csv: () => string, size: number}}
 *   add(Date, {number, box, proba}): the box is left, top, right, bottom in pixels
 */
export function createRecord(classes) {
  const rows = [];
  return {
    get size() {
      return rows.length;
    },
    add(date, { number, box, proba }) {
      const [left, top, right, bottom] = box.map(Math.round);
      const shares = Array.from(proba, (share) => share.toFixed(4));
      rows.push([date.toISOString(), number, left, top, right - left, bottom - top, ...shares]);
      if (rows.length > MOST_ROWS) rows.splice(0, MOST_ROWS / 10);
    },
    csv() {
      const head = ["timestamp", "face", "left", "top", "width", "height", ...classes.map(quoted)];
      return [head, ...rows].map((row) => row.join(",")).join("\r\n") + "\r\n";
    },
  };
}

/** A field as RFC 4180 wants it: class names are the bundle's own words. */
function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Let the browser save a text as a file. */
export function save(name, text, type = "text/csv") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // after the download has begun
}
