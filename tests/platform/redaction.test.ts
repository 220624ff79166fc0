import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { measureJson } from '#lib/platform/json/json-size.ts'
import { clipJson, REDACTED, redact, redactText } from '#lib/platform/redaction/redact.ts'
import { HARMLESS_TEXTS } from '#tests/support/harmless-texts.ts'
import { plantedSecrets } from '#tests/support/planted-secrets.ts'

const PLANTED = plantedSecrets()
const inJson = (text: string) => JSON.stringify(text).slice(1, -1)

describe('a secret is redacted', () => {
  test.each(PLANTED.map(({ name, ...rest }) => ({ name: `${name}`, ...rest })))('$name', ({ planted, secret }) => {
    expect(JSON.stringify(planted)).toContain(inJson(secret))
    expect(JSON.stringify(redact(planted, 32_768))).not.toContain(inJson(secret))
    // The same inside a text: tools often answer with JSON as text.
    const text = typeof planted === 'string' ? planted : JSON.stringify(planted)
    for (const around of [text, `Before.\n${text}\nBehind.`, JSON.stringify({ text }), `\`\`\`json\n${text}\n\`\`\``])
      expect(redactText(around)).not.toContain(inJson(secret))
  })

  test('there are more than 200 kinds', () => expect(PLANTED.length).toBeGreaterThan(200))

  test('a password is redacted whatever it consists of: symbols, letters only, a few letters, or letters outside ASCII', () => {
    const forms = [
      'redis://:%@h',
      '{"password":"%"}',
      '<password>%</password>',
      'password=%',
      'Cookie: sid=%',
      'password: "%"',
      'a?token=%&b=1',
    ]
    for (const password of [
      'hunter2hunter2',
      'Tr0ub4dor&3',
      'p@ss,w0rd;1',
      'correct-horse',
      'zebra(7)q',
      'grün7grün',
      'zwölf',
    ]) {
      for (const form of forms) expect(redactText(form.replace('%', password)), form).not.toContain(password)
      expect(redact({ name: 'password', value: password }, 1_000)).toEqual({ name: 'password', value: REDACTED })
    }
    expect(redact([{ name: 'password', value: 'x' }], 1_000)).toEqual([{ name: 'password', value: REDACTED }])
    expect(redactText('redis://:pw@h')).toBe(`redis://:${REDACTED}@h`)
  })

  test('the text around a secret stays', () => {
    expect(redactText('postgresql://app:hunter2@db:5432/app')).toBe(`postgresql://app:${REDACTED}@db:5432/app`)
    expect(redactText('a=1&password=hunter2hunter2&b=2')).toBe(`a=1&password=${REDACTED}&b=2`)
    expect(redactText('{"access_token":"hunter2","city":"Bern"}')).toBe(`{"access_token":"${REDACTED}","city":"Bern"}`)
    expect(redactText('Authorization: Bearer hunter2hunter2\nHost: x')).toBe(
      `Authorization: Bearer ${REDACTED}\nHost: x`,
    )
    expect(redact({ total_tokens: 12, auth: true, pin: 1234, credentials: { user: 'ann' } }, 1_000)).toEqual({
      ...{ total_tokens: 12, auth: true, pin: REDACTED, credentials: REDACTED },
    })
  })
})

describe('a harmless text stays unchanged', () => {
  test.each(HARMLESS_TEXTS)('%s', (text) => {
    expect(redactText(text)).toBe(text)
    expect(redactText(`Before.\n${text}\nBehind.`)).toBe(`Before.\n${text}\nBehind.`)
    const parsed = parse(text)
    if (parsed !== undefined) expect(redact(parsed, 32_768)).toEqual(parsed)
  })

  test('there are more than 200 texts', () => expect(HARMLESS_TEXTS.length).toBeGreaterThan(200))
})

describe('what is kept is bounded', () => {
  test('a secret across the cut is removed completely, wherever the cut is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PLANTED),
        fc.nat({ max: 300 }),
        fc.nat({ max: 20_000 }),
        ({ planted, secret }, cut, filler) => {
          const text = typeof planted === 'string' ? planted : JSON.stringify(planted)
          const long = text + ' and so on'.repeat(filler / 10)
          const kept = redactText(long, cut)
          expect(kept.length).toBeLessThanOrEqual(cut + 2 * REDACTED.length)
          // What is left is the text around the secret, and none of its pieces.
          for (let at = 0; at + 7 <= secret.length; at += 1) {
            const piece = inJson(secret.slice(at, at + 7))
            if (text.split(piece).length === 2) expect(kept).not.toContain(piece)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('a clipped value drops what does not fit instead of keeping it raw', () => {
    const secret = PLANTED.find(({ name }) => name === 'GitHub personal')?.secret ?? ''
    for (let room = 900; room < 1_000; room += 1) {
      const kept = JSON.stringify(clipJson({ text: `${'x '.repeat(470)}${secret} ${'y '.repeat(5_000)}` }, room))
      expect(kept).not.toContain(secret.slice(0, 8))
      expect(kept.length).toBeLessThan(room + 100)
    }
  })

  test('the work depends on what is kept: of 200,000 values fewer than 20,000 are read', () => {
    let looks = 0
    const counted = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (from, key) => {
          looks += 1
          return Reflect.get(from, key)
        },
      })
    const many = <T>(value: T) => Array.from({ length: 200_000 }, () => value)
    for (const value of [many('{'), many('[1,2'), many(1), many({ a: ['{"'] }), many([[[[]]]])]) {
      looks = 0
      const kept = clipJson(counted(value), 16_384) as { clipped: boolean; text: string }
      expect(kept.clipped).toBe(true)
      expect(kept.text.length).toBeLessThanOrEqual(16_384)
      expect(looks).toBeLessThan(20_000)
    }
  })

  test('any value is clipped to fit, and a value that fits and has no secret stays unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 10, max: 400 }), (value, max) => {
        const kept = clipJson(value, max)
        const text = JSON.stringify(kept)
        if (JSON.stringify(value).length > max * 2) expect(kept).toMatchObject({ clipped: true })
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(max * 2 + 100)
      }),
    )
    expect(clipJson({ a: [1, 'two', null, true, { b: 3.5 }] }, 1_000)).toEqual({
      a: [1, 'two', null, true, { b: 3.5 }],
    })
  })

  test('deep nesting is cut, and no key reaches the prototype', () => {
    let deep: unknown = 'x'
    for (let level = 0; level < 100; level += 1) deep = [deep]
    expect(JSON.stringify(redact(deep, 10_000))).toContain('[too deep]')
    const kept = redact(JSON.parse('{"__proto__":{"password":"hunter2","x":1}}'), 1_000)
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype)
    expect(JSON.stringify(kept)).toBe(`{"__proto__":{"password":"${REDACTED}","x":1}}`)
  })

  test('names that an admin hides are redacted inside texts as well', () => {
    const kept = clipJson(
      { IBAN: 'AT61', nested: ['{"iban":"AT62","n":{"iban":63}}', 'iban: AT64'], plan: 'AT65' },
      1_000,
      ['iban'],
    )
    expect(kept).toEqual({
      ...{
        IBAN: REDACTED,
        nested: [`{"iban":"${REDACTED}","n":{"iban":${REDACTED}}}`, `iban: ${REDACTED}`],
        plan: 'AT65',
      },
    })
  })
})

test('the size of a value is that of its JSON, and is computed in slices', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await measureJson(value)).toBe(Buffer.byteLength(JSON.stringify(value)))
    }),
  )
  const large = {
    text: `${'é"\ud83d\ude42\n'.repeat(300_000)}`,
    list: Array.from({ length: 50_000 }, (_, at) => ({ at })),
    gone: undefined,
  }
  let turns = 0
  const others = setInterval(() => (turns += 1), 0)
  expect(await measureJson(large)).toBe(Buffer.byteLength(JSON.stringify(large)))
  clearInterval(others)
  expect(turns).toBeGreaterThan(3)
  expect(await measureJson(undefined)).toBe(4)
})

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON.
    return undefined
  }
}
