import { once } from 'node:events'

type Answer = { id?: number; result?: { usedSize: number; backingStorageSize?: number } }

/**
 * The live heap (MB) of a process with an inspector on `port` (node --inspect), after garbage
 * collection.
 */
export async function liveHeapMb(port: number): Promise<number> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
  await once(socket, 'open')
  const ask = async (id: number, method: string) => {
    socket.send(JSON.stringify({ id, method }))
    for (;;) {
      const [{ data }] = await once(socket, 'message')
      const answer = JSON.parse(data) as Answer
      if (answer.id === id) return answer.result
    }
  }
  await ask(1, 'HeapProfiler.collectGarbage')
  const usage = await ask(2, 'Runtime.getHeapUsage')
  socket.close()
  return ((usage?.usedSize ?? Number.NaN) + (usage?.backingStorageSize ?? 0)) / 1_000_000
}
