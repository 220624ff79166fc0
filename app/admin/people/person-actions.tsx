import type { PersonRow } from '#lib/data/people.ts'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { changeRole, disablePerson, enablePerson, signOutPerson } from './actions.ts'

/** What an admin can do with somebody else's account; each asks first. */
export function PersonActions({ person }: { person: PersonRow }) {
  const fields = { person: person.id }
  if (person.disabledAt)
    return (
      <ConfirmButton
        label="Let in again"
        tone="secondary"
        size="sm"
        title={`Let ${person.name} in again?`}
        confirmLabel="Let in again"
        confirmTone="primary"
        fields={fields}
        action={enablePerson}
      >
        <p>The account works again as before, with all its data. Tokens that were not revoked work again too.</p>
      </ConfirmButton>
    )
  const promote = person.role === 'member'
  return (
    <div className="relative z-10 flex flex-wrap gap-1 md:justify-end">
      <ConfirmButton
        label={promote ? 'Make admin' : 'Make member'}
        tone="quiet"
        size="sm"
        title={promote ? `Make ${person.name} an admin?` : `Make ${person.name} a member?`}
        confirmLabel={promote ? 'Make admin' : 'Make member'}
        confirmTone="primary"
        fields={{ ...fields, role: promote ? 'admin' : 'member' }}
        action={changeRole}
      >
        <p>
          {promote
            ? 'Admins see the tool calls of everybody, with arguments and results, and can change accounts.'
            : 'Members see only what is their own.'}{' '}
          {person.name} has to sign in again.
        </p>
      </ConfirmButton>
      <ConfirmButton
        label="Sign out"
        tone="quiet"
        size="sm"
        title={`Sign ${person.name} out everywhere?`}
        confirmLabel="Sign out everywhere"
        confirmTone="primary"
        fields={fields}
        action={signOutPerson}
      >
        <p>All sessions of this account end at once, on every device. Signing in again is possible.</p>
      </ConfirmButton>
      <ConfirmButton
        label="Disable"
        size="sm"
        title={`Disable ${person.name}?`}
        confirmLabel="Disable the account"
        fields={fields}
        action={disablePerson}
      >
        <p>
          The account can no longer sign in, and its sessions and tokens stop working at once. Its data stays, and you can let it in again.
        </p>
      </ConfirmButton>
    </div>
  )
}
