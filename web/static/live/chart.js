// The last minute as bands, one a class, whose heights are the confidences and sum to one.

const SPAN = 60; // seconds
const STEP = 0.1; // seconds between the samples that are kept, and between drawings

/**
 * Draw a timeline.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string[]} colours  CSS colour of each class
 * @returns {{add: (seconds: number, proba: Float32Array|null) => void, pause: () => void}}
 *   a proba of null is a time without a face, which stays empty, as does a pause until the next
 */
export function createChart(canvas, colours) {
  // In the processor's memory: software in place of a graphics chip takes long over many bands.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const samples = [];

  function add(seconds, proba) {
    const last = samples.at(-1);
    if (last && seconds - last.seconds < STEP) return;
    samples.push({ seconds, proba });
    while (samples[0].seconds < seconds - SPAN - 1) samples.shift();
    draw(seconds);
  }

  function pause() {
    if (samples.length) samples.push({ seconds: samples.at(-1).seconds, proba: null });
  }

  function draw(now) {
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
    }
    context.clearRect(0, 0, width, height);
    context.setTransform(width / SPAN, 0, 0, height, width - (now * width) / SPAN, 0);
    for (const run of runs(samples)) drawBands(context, run, colours);
    context.resetTransform();
  }

  return { add, pause };
}

/** The stretches of samples that show a face. */
function runs(samples) {
  const found = [[]];
  for (const sample of samples) {
    if (sample.proba) found.at(-1).push(sample);
    else if (found.at(-1).length) found.push([]);
  }
  return found.filter((run) => run.length > 1);
}

function drawBands(context, run, colours) {
  const floor = new Float32Array(run.length);
  for (const [k, colour] of colours.entries()) {
    context.beginPath();
    run.forEach(({ seconds }, i) => context.lineTo(seconds, 1 - floor[i]));
    run.forEach(({ proba }, i) => (floor[i] += proba[k]));
    for (let i = run.length - 1; i >= 0; i--) context.lineTo(run[i].seconds, 1 - floor[i]);
    context.fillStyle = colour;
    context.fill();
  }
}
