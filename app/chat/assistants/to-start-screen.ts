import type { StartScreenOption, StartScreenPrompt } from '@openai/chatkit'
import type { ChatAssistant } from './chat-assistant.ts'

const TASK_PROMPTS: StartScreenPrompt[] = [
  { label: 'Add a task: buy milk tomorrow', prompt: 'Add a task: buy milk tomorrow', icon: 'check-circle' },
  { label: 'What is open?', prompt: 'What is open?', icon: 'square-text' },
  { label: 'Note: the door code is 4711', prompt: 'Note: the door code is 4711', icon: 'notebook-pencil' },
  { label: 'Find door code', prompt: 'Find door code', icon: 'search' },
]
const OTHER_PROMPTS: StartScreenPrompt[] = [
  { label: 'What can you do for me?', prompt: 'What can you do for me?', icon: 'circle-question' },
]

/** What people see before the first message: as the assistant says, or else as it is built in. */
export function toStartScreen(
  { start, picture }: ChatAssistant,
  { firstName, isDefault, builtinTools }: { firstName: string; isDefault: boolean; builtinTools: boolean },
): StartScreenOption {
  const greeting = firstName ? `What shall we get done, ${firstName}?` : 'What shall we get done?'
  const builtIn = isDefault && builtinTools ? TASK_PROMPTS : OTHER_PROMPTS
  const own = start.prompts.map(({ label, prompt }): StartScreenPrompt => ({ label, prompt, icon: picture }))
  return { greeting: start.greeting || greeting, prompts: own.length > 0 ? own : builtIn }
}
