// Plain JavaScript for the person's own Node (20 or newer): it runs before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..')

/**
 * True if node_modules differs from package-lock.json. npm keeps its own lock file in node_modules.
 */
export function needsInstall() {
  try {
    const wanted = readJson('package-lock.json').packages
    const present = readJson('node_modules/.package-lock.json').packages
    return Object.entries(wanted).some(([name, { version, optional }]) => {
      if (name === '' || (optional && !present[name])) return false
      return present[name]?.version !== version
    })
  } catch {
    return true
  }
}

/**
 * Installs the versions of the lock file. Shows npm's output only if it fails. Rejects with an
 * Error of one sentence.
 */
export function install() {
  return runStep(
    'npm',
    ['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--loglevel=error'],
    'npm ci',
  )
}

/**
 * The Node that runs the product: version 24 from node_modules if there is a package for this
 * system, else the person's own, which runs TypeScript from 22.18 on. Throws an Error with a
 * sentence.
 */
export function findNode() {
  const installed = path.join(ROOT, 'node_modules/.bin/node')
  if (existsSync(installed)) return installed
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  throw new Error(
    `Switchboard needs Node 22.18 or newer on ${process.platform} ${process.arch}; this is ${process.version}. Install it from https://nodejs.org and start again.`,
  )
}

/**
 * Runs a program in the project's folder and prints its output only if it fails. Rejects with an
 * Error whose message ends in `name`.
 */
export function runStep(file, args, name, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], ...options })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk))
    const kill = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, kill)
    child.on('error', reject)
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, kill)
      if (code === 0) resolve()
      else reject(new Error(`${Buffer.concat(output).toString().trimEnd()}\n${name} failed (exit code ${code}).`))
    })
  })
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'))
}
