import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fillTemplate, isTemplate, toShownSentence } from '#lib/agent/approvals/call-saying.ts'
import type { ThreadStreamEvent } from '#lib/chatkit/protocol/events.ts'
import { listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { savePolicy, type ToolPolicy } from '#lib/data/servers/policies.ts'
import { agentDoor, nodes, widgets } from '#tests/support/agent-door.ts'
import { threadOf } from '#tests/support/chatkit/chatkit.ts'
import { openAIServer } from '#tests/support/models/openai-server.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'
import { mcpServer, type TestTool } from '#tests/support/tool-servers/mcp-server.ts'

// What an approval card says that its call will do, from the model's call to the card.

let ann: Awaited<ReturnType<typeof signedIn>>
beforeEach(async () => {
  ann = await signedIn({ role: 'admin' })
})

/** The card's texts: its title, then captions and sentences in their order, then the arguments. */
function shown(events: ThreadStreamEvent[]): string[] {
  const [card] = widgets(events)
  if (!card) throw new Error(`no card in ${JSON.stringify(events)}`)
  return nodes(card.widget)
    .filter(({ type }) => ['Caption', 'Text', 'Markdown'].includes(type))
    .map(({ value }) => String(value))
    .slice(1)
}

const wipe: TestTool = { name: 'wipe', run: () => 'wiped', annotations: { destructiveHint: true } }
const reads = { readOnlyHint: true, openWorldHint: false }

/** Has a model call `wipe` at a server with these tools, under a policy. */
async function ask(
  policy: Partial<ToolPolicy>,
  { args = { disk: 'C', count: 2 } as object, tools = [] as TestTool[] } = {},
) {
  const server = await mcpServer([wipe, ...tools])
  const model = await openAIServer({ calls: [{ name: 'wipe', arguments: args }] }, { text: 'Done.' })
  withSettings({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'k', MCP_BUILTIN: 'off', MCP_SERVER_URL: server.url })
  const name = new URL(server.url).host.replace(/[^A-Za-z0-9]+/g, '_')
  const nothing = { approval: null, afterUntrusted: null, repeatable: false, hidden: [] }
  const times = { connectSeconds: null, idleSeconds: null, hardSeconds: null }
  await savePolicy(ann.caller, { server: name, tool: 'wipe', ...nothing, ...times, ...policy })
  const turn = await agentDoor(ann).begin('clean up')
  return {
    ...{ name, server, texts: shown(turn.events), thread: threadOf(turn), card: widgets(turn.events)[0] },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await model[Symbol.asyncDispose]()
    },
  }
}

const ARGUMENTS = '```json\n{\n  "disk": "C",\n  "count": 2\n}\n```'

test('our own tools say what they do, with the task that the number means, beside the exact arguments', async () => {
  const thread = threadOf(await agentDoor(ann).begin('add a task: write the report'))
  const { events } = await agentDoor(ann).say(thread, 'delete task 1')
  const [origin, sentence, args] = shown(events)
  expect(origin).toMatch(/^In the words of \S+, what this will do:$/)
  expect(sentence).toBe('Delete task 1: “Write the report”')
  expect(args).toBe('```json\n{\n  "number": 1\n}\n```')
  const { data } = await listToolCalls({ caller: ann.caller }, { tool: 'list_tasks' })
  expect(data, 'what was looked up is in the ledger').toMatchObject([{ status: 'succeeded', threadId: thread }])
})

test('a policy’s template is filled with the exact arguments', async () => {
  await using asked = await ask({ sentence: 'Erase disk {disk} {count} times' })
  expect(asked.texts).toEqual([
    'In the words of your administrators, what this will do:',
    'Erase disk “C” 2 times',
    ARGUMENTS,
  ])
  expect(asked.server.calls).toEqual([])
})

test('a read-only tool says it, as this person, with what it knows of the arguments; hidden characters are visible', async () => {
  const says: TestTool = {
    name: 'say',
    annotations: reads,
    input: z.object({ disk: z.string() }),
    run: ({ disk }) => `Erases ${disk}\u202e\n\nforever`,
  }
  await using asked = await ask({ sentenceTool: 'say' }, { tools: [says] })
  expect(asked.texts).toEqual([
    `In the words of ${asked.name}, what this will do:`,
    'Erases C⟦U+202E⟧ forever',
    ARGUMENTS,
  ])
  expect(asked.server.calls).toEqual([{ tool: 'say', args: { disk: 'C' } }])
  const { data } = await listToolCalls({ caller: ann.caller })
  expect(data).toMatchObject([{ tool: 'say', status: 'succeeded', threadId: asked.thread }])
  await agentDoor(ann).press(asked.thread, asked.card as never, 'Approve')
  expect(asked.server.calls.map(({ tool }) => tool)).toEqual(['say', 'wipe'])
})

test('a template may refer to the result of the tool', async () => {
  const says: TestTool = { name: 'say', annotations: reads, run: () => JSON.stringify({ owner: { name: 'Ann' } }) }
  await using asked = await ask(
    { sentenceTool: 'say', sentence: 'Erase {disk} of {result.owner.name}' },
    { tools: [says] },
  )
  expect(asked.texts[0]).toBe(`In the words of your administrators, with what ${asked.name} says, what this will do:`)
  expect(asked.texts[1]).toBe('Erase “C” of “Ann”')
})

describe('the card shows the arguments alone', () => {
  const say = (more: Partial<TestTool>): TestTool[] => [
    { name: 'say', annotations: reads, run: () => 'Erases.', ...more },
  ]
  test.each<[string, Partial<ToolPolicy>, TestTool[]]>([
    ['a place has no value', { sentence: 'Erase {volume}' }, []],
    ['the tool is not there', { sentenceTool: 'say' }, []],
    ['the tool does not say that it only reads', { sentenceTool: 'say' }, say({ annotations: {} })],
    [
      'the tool fails',
      { sentenceTool: 'say' },
      say({
        run: () => {
          throw new Error('no')
        },
      }),
    ],
    ['the tool says nothing', { sentenceTool: 'say' }, say({ run: () => ' ' })],
    ['the tool never answers', { sentenceTool: 'say' }, say({ run: () => new Promise(() => undefined) })],
  ])('if %s', async (_, policy, tools) => {
    await using asked = await ask(policy, { tools })
    expect(asked.texts).toEqual([ARGUMENTS])
    await agentDoor(ann).press(asked.thread, asked.card as never, 'Approve')
    expect(asked.server.calls.filter(({ tool }) => tool === 'wipe')).toHaveLength(1)
  })
})

describe('a template', () => {
  test.each([
    ['Delete {title}', { title: 'a” of “b' }, 'Delete “a" of "b”'],
    ['Send {to} {n}', { to: ['a', 'b'], n: 0 }, 'Send “a”, “b” 0'],
    ['{a.b.0}', { a: { b: [true] } }, 'true'],
    ['{a}', { a: { b: 1 } }, undefined],
    ['{a}', { a: null }, undefined],
    ['{a}', { a: ' ' }, undefined],
    ['{a}', { a: [[1]] }, undefined],
    ['{constructor}', {}, undefined],
    ['{length}', { a: 'x' }, undefined],
    ['{a}', { a: '{b}', b: 'c' }, '“{b}”'],
    ['{a}', { a: 'x'.repeat(500) }, `“${'x'.repeat(120)}…”`],
  ])('%s of %j is %s', (template, values, said) => {
    expect(fillTemplate(template, values)).toBe(said)
  })

  test('has places alone between its braces, and one short line', () => {
    expect(['Delete {a.b-c_0}', 'Delete'].every(isTemplate)).toBe(true)
    expect(['{', '}', '{}', '{a b}', '{{a}}', '{a.}'].some(isTemplate)).toBe(false)
    expect(toShownSentence('a\n\n b ')).toBe('a b')
    expect(toShownSentence('\n')).toBeUndefined()
    expect(toShownSentence('x'.repeat(10_000))).toHaveLength(400)
  })
})
