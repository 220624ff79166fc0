/** The Content-Disposition of a file with this name: to be shown, or to be saved. */
export function contentDisposition(how: 'inline' | 'attachment', name: string): string {
  return `${how}; filename*=UTF-8''${encode(name)}`
}

/**
 * Percent-encodes for RFC 8187, including the characters that encodeURIComponent leaves alone but a
 * header may not have.
 */
function encode(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}
