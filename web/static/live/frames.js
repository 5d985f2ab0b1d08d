// The camera's pictures one after another, as faces.

import { FACE_RADIUS, radius } from "./geometry.js";

const DETECTOR_SIDE = 128; // pixels of a picture that the package's detector is shown

/**
 * Find the faces of picture after picture, until the camera is off or the signal says stop.
 *
 * @param {{find: Function}} mesh
 * @param {HTMLVideoElement} video
 * @param {{stream: MediaStream}} camera  what the video shows
 * @param {AbortSignal} [signal]
 * @yields {{faces: {points: Float32Array}[], picture: OffscreenCanvas, pixels: () => ImageData}}
 */
export async function* frames(mesh, video, { stream }, signal) {
  const find = finder(mesh, video);
  let coming = nextPicture(video);
  for (;;) {
    await coming;
    if (!stream.active || signal?.aborted) return;
    coming = nextPicture(video); // one that comes while this one is read is not waited for again
    const found = await find();
    if (!stream.active || signal?.aborted) return;
    yield found;
  }
}

/**
 * Follow the faces of a video, each picture at the scale that Python shows a face to Face Mesh at.
 *
 * @param {{find: Function}} mesh
 * @param {HTMLVideoElement} video
 * @returns {Function}  find(): the faces of the picture shown now, the picture and its pixels
 */
export function finder(mesh, video) {
  const [large, small] = [painter(), painter()];
  let [shrink, fresh] = [1, true];
  return async function find() {
    const { videoWidth: width, videoHeight: height } = video;
    const shown = large(video, width, height);
    const picture = small(shown.canvas, Math.round(width / shrink), Math.round(height / shrink));
    const { canvas } = picture;
    const steps = [width / canvas.width, height / canvas.height, width / canvas.width];
    const found = await mesh.find(canvas, { fresh });
    const faces = found.map(({ points }) => ({ points: points.map((v, i) => v * steps[i % 3]) }));
    [shrink, fresh] = [shrinkFor(faces, Math.max(width, height)), false];
    return { faces, picture: shown.canvas, pixels: () => shown.getImageData(0, 0, width, height) };
  };
}

/**
 * A function that paints a source at a size. The canvas is in the processor's memory: the mesh takes
 * a picture from there in a third of the time, and its pixels can be read.
 */
function painter() {
  const options = { alpha: false, willReadFrequently: true };
  const context = new OffscreenCanvas(1, 1).getContext("2d", options);
  return (source, width, height) => {
    Object.assign(context.canvas, { width, height });
    context.imageSmoothingQuality = "high"; // a new size sets it back
    context.drawImage(source, 0, 0, width, height);
    return context;
  };
}

/** How many times smaller the next picture is shown: its smallest face stays large enough. */
function shrinkFor(faces, longer) {
  if (!faces.length) return 1;
  const smallest = Math.min(...faces.map(({ points }) => radius(points)));
  const most = Math.floor(longer / DETECTOR_SIDE); // further, and new faces would be missed
  return Math.max(1, Math.min(Math.round(smallest / FACE_RADIUS), most));
}

function nextPicture(video) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000); // a camera that was turned off sends no more
    const done = () => resolve(clearTimeout(timer));
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}
