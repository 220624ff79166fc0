import { readTranslate } from '#app/language/page-language.ts'
import { Badge, type BadgeTone } from '#app/ui/badge.tsx'
import { Card } from '#app/ui/card.tsx'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { Facts } from '#app/ui/lists/facts.tsx'
import { RelativeTime } from '#app/ui/relative-time.tsx'
import type { CallQuestion } from '#lib/data/runs/questions/call-questions.ts'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import { toVisibleText } from '#lib/platform/text/visible-text.ts'

const ANSWERS: Record<CallQuestion['status'], [BadgeTone, Sentence]> = {
  pending: ['accent', 'Not answered yet'],
  accepted: ['ok', 'Answered'],
  declined: ['neutral', 'Declined'],
  cancelled: ['neutral', 'Cancelled'],
  expired: ['warn', 'Ended without an answer'],
}

/** What the server asked the person during a call, and how they answered. */
export async function AskedQuestions({ questions }: { questions: CallQuestion[] }) {
  const t = await readTranslate()
  if (questions.length === 0) return null
  return (
    <Card
      title={t('{count, plural, one {Question to the person} other {Questions to the person}}', {
        count: questions.length,
      })}
      hint={t('Of an answer, only what policies allow is kept.')}
    >
      <ol className="grid gap-6">
        {questions.map((question) => (
          <li key={question.id}>
            <OneQuestion question={question} />
          </li>
        ))}
      </ol>
    </Card>
  )
}

async function OneQuestion({ question }: { question: CallQuestion }) {
  const t = await readTranslate()
  const { asked, status, answer, createdAt, answeredAt } = question
  const [tone, name] = ANSWERS[status]
  const fields = listFields(asked.requestedSchema)
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-baseline gap-3">
        <p className="min-w-0 break-words whitespace-pre-wrap">{toVisibleText(String(asked.message ?? ''))}</p>
        <Badge tone={tone}>{t(name)}</Badge>
      </div>
      <Facts
        facts={[
          [t('Kind'), asked.mode === 'url' ? t('An address to open') : t('A form')],
          [t('Address at'), asked.mode === 'url' && String(asked.host ?? '')],
          [t('Fields'), fields.length > 0 && fields.map(toVisibleText).join(', ')],
          [t('Asked'), <RelativeTime key="a" at={createdAt.toISOString()} exact />],
          [t('Ended'), answeredAt && <RelativeTime key="e" at={answeredAt.toISOString()} exact />],
        ]}
      />
      {answer !== null && <CodeBlock label={t('answer')} text={JSON.stringify(answer, null, 2)} wrap />}
    </div>
  )
}

function listFields(schema: unknown): string[] {
  const { properties } = (schema ?? {}) as { properties?: unknown }
  return properties !== null && typeof properties === 'object' ? Object.keys(properties) : []
}
