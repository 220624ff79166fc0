'use client'

import { useState } from 'react'
import { FormProblem } from '#app/forms/form-problem.tsx'
import { LinkButton } from '#app/ui/button.tsx'
import { Field, Select, TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { useActionForm } from '#app/ui/forms/use-action-form.ts'
import { saveServer } from './actions.ts'
import { IDENTITY_NAMES } from './identity-names.ts'
import { KeyFields, OauthFields, type ShownServer, TemplateFields, ToolFields } from './server-fields.tsx'

/** All settings of a server. Secrets are never shown again: an empty field keeps the stored one. */
export function ServerForm({ server, templateNames }: { server?: ShownServer; templateNames: string[] }) {
  const { config } = server ?? {}
  const [identity, setIdentity] = useState<keyof typeof IDENTITY_NAMES>(config?.identity.kind ?? 'none')
  const { problem, form } = useActionForm(saveServer)
  return (
    <form {...form} className="grid gap-6">
      {server && <input type="hidden" name="server" value={server.id} />}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Name" hint="Short, in small letters: it stands before tool names that two servers share.">
          <TextInput
            name="name"
            required
            maxLength={40}
            autoComplete="off"
            placeholder="wiki"
            defaultValue={server?.name}
            autoFocus={!server}
          />
        </Field>
        <Field label="For">
          <Select name="audience" defaultValue={server?.audience ?? 'everyone'}>
            <option value="everyone">Everyone</option>
            <option value="admins">Admins only</option>
          </Select>
        </Field>
      </div>
      <Field
        label="Address"
        hint={
          server
            ? 'Another address is another server: definitions must be accepted again and accounts connected again.'
            : 'Of the MCP endpoint itself.'
        }
      >
        <TextInput
          name="url"
          type="url"
          required
          autoComplete="off"
          placeholder="https://tools.example.com/mcp"
          defaultValue={server?.url}
        />
      </Field>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Transport">
          <Select name="transport" defaultValue={config?.transport ?? 'streamable_http'}>
            <option value="streamable_http">Streamable HTTP</option>
            <option value="sse">HTTP+SSE (older)</option>
          </Select>
        </Field>
        <Field label="Authentication">
          <Select
            name="identity"
            value={identity}
            onChange={(event) => setIdentity(event.target.value as keyof typeof IDENTITY_NAMES)}
          >
            {Object.entries(IDENTITY_NAMES).map(([kind, { label }]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      {identity === 'oauth' && <OauthFields server={server} />}
      {identity === 'key' && <KeyFields config={config} />}
      <TemplateFields server={server} templateNames={templateNames} />
      <ToolFields config={config} />
      <FormProblem message={problem} />
      <div className="flex flex-wrap gap-2">
        <SubmitButton>{server ? 'Save' : 'Add'}</SubmitButton>
        <LinkButton href={server ? `/admin/servers/${server.id}` : '/admin/servers'}>Cancel</LinkButton>
      </div>
    </form>
  )
}
