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
 * @yields {{points: Float32Array}[]}
 */
export async function* frames(mesh, video, { stream }, signal) {
  const find = finder(mesh, video);
  let coming = nextPicture(video);
  for (;;) {
    await coming;
    if (!stream.active || signal?.aborted) return;
    coming = nextPicture(video); // one that comes while this one is read is not waited for again
    const faces = await find();
    if (!stream.active || signal?.aborted) return;
    yield faces;
  }
}

/**
 * Follow the faces of a video, each picture at the scale that Python shows a face to Face Mesh at.
 *
 * @param {{find: Function}} mesh
 * @param {HTMLVideoElement} video
 * @returns {Function}  find(): the faces of the picture shown now, in its pixels
 */
export function finder(mesh, video) {
  let [shrink, fresh] = [1, true];
  return async function find() {
    const { videoWidth: width, videoHeight: height } = video;
    const picture = await createImageBitmap(video, {
      resizeWidth: Math.round(width / shrink),
      resizeHeight: Math.round(height / shrink),
      resizeQuality: "high",
    });
    const steps = [width / picture.width, height / picture.height, width / picture.width];
    const found = await mesh.find(picture, { fresh });
    picture.close();
    const faces = found.map(({ points }) => ({ points: points.map((v, i) => v * steps[i % 3]) }));
    [shrink, fresh] = [shrinkFor(faces, Math.max(width, height)), false];
    return faces;
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
