import { FlaskConical } from 'lucide-react'
import Link from 'next/link'
import { readTranslate } from '#app/language/page-language.ts'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { DEFAULT_MODEL } from '#lib/platform/default-models.ts'

const HOSTED = `OPENAI_API_KEY=sk-...\nOPENAI_MODEL=${DEFAULT_MODEL}`
const COMPATIBLE = 'OPENAI_BASE_URL=http://localhost:11434/v1\nOPENAI_API=chat_completions\nOPENAI_MODEL=llama3.3'

/** Says that no model is connected, and how to connect one. */
export async function DemoNotice({ admin }: { admin: boolean }) {
  const t = await readTranslate()
  return (
    <aside
      aria-label={t('Demo assistant')}
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-sunken px-4 py-1.5 text-sm text-ink-soft"
    >
      <FlaskConical aria-hidden className="size-4 shrink-0 text-warn" />
      <p className="min-w-0 flex-1">
        <strong className="font-medium text-ink">{t('Demo assistant')}</strong>
        <span className="max-sm:sr-only">
          {t(': no model is connected. It understands plain requests about tasks and notes.')}
        </span>
      </p>
      <Dialog label={t('Connect a model')} title={t('Connect a model')} tone="secondary" size="sm">
        {admin ? (
          <>
            <p className="text-sm text-ink-soft">
              {t.rich(
                'Add a provider under <link>Admin, Models</link>. Or set these variables where the server starts, and start it again. For OpenAI:',
                {
                  link: (chunks) => (
                    <Link href="/admin/models" className="text-accent underline-offset-2 hover:underline">
                      {chunks}
                    </Link>
                  ),
                },
              )}
            </p>
            <CodeBlock label={t('settings for OpenAI')} text={HOSTED} wrap />
            <p className="text-sm text-ink-soft">
              {t('For any server with the same interface, such as Ollama, vLLM or LM Studio:')}
            </p>
            <CodeBlock label={t('settings for a compatible server')} text={COMPATIBLE} wrap />
          </>
        ) : (
          <p className="text-sm text-ink-soft">
            {t('Ask your administrator to connect one. Your tasks, notes and conversations stay as they are.')}
          </p>
        )}
      </Dialog>
    </aside>
  )
}
