import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Attachment } from '#lib/chatkit/protocol/items.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { conversation } from '#tests/support/conversation.ts'
import { openAIServer, type Step } from '#tests/support/models/openai-server.ts'
import { HELLO, pdfOf } from '#tests/support/pdf.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

// A file that a model refuses is named to the person once, and never blocks a conversation.

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const builtinFetch: typeof fetch = (input, init) => handleMcp(new Request(input, init))
const refusal = (message: string, code?: string): Step => ({
  fault: { kind: 'status', status: 400, message, ...(code && { code }) },
})

let folder: string
let caller: Caller
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'refused-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  caller = (await signedIn()).caller
})

async function attach(name: string, mime_type: string, bytes: Uint8Array): Promise<Attachment> {
  const { id } = await announceAttachment(caller, { name, size: bytes.length, mime_type })
  return receiveAttachment(caller, id, bytes)
}

describe.each(['responses', 'chat_completions'])('%s', (api) => {
  test('a refused image is named and left out from then on, and the next message is answered', async () => {
    await using server = await openAIServer(
      refusal('The image data you provided does not represent a valid image.', 'invalid_image_format'),
    )
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, ATTACHMENTS_DIR: folder })
    const chat = await conversation(caller, { builtinFetch })
    const attachments = [await attach('cat.png', 'image/png', PNG)]
    const turn = await chat.say('what is this?', { attachments })
    expect(turn.failed).toMatchObject({
      failureClass: 'model_file_refused',
      message: expect.stringMatching(/^The model refused the file “cat.png”. It is left out/),
    })
    expect(turn.error?.message).toBe(turn.failed?.message)
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain('data:image/png')
    for (const text of ['and now?', 'once more?']) {
      server.script({ text: 'I cannot see it.' })
      expect((await chat.say(text)).text).toBe('I cannot see it.')
      const sent = JSON.stringify(server.requests.at(-1)?.body)
      expect(sent).not.toContain('data:image')
      expect(sent).toContain('is left out: the model refused it')
    }
  })

  test('files that the model accepted before stay, and a file that is refused later is found', async () => {
    await using server = await openAIServer({ text: 'A cat.' }, refusal('The PDF specified is password protected.'), {
      text: 'Just a cat.',
    })
    withSettings({ OPENAI_BASE_URL: server.url, OPENAI_API: api, ATTACHMENTS_DIR: folder })
    const chat = await conversation(caller, { builtinFetch })
    await chat.say('what is this?', { attachments: [await attach('cat.png', 'image/png', PNG)] })
    const files = [
      await attach('a.pdf', 'application/pdf', pdfOf(HELLO)),
      await attach('n.txt', 'text/plain', Buffer.from('Number 4711')),
    ]
    const turn = await chat.say('and these?', { attachments: files })
    expect(turn.failed?.message).toMatch(/“a.pdf”/)
    expect(turn.failed?.message).not.toMatch(/n.txt|cat.png/)
    await chat.say('what is left?')
    const sent = JSON.stringify(server.requests.at(-1)?.body)
    expect(sent).toContain('data:image/png')
    expect(sent).toContain('Number 4711')
    expect(sent).not.toContain('data:application/pdf')
    // A model that accepts no images at all, chosen later.
    server.script(refusal('llama is not a multimodal model'), { text: 'Words alone.' })
    expect((await chat.say('again')).failed?.message).toMatch(/“cat.png”/)
    expect((await chat.say('again')).text).toBe('Words alone.')
  })
})

test('several files that came together are all left out, and each is named', async () => {
  await using server = await openAIServer(refusal('Invalid image.', 'invalid_image_format'), { text: 'Fine.' })
  withSettings({ OPENAI_BASE_URL: server.url, ATTACHMENTS_DIR: folder })
  const chat = await conversation(caller, { builtinFetch })
  const attachments = [await attach('a.png', 'image/png', PNG), await attach('b.png', 'image/png', PNG)]
  expect((await chat.say('compare', { attachments })).failed?.message).toMatch(/“a.png”, “b.png”.*one by one/)
  expect((await chat.say('compare')).text).toBe('Fine.')
})

test('a refusal of a request without a file has a general sentence', async () => {
  await using server = await openAIServer(refusal('Invalid image.', 'invalid_image_format'))
  withSettings({ OPENAI_BASE_URL: server.url, ATTACHMENTS_DIR: folder })
  const turn = await (await conversation(caller, { builtinFetch })).say('hello')
  expect(turn.failed).toMatchObject({
    failureClass: 'model_file_refused',
    message: expect.stringContaining('cannot read a file'),
  })
})
