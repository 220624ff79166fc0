import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PLACE_NAMES } from '#lib/agent/assistants/fill-placeholders.ts'
import { findOrganisation, listAssistants } from '#lib/agent/assistants/list-assistants.ts'
import { BRIEF_MAX_TOKENS } from '#lib/agent/input/write-brief.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { agentDoor, said } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const readPage = () => readFile('docs/assistants.md', 'utf8')

test('docs/assistants.md: its file is read, and its assistant is handed over to and hands back', async () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(await readPage()) ?? []
  const file = path.join(tmpdir(), `assistants-${randomUUID()}.json`)
  await writeFile(file, json)
  await using model = await openAIServer(
    { calls: [{ name: 'hand_to_travel', arguments: {} }] },
    { text: 'Where to?' },
    { calls: [{ name: 'hand_back', arguments: {} }] },
    { text: 'Nothing is open.' },
  )
  withSettings({
    ...{ ASSISTANTS_FILE: file, OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: model.url },
    THREAD_TITLES: 'first_words',
  })
  expect((await listAssistants()).map(({ slug, origin }) => [slug, origin])).toEqual([
    ['switchboard', 'built-in'],
    ['travel', 'file'],
  ])
  expect(await findOrganisation()).toMatchObject({ name: 'ACME', isOfFile: true })
  const ann = await signedIn()
  const reply = await agentDoor(ann).begin('I need a trip')
  expect(said(reply.events)).toBe('Where to?')
  expect(JSON.stringify(reply.events)).toContain('Handed to Travel')
  expect(JSON.stringify(model.requests[1]?.body)).toContain('You plan trips for people at \\"ACME\\"')
  expect(said((await agentDoor(ann).say(threadOf(reply), 'What is open?')).events)).toBe('Nothing is open.')
})

test('docs/assistants.md names every placeholder, the budgets and the limits as they are', async () => {
  const page = await readPage()
  for (const place of PLACE_NAMES) expect(page).toContain(`{{${place}}}`)
  const { organisation, assistant, person } = BRIEF_MAX_TOKENS
  const budgets = [organisation, assistant, person].map((tokens) => tokens.toLocaleString('en'))
  expect(page).toContain(`about ${budgets[0]}, ${budgets[1]} and ${budgets[2]} tokens`)
  expect(page).toContain('up to 8 prompts')
  const prompts = Array.from({ length: 9 }, () => ({ label: 'x', prompt: 'x' }))
  expect(AssistantConfig.safeParse({ name: 'x', start: { prompts } }).success).toBe(false)
  expect(AssistantConfig.safeParse({ name: 'x', start: { prompts: prompts.slice(1) } }).success).toBe(true)
})
