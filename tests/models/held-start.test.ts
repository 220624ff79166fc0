import type { Model, ModelRequest, StreamEvent } from '@openai/agents'
import { expect, test } from 'vitest'
import { GuardedModel } from '#lib/agent/models/openai/guarded-model.ts'

const PINGS = 5_000

test('events that say nothing before the first word are held back only up to a bound', async () => {
  async function* answer(): AsyncGenerator<StreamEvent> {
    for (let sent = 0; sent < PINGS; sent += 1) yield { type: 'model', event: { type: 'ping' } }
    yield { type: 'output_text_delta', delta: 'hello' }
  }
  const inner = { getStreamedResponse: answer } as unknown as Model
  const model = new GuardedModel(inner, { idleMs: 10_000, onAnswer: () => undefined })
  const types: string[] = []
  for await (const { type } of model.getStreamedResponse({ input: 'hi' } as unknown as ModelRequest)) types.push(type)
  expect(types.at(-1)).toBe('output_text_delta')
  expect(types.length).toBeLessThan(200)
})
