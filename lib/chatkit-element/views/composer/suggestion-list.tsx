import { Fragment } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Suggestion } from '#lib/chatkit-element/composer/suggestions.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * The suggestions for the word at the cursor. The focus stays in the text field, whose keys move
 * the selection.
 */
export function SuggestionList({ suggested }: { suggested: { items: readonly Suggestion[]; active: number } | null }) {
  const { chat, strings } = useUi()
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('.is-active')?.scrollIntoView({ block: 'nearest' })
  })
  const { items = [] } = suggested ?? {}
  return (
    <>
      <span class="sr-only" role="status">
        {suggested && strings.suggestionsFound(items.length)}
      </span>
      {suggested && (
        <div ref={list} id="suggestions" role="listbox" class="menu suggestions" aria-label={strings.suggestions}>
          {items.map(({ id, label, description, icon, group }, index) => (
            <Fragment key={`${group} ${id}`}>
              {group && group !== items[index - 1]?.group && (
                <div class="menu-group" role="presentation" dir="auto">
                  {group}
                </div>
              )}
              {!group && items[index - 1]?.group && <hr class="menu-rule" role="presentation" />}
              <button
                id={`suggestion-${index}`}
                type="button"
                role="option"
                tabIndex={-1}
                class={`menu-item ${index === suggested.active ? 'is-active' : ''}`}
                aria-selected={index === suggested.active}
                onPointerMove={() => chat.suggestions.point(index)}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => chat.suggestions.choose(index)}
              >
                {icon && <Icon name={icon} size={17} />}
                <span class="menu-label" dir="auto">
                  {label}
                  {description && <small>{description}</small>}
                </span>
              </button>
            </Fragment>
          ))}
        </div>
      )}
    </>
  )
}
