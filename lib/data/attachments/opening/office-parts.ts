import { posix } from 'node:path'
import { unzipSync } from 'fflate'
import { walkXml } from './walk-xml.ts'

/** The most bytes that one part, and all parts together, may unpack to. */
const PART_MAX_BYTES = 48 * 1024 * 1024
const ALL_MAX_BYTES = 96 * 1024 * 1024
/** A part larger than FREE_BYTES may not unpack to more than this many times its packed size. */
const RATIO_MAX = 200
const FREE_BYTES = 1024 * 1024

/** A relation of one part to another of the same file. `type` is the last word of its type. */
export type Relation = { id: string; type: string; target: string }

/** The document unpacks to more than may be read. No AppError: it stays in the process that reads. */
export class TooMuchError extends Error {}

/** The parts of an Office document, which is a zip file of XML documents. */
export class OfficeParts {
  readonly #bytes: Uint8Array
  #room = ALL_MAX_BYTES

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The bytes of a part; null if there is none. Throws TooMuchError before it unpacks too much. */
  read(name: string): Uint8Array | null {
    const found = unzipSync(this.#bytes, {
      filter: (entry) => {
        if (entry.name !== name) return false
        // Never more than the declared size is unpacked, so that a file cannot lie about it.
        const { size, originalSize } = entry
        const isBomb = originalSize > FREE_BYTES && originalSize > size * RATIO_MAX
        if (isBomb || originalSize > PART_MAX_BYTES || originalSize > this.#room) throw new TooMuchError()
        this.#room -= originalSize
        return true
      },
    })
    return found[name] ?? null
  }

  /** The parts that a part relates to; '' is the document itself. Links to the outside are left out. */
  relationsOf(name: string): Relation[] {
    const { dir, base } = posix.parse(name)
    const bytes = this.read(posix.join(dir, '_rels', `${base}.rels`))
    const relations: Relation[] = []
    if (bytes)
      walkXml(bytes, {
        open: ({ name: element, attributes: { Id = '', Type = '', Target = '', TargetMode } }) => {
          if (element !== 'Relationship' || TargetMode === 'External') return
          const target = Target.startsWith('/') ? Target.slice(1) : posix.join(dir, Target)
          relations.push({ id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), target })
        },
      })
    return relations
  }
}
