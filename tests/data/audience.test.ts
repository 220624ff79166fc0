import { expect, test } from 'vitest'
import { Audience, audienceCondition, isInAudience } from '#lib/data/audience.ts'
import { Prisma } from '#lib/generated/prisma/client.ts'
import { db } from '#lib/platform/db/db.ts'

const ANN = { id: 'usr_ann', role: 'member' } as const
const BOB = { id: 'usr_bob', role: 'member' } as const
const ROOT = { id: 'usr_root', role: 'admin' } as const

const CASES: [unknown, (typeof ANN | typeof ROOT | typeof BOB)[]][] = [
  [{ kind: 'everybody' }, [ANN, BOB, ROOT]],
  [{ kind: 'chosen', roles: ['admin'], people: [] }, [ROOT]],
  [{ kind: 'chosen', roles: [], people: ['usr_ann'] }, [ANN]],
  [{ kind: 'chosen', roles: ['admin'], people: ['usr_bob', 'usr_gone'] }, [BOB, ROOT]],
  [{ kind: 'chosen', roles: [], people: [] }, []],
]

async function askDatabase(audience: unknown, person: typeof ANN | typeof ROOT | typeof BOB): Promise<boolean> {
  const column = Prisma.sql`${JSON.stringify(audience)}::jsonb`
  const [row] = await db().$queryRaw<{ is: boolean }[]>`SELECT ${audienceCondition(column, person)} AS is`
  return row?.is ?? false
}

test('a person is in an audience by their role or by name, here and in the database alike', async () => {
  for (const [given, inside] of CASES) {
    const audience = Audience.parse(given)
    for (const person of [ANN, BOB, ROOT]) {
      const isInside = (inside as unknown[]).includes(person)
      expect([given, person.id, isInAudience(person, audience)]).toEqual([given, person.id, isInside])
      expect([given, person.id, await askDatabase(audience, person)]).toEqual([given, person.id, isInside])
    }
  }
})

test('what is no audience is refused, and stands for nobody in the database', async () => {
  for (const given of [{}, null, 'everybody', { kind: 'everyone' }, { kind: 'chosen', roles: ['owner'] }, []]) {
    expect(Audience.safeParse(given).success).toBe(false)
    if (given !== null) expect(await askDatabase(given, ROOT)).toBe(false)
  }
  // A name is compared whole: no part of one, and no list inside.
  expect(await askDatabase({ kind: 'chosen', roles: [], people: ['usr_annabel', ['usr_ann']] }, ANN)).toBe(false)
})
