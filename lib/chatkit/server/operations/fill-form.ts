import type { StructuredAnswer, StructuredInput, StructuredInputItem } from '#lib/chatkit/protocol/items.ts'
import type { Params } from '#lib/chatkit/protocol/requests.ts'

type Submission = Params<'threads.add_structured_input'>['input']

/**
 * The form with the person's answers (protocol section 1.6). An unanswered question counts as
 * skipped. A value that is not among the options is the person's own and is kept. Answers to
 * unknown questions are ignored.
 */
export function fillForm(item: StructuredInputItem, { status, answers }: Submission): StructuredInputItem {
  const inputs = item.inputs.map((input) => ({ ...input, answer: answerOf(input, status, answers) }))
  return { ...item, status, inputs }
}

function answerOf(
  input: StructuredInput,
  status: Submission['status'],
  answers: Submission['answers'],
): StructuredAnswer {
  const given = Object.hasOwn(answers, input.id) ? answers[input.id] : undefined
  if (status === 'skipped' || !given || given.skipped || given.values.length === 0) return { values: [], skipped: true }
  const single = input.type === 'multiple_choice' && !input.multiple
  return { values: single ? given.values.slice(0, 1) : given.values, skipped: false }
}
