'use client'

import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import type { ToolPolicy } from '#lib/data/servers/policies.ts'
import { setPolicy } from './actions.ts'
import { SentenceFields } from './sentence-fields.tsx'

/** The name that stands for every tool of a server in a policy. */
const EVERY_TOOL: ToolPolicy['tool'] = '*'

const ASKS = [
  ['', 'As for the server, else when the tool may destroy something'],
  ['never', 'Never'],
  ['annotation', 'When the tool may destroy something'],
  ['first', 'Before the first call in a conversation'],
  ['always', 'Before every call'],
] as const

const AFTER_UNTRUSTED = [
  ['', 'As for the server, else ask'],
  ['ask', 'Ask before calls that change something outside, or reach another server'],
  ['allow', 'Do not ask'],
] as const

/** Sets the policy for a tool, or for all tools of a server. `policy` is the current one. */
export function PolicyForm({ servers, tools, policy }: { servers: string[]; tools: string[]; policy?: ToolPolicy }) {
  return (
    <ActionForm action={setPolicy} className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Server">
          <Select name="server" required defaultValue={policy?.server}>
            {servers.map((server) => (
              <option key={server}>{server}</option>
            ))}
          </Select>
        </Field>
        <Field label="Tool" hint="Its own name, without that of the server. Empty: every tool of the server." optional>
          <TextInput
            name="tool"
            list="known-tools"
            autoComplete="off"
            maxLength={200}
            defaultValue={policy?.tool === EVERY_TOOL ? '' : policy?.tool}
          />
        </Field>
      </div>
      <datalist id="known-tools">
        {tools.map((tool) => (
          <option key={tool} value={tool} />
        ))}
      </datalist>
      <Field label="Approval">
        <Select name="approval" defaultValue={policy?.approval ?? ''}>
          {ASKS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field
        label="After untrusted content"
        hint="While the conversation holds a file, a page or a tool’s result that others may have written. The model may follow what it says, so ask, unless a wrong call does no harm."
      >
        <Select name="afterUntrusted" defaultValue={policy?.afterUntrusted ?? ''}>
          {AFTER_UNTRUSTED.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="Connect timeout" hint="Seconds, for all tools of a server." optional>
          <TextInput name="connectSeconds" inputMode="numeric" defaultValue={policy?.connectSeconds ?? ''} />
        </Field>
        <Field label="Idle timeout" hint="Seconds without an answer or progress." optional>
          <TextInput name="idleSeconds" inputMode="numeric" defaultValue={policy?.idleSeconds ?? ''} />
        </Field>
        <Field label="Total timeout" hint="Seconds, whatever progress it reports." optional>
          <TextInput name="hardSeconds" inputMode="numeric" defaultValue={policy?.hardSeconds ?? ''} />
        </Field>
      </div>
      <Field
        label="Never stored"
        hint="Names of arguments and result fields whose values stay out of the ledger: iban, card_number."
        optional
      >
        <TextInput name="hidden" maxLength={2_000} defaultValue={policy?.hidden.join(', ')} />
      </Field>
      <SentenceFields policy={policy} />
      <CheckBox
        name="repeatable"
        checked={policy?.repeatable}
        label="A second call with the same arguments changes nothing more"
        hint="Check it only if you have read what this tool does and its annotation is true. A call whose response was lost may then be sent again."
      />
      <div>
        <SubmitButton tone="primary">Save</SubmitButton>
      </div>
    </ActionForm>
  )
}
