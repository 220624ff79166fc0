/**
 * A PDF of one page with this content stream. `more` are objects from number 5 on; `trailer` is
 * added to the trailer.
 */
export function pdfOf(content: string, { more = [] as string[], trailer = '' } = {}): Buffer {
  const font = '/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>'
  const page = `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << ${font} >> >>`
  const stream = `<< /Length ${content.length} >>\nstream\n${content}\nendstream`
  return pdfFile(
    ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', page, stream, ...more],
    trailer,
  )
}

/** A PDF of these objects, numbered from 1. The first is its catalogue. */
export function pdfFile(objects: string[], trailer = ''): Buffer {
  let out = '%PDF-1.4\n'
  const offsets = objects.map((object, at) => {
    const offset = out.length
    out += `${at + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  return Buffer.from(
    `${out}${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer}>>\nstartxref\n${out.length}\n%%EOF\n`,
    'latin1',
  )
}

export const HELLO = 'BT /F1 24 Tf 20 100 Td (Hello) Tj ET'

/** A PDF that needs a password. No password fits these keys. */
export function lockedPdf(): Buffer {
  const key = (byte: string) => `<${byte.repeat(32)}>`
  const encrypt = `<< /Filter /Standard /V 1 /R 2 /O ${key('41')} /U ${key('42')} /P -4 >>`
  return pdfOf(HELLO, { more: [encrypt], trailer: `/Encrypt 5 0 R /ID [${key('00')} ${key('00')}] ` })
}
