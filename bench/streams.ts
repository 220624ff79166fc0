import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Visitor } from '#scripts/local/first-visit.ts'
import type { OpenAIServer } from '#tests/support/models/openai-server.ts'
import { liveHeapMb } from './live-heap.ts'

const AT_ONCE = [1, 32, 256]
const DELTAS = 100
const PACE_MS = 50
const ROUNDS_OF_ONE = 5
const TICK_MS = 10

type Times = { first: number; whole: number }
type Process = { residentMb: number; cpuMs: number }

/**
 * Concurrent turns, each with a hundred deltas that the model paces over five seconds. Measures how
 * much later than from the model itself the first delta and the end arrive, the CPU time of 1,000
 * deltas, and the peak memory for each stream, which is mostly space that V8 keeps for the next
 * burst. The live heap has its own round, because measuring it takes time.
 */
export async function benchStreams({
  visitor,
  model,
  pid,
  inspectPort,
}: {
  visitor: Visitor
  model: OpenAIServer
  pid: number
  inspectPort: number
}): Promise<Record<string, number>> {
  const text = Array.from({ length: DELTAS }, (_, index) => `word${index} `)
  const ratios: Record<string, number> = {}
  await turns(1, visitor, model, text)
  for (const count of AT_ONCE) {
    const rounds = count === 1 ? ROUNDS_OF_ONE : 1
    const own: Times[] = []
    const ours: Times[] = []
    const before = await processOf(pid)
    let cpuMs = 0
    let peakMb = 0
    for (let round = 0; round < rounds; round += 1) {
      own.push(...(await Promise.all(Array.from({ length: count }, () => fromModel(model, text)))))
      const from = await processOf(pid)
      const running = turns(count, visitor, model, text)
      peakMb = Math.max(peakMb, await peakUntil(running, pid))
      ours.push(...(await running))
      cpuMs += (await processOf(pid)).cpuMs - from.cpuMs
    }
    const [first, whole] = [median(ours, 'first') - median(own, 'first'), median(ours, 'whole') - median(own, 'whole')]
    const perThousand = cpuMs / ((count * rounds * DELTAS) / 1_000)
    const perStream = (peakMb - before.residentMb) / count
    console.log(
      `${String(count).padStart(4)} at once: first delta +${first.toFixed(1)} ms, end +${whole.toFixed(1)} ms over the model's own; ` +
        `${perThousand.toFixed(0)} ms CPU per 1,000 deltas; ${perStream.toFixed(2)} MB held a stream`,
    )
    ratios[`turn: whole answer, ${count} at once / model alone`] = median(ours, 'whole') / median(own, 'whole')
  }
  const most = Math.max(...AT_ONCE)
  const live = await liveMbOf(() => turns(most, visitor, model, text), inspectPort)
  console.log(`${String(most).padStart(4)} at once: ${(live / most).toFixed(2)} MB live on the heap a stream`)
  return ratios
}

/** The growth (MB) of the live heap between the start and the middle of some turns. */
async function liveMbOf(begin: () => Promise<unknown>, inspectPort: number): Promise<number> {
  const before = await liveHeapMb(inspectPort)
  const running = begin()
  await sleep((DELTAS * PACE_MS) / 2)
  const within = await liveHeapMb(inspectPort)
  await running
  return within - before
}

async function turns(count: number, visitor: Visitor, model: OpenAIServer, text: string[]): Promise<Times[]> {
  model.script(...Array.from({ length: count }, () => ({ text, pace: PACE_MS })))
  return Promise.all(
    Array.from({ length: count }, async () => {
      const began = performance.now()
      const turn = await ask(visitor, 'Count.')
      const deltas = turn.events.filter((event) => JSON.stringify(event).includes('text_delta')).length
      if (deltas !== DELTAS) throw new Error(`a turn had ${deltas} deltas instead of ${DELTAS}`)
      return { first: turn.firstDeltaMs, whole: performance.now() - began }
    }),
  )
}

async function fromModel(model: OpenAIServer, text: string[]): Promise<Times> {
  model.script({ text, pace: PACE_MS })
  const began = performance.now()
  const body = JSON.stringify({ model: 'bench', input: 'Count.', stream: true })
  const response = await fetch(`${model.url}/responses`, { method: 'POST', body, signal: AbortSignal.timeout(60_000) })
  let first = Number.NaN
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
    if (Number.isNaN(first) && decoder.decode(chunk, { stream: true }).includes('output_text.delta'))
      first = performance.now() - began
  return { first, whole: performance.now() - began }
}

async function peakUntil(running: Promise<unknown>, pid: number): Promise<number> {
  let ended = false
  const end = () => {
    ended = true
  }
  running.then(end, end)
  let peak = 0
  while (!ended) {
    peak = Math.max(peak, (await processOf(pid)).residentMb)
    await sleep(TICK_MS * 20)
  }
  return peak
}

/** Read from Linux' /proc, which needs no tool. Elsewhere these figures are missing. */
async function processOf(pid: number): Promise<Process> {
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
  )
  const [, , ...fields] = (stat ?? '').split(' ')
  const residentMb = Number(/VmRSS:\s+(\d+)/.exec(status ?? '')?.[1] ?? Number.NaN) / 1_024
  return { residentMb, cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS }
}

function median(times: Times[], part: keyof Times): number {
  return times.map((time) => time[part]).toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}
