import type { ComponentChildren } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { WidgetNode } from '#lib/chatkit/protocol/items.ts'
import { isAllowedImage, isSameOrigin } from '#lib/chatkit-element/markdown/links.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import { Children } from '#lib/chatkit-element/views/widgets/widget-children.tsx'
import { toWidgetAction, toWord, useAction, WidgetContext } from '#lib/chatkit-element/views/widgets/widget-context.ts'
import { toBoxStyle } from '#lib/chatkit-element/views/widgets/widget-style.ts'

type NodeProps = { node: WidgetNode }
type Choice = { label?: unknown; action?: unknown }

/**
 * A card: its status at the top, its content, and its confirm and cancel buttons below. `asForm`
 * makes it a form.
 */
export function Card({ node }: NodeProps) {
  const { strings } = useUi()
  const [folded, setFolded] = useState(node.collapsed === true)
  const confirm = choiceOf(node.confirm)
  const cancel = choiceOf(node.cancel)
  const submit = useAction(toWidgetAction(confirm?.action), 'container')
  const { size: _, theme, ...box } = node
  const Frame = node.asForm ? 'form' : 'div'
  return (
    <Frame
      part="card"
      class={`card w-card w-card-${toWord(node.size) ?? 'md'} ${toThemeClass(theme)}`}
      style={toBoxStyle({ ...box, gap: undefined, align: undefined, justify: undefined })}
      {...(node.asForm === true && {
        onSubmit: (event: Event) => {
          event.preventDefault()
          submit.perform(event.currentTarget as Element)
        },
      })}
    >
      <Status status={node.status} />
      {folded ? (
        <button type="button" class="quiet-button" onClick={() => setFolded(false)}>
          {strings.showMore}
        </button>
      ) : (
        <div class="w-col" style={toBoxStyle({ type: 'Col', gap: node.gap, align: node.align, justify: node.justify })}>
          <Children node={node} />
        </div>
      )}
      {!folded && (confirm || cancel) && (
        <div class="w-choices">
          {cancel && <ChoiceButton choice={cancel} kind="is-outline w-secondary" />}
          {confirm && (
            <ChoiceButton choice={confirm} kind="is-solid w-primary" {...(node.asForm === true && { submit })} />
          )}
        </div>
      )}
    </Frame>
  )
}

type Performing = ReturnType<typeof useAction>

/** With `submit` the button only submits its form; the form's submission performs the action. */
function ChoiceButton({
  choice,
  kind,
  submit,
}: {
  choice: { label: string; action?: unknown }
  kind: string
  submit?: Performing
}) {
  const own = useAction(toWidgetAction(choice.action), 'container')
  const { perform, acting, disabled } = submit ?? own
  return (
    <button
      type={submit ? 'submit' : 'button'}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={acting}
      onClick={({ currentTarget }) => !submit && perform(currentTarget)}
    >
      {acting && <Icon name="loader-circle" size={16} class="spin" />}
      {choice.label}
    </button>
  )
}

/** The status line of a Card or a ListView, with an icon or a favicon. */
export function Status({ status }: { status: unknown }): ComponentChildren {
  const { imageDomains } = useContext(WidgetContext)
  const { text, icon, favicon, frame } = (status ?? {}) as Record<string, unknown>
  if (typeof text !== 'string' || !text) return null
  const picture =
    typeof favicon === 'string' && (isAllowedImage(favicon, imageDomains) || isSameOrigin(favicon)) ? favicon : null
  return (
    <p class="w-status" dir="auto">
      {picture ? (
        <img class={frame ? 'is-framed' : ''} src={picture} alt="" width={16} height={16} />
      ) : (
        typeof icon === 'string' && <Icon name={icon} size={15} />
      )}
      {text}
    </p>
  )
}

/** A group of fields. Submitting it performs the form's action with their values. */
export function Form({ node }: NodeProps) {
  const { perform } = useAction(toWidgetAction(node.onSubmitAction), 'container')
  return (
    <form
      class={node.direction === 'row' ? 'w-row' : 'w-col'}
      style={toBoxStyle(node)}
      onSubmit={(event) => {
        event.preventDefault()
        perform(event.currentTarget)
      }}
    >
      <Children node={node} />
    </form>
  )
}

/** The class for the colour scheme that a widget asks for. */
export function toThemeClass(theme: unknown): string {
  return theme === 'dark' || theme === 'light' ? `w-theme-${theme}` : ''
}

function choiceOf(value: unknown): { label: string; action?: unknown } | null {
  const { label, action } = (value ?? {}) as Choice
  return typeof label === 'string' && label ? { label, action } : null
}
