import { addFlow } from './flow-text.ts'
import { OfficeParts, type Relation } from './office-parts.ts'
import { addSheets } from './sheet-text.ts'
import { TextSink } from './text-sink.ts'
import { walkXml } from './walk-xml.ts'

/** The most text (characters) that is read of a document. */
const TEXT_MAX_CHARS = 200_000
/** The parts of a Word document beside its main text, by the type of their relation. */
const BESIDE = {
  header: 'Header',
  footer: 'Footer',
  footnotes: 'Footnotes',
  endnotes: 'Endnotes',
  comments: 'Comments',
}

/**
 * Reads the text of a Word, Excel or PowerPoint document, whichever its main part says it is. Its
 * macros are no part that is read, and nothing outside of it is opened. Throws TooMuchError, and
 * another error if it is damaged.
 */
export function readOffice(bytes: Uint8Array): { text: string; isCut: boolean } {
  const parts = new OfficeParts(bytes)
  const main = parts.relationsOf('').find(({ type }) => type === 'officeDocument')?.target ?? ''
  const relations = parts.relationsOf(main)
  const sink = new TextSink(TEXT_MAX_CHARS)
  const document = parts.read(main)
  if (!document) throw new Error('no main part')
  const root = findRoot(document)
  if (root === 'document') addWord(parts, document, relations, sink)
  else if (root === 'workbook') addSheets(parts, main, relations, sink)
  else if (root === 'presentation') addSlides(parts, document, relations, sink)
  else throw new Error('another kind of document')
  return { text: sink.toString(), isCut: sink.isFull }
}

function findRoot(part: Uint8Array): string | undefined {
  let root: string | undefined
  walkXml(
    part,
    {
      open: ({ name }) => {
        root ??= name
      },
    },
    () => root !== undefined,
  )
  return root
}

function addWord(parts: OfficeParts, document: Uint8Array, relations: Relation[], sink: TextSink): void {
  const styles = relations.find(({ type }) => type === 'styles')
  addFlow(document, sink, readLevels(parts.read(styles?.target ?? '')))
  for (const [wanted, title] of Object.entries(BESIDE)) {
    for (const { target } of relations.filter(({ type }) => type === wanted)) {
      const part = sink.isFull ? null : parts.read(target)
      if (!part) continue
      const beside = new TextSink(TEXT_MAX_CHARS)
      addFlow(part, beside)
      const text = beside.toString()
      if (text) sink.add(`\n[${title}]\n${text}\n`)
    }
  }
}

/** The levels of headings by the ids of their styles. Names are English in every language of Word. */
function readLevels(styles: Uint8Array | null): Map<string, number> {
  const levels = new Map<string, number>()
  let style = ''
  if (styles)
    walkXml(styles, {
      open: ({ name, attributes }) => {
        if (name === 'style') style = attributes.styleId ?? ''
        if (name !== 'name') return
        const [, level] = /^heading ([1-6])$/i.exec(attributes.val ?? '') ?? []
        if (level) levels.set(style, Number(level))
        else if (/^title$/i.test(attributes.val ?? '')) levels.set(style, 1)
      },
    })
  return levels
}

function addSlides(parts: OfficeParts, document: Uint8Array, relations: Relation[], sink: TextSink): void {
  const byId = new Map(relations.map(({ id, target }) => [id, target]))
  const slides: string[] = []
  walkXml(document, {
    open: ({ name, attributes }) => {
      const part = name === 'sldId' ? byId.get(attributes['rel:id'] ?? '') : undefined
      if (part) slides.push(part)
    },
  })
  for (const [at, name] of slides.entries()) {
    const slide = sink.isFull ? null : parts.read(name)
    if (!slide) continue
    sink.add(`## Slide ${at + 1}\n`)
    addFlow(slide, sink)
    const notes = parts.relationsOf(name).find(({ type }) => type === 'notesSlide')
    const part = notes && !sink.isFull ? parts.read(notes.target) : null
    if (part) {
      sink.add('[Notes]\n')
      addFlow(part, sink)
    }
    sink.add('\n')
  }
}
