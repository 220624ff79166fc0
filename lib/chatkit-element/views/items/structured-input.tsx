import type { StructuredInput as Question, StructuredInputItem } from '#lib/chatkit/protocol/items.ts'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * Questions that the assistant asks during its work: a form while they are pending, the answers
 * afterwards.
 */
export function StructuredInput({ item, busy }: { item: StructuredInputItem; busy: boolean }) {
  const { chat, strings } = useUi()
  if (item.status !== 'pending')
    return (
      <dl part="card" class="card answers">
        {item.inputs.map(({ id, question, answer }) => (
          <div key={id}>
            <dt dir="auto">{question}</dt>
            <dd dir="auto">{answer && !answer.skipped ? answer.values.join(', ') : strings.skipped}</dd>
          </div>
        ))}
      </dl>
    )
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form)
    const answers = Object.fromEntries(
      item.inputs.map((input) => {
        const given = data
          .getAll(input.id)
          .map((value) => String(value).trim())
          .filter(Boolean)
        // For a single answer, typed text takes precedence over the ticked option; it comes last.
        const values = input.type === 'multiple_choice' && !input.multiple ? given.slice(-1) : given
        return [input.id, { values, skipped: values.length === 0 }]
      }),
    )
    void chat.actions.answerInput(item.id, { status: 'answered', answers })
  }
  return (
    <form
      part="card"
      class="card questions"
      onSubmit={(event) => {
        event.preventDefault()
        submit(event.currentTarget)
      }}
    >
      {item.inputs.map((input) =>
        input.type === 'freeform' ? <Freeform key={input.id} input={input} /> : <Choice key={input.id} input={input} />,
      )}
      <div class="question-buttons">
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void chat.actions.answerInput(item.id, { status: 'skipped', answers: {} })}
        >
          {strings.skip}
        </button>
        <button type="submit" class="button is-primary" disabled={busy}>
          {strings.submit}
        </button>
      </div>
    </form>
  )
}

function Freeform({ input }: { input: Extract<Question, { type: 'freeform' }> }) {
  return (
    <label class="field">
      <span dir="auto">{input.question}</span>
      {input.description && <small dir="auto">{input.description}</small>}
      <textarea name={input.id} rows={2} dir="auto" />
    </label>
  )
}

/** The options, and a field for an answer of the person's own. */
function Choice({ input }: { input: Extract<Question, { type: 'multiple_choice' }> }) {
  const { strings } = useUi()
  return (
    <fieldset class="field">
      <legend dir="auto">{input.question}</legend>
      {input.options.map(({ value }) => (
        <label key={value} class="choice" dir="auto">
          <input type={input.multiple ? 'checkbox' : 'radio'} name={input.id} value={value} />
          {value}
        </label>
      ))}
      <input
        type="text"
        class="text-input"
        name={input.id}
        placeholder={strings.otherAnswer}
        aria-label={`${input.question}: ${strings.otherAnswer}`}
        dir="auto"
      />
    </fieldset>
  )
}
