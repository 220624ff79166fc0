import { randomUUID } from 'node:crypto'
import { utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { readAssistantsFile } from '#lib/agent/assistants/assistants-file.ts'
import { findOrganisation, listAssistants, listAssistantsFor } from '#lib/agent/assistants/list-assistants.ts'
import { AssistantConfig } from '#lib/data/assistants/assistant-config.ts'
import { findVersion, findVersionById, listVersions } from '#lib/data/assistants/assistant-versions.ts'
import { removeAssistant, saveAssistant } from '#lib/data/assistants/assistants.ts'
import { saveOrganisation } from '#lib/data/assistants/organisation.ts'
import type { Caller } from '#lib/platform/crypto/caller.ts'
import { withSystem } from '#lib/platform/db/db.ts'
import { deleteAuditEvents } from '#tests/support/delete-audit-events.ts'
import { signedIn } from '#tests/support/people/people.ts'
import { withSettings } from '#tests/support/settings.ts'

const TRAVEL = { slug: 'travel', origin: 'page' } as const
const config = (over: Partial<AssistantConfig> = {}) =>
  AssistantConfig.parse({ name: 'Travel', instructions: 'Book trips.', ...over })
const names = async () => (await listAssistants()).map(({ config: { name } }) => name)
const audits = () =>
  withSystem('admin', (tx) => tx.auditEvent.findMany({ orderBy: { at: 'asc' } })).then((rows) =>
    rows.map(({ action }) => action),
  )

let admin: Caller
beforeEach(async () => {
  await withSystem('admin', async (tx) => {
    await tx.assistant.deleteMany()
    await tx.organisation.deleteMany()
  })
  await deleteAuditEvents()
  admin = (await signedIn({ role: 'admin', name: 'Ada Admin' })).caller
})

describe('an assistant of a page', () => {
  test('Switchboard is there without a row, for everybody', async () => {
    expect(await listAssistants()).toMatchObject([
      {
        slug: 'switchboard',
        origin: 'built-in',
        version: null,
        config: { name: 'Switchboard', tools: { kind: 'all' } },
      },
    ])
    await saveAssistant(
      admin,
      'switchboard',
      config({ name: 'Jeeves', audience: { kind: 'chosen', roles: [], people: [] } }),
      {
        base: 0,
      },
    )
    expect(await listAssistants()).toMatchObject([
      { slug: 'switchboard', origin: 'page', version: { number: 1 }, config: { audience: { kind: 'everybody' } } },
    ])
    await removeAssistant(admin, 'switchboard')
    expect(await names()).toEqual(['Switchboard'])
  })

  test('each save is a version: who, when, what; nothing is saved twice, and an old one can be saved again', async () => {
    await saveAssistant(admin, 'travel', config(), { base: 0 })
    const other = (await signedIn({ role: 'admin', name: 'Otto Other' })).caller
    await saveAssistant(other, 'travel', config({ instructions: 'Book trips by train.' }), { base: 1 })
    expect(
      await saveAssistant(admin, 'travel', config({ instructions: 'Book trips by train.' }), { base: 2 }),
    ).toMatchObject({ number: 2 })
    const first = await findVersion(TRAVEL, 1)
    await saveAssistant(admin, 'travel', first?.config ?? config(), { base: 2, restoredFrom: 1 })
    expect(await listVersions(TRAVEL)).toMatchObject([
      { number: 3, savedBy: 'Ada Admin', restoredFrom: 1, savedAt: expect.any(Date) },
      { number: 2, savedBy: 'Otto Other', restoredFrom: null },
      { number: 1, savedBy: 'Ada Admin', restoredFrom: null },
    ])
    expect((await listAssistants())[1]).toMatchObject({ slug: 'travel', config: { instructions: 'Book trips.' } })
    expect(await findVersionById(first?.id ?? '')).toMatchObject({ slug: 'travel', number: 1 })
    expect(await audits()).toEqual(['assistant_saved', 'assistant_saved', 'assistant_saved'])
  })

  test('two admins who save at once do not overwrite each other', async () => {
    await saveAssistant(admin, 'travel', config(), { base: 0 })
    const saves = ['one', 'two', 'three'].map((instructions) =>
      saveAssistant(admin, 'travel', config({ instructions }), { base: 1 }),
    )
    const outcomes = await Promise.allSettled(saves)
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(saveAssistant(admin, 'travel', config(), { base: 1 })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('Somebody else has saved'),
    })
    await expect(saveAssistant(admin, 'travel', config(), { base: 0 })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('a removed one is offered to nobody, keeps its versions, and may come back', async () => {
    await saveAssistant(admin, 'travel', config(), { base: 0 })
    await removeAssistant(admin, 'travel')
    expect(await names()).toEqual(['Switchboard'])
    await expect(removeAssistant(admin, 'travel')).rejects.toMatchObject({ code: 'not_found' })
    await expect(saveAssistant(admin, 'travel', config(), { base: 1 })).rejects.toMatchObject({ code: 'not_found' })
    expect(await saveAssistant(admin, 'travel', config({ name: 'Trips' }), { base: 0 })).toMatchObject({ number: 2 })
    expect(await names()).toEqual(['Switchboard', 'Trips'])
  })

  test('the audience decides who may use it', async () => {
    const ann = await signedIn()
    await saveAssistant(
      admin,
      'admins',
      config({ name: 'A', audience: { kind: 'chosen', roles: ['admin'], people: [] } }),
      {
        base: 0,
      },
    )
    await saveAssistant(
      admin,
      'hers',
      config({ name: 'B', audience: { kind: 'chosen', roles: [], people: [ann.caller.userId] } }),
      { base: 0 },
    )
    const slugs = async (id: string, role: 'admin' | 'member') =>
      (await listAssistantsFor({ id, role })).map(({ slug }) => slug)
    expect(await slugs(ann.caller.userId, 'member')).toEqual(['switchboard', 'hers'])
    expect(await slugs('usr_other', 'member')).toEqual(['switchboard'])
    expect(await slugs('usr_other', 'admin')).toEqual(['switchboard', 'admins'])
  })

  test('odd texts are stored as lines that can be shown: no NUL, no line break in a name', async () => {
    const odd = AssistantConfig.parse({ name: 'Tra\u0000vel\n# Rules\u202e', instructions: 'a\u0000b\ud800' })
    expect(odd).toMatchObject({ name: 'Tra\uFFFDvel # Rules', instructions: 'a\uFFFDb\uFFFD' })
    await saveAssistant(admin, 'odd', odd, { base: 0 })
    expect(await names()).toEqual(['Switchboard', 'Tra\uFFFDvel # Rules'])
  })

  test('a name of which nothing can be seen is refused, because it could not be read again', () => {
    expect(AssistantConfig.safeParse({ name: '\u200b\u2060' }).error?.issues[0]?.message).toBe('must not be empty')
  })

  test('two admins who change what holds for all do not overwrite each other', async () => {
    await saveOrganisation(admin, { name: 'ACME', instructions: 'Be kind.', revision: 0 })
    expect(await findOrganisation()).toEqual({ name: 'ACME', instructions: 'Be kind.', revision: 1, isOfFile: false })
    await expect(saveOrganisation(admin, { name: 'X', instructions: '', revision: 0 })).rejects.toMatchObject({
      code: 'conflict',
    })
    await saveOrganisation(admin, { name: 'ACME', instructions: '', revision: 1 })
    expect((await findOrganisation()).revision).toBe(2)
  })
})

describe('ASSISTANTS_FILE', () => {
  const file = () => path.join(tmpdir(), `assistants-${randomUUID()}.json`)
  function withFile(content: unknown): string {
    const place = file()
    writeFileSync(place, typeof content === 'string' ? content : JSON.stringify(content))
    withSettings({ ASSISTANTS_FILE: place })
    return place
  }

  test('gives the same as the pages, in versions of its own, and counts before a page', async () => {
    const place = withFile({
      organisation: { name: 'ACME', instructions: 'Be kind.' },
      assistants: [{ slug: 'travel', name: 'Trips', instructions: 'Hello {{user.name}}' }],
    })
    await saveAssistant(admin, 'travel', config(), { base: 0 })
    const [, first] = await listAssistants()
    expect(first).toMatchObject({ slug: 'travel', origin: 'file', version: { number: 1 }, config: { name: 'Trips' } })
    expect((await listAssistants())[1]).toEqual(first)
    expect(await findOrganisation()).toMatchObject({ name: 'ACME', isOfFile: true })
    writeFileSync(place, JSON.stringify({ assistants: [{ slug: 'travel', name: 'Journeys' }] }))
    utimesSync(place, new Date(), new Date(Date.now() + 5_000))
    expect((await listAssistants())[1]).toMatchObject({ version: { number: 2 }, config: { name: 'Journeys' } })
    expect(await listVersions({ slug: 'travel', origin: 'file' })).toMatchObject([
      { number: 2, savedBy: null },
      { number: 1 },
    ])
  })

  test('a state that was read before is the same version again', async () => {
    const [one, two] = ['One', 'Two'].map((name) => ({ assistants: [{ slug: 'travel', name }] }))
    for (const content of [one, two, one]) {
      withFile(content)
      await listAssistants()
    }
    expect((await listVersions({ slug: 'travel', origin: 'file' })).map(({ number }) => number)).toEqual([2, 1])
    expect((await listAssistants())[1]).toMatchObject({ version: { number: 1 }, config: { name: 'One' } })
  })

  test.each([
    ['{', 'ASSISTANTS_FILE is not JSON'],
    [{ assistants: [{ slug: 'Not a slug', name: 'x' }] }, 'ASSISTANTS_FILE: assistants.0.slug: has at most 40'],
    [{ assistants: [{ slug: 'travel' }] }, 'ASSISTANTS_FILE: assistants.0.name:'],
    [{ assistants: [{ slug: 'a', name: 'x', instructions: '{{user.mail}}' }] }, '{{user.mail}} is not a placeholder'],
    [{ assistants: [{ slug: 'a', name: 'x', temprature: 1 }] }, 'temprature'],
    [{ assistants: ['a', 'a'].map((slug) => ({ slug, name: 'x' })) }, 'two assistants have the slug a'],
    [{ assistants: [{ slug: 'a', name: 'x', tools: { kind: 'some' } }] }, 'ASSISTANTS_FILE: assistants.0.tools'],
  ])('says what is wrong with %j and where', (content, sentence) => {
    withFile(content)
    expect(() => readAssistantsFile()).toThrow(sentence)
  })

  test('a mistake made while the server runs keeps what was read before', async () => {
    const place = withFile({ assistants: [{ slug: 'travel', name: 'Trips' }] })
    expect(await names()).toEqual(['Switchboard', 'Trips'])
    writeFileSync(place, '{')
    utimesSync(place, new Date(), new Date(Date.now() + 5_000))
    expect(await names()).toEqual(['Switchboard', 'Trips'])
  })
})
