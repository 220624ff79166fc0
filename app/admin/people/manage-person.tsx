'use client'

import type { ButtonLook } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { changeRole, disablePerson, enablePerson, signOutPerson } from './actions.ts'

type Managed = { id: string; name: string; role: 'admin' | 'member'; disabled: boolean }

type Choice = {
  id: string
  label: string
  effect: string
  tone?: ButtonLook['tone']
  fields?: Record<string, string>
  action: typeof changeRole
}

/** What an admin can do with another person's account, each with its consequences. */
export function ManagePerson({ person }: { person: Managed }) {
  return (
    <Dialog label="Manage" title={person.name} size="sm">
      {(close) => (
        <ul className="grid gap-4">
          {choices(person).map(({ id, label, effect, tone = 'secondary', fields, action }) => (
            <li key={id} className="border-t border-line pt-4">
              <ActionForm
                action={action}
                fields={{ person: person.id, ...fields }}
                onDone={close}
                className="grid justify-items-start gap-2"
              >
                <p className="text-sm text-ink-soft">{effect}</p>
                <SubmitButton tone={tone} size="sm">
                  {label}
                </SubmitButton>
              </ActionForm>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}

function choices({ name, role, disabled }: Managed): Choice[] {
  if (disabled)
    return [
      {
        id: 'access',
        label: 'Let in again',
        effect: `${name} can sign in again as before, and finds all data as it was. Tokens that were not revoked work again too.`,
        action: enablePerson,
      },
    ]
  const change: Choice =
    role === 'member'
      ? {
          id: 'role',
          label: 'Make admin',
          effect: `Admins see everybody's tool calls with arguments and results, and can change accounts. ${name} has to sign in again.`,
          fields: { role: 'admin' },
          action: changeRole,
        }
      : {
          id: 'role',
          label: 'Make member',
          effect: `Members see only what is their own. ${name} has to sign in again.`,
          fields: { role: 'member' },
          action: changeRole,
        }
  return [
    change,
    {
      id: 'sessions',
      label: 'Sign out everywhere',
      effect:
        'Ends all sessions and running answers of this account at once, on every device. Signing in again is possible.',
      action: signOutPerson,
    },
    {
      id: 'access',
      label: 'Disable the account',
      effect:
        'Signing in is refused, and sessions, tokens and running answers end at once. The data stays, and you can let the person in again.',
      tone: 'danger',
      action: disablePerson,
    },
  ]
}
