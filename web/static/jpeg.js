// JPEGs of what the browser shows or opens.
const MAX_SIDE = 4096; // below 25 megapixels, and below 8 MB at this quality
const QUALITY = 0.92;

/**
 * Make a JPEG, upright and of the first frame.
 *
 * @param {File|HTMLImageElement|HTMLVideoElement} source
 * @param {{name?: string, side?: number, quality?: number}} options  the file's name, the most pixels
 *   of a side, and the quality from 0 to 1
 * @returns {Promise<{file: File, width: number, height: number}|null>}  null if the browser can't
 */
export async function asJpeg(source, { name = source.name, side = MAX_SIDE, quality = QUALITY } = {}) {
  const picture = await createImageBitmap(source).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  const width = (canvas.width = Math.max(1, Math.round(scale * picture.width)));
  const height = (canvas.height = Math.max(1, Math.round(scale * picture.height)));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // where the picture is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const content = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", quality); });
  return content && { file: new File([content], name, { type: content.type }), width, height };
}
