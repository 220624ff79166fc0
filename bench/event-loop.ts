import { once } from 'node:events'

const NANOSECONDS = 1_000_000

/** The event loop of a process with an inspector on `port` (node --inspect). */
export type EventLoop = Disposable & {
  /** The longest time (ms) for which the loop was blocked while `work` ran. */
  longestDelay: (work: () => Promise<unknown>) => Promise<number>
}

/** Samples the event loop of another process every millisecond. */
export async function watchEventLoop(port: number): Promise<EventLoop> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
  await once(socket, 'open')
  let id = 0
  const evaluate = async (expression: string): Promise<number> => {
    id += 1
    const own = id
    socket.send(JSON.stringify({ id: own, method: 'Runtime.evaluate', params: { expression, returnByValue: true } }))
    for (;;) {
      const [{ data }] = await once(socket, 'message')
      const answer = JSON.parse(data) as { id?: number; result?: { result?: { value?: number } } }
      if (answer.id === own) return answer.result?.result?.value ?? Number.NaN
    }
  }
  await evaluate(
    `globalThis.hostileBench = process.getBuiltinModule('node:perf_hooks').monitorEventLoopDelay({ resolution: 1 }); hostileBench.enable(); 0`,
  )
  return {
    longestDelay: async (work) => {
      await evaluate('hostileBench.reset(); 0')
      await work()
      return (await evaluate('hostileBench.max')) / NANOSECONDS
    },
    [Symbol.dispose]: () => socket.close(),
  }
}
