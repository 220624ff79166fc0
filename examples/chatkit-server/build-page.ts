import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { buildElement } from '#scripts/build-element.ts'

/** What the server gives by address. */
export type Assets = Record<string, { type: string; text: string | Uint8Array }>

const HTML = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A ChatKit server of one's own</title>
<style>html, body, #app { height: 100%; margin: 0 }</style>
<div id="app"></div>
<script src="/chatkit.js" async></script>
<script src="/page.js"></script>
</html>
`

/** The page, bundled, and the self-hosted element that it mounts. */
export async function buildPage(): Promise<Assets> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chatkit-server-'))
  const [page, files] = await Promise.all([
    build({
      entryPoints: [path.join(import.meta.dirname, 'page.tsx')],
      bundle: true,
      write: false,
      format: 'iife',
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"production"' },
    }),
    buildElement(path.join(folder, 'chatkit.js')),
  ])
  return {
    '/': { type: 'text/html; charset=utf-8', text: HTML },
    '/page.js': { type: 'text/javascript; charset=utf-8', text: page.outputFiles[0]?.text ?? '' },
    ...Object.fromEntries(Object.entries(files).map(([address, text]) => [address, { type: typeOf(address), text }])),
  }
}

function typeOf(address: string): string {
  return address.endsWith('.woff2') ? 'font/woff2' : 'text/javascript; charset=utf-8'
}
