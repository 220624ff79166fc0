import sax, { type QualifiedTag } from 'sax'

/** How much of a document (characters) is given to the parser at once. */
const STEP = 64 * 1024

/**
 * An element: its name and its attributes, without the prefixes of their namespaces. An attribute
 * that names a relation is `rel:id`, because a slide has a number of its own in `id`.
 */
export type XmlElement = { name: string; attributes: Record<string, string> }

export type XmlVisitor = {
  open?: (element: XmlElement) => void
  close?: (name: string) => void
  text?: (text: string) => void
}

/**
 * Walks an XML document, until `isEnough` says so. Nothing that the document refers to is loaded,
 * and no entity of its own is replaced. Throws if it is not well formed, or has a document type.
 */
export function walkXml(bytes: Uint8Array, visitor: XmlVisitor, isEnough: () => boolean = () => false): void {
  const parser = sax.parser(true, { xmlns: true, position: false })
  parser.onopentag = (tag) => {
    const { local, attributes } = tag as QualifiedTag
    visitor.open?.({
      name: local,
      attributes: Object.fromEntries(
        Object.values(attributes).map(({ local, uri, value }) => [
          uri.endsWith('/relationships') ? `rel:${local}` : local,
          value,
        ]),
      ),
    })
  }
  parser.onclosetag = (name) => visitor.close?.(name.slice(name.indexOf(':') + 1))
  parser.ontext = (text) => visitor.text?.(text)
  parser.oncdata = (text) => visitor.text?.(text)
  parser.ondoctype = () => {
    throw new Error('a document type')
  }
  parser.onerror = (error) => {
    throw error
  }
  const text = decodeXml(bytes)
  for (let at = 0; at < text.length; at += STEP) {
    if (isEnough()) return
    parser.write(text.slice(at, at + STEP))
  }
  if (!isEnough()) parser.close()
}

/** Office programs write UTF-8, and may write UTF-16. */
function decodeXml(bytes: Uint8Array): string {
  const label = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe ? 'utf-16be' : 'utf-8'
  return new TextDecoder(label).decode(bytes)
}
