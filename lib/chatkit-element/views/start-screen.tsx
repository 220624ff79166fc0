import type { StartScreenPrompt } from '@openai/chatkit'
import { useSignal } from '#lib/chatkit-element/signal.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The start of a new chat: a greeting and a few prompts. */
export function StartScreen() {
  const { chat, options, strings } = useUi()
  const { phase } = useSignal(chat.state)
  const { greeting = strings.greeting, prompts = [] } = options.startScreen ?? {}
  const send = ({ prompt }: StartScreenPrompt) => {
    if (phase === 'idle')
      void chat.send({ content: typeof prompt === 'string' ? [{ type: 'input_text', text: prompt }] : prompt })
  }
  return (
    <div part="start" class="start" tabIndex={-1}>
      <h2 part="greeting" class="greeting" dir="auto">
        {greeting}
      </h2>
      {prompts.length > 0 && (
        <ul class="prompts" aria-label={strings.suggestions}>
          {prompts.map((prompt) => (
            <li key={prompt.label}>
              <button type="button" part="prompt" class="prompt" onClick={() => send(prompt)} dir="auto">
                {prompt.icon && <Icon name={prompt.icon} />}
                <span>{prompt.label}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
