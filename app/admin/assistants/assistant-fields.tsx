'use client'

import { useState } from 'react'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import type { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'

/** What the fields of an assistant choose from. */
export type Choices = {
  colours: readonly string[]
  pictures: readonly string[]
  places: readonly string[]
  reasoning: readonly string[]
  models: { id: string; name: string }[]
  servers: string[]
  assistants: { slug: string; name: string }[]
}

type Fields = { config: AssistantConfig | undefined; choices: Choices }

const NESTED = 'grid gap-3 border-s-2 border-line ps-4'

export function LookFields({ config, choices }: Fields) {
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label="Colour">
        <Select name="colour" defaultValue={config?.colour}>
          {choices.colours.map((colour) => (
            <option key={colour} value={colour}>
              {toLabel(colour)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Picture">
        <Select name="picture" defaultValue={config?.picture}>
          {choices.pictures.map((picture) => (
            <option key={picture} value={picture}>
              {toLabel(picture)}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  )
}

/** Which model answers, and how. */
export function ModelFields({ config, choices }: Fields) {
  const isGone = config?.model && !choices.models.some(({ id }) => id === config.model)
  return (
    <div className="grid items-start gap-4 sm:grid-cols-3">
      <Field label="Model" hint="People to whom a model is not offered cannot use the assistant.">
        <Select name="model" defaultValue={config?.model ?? ''}>
          <option value="">The one that the person chose</option>
          {choices.models.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          {isGone && <option value={config.model ?? ''}>{config.model} (not offered now)</option>}
        </Select>
      </Field>
      <Field label="Temperature" optional hint="0 to 2. Empty: the model decides.">
        <TextInput name="temperature" inputMode="decimal" autoComplete="off" defaultValue={config?.temperature ?? ''} />
      </Field>
      <Field label="Reasoning" optional hint="Only for models that have levels.">
        <Select name="reasoning" defaultValue={config?.reasoning ?? ''}>
          <option value="">As the person or the model decides</option>
          {choices.reasoning.map((level) => (
            <option key={level} value={level}>
              {toLabel(level)}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  )
}

/** Which tools it may use, never more than the person's own. */
export function ToolFields({ config, choices }: Fields) {
  const [kind, setKind] = useState(config?.tools.kind ?? 'all')
  const chosen = config?.tools.kind === 'chosen' ? config.tools.servers : []
  const servers = [...new Set([...choices.servers, ...chosen.map(({ server }) => server)])]
  return (
    <div className="grid gap-3">
      <Field label="Tools" hint="Never more than the person may use.">
        <Select
          name="tools"
          value={kind}
          onChange={(event) => setKind(event.target.value as typeof kind)}
          className="max-w-xs"
        >
          <option value="all">All that the person may use</option>
          <option value="chosen">Chosen servers and tools</option>
          <option value="none">None</option>
        </Select>
      </Field>
      {kind === 'chosen' && (
        <fieldset className={NESTED}>
          <legend className="sr-only">Servers</legend>
          {servers.map((server) => (
            <div key={server} className="grid items-center gap-2 sm:grid-cols-[12rem_minmax(0,1fr)]">
              <ServerBox server={server} checked={chosen.some((one) => one.server === server)} />
              <TextInput
                name={`tools:${server}`}
                aria-label={`Tools of ${server}`}
                placeholder="All its tools, or names: search_*, read_page"
                autoComplete="off"
                defaultValue={chosen.find((one) => one.server === server)?.tools.join(', ')}
              />
            </div>
          ))}
        </fieldset>
      )}
    </div>
  )
}

function ServerBox({ server, checked }: { server: string; checked: boolean }) {
  return (
    <label className="flex min-w-0 items-center gap-2.5">
      <input
        type="checkbox"
        name="server"
        value={server}
        defaultChecked={checked}
        className="size-4 shrink-0 accent-(--accent)"
      />
      <span className="break-all">{server}</span>
    </label>
  )
}

/** To whom it may hand a conversation over. */
export function HandoverFields({ config, choices }: Fields) {
  const [kind, setKind] = useState(config?.handovers.kind ?? 'none')
  const chosen = config?.handovers.kind === 'chosen' ? config.handovers.assistants : []
  return (
    <div className="grid gap-3">
      <Field label="Hands over to" hint="Only to assistants that the person may use. Each can hand back.">
        <Select
          name="handovers"
          value={kind}
          onChange={(event) => setKind(event.target.value as typeof kind)}
          className="max-w-xs"
        >
          <option value="none">Nobody</option>
          <option value="chosen">Chosen assistants</option>
          <option value="all">Every other assistant</option>
        </Select>
      </Field>
      {kind === 'chosen' && (
        <fieldset className={NESTED}>
          <legend className="sr-only">Assistants</legend>
          {choices.assistants.length === 0 && <p className="text-sm text-ink-soft">There is no other assistant yet.</p>}
          {choices.assistants.map(({ slug, name }) => (
            <label key={slug} className="flex items-center gap-2.5">
              <input
                type="checkbox"
                name="handover"
                value={slug}
                defaultChecked={chosen.includes(slug)}
                className="size-4 accent-(--accent)"
              />
              {name}
            </label>
          ))}
        </fieldset>
      )}
    </div>
  )
}

function toLabel(name: string): string {
  const words = name.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
