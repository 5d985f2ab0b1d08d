// Where the visitor sees what the camera sees, and the faces that were found in it.

import { openCamera } from "./camera.js";
import { drawFaces } from "./overlay.js";

/**
 * Prepare a section's stage.
 *
 * @param {HTMLElement} section  with .video, .overlay, .stop and, for countDown, .countdown
 * @param {() => void} [ended]  called when the camera is off
 * @returns {{video: HTMLVideoElement, start: Function, stop: Function, draw: Function,
 *   countDown: Function}}
 *   start() gives what openCamera gives, the same while the camera is on; draw(faces, edges) takes
 *   faces with points, box and label; countDown(seconds, signal) ends early with the signal
 */
export function createStage(section, ended = () => {}) {
  const part = (name) => section.querySelector(`.${name}`);
  const [video, overlay, countdown, off] = ["video", "overlay", "countdown", "stop"].map(part);
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
    draw([], []);
    ended();
  }

  function draw(faces, edges) {
    const { videoWidth: width, videoHeight: height } = video;
    if (overlay.width === width && overlay.height === height) {
      overlay.getContext("2d").clearRect(0, 0, width, height);
    } else Object.assign(overlay, { width, height }); // which empties it, too, but takes longer
    drawFaces(overlay, faces, edges, true);
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

  return { video, start, stop, draw, countDown };
}
