// A photo of the visitor's camera, in a dialog.
import { openCamera } from "./live/camera.js";
import { asJpeg } from "./jpeg.js";
import { words } from "./words.js";

/** Show the camera until a photo is taken; gives it as a file, or null if the visitor closes. */
export function shoot(dialog) {
  const [video, note, taking] = ["video", "p", "[value=take]"].map((part) => dialog.querySelector(part));
  const listening = new AbortController();
  const { signal } = listening;
  let camera = null;
  let photo = null;
  taking.disabled = true;
  note.textContent = words.camera_starts;
  dialog.showModal();
  openCamera(video, () => dialog.close()).then((opened) => {
    camera = opened;
    if (signal.aborted) return camera.stop();
    note.textContent = "";
    taking.disabled = false;
    taking.focus();
  }, (error) => {
    note.textContent = words.camera_errors[error.reason] ?? words.camera_errors.broken;
  });
  return new Promise((resolve) => {
    dialog.addEventListener("click", async ({ target }) => {
      if (target === taking) photo = (await asJpeg(video, { name: "camera.jpg" })).file;
      if (target.matches("button")) dialog.close();
    }, { signal });
    dialog.addEventListener("close", () => {
      listening.abort();
      camera?.stop();
      resolve(photo);
    }, { signal });
  });
}
