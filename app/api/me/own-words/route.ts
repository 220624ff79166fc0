import { z } from 'zod'
import { BRIEF_MAX_TOKENS, writeOwnWords } from '#lib/agent/input/write-brief.ts'
import { estimateTokens } from '#lib/agent/models/estimate-tokens.ts'
import { route } from '#lib/auth/route.ts'
import { OWN_WORDS_MAX_CHARS, readOwnWords, saveOwnWords } from '#lib/data/people/own-words.ts'
import { AppError } from '#lib/platform/errors.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'

const text = z.string().max(OWN_WORDS_MAX_CHARS, `Each text can have ${OWN_WORDS_MAX_CHARS} characters at most.`)
const Words = z.object({ about: text, how_to_answer: text })

/** What the person wants assistants to know. */
export const GET = route({}, async ({ caller }) => {
  const { about, howToAnswer } = await readOwnWords(caller)
  return jsonResponse({ about, how_to_answer: howToAnswer })
})

export const PATCH = route({ body: Words, bodyMax: 65_536 }, async ({ caller, body }) => {
  const words = { about: body.about, howToAnswer: body.how_to_answer }
  if (estimateTokens(writeOwnWords(words)) > BRIEF_MAX_TOKENS.person)
    throw new AppError('too_large', 'These texts are too long to be sent with each message. Make them shorter.')
  await saveOwnWords(caller, words)
  return jsonResponse({})
})
