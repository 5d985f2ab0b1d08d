// Files that the page makes for the visitor to keep.

// A cell of text that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function cell(value) {
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of strings and numbers as CSV by RFC 4180, safe to open in a spreadsheet. */
export function csv(rows) {
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Let the browser save a text or a Blob as a file. */
export function save(content, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  // The download has its own hold on the content only once the click is through.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
