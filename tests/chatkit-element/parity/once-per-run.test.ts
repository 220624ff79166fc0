import { expect, test, vi } from 'vitest'
import { oncePerRun } from '#tests/support/once-per-run.ts'

const name = () => `made-${crypto.randomUUID()}`

test('what a run needs once is made once, and the others wait for it', async () => {
  const shared = name()
  const make = vi.fn(async () => ({ text: 'Größe', bytes: new Uint8Array([1, 2, 255]) }))
  const both = await Promise.all([oncePerRun(shared, make), oncePerRun(shared, make)])
  for (const one of [...both, await oncePerRun(shared, make)])
    expect(one).toEqual({ text: 'Größe', bytes: new Uint8Array([1, 2, 255]) })
  expect(make).toHaveBeenCalledTimes(1)
})

test('if it cannot be made, the caller is told, and the next one tries', async () => {
  const shared = name()
  await expect(oncePerRun(shared, () => Promise.reject(new Error('no room')))).rejects.toThrow('no room')
  expect(await oncePerRun(shared, async () => 'made')).toBe('made')
})
