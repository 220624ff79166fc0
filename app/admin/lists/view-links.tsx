import { Bookmark } from 'lucide-react'
import { LinkButton } from '#app/ui/button.tsx'
import { ActionForm } from '#app/ui/forms/action-form.tsx'
import { ConfirmButton } from '#app/ui/forms/confirm-button.tsx'
import { TextInput } from '#app/ui/forms/field.tsx'
import { SubmitButton } from '#app/ui/forms/submit-button.tsx'
import { type ListName, listSavedViews } from '#lib/data/runs/lists/saved-views.ts'
import { keepView, removeView } from './actions.ts'

/** The admin's own views of a list as links, and a form that keeps the filters of this page. */
export async function ViewLinks({
  caller,
  list,
  href,
}: {
  caller: { userId: string }
  list: ListName
  /** The address of the list with its filters, without a place in it. */
  href: string
}) {
  const views = await listSavedViews(caller, list)
  const query = href.split('?')[1] ?? ''
  const current = views.find((view) => view.query === query)
  if (views.length === 0 && query === '') return null
  return (
    <nav aria-label="Saved views" className="mb-4 flex flex-wrap items-center gap-2">
      {views.map((view) => (
        <LinkButton
          key={view.id}
          size="sm"
          tone={view === current ? 'secondary' : 'quiet'}
          href={`/admin/${list}?${view.query}`}
          aria-current={view === current ? 'page' : undefined}
        >
          <Bookmark aria-hidden className="size-4" />
          {view.name}
        </LinkButton>
      ))}
      {current ? (
        <ConfirmButton
          size="sm"
          label="Delete view"
          title={`Delete the view “${current.name}”?`}
          confirmLabel="Delete"
          fields={{ view: current.id }}
          action={removeView}
        >
          <p>Only the name and its filters are deleted.</p>
        </ConfirmButton>
      ) : (
        query !== '' && (
          <details>
            <summary className="text-sm text-ink-soft hover:text-ink">Save these filters</summary>
            <ActionForm action={keepView} fields={{ list, query }} className="mt-2 flex flex-wrap items-center gap-2">
              <TextInput name="name" aria-label="Name of the view" placeholder="Name" required maxLength={60} />
              <SubmitButton size="sm">Save</SubmitButton>
            </ActionForm>
          </details>
        )
      )}
    </nav>
  )
}
