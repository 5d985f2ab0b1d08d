// A photo of the visitor's camera, in a dialog.
import { openCamera } from "./live/camera.js";
import { words } from "./words.js";

const QUALITY = 0.92;

function frame(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => {
    const done = (content) => resolve(new File([content], "camera.jpg", { type: content.type }));
    canvas.toBlob(done, "image/jpeg", QUALITY);
  });
}

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
      if (target === taking) photo = await frame(video);
      if (target.matches("button")) dialog.close();
    }, { signal });
    dialog.addEventListener("close", () => {
      listening.abort();
      camera?.stop();
      resolve(photo);
    }, { signal });
  });
}
