import type { Command, Entity } from '@openai/chatkit'
import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { Host } from '#lib/chatkit-element/host.ts'
import { toTag } from '#lib/chatkit-element/message/mentions.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import { toError } from '#lib/chatkit-element/transport/to-error.ts'

/** A search starts after this time (ms) without typing. */
const PAUSE_MS = 80
const QUERY_MAX = 200
const SHOWN_MAX = 50

export type Suggestion = {
  id: string
  label: string
  description?: string | undefined
  icon?: string | undefined
  group?: string | undefined
  choose: () => void | Promise<void>
}
type Place = { sign: '@' | '/'; query: string; from: number; to: number }
type Shown = { items: readonly Suggestion[]; active: number }

/**
 * Suggestions for the word at the cursor: entities after `@`, commands after a `/` that begins the
 * message.
 */
export class Suggestions {
  readonly state = new Signal<Shown | null>(null)
  readonly #composer: Composer
  readonly #host: Host
  readonly #own: () => readonly Suggestion[]
  #searched = ''
  #searches = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `own` returns the composer's own commands. */
  constructor(composer: Composer, host: Host, own: () => readonly Suggestion[]) {
    this.#composer = composer
    this.#host = host
    this.#own = own
  }

  /** Called when the text or the cursor has changed. */
  follow(text: string, cursor: number): void {
    const place = this.#placeAt(text, cursor)
    const key = place ? `${place.sign}${place.from} ${place.query}` : ''
    if (key === this.#searched) return
    this.#searched = key
    this.#drop()
    if (!place) return
    const search = this.#searches
    this.#timer = setTimeout(() => void this.#search(place, search), PAUSE_MS)
  }

  move(step: number): void {
    const shown = this.state.value
    if (shown) this.state.set({ ...shown, active: (shown.active + step + shown.items.length) % shown.items.length })
  }

  /** The pointer is over the suggestion at `index`. */
  point(index: number): void {
    const shown = this.state.value
    if (shown && shown.active !== index) this.state.set({ ...shown, active: index })
  }

  /** Chooses the suggestion at `index`, or else the active one. */
  choose(index?: number): void {
    const shown = this.state.value
    const suggestion = shown?.items[index ?? shown.active]
    this.close()
    if (suggestion) void this.#guarded(async () => suggestion.choose())
  }

  /** Hides the list until something else is typed. */
  close(): void {
    this.#drop()
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#searches += 1
    this.state.set(null)
  }

  #placeAt(text: string, cursor: number): Place | null {
    const { commands, entities } = this.#host.options()
    const before = text.slice(0, cursor)
    if (commands?.enabled && before.startsWith('/') && !before.includes('\n') && before.length <= QUERY_MAX)
      return { sign: '/', query: before.slice(1), from: 0, to: cursor }
    const query = entities?.onTagSearch && /(?<![\w.])@((?:[^\s@][^@\n]{0,39})?)$/.exec(before)?.[1]
    // Text after a mention is the rest of the sentence.
    const isMentioned = this.#composer.state.value.tags.some((tag) => query?.startsWith(`${tag.text} `))
    return typeof query === 'string' && !isMentioned
      ? { sign: '@', query, from: cursor - query.length - 1, to: cursor }
      : null
  }

  async #search(place: Place, search: number): Promise<void> {
    await this.#guarded(async () => {
      const items = place.sign === '@' ? await this.#entities(place) : await this.#commands(place)
      if (search === this.#searches) this.#show(items)
    })
  }

  async #entities({ query, from, to }: Place): Promise<Suggestion[]> {
    const found = (await this.#host.options().entities?.onTagSearch?.(query)) ?? []
    return found.map((entity) => ({
      id: entity.id,
      label: entity.title,
      description: entity.data?.description,
      icon: entity.icon,
      group: entity.group,
      choose: () => this.#choose(entity, from, to),
    }))
  }

  /** Mentions the entity, unless the page takes the choice itself (our own `onTagSelect`). */
  #choose(entity: Entity, from: number, to: number): void {
    const { onTagSelect } = (this.#host.options().entities ?? {}) as { onTagSelect?: (entity: Entity) => boolean }
    if (onTagSelect?.(entity) === false) this.#composer.replace(from, to, '')
    else this.#mention(entity, from, to)
  }

  async #commands({ query, from, to }: Place): Promise<Suggestion[]> {
    const wanted = query.toLocaleLowerCase()
    const own = this.#own().filter(({ label }) => label.toLocaleLowerCase().startsWith(wanted))
    const found = (await this.#host.options().commands?.onSearch?.(query)) ?? []
    return [
      ...found.map((command) => this.#commandOf(command, from, to)),
      ...own.map((suggestion) => this.#instead(suggestion, from, to)),
    ]
  }

  /** The suggestion, which removes the typed search text when it is chosen. */
  #instead(suggestion: Suggestion, from: number, to: number): Suggestion {
    const choose = () => {
      this.#composer.replace(from, to, '')
      return suggestion.choose()
    }
    return { ...suggestion, choose }
  }

  #commandOf(command: Command, from: number, to: number): Suggestion {
    const { id, label, description, icon, group } = command
    const choose = async () => {
      this.#composer.replace(from, to, '')
      const selection = await this.#host.options().commands?.onSelect?.(command)
      if (selection?.type === 'entity') this.#mention(selection.entity, from, from)
      if (selection?.type === 'menu') this.#show(selection.commands.map((next) => this.#commandOf(next, from, from)))
    }
    return { id, label, description, icon, group, choose }
  }

  #show(items: readonly Suggestion[]): void {
    this.state.set(items.length ? { items: groupSuggestions(items.slice(0, SHOWN_MAX)), active: 0 } : null)
  }

  #mention(entity: Entity, from: number, to: number): void {
    this.#composer.mention(toTag(entity), from, to)
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#host.emit('chatkit.error', { error: toError(error) })
    }
  }
}

/** Puts the members of a group together, in the order in which the groups first appear. */
function groupSuggestions(items: readonly Suggestion[]): Suggestion[] {
  return [...Map.groupBy(items, ({ group }) => group ?? '').values()].flat()
}
