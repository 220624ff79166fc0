import type { WidgetAction } from '#lib/chatkit-element/chat.ts'

type Values = Record<string, unknown>

/** The fields of a form by name; dotted names nest (`todo.title` is `{ todo: { title } }`). */
export function formValues(form: HTMLFormElement): Values {
  const values: Values = {}
  for (const field of form.querySelectorAll<HTMLInputElement>('[name]')) {
    if (field.type === 'radio' && !field.checked) continue
    place(values, field.name.split('.'), field.type === 'checkbox' ? field.checked : field.value)
  }
  return values
}

/** The action with the form's values in its payload. What the server has put there already counts before what the form says. */
export function withFormValues(action: WidgetAction, values: Values): WidgetAction {
  return { ...action, payload: { ...values, ...action.payload } }
}

function place(into: Values, [first = '', ...rest]: string[], value: unknown): void {
  if (first === '__proto__') return
  if (!rest.length) {
    into[first] = value
    return
  }
  const inner = Object.hasOwn(into, first) && typeof into[first] === 'object' ? (into[first] as Values) : {}
  into[first] = inner
  place(inner, rest, value)
}
