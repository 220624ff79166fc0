import { expect, test } from 'vitest'
import { POST as expand } from '#app/api/me/resources/route.ts'
import { signedIn } from '#tests/support/people/people.ts'

// What a person fills in for a prompt or a template may be longer than the fields of other routes.

const names = Array.from({ length: 15 }, (_, index) => `p${index}`)

async function fill(length: number): Promise<Response> {
  const { headers } = await signedIn()
  const values = Object.fromEntries(names.map((name) => [name, 'x'.repeat(length)]))
  const body = { template: `notes://a{?${names.join(',')}}`, values }
  return expand(
    new Request('http://127.0.0.1:3999/api/me/resources', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }),
  )
}

test('values of 15,000 characters in all are taken, and a body of more than 128 KB is not read', async () => {
  const filled = await fill(1_000)
  expect(filled.status).toBe(200)
  expect(String(((await filled.json()) as { uri: string }).uri).length).toBeGreaterThan(15_000)
  expect((await fill(10_000)).status).toBe(413)
})
