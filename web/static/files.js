// Files that the page makes for the visitor to keep.

// A cell of text that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function cell(value, decimals) {
  if (typeof value === "number" && decimals !== null) return value.toFixed(decimals);
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Rows of strings and numbers as CSV by RFC 4180, safe to open in a spreadsheet; numbers have the
 * decimals of their columns, where there are some.
 */
export function csv(rows, decimals = []) {
  const line = (row) => row.map((value, i) => cell(value, decimals[i] ?? null)).join(",");
  return rows.map((row) => `${line(row)}\r\n`).join("");
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
