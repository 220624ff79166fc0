import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { serveChatKit } from '#lib/chatkit/server/serve-chatkit.ts'
import { type Assets, buildPage } from './build-page.ts'
import { act, respond } from './chat.ts'
import { memoryStore } from './memory-store.ts'

/** The whole server: a page, its two scripts, and the ChatKit endpoint. Listens on this computer only. */
export function chatServer(assets: Assets) {
  const store = memoryStore()
  const deps = { store, respond, act, limits: { messageMaxChars: 20_000 } }
  return createServer(async (request, response) => {
    try {
      if (request.method === 'POST' && request.url === '/chatkit') {
        const answer = await serveChatKit(await json(request), deps, undefined)
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        await pipeline(Readable.fromWeb(answer.body as never), response)
      } else {
        const asset = assets[request.url ?? '']
        response
          .writeHead(asset ? 200 : 404, { 'content-type': asset?.type ?? 'text/plain' })
          .end(asset?.text ?? 'Not found')
      }
    } catch {
      // The client went away, or sent no JSON: the end of the connection says so.
      response.destroy()
    }
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  chatServer(await buildPage()).listen(3100, '127.0.0.1', () => console.log('http://127.0.0.1:3100'))
}
