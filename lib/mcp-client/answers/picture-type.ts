// The first bytes of the pictures that models read. SVG is none of them: it can hold scripts, and no model takes it.
const STARTS: [RegExp, string][] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[\s\S]{4}WEBP/, 'image/webp'],
]

/** The type of a picture (base64) that models can read, by its bytes: a wrong word of its sender would cost the whole request. */
export function pictureTypeOf(data: unknown): string | undefined {
  if (typeof data !== 'string') return undefined
  const start = Buffer.from(data.slice(0, 24), 'base64').toString('latin1')
  return STARTS.find(([bytes]) => bytes.test(start))?.[1]
}
