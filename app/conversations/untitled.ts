import type { Sentence } from '#lib/platform/language/sentences.ts'

/** What a conversation without a title is called. */
export const UNTITLED: Sentence = 'New conversation'
