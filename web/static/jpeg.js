// JPEGs of pictures that the browser opens and the server does not.
const MAX_SIDE = 4096; // below 25 megapixels, and below 8 MB at this quality
const QUALITY = 0.92;

/**
 * Make a JPEG, upright and of the first frame.
 *
 * @param {File} file
 * @returns {Promise<{file: File, width: number, height: number}|null>}  null if the browser can't
 */
export async function asJpeg(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  const width = (canvas.width = Math.max(1, Math.round(scale * picture.width)));
  const height = (canvas.height = Math.max(1, Math.round(scale * picture.height)));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // where the picture is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const content = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  return content && { file: new File([content], file.name, { type: content.type }), width, height };
}
