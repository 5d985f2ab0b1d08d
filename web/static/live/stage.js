// Where the visitor sees what the camera sees, and the faces that were found in it.

import { openCamera } from "./camera.js";
import { drawFaces } from "./overlay.js";

/**
 * Prepare a section's stage.
 *
 * @param {HTMLElement} section  with .video, .overlay, .stop and, for countDown, .countdown
 * @param {() => void} [ended]  called when the camera is off
 * @returns {{video: HTMLVideoElement, start: Function, stop: Function, draw: Function,
 *   clear: Function, countDown: Function}}
 *   start() gives what openCamera gives, the same while the camera is on; draw(faces, edges, picture)
 *   shows faces with points, box and label in their picture, which takes the place of the video;
 *   clear() shows the video again; countDown(seconds, signal) ends early with the signal
 */
export function createStage(section, ended = () => {}) {
  const part = (name) => section.querySelector(`.${name}`);
  const [video, overlay, countdown, off] = ["video", "overlay", "countdown", "stop"].map(part);
  // In the processor's memory, where the pictures are.
  const context = overlay.getContext("2d", { willReadFrequently: true });
  let camera = null;

  off.addEventListener("click", stop);

  async function start() {
    camera ??= await openCamera(video, turnedOff);
    section.classList.add("on");
    off.hidden = false;
    return camera;
  }

  function stop() {
    camera?.stop();
  }

  function turnedOff() {
    camera = null;
    section.classList.remove("on");
    off.hidden = true;
    clear();
    ended();
  }

  function draw(faces, edges, picture) {
    const { width, height } = picture;
    if (overlay.width !== width || overlay.height !== height) {
      Object.assign(overlay, { width, height });
    }
    context.setTransform(-1, 0, 0, 1, width, 0); // as in a mirror
    context.drawImage(picture, 0, 0);
    drawFaces(overlay, faces, edges, true);
    // Without a graphics chip, painting all of the video's pictures takes longer than reading faces.
    video.style.visibility = "hidden";
  }

  function clear() {
    context.clearRect(0, 0, overlay.width, overlay.height);
    video.style.visibility = "";
  }

  async function countDown(seconds, signal) {
    for (let left = seconds; left > 0 && !signal.aborted; left--) {
      countdown.textContent = left;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000);
        signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
      });
    }
    countdown.textContent = "";
  }

  return { video, start, stop, draw, clear, countDown };
}
