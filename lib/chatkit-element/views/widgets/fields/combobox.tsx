import type { RefObject } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'
import type { Option } from '#lib/chatkit-element/views/widgets/fields/option.ts'

type Props = {
  id: string
  name: string
  look: string
  options: readonly Option[]
  initial: string
  placeholder: string | undefined
  disabled: boolean
  required: boolean
  clearable: boolean
  'aria-label': string | undefined
  onChange: () => void
}

/**
 * A choice from a long list: typing filters it, arrows move, Enter chooses, Escape cancels. A
 * hidden input holds the value for the form.
 */
export function Combobox({
  id,
  name,
  look,
  options,
  initial,
  placeholder,
  disabled,
  required,
  clearable,
  onChange,
  ...rest
}: Props) {
  const listId = useId()
  const list = useRef<HTMLDivElement>(null)
  const [value, setValue] = useState(initial)
  /** The search text; null while the list is closed. */
  const [query, setQuery] = useState<string | null>(null)
  const [at, setAt] = useState(0)
  const reported = useRef(initial)
  const chosen = options.find((option) => option.value === value)
  const wanted = query?.trim().toLocaleLowerCase() ?? ''
  const found = options.filter(({ label, description = '' }) =>
    `${label} ${description}`.toLocaleLowerCase().includes(wanted),
  )
  const choose = (option: Option | null) => {
    if (option?.disabled) return
    setQuery(null)
    if ((option?.value ?? '') === value) return
    setValue(option?.value ?? '')
  }
  // The action reads the form, which has the new value as soon as it is drawn. A passive effect would
  // be too late: the one of the render before may run between the choice and its own render.
  useLayoutEffect(() => {
    if (reported.current === value) return
    reported.current = value
    onChange()
  })
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      if (query === null) setQuery('')
      else setAt((at + step + found.length) % Math.max(1, found.length))
    } else if (event.key === 'Enter' && query !== null) {
      event.preventDefault()
      if (found[at]) choose(found[at])
    } else if (event.key === 'Escape' && query !== null) {
      event.preventDefault()
      setQuery(null)
    }
  }
  return (
    <div class="combobox">
      <input type="hidden" name={name} value={value} />
      <input
        {...rest}
        {...{ id, disabled, required, placeholder }}
        class={look}
        dir="auto"
        type="text"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-expanded={query !== null}
        aria-controls={listId}
        aria-activedescendant={query !== null && found[at] ? `${listId}-${at}` : undefined}
        value={query ?? chosen?.label ?? ''}
        onClick={() => setQuery(query ?? '')}
        onInput={({ currentTarget }) => {
          if (clearable && currentTarget.value === '' && value) choose(null)
          setQuery(currentTarget.value)
          setAt(0)
        }}
        onBlur={() => {
          setQuery(null)
        }}
        onKeyDown={onKeyDown}
      />
      {query !== null && (
        <OptionList
          {...{ id: listId, label: rest['aria-label'] ?? name, options: found, active: at, value, list }}
          onChoose={choose}
        />
      )}
    </div>
  )
}

/** The options found. The focus stays in the field; `active` is the option that Enter chooses. */
function OptionList({
  id,
  label,
  options,
  active,
  value,
  list,
  onChoose,
}: {
  id: string
  label: string
  options: readonly Option[]
  active: number
  value: string
  list: RefObject<HTMLDivElement>
  onChoose: (option: Option) => void
}) {
  const { strings } = useUi()
  return (
    <div ref={list} id={id} role="listbox" aria-label={label} class="menu combobox-list">
      {options.map((option, index) => (
        <button
          key={option.value}
          id={`${id}-${index}`}
          type="button"
          tabIndex={-1}
          class={`menu-item ${index === active ? 'is-active' : ''}`}
          role="option"
          aria-selected={option.value === value}
          disabled={option.disabled}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(option)}
        >
          <span class="menu-label">
            {option.label}
            {option.description && <small>{option.description}</small>}
          </span>
        </button>
      ))}
      {!options.length && <p class="menu-item is-empty">{strings.nothingFound}</p>}
    </div>
  )
}
