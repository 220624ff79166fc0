import { globSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Plugin, transform } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The element's budget (bytes, gzip) for first paint. The build fails above it. */
const BUDGET_GZIP = 120_000

/**
 * Imports style sheets as minified text. The element adopts them as constructable style sheets,
 * which a strict CSP allows.
 */
const cssAsText: Plugin = {
  name: 'css-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: 'chrome123',
      })
      return { contents: code, loader: 'text' }
    })
  },
}

/** Drops the random `key` of each part of an icon: 2 kB that nothing needs in a list that never changes. */
const iconsWithoutKeys: Plugin = {
  name: 'icons-without-keys',
  setup({ onLoad }) {
    onLoad({ filter: /lucide-preact[\\/]dist[\\/]esm[\\/]icons[\\/].+\.mjs$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(/,?\s*\bkey: "[a-z0-9]+"/g, ''),
    }))
  },
}

/**
 * Bundles `<openai-chatkit>` into one classic script and returns its text. The languages, which
 * load on demand, are written beside it in `chatkit/`. Every file is replaced in one step, never
 * half written.
 */
export async function buildElement(outfile = `${root}public/chatkit.js`): Promise<string> {
  const result = await build({
    entryPoints: [`${root}lib/chatkit-element/main.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    legalComments: 'none',
    banner: {
      js: '/*! <openai-chatkit> by Switchboard. Contains preact (MIT), marked (MIT), DOMPurify (Apache-2.0), lucide (ISC). */',
    },
    plugins: [cssAsText, iconsWithoutKeys],
    logLevel: 'warning',
  })
  const text = result.outputFiles[0]?.text ?? ''
  await replaceFile(outfile, text)
  await buildLanguages(path.join(path.dirname(outfile), 'chatkit'))
  return text
}

async function buildLanguages(folder: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: globSync(`${root}lib/chatkit-element/locales/*.ts`),
    bundle: true,
    minify: true,
    write: false,
    outdir: folder,
    format: 'esm',
    // Writes characters without escapes, which takes half the bytes.
    charset: 'utf8',
    target: 'es2022',
    logLevel: 'warning',
  })
  for (const { path: file, text } of outputFiles) await replaceFile(file, text)
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.${process.pid}`, text)
  await rename(`${file}.${process.pid}`, file)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now()
  const text = await buildElement()
  const gzip = gzipSync(text).length
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
  console.log(
    `public/chatkit.js: ${kB(text.length)}, ${kB(gzip)} gzip, in ${Math.round(performance.now() - started)} ms`,
  )
  if (gzip > BUDGET_GZIP) {
    console.error(`The element is over its budget of ${kB(BUDGET_GZIP)} gzip.`)
    process.exitCode = 1
  }
}
