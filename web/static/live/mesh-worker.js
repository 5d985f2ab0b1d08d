// Runs MediaPipe's Face Mesh away from the page: {id, bitmap, fresh} comes in, {id, faces} goes out.
//
// The package makes functions out of text, which the page's rules forbid and this worker's own
// rules allow. It was written for a page, so it gets as much of one as it asks for: a canvas that
// nobody sees, scripts that load, and a document that listens to nothing.
"use strict";

const HOME = "/vendor/@mediapipe/face_mesh/";
const POINTS = 468; // the ten iris points after these are dropped

class Script extends EventTarget {
  setAttribute(name, value) {
    if (name === "src") this.source = value;
  }
}

self.window = self;
self.document = {
  createElement: (tag) => (tag === "canvas" ? new OffscreenCanvas(1, 1) : new Script()),
  body: {
    appendChild(script) {
      importScripts(script.source);
      script.dispatchEvent(new Event("load"));
    },
  },
  addEventListener() {},
  exitPointerLock() {},
};
self.alert = (sentence) => {
  throw new Error(sentence);
};
// Its C++ side tells of each step; only what goes wrong is worth a line.
console.log = console.info = console.warn = () => {};

const NOTHING = new ImageData(64, 64);

let mesh;
let found;

async function open(faces) {
  importScripts(`${HOME}face_mesh.js`);
  mesh = new FaceMesh({ locateFile: (name) => HOME + name });
  mesh.setOptions({
    maxNumFaces: faces,
    refineLandmarks: true,
    minDetectionConfidence: 0.5,
    // The networks run as WebAssembly, as the package has it on an iPhone: as quick on machines
    // whose graphics are drawn by software, and the same on all. WebGL only cuts the pictures.
    useCpuInference: true,
  });
  mesh.onResults((results) => {
    found = results.multiFaceLandmarks ?? [];
    results.image.close();
  });
  await mesh.initialize();
  return { ready: true };
}

// x and y are shares of the picture's sides; z is in the unit of x, as in landmarks/detection/mediapipe_graphs.py.
function pointsOf(landmarks, width, height) {
  const points = new Float32Array(POINTS * 3);
  for (let i = 0; i < POINTS; i++) {
    points[3 * i] = landmarks[i].x * width;
    points[3 * i + 1] = landmarks[i].y * height;
    points[3 * i + 2] = landmarks[i].z * width;
  }
  return points;
}

async function find({ bitmap, fresh }) {
  const { width, height } = bitmap;
  // It looks first where the last picture's faces were. One without faces makes it forget them as
  // well as reset() does, to the last bit, which starts the graph anew and takes seconds.
  if (fresh) await mesh.send({ image: NOTHING });
  found = [];
  await mesh.send({ image: bitmap });
  bitmap.close();
  return { faces: found.map((landmarks) => pointsOf(landmarks, width, height)) };
}

self.addEventListener("message", async ({ data }) => {
  try {
    const answer = await (data.bitmap ? find(data) : open(data.faces));
    const buffers = (answer.faces ?? []).map((points) => points.buffer);
    self.postMessage({ id: data.id, ...answer }, buffers);
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error?.message ?? error) });
  }
});
