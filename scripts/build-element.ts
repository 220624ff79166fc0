import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Plugin, transform } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The element's budget (bytes, gzip) for first paint. The build fails above it. */
const BUDGET_GZIP = 100_000
/**
 * How long (ms) the parts of earlier builds stay beside the script: a page that was open before a
 * deploy still asks for them.
 */
const KEPT_MS = 30 * 24 * 3_600_000

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

const SHARED: BuildOptions = {
  bundle: true,
  minify: true,
  write: false,
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'none',
  // Writes characters without escapes, which takes half the bytes in many languages.
  charset: 'utf8',
  logLevel: 'warning',
}

/** The files that pages load, by address: the script, and the parts in `/chatkit/`. */
export type ElementFiles = Record<string, string | Uint8Array>

/**
 * Bundles `<openai-chatkit>` into one classic script, and what it loads on demand (languages, parts)
 * into `chatkit/` beside it. The name of each part has a hash of its content, which the script knows,
 * so that a part can be kept for ever and never meets a script of another version. Every file is
 * replaced in one step, never half written.
 */
export async function buildElement(outfile = `${root}public/chatkit.js`): Promise<ElementFiles> {
  const parts = new Map<string, string | Uint8Array>(
    (await Promise.all([buildModules(), buildDiagramFrame(), buildPdfWorker(), readMathsFont()])).flat(),
  )
  const names = Object.fromEntries([...parts].map(([name, content]) => [name, nameWithHash(name, content)]))
  const script = await buildScript(names)
  const folder = path.join(path.dirname(outfile), 'chatkit')
  for (const [name, content] of parts) await replaceFile(path.join(folder, names[name] ?? name), content)
  await replaceFile(outfile, script)
  await removeOldParts(folder)
  const served = [...parts].map(([name, content]) => [`/chatkit/${names[name]}`, content])
  return { '/chatkit.js': script, ...Object.fromEntries(served) }
}

async function buildScript(parts: Record<string, string>): Promise<string> {
  const { outputFiles = [] } = await build({
    ...SHARED,
    entryPoints: [`${root}lib/chatkit-element/main.ts`],
    format: 'iife',
    charset: 'ascii',
    define: { CHATKIT_PARTS: JSON.stringify(parts) },
    banner: { js: '/*! <openai-chatkit> by Switchboard. Contains preact (MIT), lucide (ISC). */' },
    plugins: [cssAsText, iconsWithoutKeys],
  })
  return outputFiles[0]?.text ?? ''
}

type Part = [name: string, content: string | Uint8Array]

/** The languages and the parts, each a module of its own that shares nothing with the script. */
async function buildModules(): Promise<Part[]> {
  const { outputFiles = [] } = await build({
    ...SHARED,
    entryPoints: ['locales', 'parts'].flatMap((folder) => globSync(`${root}lib/chatkit-element/${folder}/*.ts`)),
    outdir: '/',
    entryNames: '[name]',
    format: 'esm',
    plugins: [cssAsText],
  })
  return outputFiles.map(({ path: file, text }) => [path.basename(file), text])
}

/** The script of the frame that draws diagrams: the library as it is published, then ours. */
async function buildDiagramFrame(): Promise<Part[]> {
  const [library, { outputFiles = [] }] = await Promise.all([
    readFile(`${root}node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js`, 'utf8'),
    build({ ...SHARED, entryPoints: [`${root}lib/chatkit-element/diagram/frame.ts`], format: 'iife' }),
  ])
  return [['diagram.js', `${library}\n;${outputFiles[0]?.text ?? ''}`]]
}

/** The worker that draws PDF files. PDF.js is published minified. */
async function buildPdfWorker(): Promise<Part[]> {
  const entryPoints = [`${root}lib/chatkit-element/views/files/pdf-worker.ts`]
  const { outputFiles = [] } = await build({ ...SHARED, minify: false, entryPoints, format: 'iife', logLevel: 'error' })
  return [['pdf-worker.js', `/*! Contains PDF.js (Apache-2.0). */\n${outputFiles[0]?.text ?? ''}`]]
}

async function readMathsFont(): Promise<Part[]> {
  const file = `${root}node_modules/@fontsource/noto-sans-math/files/noto-sans-math-latin-400-normal.woff2`
  return [['maths.woff2', await readFile(file)]]
}

function nameWithHash(name: string, content: string | Uint8Array): string {
  const { name: base, ext } = path.parse(name)
  return `${base}-${createHash('sha256').update(content).digest('hex').slice(0, 10)}${ext}`
}

async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.${process.pid}`, content)
  await rename(`${file}.${process.pid}`, file)
}

async function removeOldParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    const written = (await stat(file).catch(() => null))?.mtimeMs
    if (written && Date.now() - written > KEPT_MS) await rm(file, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await buildElement()
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
  for (const [address, content] of Object.entries(files))
    console.log(`${address}: ${kB(content.length)}, ${kB(gzipSync(content).length)} gzip`)
  if (gzipSync(files['/chatkit.js'] ?? '').length > BUDGET_GZIP) {
    console.error(`The element is over its budget of ${kB(BUDGET_GZIP)} gzip.`)
    process.exitCode = 1
  }
}
