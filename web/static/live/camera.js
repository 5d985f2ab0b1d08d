// The visitor's camera: asked for on a click, really off when it is stopped.

const WANTED = {
  audio: false,
  video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } },
};
const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** A camera that can't be had; `reason` is denied, missing, busy, insecure or broken. */
export class CameraError extends Error {
  constructor(reason) {
    super(`no camera: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Ask for the camera and show it in a video element.
 *
 * @param {HTMLVideoElement} video
 * @param {() => void} [ended]  called once when the camera is off, whoever turned it off: the
 *   caller, the visitor, who left or hid the page, or the browser
 * @returns {Promise<{stop: () => void, stream: MediaStream}>}
 */
export async function openCamera(video, ended = () => {}) {
  // Browsers have cameras on https and on this machine only.
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("insecure");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(WANTED);
  } catch (error) {
    throw new CameraError(REASONS[error.name] ?? "broken");
  }
  const listening = new AbortController();
  const { signal } = listening;

  function stop() {
    if (signal.aborted) return;
    listening.abort();
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    ended();
  }

  window.addEventListener("pagehide", stop, { signal });
  document.addEventListener("visibilitychange", () => document.hidden && stop(), { signal });
  for (const track of stream.getTracks()) track.addEventListener("ended", stop, { signal });
  video.srcObject = stream;
  if (document.hidden) stop(); // the visitor had gone when the answer came
  await video.play().catch(stop);
  if (signal.aborted) throw new CameraError("broken");
  return { stop, stream };
}
