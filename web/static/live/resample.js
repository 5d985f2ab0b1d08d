// Crops of a photo, resampled as landmarks/crops.py has OpenCV do it: a canvas's own smoothing is
// softer, and the mesh of a softer picture lies elsewhere.
//
// A place is the similarity that takes a crop's coordinates to the photo's:
// (x, y) -> (ax - by + x0, bx + ay + y0), counted from the top left corner of the first pixel.

const CHANNELS = 4;
const PARTS = 32; // OpenCV reads at thirty-seconds of a pixel
const SHARPNESS = -0.75; // of OpenCV's cubic convolution (Keys 1981)

/**
 * Read a photo's pixels, which must be few enough for a canvas; black where it is transparent.
 *
 * @param {ImageBitmap} photo
 * @returns {ImageData}
 */
export function pixelsOf(photo) {
  const canvas = new OffscreenCanvas(photo.width, photo.height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  context.drawImage(photo, 0, 0);
  return context.getImageData(0, 0, photo.width, photo.height);
}

/**
 * Resample a square of a picture, averaging where it is made smaller.
 *
 * @param {ImageData} picture
 * @param {{a: number, b: number, x: number, y: number}} place
 * @param {number} side  of the square in its own pixels
 * @param {boolean} continued  whether the edge goes on where the square leaves the picture
 * @returns {ImageData}  black there otherwise
 */
export function squareCut(picture, { a, b, x, y }, side, continued = false) {
  const step = Math.hypot(a, b);
  let [source, matrix] = [picture, [a, -b, x, b, a, y]];
  if (step > 2) [source, matrix] = averagedCut(picture, matrix, side, step);
  const [m0, m1, m2, m3, m4, m5] = matrix;
  const middle = [m2 + (m0 + m1 - 1) / 2, m5 + (m3 + m4 - 1) / 2];
  const warp = [m0, m1, middle[0], m3, m4, middle[1]];
  return warped(source, warp, side, step < 1 ? cubicWeights : linearWeights, continued);
}

/**
 * Enlarge a square picture as OpenCV's cubic interpolation does.
 *
 * @param {ImageData} picture
 * @param {number} side  of the enlarged one
 * @returns {ImageData}
 */
export function enlarged(picture, side) {
  const small = picture.width;
  const last = small - 1;
  const taps = Array.from({ length: side }, (_, i) => {
    const at = ((i + 0.5) * small) / side - 0.5;
    const first = Math.floor(at);
    const places = [-1, 0, 1, 2].map((d) => Math.min(Math.max(first + d, 0), last));
    return [places, cubicWeights(at - first)];
  });
  const wide = new Float32Array(small * side * CHANNELS);
  for (let row = 0, at = 0; row < small; row++) {
    for (const [places, weights] of taps) {
      for (let c = 0; c < CHANNELS; c++, at++) {
        for (let k = 0; k < 4; k++) {
          wide[at] += weights[k] * picture.data[CHANNELS * (row * small + places[k]) + c];
        }
      }
    }
  }
  const large = new ImageData(side, side);
  const line = side * CHANNELS;
  for (const [row, [places, weights]] of taps.entries()) {
    for (let i = 0; i < line; i++) {
      let value = 0;
      for (let k = 0; k < 4; k++) value += weights[k] * wide[places[k] * line + i];
      large.data[row * line + i] = value; // a clamped array, which rounds
    }
  }
  return large;
}

function cubicWeights(t) {
  const near = (d) => ((SHARPNESS + 2) * d - (SHARPNESS + 3)) * d * d + 1;
  const far = (d) => ((d - 5) * d + 8) * SHARPNESS * d - 4 * SHARPNESS;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

function linearWeights(t) {
  return [1 - t, t];
}

/** The square of pixels at matrix (column, row, 1), each the weighted sum of those around it. */
function warped(source, [m0, m1, m2, m3, m4, m5], side, weightsAt, continued) {
  const cut = new ImageData(side, side);
  const table = Array.from({ length: PARTS }, (_, part) => weightsAt(part / PARTS));
  const before = table[0].length / 2 - 1;
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at += CHANNELS) {
      const x = Math.round((m0 * column + m1 * row + m2) * PARTS);
      const y = Math.round((m3 * column + m4 * row + m5) * PARTS);
      const [left, top] = [Math.floor(x / PARTS), Math.floor(y / PARTS)];
      const across = table[x - left * PARTS];
      const down = table[y - top * PARTS];
      sum(source, left - before, top - before, across, down, cut.data, at, continued);
    }
  }
  return cut;
}

function sum({ data, width, height }, left, top, across, down, into, at, continued) {
  let [red, green, blue] = [0, 0, 0];
  for (let j = 0; j < down.length; j++) {
    const row = Math.min(Math.max(top + j, 0), height - 1);
    if (row !== top + j && !continued) continue;
    for (let i = 0; i < across.length; i++) {
      const column = Math.min(Math.max(left + i, 0), width - 1);
      if (column !== left + i && !continued) continue;
      const weight = down[j] * across[i];
      const from = CHANNELS * (row * width + column);
      red += weight * data[from];
      green += weight * data[from + 1];
      blue += weight * data[from + 2];
    }
  }
  into[at] = red; // a clamped array, which rounds
  into[at + 1] = green;
  into[at + 2] = blue;
  into[at + 3] = 255;
}

/** The surroundings of a square, made smaller, and the matrix to them in place of the picture. */
function averagedCut(picture, matrix, side, shrink) {
  const [m0, m1, m2, m3, m4, m5] = matrix;
  // A turned square reaches further from its middle than half its side.
  const reach = (side / 2) * (Math.abs(m0) + Math.abs(m1)) + 2 * shrink;
  const [half, sizes] = [side / 2, [picture.width, picture.height]];
  const centre = [(m0 + m1) * half + m2, (m3 + m4) * half + m5];
  const bounded = (value, low, high) => Math.min(Math.max(value, low), high);
  const low = centre.map((c, i) => bounded(Math.floor(c - reach), 0, sizes[i] - 1));
  const high = centre.map((c, i) => bounded(Math.ceil(c + reach), low[i] + 1, sizes[i]));
  const wide = low.map((from, i) => high[i] - from);
  const size = wide.map((length) => Math.max(1, Math.round(length / shrink)));
  const [sx, sy] = size.map((length, i) => length / wide[i]);
  const toSmall = [sx * m0, sx * m1, sx * (m2 - low[0]), sy * m3, sy * m4, sy * (m5 - low[1])];
  return [shrunk(picture, low, wide, size), toSmall];
}

/** A rectangle of a picture made smaller: halved as long as it is twice as wide and even. */
function shrunk(picture, start, wide, size) {
  let [from, [left, top], [width, height]] = [picture, start, wide];
  while (width >= 2 * size[0] && width % 2 === 0 && height % 2 === 0) {
    [width, height] = [width / 2, height / 2];
    from = averaged(from, [left, top], [2 * width, 2 * height], [width, height]);
    [left, top] = [0, 0];
  }
  return averaged(from, [left, top], [width, height], size);
}

/** A rectangle of a picture made smaller, each pixel the mean of what it covers. */
function averaged({ data, width }, [left, top], wide, size) {
  const small = new ImageData(...size);
  const columns = coverage(left, wide[0], size[0]);
  const rows = coverage(top, wide[1], size[1]);
  let at = 0;
  for (const down of rows) {
    for (const across of columns) {
      const mean = [0, 0, 0, 0];
      for (const [y, share] of down) {
        for (const [x, part] of across) {
          const from = CHANNELS * (y * width + x);
          for (let c = 0; c < CHANNELS; c++) mean[c] += share * part * data[from + c];
        }
      }
      small.data.set(mean.map(Math.round), at);
      at += CHANNELS;
    }
  }
  return small;
}

/** For each pixel of a smaller row, the pixels [number, share] of the larger one it covers. */
function coverage(start, length, count) {
  const step = length / count;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i * step, Math.min((i + 1) * step, length)];
    const covered = [];
    for (let j = Math.floor(from); j < to; j++) {
      const share = (Math.min(to, j + 1) - Math.max(from, j)) / (to - from);
      if (share > 1e-9) covered.push([start + j, share]);
    }
    return covered;
  });
}
