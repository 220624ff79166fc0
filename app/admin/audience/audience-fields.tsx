'use client'

import { useState } from 'react'
import { CheckBox } from '#app/ui/forms/check-box.tsx'
import { Field, Select, TextArea } from '#app/ui/forms/field.tsx'

/** An audience as its fields show it: people by their addresses. */
export type ShownAudience = { kind: 'everybody' } | { kind: 'chosen'; roles: string[]; emails: string[] }

/** Who may use a thing: everybody, or chosen roles and people. `parseAudience` reads the fields. */
export function AudienceFields({ audience }: { audience?: ShownAudience | undefined }) {
  const [kind, setKind] = useState(audience?.kind ?? 'everybody')
  const chosen = audience?.kind === 'chosen' ? audience : undefined
  return (
    <div className="grid gap-3">
      <Field label="For">
        <Select
          name="audience"
          value={kind}
          onChange={(event) => setKind(event.target.value as ShownAudience['kind'])}
          className="max-w-xs"
        >
          <option value="everybody">Everybody</option>
          <option value="chosen">Chosen roles and people</option>
        </Select>
      </Field>
      {kind === 'chosen' && (
        <div className="grid gap-3 border-s-2 border-line ps-4">
          <CheckBox name="audienceAdmins" label="Admins" checked={chosen?.roles.includes('admin') ?? false} />
          <CheckBox name="audienceMembers" label="Members" checked={chosen?.roles.includes('member') ?? false} />
          <Field label="People" optional hint="Addresses of accounts, one a line.">
            <TextArea
              name="audiencePeople"
              rows={3}
              placeholder="ann@example.com"
              defaultValue={chosen?.emails.join('\n')}
            />
          </Field>
        </div>
      )}
    </div>
  )
}
