import type { RequestPurpose } from '#lib/generated/prisma/enums.ts'

/** What models are asked for, in words. */
export const PURPOSE_NAMES: Record<RequestPurpose, string> = {
  answer: 'Answer',
  title: 'Title',
  summary: 'Summary',
  transcription: 'Transcription',
  test: 'Test',
}
