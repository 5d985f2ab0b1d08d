// The face mesh in the browser, in a worker so that the page stays quick.

const WORKER = "/live/mesh-worker.js";

/**
 * Start a mesh; ends with an Error where the browser can't run it.
 *
 * @param {{faces?: number}} options  the most faces that are found in a picture
 * @returns {Promise<{find: Function, close: Function}>}
 *   find(source, {fresh}): faces of a video, image, canvas or ImageBitmap, as
 *   [{points: Float32Array(468 * 3)}]: x right, y down, z away, in pixels of the source. `fresh`
 *   says that the picture follows none before it.
 */
export async function openMesh({ faces }) {
  const worker = new Worker(WORKER);
  const waiting = new Map();
  let last = 0;

  function settleAll(error) {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }
  worker.addEventListener("message", ({ data }) => {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    settleAll(new Error(event.message || "the mesh could not be loaded"));
  });

  function ask(question, transfer = []) {
    return new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...question }, transfer);
    });
  }

  async function find(source, { fresh = false } = {}) {
    const bitmap = await createImageBitmap(source);
    const answer = await ask({ bitmap, fresh }, [bitmap]);
    return answer.faces.map((points) => ({ points }));
  }

  function close() {
    worker.terminate();
    settleAll(new Error("the mesh was closed"));
  }

  try {
    await ask({ faces });
  } catch (error) {
    close();
    throw error;
  }
  return { find, close };
}
