// The camera's pictures one after another, as faces.

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
  let coming = nextPicture(video);
  for (let first = true; ; first = false) {
    await coming;
    if (!stream.active || signal?.aborted) return;
    coming = nextPicture(video); // one that comes while this one is read is not waited for again
    const faces = await mesh.find(video, { fresh: first });
    if (!stream.active || signal?.aborted) return;
    yield faces;
  }
}

function nextPicture(video) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000); // a camera that was turned off sends no more
    const done = () => resolve(clearTimeout(timer));
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(done);
    else requestAnimationFrame(done);
  });
}
