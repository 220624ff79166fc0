import type { ComponentProps } from 'react'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, TextArea, TextInput } from '#app/ui/forms/field.tsx'
import type { ServerConfig } from '#lib/data/servers/server-config.ts'

/** A server as its form shows it: of its secrets only the names. */
export type ShownServer = {
  id: string
  name: string
  url: string
  audience: 'everyone' | 'admins'
  config: ServerConfig
  secretNames: string[]
  hasClientSecret: boolean
  /** The authorization server that the client was first used at, if no issuer is configured. */
  seenIssuer?: string | undefined
}

/** How Switchboard is known to the authorization server, for servers with accounts of people. */
export function OauthFields({ server }: { server: ShownServer | undefined }) {
  const oauth = server?.config.identity.kind === 'oauth' ? server.config.identity : undefined
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label="Scopes" optional hint="Only if the server does not say which it needs.">
        <TextInput name="scope" autoComplete="off" defaultValue={oauth?.scope} />
      </Field>
      <Field label="Client id" optional hint="Only if its authorization server does not register clients itself.">
        <TextInput name="clientId" autoComplete="off" defaultValue={oauth?.clientId} />
      </Field>
      <Field
        label="Issuer"
        optional
        hint="The address of the authorization server that the client is registered at. Required with a secret: it is sent nowhere else."
      >
        <TextInput
          name="issuer"
          type="url"
          autoComplete="off"
          placeholder="https://auth.example.com"
          defaultValue={oauth?.issuer ?? server?.seenIssuer}
        />
      </Field>
      <Field
        label="Client secret"
        optional
        hint={server?.hasClientSecret ? 'One is stored. Leave this empty to keep it.' : 'Stored encrypted.'}
      >
        <TextInput name="clientSecret" type="password" autoComplete="new-password" />
      </Field>
    </div>
  )
}

/** How a person's key is sent. */
export function KeyFields({ config }: { config: ServerConfig | undefined }) {
  const key = config?.identity.kind === 'key' ? config.identity : undefined
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Field label="Header">
        <TextInput name="keyHeader" autoComplete="off" defaultValue={key?.header ?? 'Authorization'} />
      </Field>
      <Field label="Format" hint="{{key}} is the key.">
        <TextInput name="keyFormat" autoComplete="off" defaultValue={key?.format ?? 'Bearer {{key}}'} />
      </Field>
      <Field label="Where people find their key" optional>
        <TextInput name="keyHint" autoComplete="off" defaultValue={key?.hint} />
      </Field>
    </div>
  )
}

/** What each request carries besides the call, folded unless something of it is set. */
export function TemplateFields({
  server,
  templateNames,
}: {
  server: ShownServer | undefined
  templateNames: string[]
}) {
  const { config } = server ?? {}
  return (
    <details
      open={Boolean(
        config && (config.headers.length || config.meta.length || config.bound.length || server?.secretNames.length),
      )}
    >
      <summary className="cursor-pointer font-medium">Headers, arguments and metadata</summary>
      <div className="mt-4 grid gap-4">
        <p className="text-sm text-ink-soft">
          Values may contain {templateNames.map((name) => `{{${name}}}`).join(', ')}. If one has no value, nothing is
          sent.
        </p>
        <LinesField
          label="Bound arguments"
          hint="Parameters that the model neither sees nor chooses, one a line."
          name="bound"
          placeholder="user_id = {{user.id}}"
          defaultValue={config?.bound.map(({ parameter, value }) => `${parameter} = ${value}`).join('\n')}
        />
        <LinesField
          label="Headers"
          hint="One a line."
          name="headers"
          placeholder="X-User-Id: {{user.id}}"
          defaultValue={config?.headers.map(({ name, value }) => `${name}: ${value}`).join('\n')}
        />
        <LinesField
          label="Secret headers"
          hint={
            server?.secretNames.length
              ? `Stored: ${server.secretNames.join(', ')}. What you enter here replaces them.`
              : 'One a line, stored encrypted and never shown again.'
          }
          name="secretHeaders"
          autoComplete="off"
          placeholder="X-Api-Key: …"
        />
        {Boolean(server?.secretNames.length) && (
          <CheckBox name="dropSecrets" label="Remove the stored secret headers" />
        )}
        <LinesField
          label="Request metadata"
          hint="Goes into _meta of every request, one a line."
          name="meta"
          placeholder="example.com/user = {{user.email}}"
          defaultValue={config?.meta.map(({ name, value }) => `${name} = ${value}`).join('\n')}
        />
      </div>
    </details>
  )
}

/** A list that is written one entry a line. */
function LinesField({ label, hint, ...area }: { label: string; hint: string } & ComponentProps<typeof TextArea>) {
  return (
    <Field label={label} optional hint={hint}>
      <TextArea rows={2} className="font-mono text-sm" {...area} />
    </Field>
  )
}

/** Which tools are offered, and how far they are trusted. */
export function ToolFields({ config }: { config: ServerConfig | undefined }) {
  return (
    <>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Allowed tools" optional hint="Names, * for anything. Empty: all.">
          <TextInput
            name="allow"
            autoComplete="off"
            placeholder="search_*, read_page"
            defaultValue={config?.allow.join(', ')}
          />
        </Field>
        <Field label="Denied tools" optional hint="Never offered, even if allowed.">
          <TextInput name="deny" autoComplete="off" placeholder="delete_*" defaultValue={config?.deny.join(', ')} />
        </Field>
      </div>
      <div className="grid gap-2">
        <CheckBox
          name="pinned"
          label="Quarantine tools that change"
          hint="A tool whose description or schema is no longer what you accepted is not offered until you have looked."
          checked={config?.pinned ?? true}
        />
        <CheckBox
          name="trusted"
          label="Trusted"
          hint="It may answer with widgets, whose buttons call its tools."
          checked={config?.trusted ?? false}
        />
        <CheckBox
          name="asksUnannotated"
          label="Ask before tools that do not say what they do"
          hint="A tool without the annotations readOnlyHint and destructiveHint may destroy something, by the specification of MCP."
          checked={config?.asksUnannotated ?? !config?.trusted}
        />
      </div>
    </>
  )
}
