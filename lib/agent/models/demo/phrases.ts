import type { About } from '#lib/agent/models/demo/about.ts'
import { sayDue } from '#lib/agent/models/demo/take-date.ts'

export type Task = { number: number; title: string; due: string | null; done: boolean }
export type NoteHit = { id: string; title: string; snippet?: string }

/** Escapes the text for Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#|~]/g, '\\$&')
}

export function sayTask({ number, title, due }: Task, about: About): string {
  return `**${number}** ${escapeMarkdown(title)}${due ? ` (${sayDue(due, about)})` : ''}`
}

export function listTasks(tasks: Task[], about: About): string {
  return tasks.map((task) => `- ${sayTask(task, about)}`).join('\n')
}

export function listNotes(notes: NoteHit[]): string {
  return notes
    .map(({ title, snippet }) => `- **${escapeMarkdown(title)}**${snippet && snippet !== title ? `: ${snippet}` : ''}`)
    .join('\n')
}

const CONNECT =
  'To talk to a real model, set `OPENAI_API_KEY` (or `OPENAI_BASE_URL` for any compatible server, for example Ollama) and start again.'

export const HELP = `I am the **demo assistant**: no model is connected, and I understand plain requests about tasks and notes. Try

- \`remind me to call Ann on Friday at 3pm\` or \`add a task: buy milk tomorrow\`
- \`what is open?\`, \`what is due today?\`, \`done with 2\`, \`move 2 to Monday\`, \`rename 2 to buy oat milk\`, \`delete task 2\`
- \`note: the door code is 4711\`, \`find door code\`, \`show my notes\`
- \`who am I?\`
- \`/tools\` for all tools, and \`/add_task title="buy milk" due=2026-12-01\` to call any of them

${CONNECT}`

export const NOT_UNDERSTOOD = `I did not understand that. I am only the **demo assistant**: I know plain requests about tasks and notes, such as \`remind me to call Ann on Friday\`, \`what is open?\` or \`find door code\`. \`help\` shows more.

${CONNECT}`
