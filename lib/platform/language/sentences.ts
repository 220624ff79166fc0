import type { Language } from '#lib/platform/language/languages.ts'
import type calls from './messages/de/calls.json'
import type chat from './messages/de/chat.json'
import type common from './messages/de/common.json'
import type entrance from './messages/de/entrance.json'
import type errors from './messages/de/errors.json'
import type mails from './messages/de/mails.json'
import type oauth from './messages/de/oauth.json'
import type settings from './messages/de/settings.json'
import type shares from './messages/de/shares.json'
import type sidebar from './messages/de/sidebar.json'
import type usage from './messages/de/usage.json'
import type words from './messages/de/words.json'

/**
 * The rooms of `messages/<language>/<room>.json`. An English sentence is the key of its
 * translations, so English has no files, and German's tell the compiler which sentences there are.
 */
type Rooms = {
  calls: typeof calls
  chat: typeof chat
  common: typeof common
  entrance: typeof entrance
  errors: typeof errors
  mails: typeof mails
  oauth: typeof oauth
  settings: typeof settings
  sidebar: typeof sidebar
  shares: typeof shares
  usage: typeof usage
  words: typeof words
}

export type Room = keyof Rooms
type KeysOf<Sections> = Sections extends unknown ? keyof Sections : never

/** An English sentence that every language translates; an ICU message. */
export type Sentence = KeysOf<Rooms[Room]['client'] | Rooms[Room]['server']>

/** Translations by English sentence. */
export type Dictionary = Record<string, string>

const ROOMS = Object.keys({
  calls: true,
  chat: true,
  common: true,
  entrance: true,
  errors: true,
  mails: true,
  oauth: true,
  settings: true,
  sidebar: true,
  shares: true,
  usage: true,
  words: true,
} satisfies Record<Room, true>) as Room[]

type Loaded = {
  /** Every translation. */
  all: Dictionary
  /** Those that client components of a room need. */
  client: Record<Room, Dictionary>
  /** Those of errors, whose values are in the sentences already. */
  errors: Dictionary
}

const loading = new Map<Language, Promise<Loaded>>()

/** Loads a language's sentences, once in a process. English has none. */
export function loadSentences(language: Language): Promise<Loaded> {
  const loaded = loading.get(language) ?? readSentences(language)
  loading.set(language, loaded)
  return loaded
}

async function readSentences(language: Language): Promise<Loaded> {
  const rooms = await Promise.all(
    ROOMS.map(async (room): Promise<[Room, { client: Dictionary; server: Dictionary }]> => {
      if (language === 'en') return [room, { client: {}, server: {} }]
      return [room, (await import(`./messages/${language}/${room}.json`, { with: { type: 'json' } })).default]
    }),
  )
  return {
    all: Object.assign({}, ...rooms.flatMap(([, { client, server }]) => [client, server])),
    client: Object.fromEntries(rooms.map(([room, { client }]) => [room, client])) as Record<Room, Dictionary>,
    errors: rooms.find(([room]) => room === 'errors')?.[1].server ?? {},
  }
}
