import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { unpackedChromium } from '#tests/support/browser/chromium.ts'

/** Quiet and self-contained: nothing connects to the internet, asks, updates or needs a display. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const INSTALLED: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  linux: ['/usr/bin/google-chrome', '/usr/bin/chromium', '/usr/bin/chromium-browser'],
  win32: ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'],
}

/**
 * Chromium itself sometimes crashes at startup (SIGSEGV before any page is open), which says
 * nothing about what is tested.
 */
const LAUNCHES = 3

/**
 * A real Chromium for browser tests: `CHROME_PATH` if set, else the one that npm installs (Linux
 * x64 only), else an installed Chrome. Use one browser per test file and one context per test. The
 * caller closes it.
 */
export async function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  const executablePath = await findChromium()
  for (let launch = 1; ; launch += 1) {
    try {
      return await chromium.launch({ executablePath, args: [...FLAGS, ...flags], timeout: 60_000 })
    } catch (error) {
      if (launch === LAUNCHES || !String(error).includes('SIGSEGV')) throw error
    }
  }
}

async function findChromium(): Promise<string> {
  const chosen = process.env.CHROME_PATH
  if (chosen) {
    if (!existsSync(chosen)) throw new Error(`CHROME_PATH names no file: ${chosen}`)
    return chosen
  }
  if (process.platform === 'linux' && process.arch === 'x64') return unpackedChromium()
  const installed = INSTALLED[process.platform]?.find(existsSync)
  if (!installed) throw new Error('No Chrome was found. Install Google Chrome or set CHROME_PATH to its program file.')
  return installed
}
