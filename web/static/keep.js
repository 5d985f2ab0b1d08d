// The results of this tab, in its own storage: they outlive a reload, and end with the tab.
import { asJpeg } from "./jpeg.js";

const KEY = "results";
const SMALL = 480; // longer side in pixels of the pictures where all together are too large

async function through(content, stream) {
  return new Response(new Blob([content]).stream().pipeThrough(stream)).arrayBuffer();
}

function toText(buffer) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.replace(/^.*,/, ""));
    reader.readAsDataURL(new Blob([buffer]));
  });
}

async function shrink(image) {
  const photo = new Image();
  photo.src = image.getAttribute("href");
  await photo.decode();
  const { file } = await asJpeg(photo, { side: SMALL, quality: 0.7 });
  image.setAttribute("href", `data:image/jpeg;base64,${await toText(file)}`);
}

async function store(list, relative) {
  const text = JSON.stringify({ relative, html: list.innerHTML });
  sessionStorage.setItem(KEY, await toText(await through(text, new CompressionStream("gzip"))));
}

/** Keep a list of results, with smaller pictures if need be; gives whether it could. */
export async function keep(list, relative) {
  forget();
  const copy = list.cloneNode(true);
  for (const preview of copy.querySelectorAll("img")) preview.remove(); // of a file that is gone then
  try {
    return await store(copy, relative).then(() => true);
  } catch {
    // The tab's storage is full.
  }
  try {
    await Promise.all([...copy.querySelectorAll("image")].map(shrink));
    return await store(copy, relative).then(() => true);
  } catch {
    return false;
  }
}

export function forget() {
  sessionStorage.removeItem(KEY);
}

/** The items that were kept and the sentence above them, or null. */
export async function kept() {
  try {
    const text = sessionStorage.getItem(KEY);
    if (!text) return null;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const buffer = await through(bytes, new DecompressionStream("gzip"));
    const { relative, html } = JSON.parse(new TextDecoder().decode(buffer));
    const page = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html");
    return { relative, items: [...page.querySelector("ol").children] };
  } catch {
    return null;
  }
}
