import { globSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as files from '#app/api/attachments/[id]/route.ts'
import * as connections from '#app/api/connections/[id]/route.ts'
import * as clients from '#app/api/me/clients/route.ts'
import * as complete from '#app/api/me/complete/route.ts'
import * as conversationFile from '#app/api/me/conversations/[id]/export/route.ts'
import * as openPages from '#app/api/me/conversations/[id]/page/route.ts'
import * as reading from '#app/api/me/conversations/[id]/reading/route.ts'
import * as conversation from '#app/api/me/conversations/[id]/route.ts'
import * as conversations from '#app/api/me/conversations/route.ts'
import * as exported from '#app/api/me/export/route.ts'
import * as ownWords from '#app/api/me/own-words/route.ts'
import * as prompts from '#app/api/me/prompts/route.ts'
import * as resources from '#app/api/me/resources/route.ts'
import * as me from '#app/api/me/route.ts'
import * as search from '#app/api/me/search/route.ts'
import * as servers from '#app/api/me/servers/route.ts'
import * as sessions from '#app/api/me/sessions/[id]/route.ts'
import * as tokens from '#app/api/me/tokens/[id]/route.ts'
import * as allTokens from '#app/api/me/tokens/route.ts'
import * as sharedCalls from '#app/api/shared/[id]/calls/[item]/[call]/route.ts'
import * as sharedChat from '#app/api/shared/[id]/chatkit/route.ts'
import * as sharedFiles from '#app/api/shared/[id]/files/[file]/route.ts'
import * as toolCalls from '#app/api/tool-calls/[run]/[call]/route.ts'
import { PARAMS } from '#lib/chatkit/protocol/requests.ts'
import { announceAttachment, receiveAttachment } from '#lib/data/attachments/attachments.ts'
import { createPrismaStore } from '#lib/data/chat/chatkit-store.ts'
import { listCoveredMessages } from '#lib/data/chat/context/covered-messages.ts'
import { claimSummary, findSummary, markSummaryFailed, storeSummary } from '#lib/data/chat/context/summaries.ts'
import { findConversationTitle } from '#lib/data/chat/conversations.ts'
import { listMessageOrigins } from '#lib/data/chat/message-origins.ts'
import { findThreadModelChoice, forgetThreadModelChoice } from '#lib/data/chat/model-choices.ts'
import { isSwitchedOffNow, listSwitchedOff, switchOff } from '#lib/data/chat/switched-off-tools.ts'
import { toTimeCursor } from '#lib/data/keyset.ts'
import { findModelOfRuns } from '#lib/data/models/model-of-runs.ts'
import { createOauthGrant, listAuthorizedApps } from '#lib/data/oauth/oauth-grants.ts'
import {
  addMemory,
  changeMemory,
  deleteAllMemories,
  deleteMemory,
  listMemories,
  requireMemoryText,
  setWantsMemory,
  wantsMemory,
} from '#lib/data/people/memories.ts'
import { readOwnWords, saveOwnWords } from '#lib/data/people/own-words.ts'
import { listSessions } from '#lib/data/people/person-sessions.ts'
import { listPersonalTokens, revokePersonalTokens } from '#lib/data/people/personal-tokens.ts'
import { rememberLocale, updateProfile } from '#lib/data/people/profile.ts'
import { decideUnclaimedContent, listUnclaimedContent } from '#lib/data/people/unclaimed-content.ts'
import { changePasswordHash, deleteUser, endSessions, markVerified } from '#lib/data/people/users.ts'
import { listApprovedForThread } from '#lib/data/runs/approvals/approved-calls.ts'
import { listCoveredCalls } from '#lib/data/runs/covered-calls.ts'
import { recordToolCall } from '#lib/data/runs/ledger.ts'
import { listCallQuestions } from '#lib/data/runs/questions/call-questions.ts'
import {
  answerHeldQuestion,
  answerParkedQuestion,
  closeParkedQuestions,
  findQuestion,
  listQuestionStates,
  listRunsWithPendingQuestions,
  takeHeldAnswers,
} from '#lib/data/runs/questions/questions.ts'
import { findRun } from '#lib/data/runs/runs.ts'
import {
  claimServerTasks,
  endServerTask,
  listOpenTasks,
  markAsking,
  stopServerTasks,
} from '#lib/data/runs/tasks/server-tasks.ts'
import { findCallOfRun, findToolCall, listToolCalls } from '#lib/data/runs/tool-calls.ts'
import { findAccount, listAccounts, saveAccount } from '#lib/data/servers/server-accounts.ts'
import { addServer } from '#lib/data/servers/servers.ts'
import { continueShare } from '#lib/data/shares/continue-share.ts'
import { findOpenShare } from '#lib/data/shares/share-reader.ts'
import { createShare, endShare, listShares } from '#lib/data/shares/shares.ts'
import { recordRequests } from '#lib/data/usage/model-requests.ts'
import { listOwnLimits, saveLimit } from '#lib/data/usage/usage-limits.ts'
import { readOwnUsage } from '#lib/data/usage/usage-report.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withCaller, withSystem } from '#lib/platform/db/db.ts'
import { handleMcp } from '#mcp/endpoint.ts'
import { PROMPT_LISTING } from '#mcp/offers/prompts.ts'
import { TEMPLATES } from '#mcp/offers/resources.ts'
import { toolset } from '#mcp/toolset.ts'
import { openDoor, readReply, say, threadOf, typed } from '#tests/support/chatkit/chatkit.ts'
import { personalToken, signedIn } from '#tests/support/people/people.ts'
import { serve } from '#tests/support/processes/serve.ts'
import { mcpCaller } from '#tests/support/tool-servers/mcp-caller.ts'

// Every way in, taken from the code and tried with Bob's credentials on Ann's data. Each answer
// must be the one for ids that do not exist. A new way in needs a line in the tables below.

type Ids = {
  thread: string
  item: string
  run: string
  call: string
  /** The model's id of a call of the run. */
  modelCall: string
  task: number
  note: string
  token: string
  attachment: string
  client: string
  server: string
  question: string
  memory: string
  /** Shared with Ann alone. */
  share: string
  sharedFile: string
  sharedItem: string
  branch: string
  waiting: string
  session: string
  title: string
}
const MISSING: Ids = {
  thread: 'thr_00000000000000000000000000',
  item: 'msg_00000000000000000000000000',
  run: 'run_00000000000000000000000000',
  call: 'call_0000000000000000000000000',
  modelCall: 'call_1111111111111111111111111',
  task: 4_712,
  note: 'note_00000000000000000000000000',
  session: 'ses_00000000000000000000000000',
  token: 'tok_00000000000000000000000000',
  attachment: 'atc_00000000000000000000000000',
  client: 'https://nobody.example/client.json',
  server: 'srv_00000000000000000000000000',
  question: 'qst_00000000000000000000000000',
  memory: 'mem_00000000000000000000000000',
  share: 'shr_00000000000000000000000000',
  sharedFile: 'atc_11111111111111111111111111',
  sharedItem: 'shi_00000000000000000000000000',
  branch: 'brn_00000000000000000000000000',
  waiting: 'msg_00000000000000000000000000',
  title: 'No such title at all',
}
const SECRET = 'the vault code is 90210'

type Person = {
  caller: Caller
  headers: { cookie: string }
  mcp: ReturnType<typeof mcpCaller>
  chat: ReturnType<typeof openDoor>
}
let server: Awaited<ReturnType<typeof serve>>
let ann: Person
let bob: Person
let hers: Ids

async function newPerson(): Promise<Person> {
  const { caller, headers } = await signedIn()
  const mcp = mcpCaller(`${server.url}/mcp`, await personalToken(caller), { 'x-request-id': 'the-same-request' })
  return { caller, headers, mcp, chat: openDoor({ headers }, say(SECRET)) }
}

beforeAll(async () => {
  server = await serve(handleMcp)
  ann = await newPerson()
  bob = await newPerson()
  // A number that occurs nowhere else in an answer.
  await withSystem('admin', (tx) =>
    tx.user.update({ where: { id: ann.caller.userId }, data: { nextTaskNumber: 4_711 } }),
  )
  await ann.mcp.get('add_task', { title: SECRET })
  const title = 'Vault'
  const note = String((await ann.mcp.get('save_note', { title, body: SECRET })).id)
  // A server that an admin shares, where Ann has a connected account.
  const admin = (await signedIn({ role: 'admin' })).caller
  const config = { identity: { kind: 'key', header: 'x-key' } } as never
  const toolServer = await addServer(admin, {
    name: 'vault',
    url: 'https://tools.example.com/mcp',
    audience: 'everyone',
    config,
    secrets: {},
  } as never)
  await saveOwnWords(ann.caller, { about: SECRET, howToAnswer: '' })
  await saveAccount(ann.caller, toolServer.id, { kind: 'key', key: SECRET })
  const tag = { type: 'input_tag', id: 'x', text: SECRET, data: { kind: 'resource', server: toolServer.id, uri: 'x' } }
  const input = typed(SECRET, { content: [tag, ...typed(SECRET).content] })
  const turn = await readReply(await ann.chat({ type: 'threads.create', params: { input } }))
  const thread = threadOf(turn)
  const items = await createPrismaStore(ann.caller).listItems(thread, { limit: 10, order: 'asc' })
  const summary = { threadId: thread, throughId: items.data[0]?.id ?? '', itemId: 'wf', runId: 'run_x' }
  await withCaller(ann.caller, (tx) =>
    tx.summary.create({
      data: { id: 'sum_of_ann', ownerId: ann.caller.userId, ...summary, status: 'made', text: SECRET },
    }),
  )
  await switchOff(ann.caller, thread, [{ server: OFF }])
  const client = 'https://client.example/metadata.json'
  const { id: attachment } = await announceAttachment(ann.caller, { name: SECRET, size: 1, mime_type: 'text/plain' })
  await receiveAttachment(ann.caller, attachment, Buffer.from(SECRET))
  const run = turn.headers.get('x-run-id') ?? ''
  const modelCall = 'call_of_the_model_4711'
  await recordToolCall(
    {
      ownerId: ann.caller.userId,
      via: 'chat',
      server: 'vault',
      tool: 'open',
      arguments: {},
      runId: run,
      callId: modelCall,
    },
    new Date(),
    { status: 'succeeded', result: { content: [{ type: 'text', text: SECRET }] } },
  )
  const used = { input: 1, cached: 0, output: 1, reasoning: 0, isEstimated: false }
  await recordRequests([
    {
      ...{ id: 'req_11111111111111111111111111', used, costMicros: 1n, outcome: 'done', beganAt: Date.now() },
      about: { ownerId: ann.caller.userId, threadId: thread, runId: run, purpose: 'answer', assistant: SECRET },
      asked: { provider: SECRET, model: SECRET },
    },
  ])
  const audience = { kind: 'chosen' as const, roles: [], people: [ann.caller.userId] }
  const amounts = { unit: 'tokens' as const, amount: 1_000_000n, warnPercent: 80 }
  await saveLimit(admin, { audience, isShared: false, period: 'day', ...amounts })
  const about = { clientId: client, clientName: 'C', clientHost: 'client.example', scopes: ['notes:read'] }
  await createOauthGrant({ caller: ann.caller, version: 1 }, about)
  const call = (await listToolCalls({ caller: ann.caller })).data[0]?.id ?? ''
  const question = 'qst_11111111111111111111111111'
  await withCaller(ann.caller, (tx) =>
    tx.question.create({
      data: {
        ...{ id: question, ownerId: ann.caller.userId, threadId: thread, runId: run, toolCallId: call, callId: 'c' },
        ...{ server: 'vault', tool: 'open', itemId: items.data[0]?.id ?? '', isHeld: false, onlyReads: false },
        ...{ asked: { mode: 'url', message: SECRET, host: 'a.example' }, expiresAt: new Date(Date.now() + 3_600_000) },
      },
    }),
  )
  await addMemory(ann.caller, requireMemoryText(SECRET))
  const store = createPrismaStore(ann.caller)
  const image = { id: 'x', url: `/api/attachments/${attachment}` }
  await withCaller(ann.caller, (tx) => tx.attachment.update({ where: { id: attachment }, data: { threadId: thread } }))
  const at = { thread_id: thread, created_at: new Date().toISOString() }
  await store.addItem(thread, { ...at, id: 'msg_of_a_picture', type: 'generated_image', image })
  const wish = { threadId: thread, readers: ['nobody@example.com'], days: 1, withTools: true }
  const { id: share } = await createShare(ann.caller, wish, () => ({}) as never)
  const ofShare = { where: { shareId: share } }
  const [sharedFile, sharedItem] = await withCaller(ann.caller, async (tx) => [
    (await tx.attachment.findFirstOrThrow(ofShare)).id,
    (await tx.sharedItem.findFirstOrThrow(ofShare)).id,
  ])
  await store.branches?.setAside(thread, { after: items.data[0]?.id ?? '' })
  const waiting = 'msg_11111111111111111111111111'
  await store.waiting?.add({
    ...at,
    id: waiting,
    type: 'user_message',
    content: [{ type: 'input_text', text: SECRET }],
    attachments: [],
    inference_options: {},
  })
  hers = {
    waiting,
    session: (await listSessions(ann.caller))[0]?.id ?? '',
    branch: (await store.branches?.list(thread))?.[0]?.branches[0] ?? '',
    ...{ share, sharedFile, sharedItem },
    question,
    memory: (await listMemories(ann.caller))[0]?.id ?? '',
    thread,
    note,
    attachment,
    title,
    client,
    server: toolServer.id,
    item: items.data[0]?.id ?? '',
    run,
    modelCall,
    call,
    task: 4_711,
    token: (await listPersonalTokens(ann.caller)).data[0]?.id ?? '',
  }
})
afterAll(() => server.close())

test('Ann can reach all of it herself, so that the following tests mean something', async () => {
  for (const [name, id] of Object.entries(hers)) expect(id, name).toBeTruthy()
  expect(await findRun(ann.caller, hers.run)).toMatchObject({ threadId: hers.thread })
  expect(await readOwnUsage(ann.caller, 'thread', new Date(0))).toMatchObject([{ key: hers.thread, requests: 1 }])
  expect(await listOwnLimits(ann.caller)).toMatchObject([{ used: 2n }])
  expect(await findToolCall({ caller: ann.caller }, hers.call)).toMatchObject({ id: hers.call })
  expect(await listCallQuestions({ caller: ann.caller }, hers.call)).toMatchObject([{ id: hers.question }])
  expect(await findCallOfRun(ann.caller, { runId: hers.run, callId: hers.modelCall })).toMatchObject({ tool: 'open' })
  expect((await ann.mcp.send('resources/read', { uri: `note://${hers.note}` })).result).toMatchObject({
    contents: [{ text: SECRET }],
  })
  expect(
    (await readReply(await ann.chat({ type: 'threads.get_by_id', params: { thread_id: hers.thread } }))).status,
  ).toBe(200)
})

/**
 * Asks for Bob with these ids and with missing ones. Once the ids themselves are made equal, the
 * answers must not differ.
 */
async function expectSame(name: string, ask: (ids: Ids) => Promise<unknown>): Promise<void> {
  const plain = (answer: unknown, ids: Ids) => {
    let text = JSON.stringify(answer)
    for (const [key, id] of Object.entries(ids))
      text = text.replaceAll(JSON.stringify(id).replaceAll('"', ''), `<${key}>`)
    return text
  }
  const [foreign, missing] = [plain(await ask(hers), hers), plain(await ask(MISSING), MISSING)]
  expect(foreign, name).toBe(missing)
  expect(foreign, name).not.toContain(SECRET)
}

async function seen(response: Response): Promise<unknown> {
  const { 'x-request-id': _request, date: _date, ...headers } = Object.fromEntries(response.headers)
  return [response.status, headers, (await response.text()).replace(/"request_id":"\w+"/, '')]
}

// How each way in relates to other people's rows: an attack on it, or the reason why there is none.
const NO_IDS = 'names nothing: acts on the account that is signed in'
const SIGN_IN = 'before sign-in: takes an address, a code or a password'
const ROUTES: Record<string, string | ((ids: Ids) => Promise<unknown>)> = {
  'app/.well-known/[...path]/route.ts': 'public documents',
  'app/api/admin/changes/route.ts': 'hints without content, for admins alone (tests/app/live-pages.slow.test.ts)',
  'app/api/admin/tool-calls/route.ts': 'everybody’s calls, for admins alone (tests/app/admin/call-lists.test.ts)',
  'app/api/admin/runs/route.ts': 'the same of runs',
  'app/api/admin/usage/route.ts': 'everybody’s numbers, for admins alone (tests/app/usage/usage-pages.test.ts)',
  'app/api/attachments/[id]/route.ts': async ({ attachment }) => {
    const at = { params: Promise.resolve({ id: attachment }) }
    const request = (method: string) =>
      new Request('http://127.0.0.1:3999/api/attachments/x?preview', { method, headers: bob.headers })
    return [await seen(await files.GET(request('GET'), at)), await seen(await files.PUT(request('PUT'), at))]
  },
  'app/api/attachments/route.ts': NO_IDS,
  'app/api/auth/[...nextauth]/route.ts': SIGN_IN,
  'app/api/auth/forgot-password/route.ts': SIGN_IN,
  'app/api/auth/mail-link/route.ts': SIGN_IN,
  'app/api/auth/reset-password/route.ts': SIGN_IN,
  'app/api/auth/sign-up/route.ts': SIGN_IN,
  'app/api/auth/verify-email/route.ts': SIGN_IN,
  'app/api/chatkit/route.ts': 'each operation below',
  'app/api/[...path]/route.ts': 'answers 404',
  'app/api/connections/[id]/route.ts': async ({ server: id }) =>
    seen(await connections.DELETE(mine('x', 'DELETE'), { params: Promise.resolve({ id }) })),
  'app/api/connections/callback/route.ts':
    'bound to one browser and one person (tests/mcp-client/accounts/server-accounts.test.ts)',
  'app/api/connections/client.json/route.ts': 'a public document',
  'app/client-metadata.json/route.ts': 'a public document',
  'app/api/health/live/route.ts': 'nothing of a person',
  'app/api/health/ready/route.ts': 'nothing of a person',
  'app/api/me/clients/route.ts': async ({ client }) =>
    seen(await clients.DELETE(mine('clients', 'DELETE', { client_id: client }))),
  'app/api/me/conversations/[id]/export/route.ts': async ({ thread: id }) =>
    seen(await conversationFile.GET(mine('x?format=json', 'GET'), { params: Promise.resolve({ id }) })),
  'app/api/me/conversations/[id]/reading/route.ts': async ({ thread: id }) =>
    seen(
      await reading.POST(mine('x', 'POST', { type: 'threads.get_by_id', params: { thread_id: id } }), {
        params: Promise.resolve({ id }),
      }),
    ),
  'app/api/me/conversations/[id]/page/route.ts': async ({ thread: id }) =>
    seen(await openPages.PUT(mine('x', 'PUT', { is_open: false }), { params: Promise.resolve({ id }) })),
  'app/api/me/earlier-content/route.ts': NO_IDS,
  'app/api/me/complete/route.ts': async ({ note }) =>
    seen(
      await complete.POST(
        mine('complete', 'POST', { ...OURS, of: { template: 'note://{id}' }, argument: 'id', value: note }),
      ),
    ),
  'app/api/me/conversations/[id]/route.ts': async ({ thread: id }) => {
    const at = { params: Promise.resolve({ id }) }
    const path = `conversations/${id}`
    const changes = [{ is_pinned: true }, { is_archived: true }, { is_seen: true }, { is_deleted: true }, {}]
    const answers = [await seen(await conversation.GET(mine(path, 'GET'), at))]
    // The last one undoes what the one before would have done.
    for (const change of [...changes, { is_deleted: false }])
      answers.push(await seen(await conversation.PATCH(mine(path, 'PATCH', change), at)))
    return answers
  },
  'app/api/me/conversations/changes/route.ts': 'hints without content, of the account that is signed in',
  'app/api/me/conversations/route.ts': async ({ thread: id }) => {
    const after = toTimeCursor(new Date('2100-01-01T00:00:00.000Z'), id)
    return [
      await seen(await conversations.GET(mine('conversations', 'GET'))),
      await seen(await conversations.GET(mine(`conversations?archived&after=${after}`, 'GET'))),
    ]
  },
  'app/api/me/export/route.ts': NO_IDS,
  'app/api/me/imports/route.ts':
    'names nothing: its conversations become those of the account (tests/data/sharing/transfer.test.ts)',
  'app/api/me/own-words/route.ts': NO_IDS,
  'app/api/me/password/route.ts': NO_IDS,
  'app/api/me/prompts/route.ts': async ({ title }) =>
    seen(
      await prompts.POST(mine('prompts', 'POST', { ...OURS, prompt: 'summarise_note', arguments: { note: title } })),
    ),
  'app/api/me/resources/route.ts': async ({ note }) =>
    seen(await resources.GET(mine(`resources?search=${note}`, 'GET'))),
  'app/api/me/route.ts': NO_IDS,
  // Her messages have the secret's words, which Bob types.
  'app/api/me/search/route.ts': async () => [
    await seen(await search.POST(mine('search', 'POST', { query: 'vault code' }))),
    await seen(await search.POST(mine('search', 'POST', { query: '' }))),
  ],
  'app/api/me/servers/changes/route.ts': 'hints without content, of the account that is signed in',
  'app/api/me/servers/route.ts': async ({ thread }) => [
    await seen(await servers.GET(mine(`servers?thread=${thread}`, 'GET'))),
    await seen(await servers.PUT(mine('servers', 'PUT', { thread, server: OFF, is_on: true }))),
    await seen(await servers.PUT(mine('servers', 'PUT', { thread, server: 'switchboard', is_on: false }))),
  ],
  'app/api/me/sign-out-everywhere/route.ts': NO_IDS,
  'app/api/me/sessions/[id]/route.ts': async ({ session }) =>
    seen(await sessions.DELETE(mine(`sessions/${session}`, 'DELETE'), { params: Promise.resolve({ id: session }) })),
  'app/api/me/tokens/[id]/route.ts': async ({ token }) =>
    seen(await tokens.DELETE(mine(`tokens/${token}`, 'DELETE'), { params: Promise.resolve({ id: token }) })),
  'app/api/me/tokens/route.ts': NO_IDS,
  'app/api/me/tools/route.ts': NO_IDS,
  'app/api/me/verify-email/route.ts': NO_IDS,
  'app/api/metrics/route.ts': 'nothing of a person, behind a token of the operator',
  'app/api/shared/[id]/calls/[item]/[call]/route.ts': async ({ share: id, sharedItem: item }) =>
    seen(await sharedCalls.GET(mine('x', 'GET'), { params: Promise.resolve({ id, item, call: '0' }) })),
  'app/api/shared/[id]/chatkit/route.ts': async ({ share: id }) =>
    Promise.all(
      ['threads.get_by_id', 'items.list', 'threads.attach'].map(async (type) =>
        seen(
          await sharedChat.POST(mine('x', 'POST', { type, params: { thread_id: id } }), {
            params: Promise.resolve({ id }),
          }),
        ),
      ),
    ),
  'app/api/shared/[id]/files/[file]/route.ts': async ({ share: id, sharedFile: file }) =>
    seen(await sharedFiles.GET(mine('x', 'GET'), { params: Promise.resolve({ id, file }) })),
  'app/api/tool-calls/[run]/[call]/route.ts': async ({ run, modelCall: call }) =>
    seen(await toolCalls.GET(mine('x', 'GET'), { params: Promise.resolve({ run, call }) })),
  'app/mcp/route.ts': 'each tool, resource and prompt below',
  'app/oauth/[...path]/route.ts': 'codes and tokens that only their holder has (tests/oauth/oauth.slow.test.ts)',
  'app/oauth/consent/[id]/answer/route.ts': 'bound to one browser and one person (tests/oauth/oauth-consent.test.ts)',
}

// A server that Ann switched off in her conversation.
const OFF = 'vault'
// Our own server, as everybody's servers are asked: by the rooms of the chat.
const OURS = { server: 'switchboard' }

function mine(path: string, method: string, body?: object): Request {
  const headers = { ...bob.headers, origin: 'http://127.0.0.1:3999', 'content-type': 'application/json' }
  return new Request(`http://127.0.0.1:3999/api/me/${path}`, { method, headers, body: body && JSON.stringify(body) })
}

test('every route answers for another person’s ids as for missing ones', async () => {
  expect(Object.keys(ROUTES).sort()).toEqual(globSync(['app/**/route.ts', 'app/.*/**/route.ts']).sort())
  for (const [file, attack] of Object.entries(ROUTES)) if (typeof attack !== 'string') await expectSame(file, attack)
  expect((await listPersonalTokens(ann.caller)).data.map(({ id }) => id)).toContain(hers.token)
  expect(await listAuthorizedApps(ann.caller)).toMatchObject([{ clientId: hers.client }])
  expect(await findAccount(ann.caller, hers.server)).toMatchObject({ key: SECRET })
  expect(await listSwitchedOff(ann.caller, hers.thread)).toEqual([{ server: OFF }])
})

// A page with an id reads through one function. Admin pages are closed to Bob as a whole
// (tests/app/admin-access.test.ts).
const PAGES: Record<string, string | ((ids: Ids) => Promise<unknown>)> = {
  'app/activity/[id]/page.tsx': ({ call }) =>
    Promise.all([
      findToolCall({ caller: bob.caller }, call).catch(String),
      listCallQuestions({ caller: bob.caller }, call),
    ]),
  'app/admin/assistants/[slug]/edit/page.tsx': 'admins only',
  'app/admin/assistants/[slug]/page.tsx': 'admins only',
  'app/admin/assistants/[slug]/versions/[number]/page.tsx': 'admins only',
  'app/admin/models/[id]/page.tsx': 'admins only',
  'app/admin/models/providers/[id]/page.tsx': 'admins only',
  'app/admin/runs/[id]/page.tsx': 'admins only',
  'app/admin/servers/[id]/edit/page.tsx': 'admins only',
  'app/admin/servers/[id]/page.tsx': 'admins only',
  'app/admin/tool-calls/[id]/page.tsx': 'admins only',
  'app/print/[thread]/page.tsx': ({ thread }) => createPrismaStore(bob.caller).loadThread(thread).catch(String),
  'app/shared/[id]/page.tsx': ({ share }) => findOpenShare(bob.caller, share).catch(String),
  // The page asks the ChatKit API for the rest.
  'app/chat/[[...thread]]/page.tsx': ({ thread }) => findConversationTitle(bob.caller, thread),
  'app/oauth/consent/[id]/page.tsx': 'bound to one browser and one person (tests/oauth/oauth-consent.test.ts)',
}

test('every page with an id in its address answers for another person’s ids as for missing ones', async () => {
  expect(Object.keys(PAGES).sort()).toEqual(globSync('app/**/\\[*/**/page.tsx').sort())
  for (const [file, attack] of Object.entries(PAGES)) if (typeof attack !== 'string') await expectSame(file, attack)
  await expectSame('a run', ({ run }) => findRun(bob.caller, run))
  await withCaller(ann.caller, (tx) => tx.thread.update({ where: { id: hers.thread }, data: { modelChoice: SECRET } }))
  await withCaller(ann.caller, (tx) =>
    tx.run.update({ where: { id: hers.run }, data: { model: SECRET, provider: SECRET } }),
  )
  await expectSame('the model of a thread', ({ thread }) => findThreadModelChoice(bob.caller, thread))
  await forgetThreadModelChoice(bob.caller, hers.thread, SECRET)
  expect(await findThreadModelChoice(ann.caller, hers.thread)).toBe(SECRET)
  await expectSame('the model of a run', async ({ run }) => (await findModelOfRuns(bob.caller, [run])) ?? null)
})

const TOOLS: Record<string, (ids: Ids) => Record<string, unknown>> = {
  whoami: () => ({ user_id: ann.caller.userId }),
  list_tasks: () => ({ status: 'all', owner_id: ann.caller.userId }),
  add_task: () => ({ title: 'mine', owner_id: ann.caller.userId }),
  update_task: ({ task }) => ({ number: task, title: 'stolen', done: true }),
  complete_task: ({ task }) => ({ number: task }),
  delete_task: ({ task }) => ({ number: task }),
  search_notes: ({ title }) => ({ query: title, owner_id: ann.caller.userId }),
  get_note: ({ note }) => ({ id: note }),
  save_note: ({ note }) => ({ id: note, body: 'stolen' }),
  delete_note: ({ note }) => ({ id: note }),
}
// These answer with Bob's own data, which differs from call to call.
const OF_ONES_OWN = ['whoami', 'add_task']

test('every tool answers for another person’s ids as for missing ones', async () => {
  expect(Object.keys(TOOLS).sort()).toEqual(toolset.map(({ name }) => name).sort())
  for (const [name, args] of Object.entries(TOOLS)) {
    if (!OF_ONES_OWN.includes(name)) await expectSame(name, (ids) => bob.mcp.call(name, args(ids)))
    else expect(JSON.stringify(await bob.mcp.call(name, args(hers))), name).not.toContain(ann.caller.userId)
  }
  expect((await ann.mcp.get('list_tasks', { status: 'all' })).tasks).toMatchObject([{ title: SECRET, done: false }])
  expect(await ann.mcp.get('get_note', { id: hers.note })).toMatchObject({ title: 'Vault', body: SECRET })
})

const PROMPTS: Record<string, (ids: Ids) => Record<string, string>> = {
  plan_my_day: () => ({}),
  find_in_notes: ({ title }) => ({ question: title }),
  summarise_note: ({ title }) => ({ note: title }),
}

test('every resource, prompt and completion answers for another person’s ids as for missing ones', async () => {
  expect(TEMPLATES.resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(['note://{id}'])
  await expectSame('resources/list', () => bob.mcp.send('resources/list'))
  await expectSame('resources/read', ({ note }) => bob.mcp.send('resources/read', { uri: `note://${note}` }))
  expect(Object.keys(PROMPTS).sort()).toEqual(PROMPT_LISTING.prompts.map(({ name }) => name).sort())
  for (const [name, args] of Object.entries(PROMPTS)) {
    await expectSame(name, (ids) => bob.mcp.send('prompts/get', { name, arguments: args(ids) }))
    for (const argument of PROMPT_LISTING.prompts.find((prompt) => prompt.name === name)?.arguments ?? []) {
      const ref = { type: 'ref/prompt', name }
      await expectSame(`${name} ${argument.name}`, ({ title }) =>
        bob.mcp.send('completion/complete', { ref, argument: { name: argument.name, value: title } }),
      )
    }
  }
  const ref = { type: 'ref/resource', uri: 'note://{id}' }
  await expectSame('note id', ({ note }) =>
    bob.mcp.send('completion/complete', { ref, argument: { name: 'id', value: note } }),
  )
})

type Operation = keyof typeof PARAMS
const INPUT = typed('x')
const OPERATIONS: Record<Operation, null | ((ids: Ids) => Record<string, unknown>)> = {
  // Creates something and takes no id.
  'threads.create': null,
  'threads.add_user_message': ({ thread }) => ({ thread_id: thread, input: INPUT }),
  'threads.add_client_tool_output': ({ thread }) => ({ thread_id: thread, result: 1 }),
  'threads.add_structured_input': ({ thread, item }) => ({ thread_id: thread, item_id: item, input: {} }),
  'threads.retry_after_item': ({ thread, item }) => ({ thread_id: thread, item_id: item }),
  'threads.custom_action': ({ thread, item }) => ({ thread_id: thread, item_id: item, action: { type: 'x' } }),
  'threads.sync_custom_action': ({ thread, item }) => ({ thread_id: thread, item_id: item, action: { type: 'x' } }),
  'threads.get_by_id': ({ thread }) => ({ thread_id: thread }),
  'threads.list': ({ thread }) => ({ after: thread }),
  'threads.choose_branch': ({ thread, branch }) => ({ thread_id: thread, branch_id: branch }),
  'threads.delete_turn': ({ thread, item }) => ({ thread_id: thread, item_id: item }),
  'threads.wait_message': ({ thread }) => ({ thread_id: thread, input: INPUT }),
  'threads.take_back': ({ thread, waiting }) => ({ thread_id: thread, item_id: waiting }),
  'threads.send_waiting': ({ thread, waiting }) => ({ thread_id: thread, item_id: waiting }),
  'threads.update': ({ thread }) => ({ thread_id: thread, title: 'stolen' }),
  'threads.delete': ({ thread }) => ({ thread_id: thread }),
  'items.list': ({ thread, item }) => ({ thread_id: thread, after: item }),
  'items.feedback': ({ thread, item }) => ({ thread_id: thread, item_ids: [item], kind: 'positive' }),
  'items.pin': ({ thread, item }) => ({ thread_id: thread, item_ids: [item], pinned: true }),
  'attachments.create': null,
  'attachments.delete': ({ attachment }) => ({ attachment_id: attachment }),
  'input.transcribe': null,
  'threads.stop': ({ thread }) => ({ thread_id: thread }),
  'threads.attach': ({ thread }) => ({ thread_id: thread }),
}

test('every ChatKit operation answers for another person’s ids as for missing ones', async () => {
  expect(Object.keys(OPERATIONS).sort()).toEqual(Object.keys(PARAMS).sort())
  const headers = { 'x-request-id': 'the-same-request' }
  const ask = async (type: string, params: unknown) => seen(await bob.chat({ type, params }, headers))
  for (const [type, params] of Object.entries(OPERATIONS))
    if (params) await expectSame(type, (ids) => ask(type, params(ids)))
  // Ann's item in a thread of Bob's own.
  const own = threadOf(await readReply(await bob.chat({ type: 'threads.create', params: { input: INPUT } })))
  for (const [type, params] of Object.entries(OPERATIONS))
    if (params && 'item_id' in params(hers))
      await expectSame(`${type} in his thread`, (ids) => ask(type, { ...params(ids), thread_id: own }))
  const kept = await createPrismaStore(ann.caller).listItems(hers.thread, { limit: 10, order: 'asc' })
  expect(await createPrismaStore(ann.caller).waiting?.list(hers.thread)).toHaveLength(1)
  expect(kept.data[0]).toMatchObject({ id: hers.item, content: [{ text: SECRET }, { text: SECRET }] })
})

const ANSWER = { status: 'accepted', kept: undefined, sealed: 'sealed' } as const

test('a question of a server is answered by its owner alone', async () => {
  const own = threadOf(await readReply(await bob.chat({ type: 'threads.create', params: { input: INPUT } })))
  for (const thread of [hers.thread, own])
    await expectSame('a question', ({ question }) => findQuestion(bob.caller, thread, question))
  await expectSame('a held answer', ({ question }) => answerHeldQuestion(bob.caller, question, ANSWER))
  await expectSame('a parked answer', ({ question: id, run: runId }) =>
    answerParkedQuestion(bob.caller, { id, runId }, ANSWER, 'run_x'),
  )
  await expectSame('taken answers', ({ question }) => takeHeldAnswers(bob.caller, [question]))
  await expectSame('ended questions', ({ run }) => closeParkedQuestions(bob.caller, run, 'cancelled', 'x'))
  await expectSame('states', ({ thread, item }) => listQuestionStates(bob.caller, thread, [item]))
  await expectSame('waiting runs', ({ thread }) => listRunsWithPendingQuestions(bob.caller, thread))
  expect(await findQuestion(ann.caller, hers.thread, hers.question)).toMatchObject({ status: 'pending', answer: null })
})

test('a share is made, listed, copied and ended by those who may', async () => {
  const wish = { readers: 'everybody', days: 1, withTools: false } as const
  await expectSame('a share of her conversation', ({ thread: threadId }) =>
    createShare(bob.caller, { threadId, ...wish }, () => ({}) as never).catch(String),
  )
  await expectSame('shares of a conversation', ({ thread }) => listShares(bob.caller, thread))
  await expectSame('a copy', ({ share }) => continueShare(bob.caller, share).catch(String))
  await expectSame('an end', ({ share }) => endShare(bob.caller, share).catch(String))
  expect(await listShares(ann.caller, hers.thread)).toMatchObject([{ id: hers.share }])
  expect(await findOpenShare(ann.caller, hers.share)).toMatchObject({ ownerId: ann.caller.userId })
})

test('a memory is seen, changed and deleted by its owner alone', async () => {
  const change = async (work: Promise<void>) => work.then(() => 'changed', String)
  await expectSame('a change', ({ memory }) => change(changeMemory(bob.caller, memory, requireMemoryText('stolen'))))
  await expectSame('a deletion', ({ memory }) => change(deleteMemory(bob.caller, memory)))
  await addMemory(bob.caller, requireMemoryText('of Bob'), hers.memory).catch(() => undefined)
  await deleteAllMemories(bob.caller)
  await setWantsMemory(bob.caller, false)
  expect(await listMemories(bob.caller)).toEqual([])
  expect(await listMemories(ann.caller)).toMatchObject([{ id: hers.memory, text: SECRET }])
  expect(await wantsMemory(ann.caller)).toBe(true)
})

test('a summary of earlier messages is found, claimed and written by its owner alone', async () => {
  const claim = { itemId: 'wf', isAsked: true }
  await expectSame('a summary', async ({ thread }) => [await findSummary(bob.caller, thread)])
  await expectSame('its messages', ({ thread, item }) => listCoveredMessages(bob.caller, thread, item))
  await expectSame('its calls', ({ thread, item }) => listCoveredCalls(bob.caller, thread, item))
  await expectSame('a claim', ({ thread: threadId, item: throughId }) =>
    claimSummary(bob.caller, { threadId, throughId, runId: 'run_x' }, claim),
  )
  await storeSummary(bob.caller, { id: 'sum_of_ann', runId: 'run_x' }, { text: 'stolen', model: 'm', sources: [] })
  await markSummaryFailed(bob.caller, { id: 'sum_of_ann', runId: 'run_x' })
  const rows = await withSystem('admin', (tx) => tx.summary.findMany())
  expect(rows).toMatchObject([{ ownerId: ann.caller.userId, status: 'made', text: SECRET }])
})

test('a task of a server is seen, stopped, ended and taken up by its owner alone', async () => {
  const task = {
    ...{ id: 'stk_hers', ownerId: ann.caller.userId, threadId: hers.thread, runId: hers.run, toolCallId: hers.call },
    ...{ callId: 'c', server: 's', tool: 't', sealed: 'x', status: 'ended', pollAt: new Date() },
    expiresAt: new Date(Date.now() + 60_000),
  }
  await withCaller(ann.caller, (tx) => tx.serverTask.create({ data: task }))
  await expectSame('open tasks', ({ thread }) => listOpenTasks(bob.caller, thread))
  await expectSame('stopped tasks', ({ thread }) => stopServerTasks(bob.caller, thread))
  await expectSame('an asking task', ({ call }) => markAsking(bob.caller, call).then(() => 0))
  await expectSame('an ended task', ({ call }) => endServerTask(bob.caller, call).then(() => 0))
  await expectSame('claimed tasks', ({ run: runId, thread: threadId }) =>
    claimServerTasks(bob.caller, { runId, threadId }, 'run_x'),
  )
  const [kept] = await listOpenTasks(ann.caller, hers.thread)
  expect(kept).toMatchObject({ status: 'ended', runId: hers.run, stopAt: null, endedAt: null })
})

test('a list without ids shows nothing of another person’s', async () => {
  // Not Bob: his own calls contain Ann's ids.
  const carl = await newPerson()
  const asCarl = (path: string) => new Request(`http://127.0.0.1:3999${path}`, { headers: carl.headers })
  const shown: Record<string, unknown> = {
    export: await (await exported.GET(asCarl('/api/me/export'))).text(),
    tokens: await (await allTokens.GET(asCarl('/api/me/tokens'))).text(),
    'own words': await (await ownWords.GET(asCarl('/api/me/own-words'))).text(),
    profile: await (await me.GET(asCarl('/api/me'))).text(),
    calls: await listToolCalls({ caller: carl.caller }),
    connections: await listAuthorizedApps(carl.caller),
    accounts: [...(await listAccounts(carl.caller)).keys()],
    'earlier content': await listUnclaimedContent(carl.caller),
    threads: await createPrismaStore(carl.caller).listThreads({ limit: 100, order: 'desc' }),
    tasks: await carl.mcp.get('list_tasks', { status: 'all' }),
    notes: await carl.mcp.get('search_notes', {}),
    resources: await (await resources.GET(asCarl('/api/me/resources?search='))).text(),
    prompts: await (await prompts.GET(asCarl('/api/me/prompts'))).text(),
    ...Object.fromEntries(
      await Promise.all(
        (['day', 'model', 'assistant', 'thread'] as const).map(async (by) => [
          `usage by ${by}`,
          (await readOwnUsage(carl.caller, by, new Date(0))).map(({ key, name, note, requests }) => ({
            key,
            name,
            note,
            requests,
          })),
        ]),
      ),
    ),
    limits: (await listOwnLimits(carl.caller)).map(({ audience }) => audience),
    approved: await listApprovedForThread(carl.caller, hers.thread),
    memories: await listMemories(carl.caller),
    shares: await listShares(carl.caller),
    origins: await listMessageOrigins(carl.caller, hers.thread),
    'switched off': [
      await listSwitchedOff(carl.caller, hers.thread),
      await isSwitchedOffNow(carl.caller, hers.thread, { server: OFF, tool: 'open' }),
    ],
  }
  for (const [name, answer] of Object.entries(shown)) {
    const text = JSON.stringify(answer)
    if (name === 'switched off') expect(answer).toEqual([[], false])
    for (const trace of [
      SECRET,
      ann.caller.userId,
      hers.thread,
      hers.note,
      hers.token,
      hers.attachment,
      hers.client,
      hers.server,
    ])
      expect(text, name).not.toContain(trace)
  }
})

test('an action on all of a person’s own data does not touch another person’s', async () => {
  const before = await withSystem('admin', (tx) => tx.user.findUniqueOrThrow({ where: { id: ann.caller.userId } }))
  await withSystem('admin', (tx) => tx.user.updateMany({ data: { unclaimedBefore: new Date() } }))
  await revokePersonalTokens(bob.caller)
  await decideUnclaimedContent(bob.caller, 'delete')
  await rememberLocale(bob.caller, { timeZone: 'Asia/Tokyo', locale: 'ja' })
  await updateProfile(bob.caller, { name: 'Bob', timeZone: 'Asia/Tokyo' })
  await changePasswordHash(bob.caller, 1, 'x')
  await saveOwnWords(bob.caller, { about: '', howToAnswer: '' })
  await endSessions(bob.caller)
  await markVerified(bob.caller.userId)
  const after = await withSystem('admin', (tx) => tx.user.findUniqueOrThrow({ where: { id: ann.caller.userId } }))
  expect(after).toEqual({ ...before, unclaimedBefore: expect.any(Date) })
  expect((await listPersonalTokens(ann.caller)).data.map(({ id }) => id)).toContain(hers.token)
  expect(await listAuthorizedApps(ann.caller)).toMatchObject([{ clientId: hers.client }])
  expect(await findAccount(ann.caller, hers.server)).toMatchObject({ key: SECRET })
  expect(await ann.mcp.get('get_note', { id: hers.note })).toMatchObject({ title: 'Vault', body: SECRET })
  expect((await ann.mcp.get('list_tasks', { status: 'all' })).tasks).toMatchObject([{ title: SECRET }])
  expect(
    (await createPrismaStore(ann.caller).listItems(hers.thread, { limit: 10, order: 'asc' })).data[0],
  ).toMatchObject({ id: hers.item })
  expect(await readOwnWords(ann.caller)).toMatchObject({ about: SECRET })
  await deleteUser(bob.caller.userId)
  expect(await findRun(ann.caller, hers.run)).toMatchObject({ threadId: hers.thread })
})
