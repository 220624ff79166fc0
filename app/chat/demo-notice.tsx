import { FlaskConical } from 'lucide-react'
import Link from 'next/link'
import { CodeBlock } from '#app/ui/code-block.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { DEFAULT_MODEL } from '#lib/platform/default-models.ts'

const HOSTED = `OPENAI_API_KEY=sk-...\nOPENAI_MODEL=${DEFAULT_MODEL}`
const COMPATIBLE = 'OPENAI_BASE_URL=http://localhost:11434/v1\nOPENAI_API=chat_completions\nOPENAI_MODEL=llama3.3'

/** Says that no model is connected, and how to connect one. */
export function DemoNotice({ admin }: { admin: boolean }) {
  return (
    <aside
      aria-label="Demo assistant"
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-sunken px-4 py-1.5 text-sm text-ink-soft"
    >
      <FlaskConical aria-hidden className="size-4 shrink-0 text-warn" />
      <p className="min-w-0 flex-1">
        <strong className="font-medium text-ink">Demo assistant</strong>
        <span className="max-sm:sr-only">
          : no model is connected. It understands plain requests about tasks and notes.
        </span>
      </p>
      <Dialog label="Connect a model" title="Connect a model" tone="secondary" size="sm">
        {admin ? (
          <>
            <p className="text-sm text-ink-soft">
              Add a provider under{' '}
              <Link href="/admin/models" className="text-accent underline-offset-2 hover:underline">
                Admin, Models
              </Link>
              . Or set these variables where the server starts, and start it again. For OpenAI:
            </p>
            <CodeBlock label="settings for OpenAI" text={HOSTED} wrap />
            <p className="text-sm text-ink-soft">
              For any server with the same interface, such as Ollama, vLLM or LM Studio:
            </p>
            <CodeBlock label="settings for a compatible server" text={COMPATIBLE} wrap />
          </>
        ) : (
          <p className="text-sm text-ink-soft">
            Ask your administrator to connect one. Your tasks, notes and conversations stay as they are.
          </p>
        )}
      </Dialog>
    </aside>
  )
}
