import type { StartScreenOption, StartScreenPrompt } from '@openai/chatkit'
import type { Sentence } from '#lib/platform/language/sentences.ts'
import type { Translate } from '#lib/platform/language/translate.ts'
import type { ChatAssistant } from './chat-assistant.ts'

type BuiltIn = { text: Sentence; icon: StartScreenPrompt['icon'] }

const TASK_PROMPTS: BuiltIn[] = [
  { text: 'Add a task: buy milk tomorrow', icon: 'check-circle' },
  { text: 'What is open?', icon: 'square-text' },
  { text: 'Note: the door code is 4711', icon: 'notebook-pencil' },
  { text: 'Find door code', icon: 'search' },
]
const OTHER_PROMPTS: BuiltIn[] = [{ text: 'What can you do for me?', icon: 'circle-question' }]

type Shown = {
  firstName: string
  isDefault: boolean
  builtinTools: boolean
  /** The built-in demo assistant, which understands English only. */
  isDemo: boolean
}

/** What people see before the first message: as the assistant says, or else as it is built in. */
export function toStartScreen(
  { start, picture }: ChatAssistant,
  { firstName, isDefault, builtinTools, isDemo }: Shown,
  t: Translate,
): StartScreenOption {
  const greeting = firstName ? t('What shall we get done, {firstName}?', { firstName }) : t('What shall we get done?')
  const builtIn = (isDefault && builtinTools ? TASK_PROMPTS : OTHER_PROMPTS).map(
    ({ text, icon }): StartScreenPrompt => ({ label: t(text), prompt: isDemo ? text : t(text), icon }),
  )
  const own = start.prompts.map(({ label, prompt }): StartScreenPrompt => ({ label, prompt, icon: picture }))
  return { greeting: start.greeting || greeting, prompts: own.length > 0 ? own : builtIn }
}
