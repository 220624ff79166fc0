// The person's answer to a question of a server: the form's defaults, as a browser sends a form in
// which nothing was changed.

export type Node = {
  type?: string
  label?: string
  name?: string
  defaultValue?: unknown
  defaultChecked?: boolean
  onClickAction?: Action
  onSubmitAction?: Action
  children?: Node[]
}
export type Action = { type: string; payload?: Record<string, unknown>; streaming?: boolean }

/** The action of submitting a card's question; undefined for a card that asks nothing any more. */
export function findAnswer(widget: Node | undefined): Action | undefined {
  const form = nodesOf(widget).find(({ onSubmitAction }) => onSubmitAction?.type === 'question.submit')
  if (!form?.onSubmitAction) return undefined
  const values: Record<string, unknown> = {}
  for (const { type, name = '', defaultValue, defaultChecked } of nodesOf(form)) {
    const [group, field, place] = name.split('.')
    if (group !== 'values' || field === undefined) continue
    const value = type === 'Checkbox' ? defaultChecked === true : (defaultValue ?? '')
    if (place === undefined) values[field] = value
    else values[field] = { ...(values[field] as object | undefined), [place]: value }
  }
  return { ...form.onSubmitAction, payload: { ...form.onSubmitAction.payload, values } }
}

/** A widget's nodes, the root first. */
export function nodesOf(node: Node | undefined): Node[] {
  return node ? [node, ...(node.children ?? []).flatMap(nodesOf)] : []
}
