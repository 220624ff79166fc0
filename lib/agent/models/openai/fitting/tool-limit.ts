import type { FailureDetail } from '#lib/data/runs/failure-detail.ts'

// OpenAI: "maximum length 128". Groq: "maximum number of items is 128". Gemini: "At most 512
// function declarations". Copilot: "not include more than 128 tools".
const LIMITS = [
  /(?:max(?:imum)?(?: number| length| count)?|at most|up to|limit|more than|exceeds?|allows?|only)\D{0,40}?(\d{1,5})/gi,
  />\s*(\d{1,5})/g,
  /(\d{1,5})\D{0,20}?(?:maximum|max\b|limit|or fewer|or less|allowed)/gi,
]

/** The most tools that a server takes, if its refusal of `count` tools says so. */
export function readToolLimit({ message = '' }: FailureDetail, count: number): number | undefined {
  const stated = LIMITS.flatMap((limit) => [...message.matchAll(limit)].map(([, number]) => Number(number)))
  return stated.find((number) => number > 0 && number < count)
}
