import { redirect } from 'next/navigation'
import { makeTitle, readTranslate } from '#app/language/page-language.ts'
import { Entrance } from '#app/ui/layout/entrance.tsx'
import { requireSignedIn } from '#lib/auth/sessions/page-caller.ts'
import { listUnclaimedContent, type UnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { EarlierContentForm } from './earlier-content-form.tsx'

const KINDS: Record<UnclaimedContent[number]['kind'], Sentence> = {
  conversations: '{count, plural, one {# conversation} other {# conversations}}',
  tasks: '{count, plural, one {# task} other {# tasks}}',
  notes: '{count, plural, one {# note} other {# notes}}',
  facts: '{count, plural, one {# fact} other {# facts}}',
  files: '{count, plural, one {# file} other {# files}}',
  wishes: '{count, plural, one {# wish} other {# wishes}}',
}

export const generateMetadata = makeTitle('Is this yours?')

/**
 * Asks the owner of an address what to do with content that was created before the address was
 * verified.
 */
export default async function EarlierContentPage() {
  const t = await readTranslate()
  const content = await listUnclaimedContent(await requireSignedIn())
  if (content.length === 0) redirect('/chat')
  return (
    <Entrance
      title={t('Is this yours?')}
      hint={t(
        'It was in this account before you proved that the address is yours, so somebody else may have made it. Tokens, authorized apps, connected accounts and other sessions from that time have ended.',
      )}
    >
      {content.map(({ kind, count, names }) => (
        <section key={kind}>
          <h2 className="text-sm font-semibold">{t(KINDS[kind], { count })}</h2>
          <ul className="mt-1 max-h-40 list-disc overflow-y-auto ps-5 text-sm text-ink-soft">
            {names.map((name, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same name, and the list never changes
              <li key={index}>{name}</li>
            ))}
            {count > names.length && <li>{t('and {count} more', { count: count - names.length })}</li>}
          </ul>
        </section>
      ))}
      <EarlierContentForm />
    </Entrance>
  )
}
