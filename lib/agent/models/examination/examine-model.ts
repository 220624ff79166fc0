import type { Model } from '@openai/agents'
import type OpenAI from 'openai'
import { toFile } from 'openai'
import type { OfferedModel } from '#lib/agent/models/catalog/offered-model.ts'
import type { ProviderAccess } from '#lib/agent/models/catalog/provider-access.ts'
import { ask, PICTURE, TOOL } from '#lib/agent/models/examination/probe.ts'
import { silence } from '#lib/agent/models/examination/silence.ts'
import { makeModelClient } from '#lib/agent/models/open-model.ts'
import { toTurnFailure } from '#lib/agent/models/openai/failures/turn-failure.ts'
import { OpenAIModel } from '#lib/agent/models/openai/openai-model.ts'
import { makeAccount } from '#lib/agent/models/usage/make-account.ts'
import { meterSpeech } from '#lib/agent/models/usage/meter-speech.ts'
import { meterModel } from '#lib/agent/models/usage/metered-model.ts'
import type { UsageAccount } from '#lib/agent/models/usage/request-meter.ts'
import { RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { withDeadline } from '#lib/platform/deadline.ts'

/** One line of an examination: what was tried, how it went, and what to set. */
export type Finding = { name: string; outcome: 'ok' | 'warning' | 'failed'; ms: number; said: string; fix?: string }

type Tried = Pick<Finding, 'outcome' | 'said' | 'fix'>

/** How long (ms) one step may take. There are at most eleven. */
const STEP_MS = 20_000
/** How many tokens of a long input are tried: longer ones cost more than a test is worth. */
const LONG_TOKENS = 12_000
const LISTED_MAX = 12

/**
 * Tries what a model can do, at its provider, with a few small requests. Resolves to a line for each
 * step; the provider's own words are without secrets. A step that fails ends only itself. Its
 * requests count as the use of `ownerId`.
 */
export async function examineModel(model: OfferedModel, access: ProviderAccess, ownerId: string): Promise<Finding[]> {
  const client = (): OpenAI => makeModelClient(access, { waits: false })
  const account = makeAccount({ ownerId, purpose: 'test' })
  const opened = () => meterModel(new OpenAIModel(client(), model.api, model.model), model, account)
  const found: Finding[] = [await step('Models of the server', (signal) => listModels(client(), model, signal))]
  if (model.uses.includes('transcription'))
    found.push(await step('Speech', (signal) => trySpeech(client(), model, account, signal)))
  if (model.uses.every((use) => use === 'transcription')) return found
  found.push(await step('Streaming', (signal) => tryStreaming(opened(), signal)))
  // Without an answer, everything else fails for the same reason.
  if (found.at(-1)?.outcome === 'failed') return found
  const { tools, pictures, reasoningLevels } = model.capabilities
  found.push(await step('Tool call', (signal) => tryTool(opened(), tools, signal)))
  found.push(await step('Several tool calls at once', (signal) => tryTools(opened(), signal)))
  found.push(await step('Picture', (signal) => tryPicture(opened(), pictures, signal)))
  for (const level of reasoningLevels.length > 0 ? reasoningLevels : (['low'] as const))
    found.push(
      await step(`Thinking: ${level}`, (signal) => tryLevel(opened(), level, reasoningLevels.length > 0, signal)),
    )
  found.push(await step('Long input', (signal) => tryLongInput(opened(), model.contextWindowTokens, signal)))
  return found
}

async function step(name: string, work: (signal: AbortSignal) => Promise<Tried>): Promise<Finding> {
  const began = performance.now()
  const ending = new AbortController()
  const late: Tried = { outcome: 'failed', said: `No answer within ${STEP_MS / 1000} seconds.` }
  const tried = await withDeadline(work(ending.signal).catch(toFailed), STEP_MS, () => late)
  ending.abort()
  return { name, ms: Math.round(performance.now() - began), ...tried }
}

function toFailed(error: unknown): Tried {
  const { failureClass, detail } = toTurnFailure(error)
  const { means, todo } = RUN_FAILURES[failureClass]
  const status = detail?.status === undefined ? '' : `${detail.status}: `
  return { outcome: 'failed', said: detail?.message ? `${status}${detail.message}` : means, fix: todo }
}

async function listModels(client: OpenAI, { model }: OfferedModel, signal: AbortSignal): Promise<Tried> {
  let page: Awaited<ReturnType<OpenAI['models']['list']>>
  try {
    page = await client.models.list({ signal })
  } catch (error) {
    const { said } = toFailed(error)
    return { outcome: 'warning', said: `The server does not list its models. ${said}` }
  }
  const ids = (Array.isArray(page.data) ? page.data : []).map(({ id }) => String(id).slice(0, 200)).slice(0, 1_000)
  const named =
    ids.slice(0, LISTED_MAX).join(', ') + (ids.length > LISTED_MAX ? ` and ${ids.length - LISTED_MAX} more` : '')
  if (ids.includes(model)) return { outcome: 'ok', said: `It has ${ids.length}, ${model} among them.` }
  return {
    outcome: 'warning',
    said: `${model} is not in its list: ${named || 'none'}.`,
    fix: 'If the next steps fail, correct the model’s id.',
  }
}

async function tryStreaming(model: Model, signal: AbortSignal): Promise<Tried> {
  const { text, deltas } = await ask(model, { text: 'Count from one to twenty in words.', signal })
  if (text.trim() === '') return { outcome: 'failed', said: 'The answer was empty.' }
  if (deltas > 1) return { outcome: 'ok', said: `The answer came in ${deltas} pieces.` }
  const fix = 'Answers will appear all at once. A proxy may hold them back, or the server does not stream.'
  return { outcome: 'warning', said: 'The answer came in one piece.', fix }
}

async function tryTool(model: Model, isOn: boolean, signal: AbortSignal): Promise<Tried> {
  const text = 'Call the tool add with a = 2 and b = 3. Do not answer yourself.'
  try {
    const { calls } = await ask(model, { text, tools: [TOOL], signal })
    if (calls.length === 0)
      return {
        outcome: 'warning',
        said: 'It answered without the tool.',
        fix: 'Try again; if it stays, switch Tools off.',
      }
    return { outcome: 'ok', said: `It called ${calls[0]}.`, ...(!isOn && { fix: 'You can switch Tools on.' }) }
  } catch (error) {
    const { said } = toFailed(error)
    return {
      outcome: isOn ? 'failed' : 'ok',
      said,
      ...(isOn && { fix: 'Switch Tools off for this model, or start its server with tool calling.' }),
    }
  }
}

async function tryTools(model: Model, signal: AbortSignal): Promise<Tried> {
  const text =
    'Call the tool add twice in one answer: with a = 2 and b = 3, and with a = 4 and b = 5. Do not answer yourself.'
  const { calls } = await ask(model, { text, tools: [TOOL], signal })
  if (calls.length > 1) return { outcome: 'ok', said: `It made ${calls.length} calls in one answer.` }
  return { outcome: 'warning', said: 'It makes one call at a time. That works, and takes more requests.' }
}

async function tryPicture(model: Model, isOn: boolean, signal: AbortSignal): Promise<Tried> {
  try {
    const { text } = await ask(model, { text: 'Which colour is this picture? One word.', picture: PICTURE, signal })
    const sees = /\bred\b/i.test(text)
    if (!sees)
      return {
        outcome: 'warning',
        said: `It took the picture and said: ${text.slice(0, 100)}`,
        fix: 'The picture is red. If this answer is wrong, switch Pictures off.',
      }
    return { outcome: 'ok', said: 'It sees pictures.', ...(!isOn && { fix: 'You can switch Pictures on.' }) }
  } catch (error) {
    const { said } = toFailed(error)
    return {
      outcome: isOn ? 'failed' : 'ok',
      said: `It takes no pictures. ${said}`,
      ...(isOn && { fix: 'Switch Pictures off for this model.' }),
    }
  }
}

async function tryLevel(model: Model, level: string, isOn: boolean, signal: AbortSignal): Promise<Tried> {
  try {
    await ask(model, { text: 'Say: ready', reasoning: level, tools: isOn ? [TOOL] : [], signal })
    return {
      outcome: 'ok',
      said: `It takes the level ${level}.`,
      ...(!isOn && { fix: 'You can let people choose levels of thinking.' }),
    }
  } catch (error) {
    const { said } = toFailed(error)
    return {
      outcome: isOn ? 'failed' : 'ok',
      said: `It does not take the level ${level}. ${said}`,
      ...(isOn && { fix: `Remove the level ${level}.` }),
    }
  }
}

async function tryLongInput(model: Model, windowTokens: number, signal: AbortSignal): Promise<Tried> {
  const tokens = Math.min(LONG_TOKENS, Math.floor(windowTokens * 0.6))
  const filler = 'All is quiet here. '.repeat(Math.ceil(tokens / 5))
  const text = `The code word is harbour.\n${filler}\nWhat is the code word? One word.`
  try {
    const answer = await ask(model, { text, signal })
    if (/harbou?r/i.test(answer.text))
      return { outcome: 'ok', said: `It read about ${tokens.toLocaleString('en')} tokens to the end.` }
    const fix =
      'The server may cut long inputs without a word. Set a smaller context window, or raise that of the server.'
    return { outcome: 'warning', said: 'It took a long input, and did not know its beginning.', fix }
  } catch (error) {
    return { ...toFailed(error), fix: `Set a context window below ${tokens.toLocaleString('en')} tokens.` }
  }
}

async function trySpeech(
  client: OpenAI,
  offered: OfferedModel,
  account: UsageAccount,
  signal: AbortSignal,
): Promise<Tried> {
  const data = silence()
  const ask = async () => {
    const file = await toFile(data, 'speech.wav', { type: 'audio/wav' })
    return client.audio.transcriptions.create({ file, model: offered.model }, { signal })
  }
  await meterSpeech(data, ask, { account, offered, signal })
  return { outcome: 'ok', said: 'It took a recording.' }
}
