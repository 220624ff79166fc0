const RATE = 16_000
const HEADER_BYTES = 44

/** Half a second of silence as a WAV file (PCM, 16 bits, mono). */
export function silence(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + RATE)
  const view = new DataView(bytes.buffer)
  const write = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at)
  write(0, 'RIFF')
  view.setUint32(4, HEADER_BYTES - 8 + RATE, true)
  write(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, RATE, true)
  view.setUint32(28, RATE * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  write(36, 'data')
  view.setUint32(40, RATE, true)
  return bytes
}
