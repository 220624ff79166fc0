import type { WidgetAction } from '#lib/chatkit-element/session/item-actions.ts'

type Values = Record<string, unknown>

/** The fields of a form by name; dotted names nest (`todo.title` is `{ todo: { title } }`). */
export function readFormValues(form: HTMLFormElement): Values {
  const values: Values = {}
  for (const field of form.querySelectorAll<HTMLInputElement>('[name]')) {
    if (!field.name || (field.type === 'radio' && !field.checked)) continue
    place(values, field.name.split('.'), field.type === 'checkbox' ? field.checked : field.value)
  }
  return values
}

/**
 * The action with the form's values in its payload. Values that the server already set take
 * precedence; `dropped` names the form fields that were left out for that reason.
 */
export function withFormValues(action: WidgetAction, values: Values): { action: WidgetAction; dropped: string[] } {
  const dropped: string[] = []
  return { action: { ...action, payload: merged(action.payload ?? {}, values, '', dropped) }, dropped }
}

function merged(before: Values, values: Values, path: string, dropped: string[]): Values {
  const out = { ...before }
  for (const [name, value] of Object.entries(values)) {
    const there = Object.hasOwn(before, name) ? before[name] : undefined
    if (there === undefined) out[name] = value
    else if (isRecord(there) && isRecord(value)) out[name] = merged(there, value, `${path}${name}.`, dropped)
    else dropped.push(`${path}${name}`)
  }
  return out
}

function place(into: Values, [first = '', ...rest]: string[], value: unknown): void {
  if (first === '__proto__') return
  if (!rest.length) {
    into[first] = value
    return
  }
  const before = Object.hasOwn(into, first) ? into[first] : undefined
  const inner = isRecord(before) ? before : {}
  into[first] = inner
  place(inner, rest, value)
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
