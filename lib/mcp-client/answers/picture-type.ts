// The first bytes of the image formats that models read. SVG is left out: it can hold scripts, and
// no model takes it.
const STARTS: [RegExp, string][] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[\s\S]{4}WEBP/, 'image/webp'],
]

/**
 * The type of a base64 picture that models can read, from its bytes. A wrong type from the sender
 * would fail the whole model request.
 */
export function findPictureType(data: unknown): string | undefined {
  if (typeof data !== 'string') return undefined
  const start = Buffer.from(data.slice(0, 24), 'base64').toString('latin1')
  return STARTS.find(([bytes]) => bytes.test(start))?.[1]
}
