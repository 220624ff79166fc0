import { text } from 'node:stream/consumers'
import type { ReactNode } from 'react'
import { prerenderToNodeStream } from 'react-dom/static'

/** A page, or a part of one, as HTML, once what it waits for is there. */
export async function renderPage(page: ReactNode): Promise<string> {
  return text((await prerenderToNodeStream(page)).prelude)
}
