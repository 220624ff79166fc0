/** The longer side of a thumbnail in pixels: the largest size in a message, at double density. */
const LONGER_SIDE = 440

/**
 * A small copy of an image as a `data:` URL, which every Content-Security-Policy for images can
 * allow. Null if the browser cannot decode the file.
 */
export async function makeThumbnail(file: File): Promise<string | null> {
  if (!file.type.startsWith('image/')) return null
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, LONGER_SIDE / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(picture.width * scale))
    canvas.height = Math.max(1, Math.round(picture.height * scale))
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    return canvas.toDataURL('image/webp', 0.8)
  } catch {
    // An unknown format or a broken file is shown by its name.
    return null
  }
}
