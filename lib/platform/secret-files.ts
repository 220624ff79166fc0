import { readFileSync } from 'node:fs'

/** The settings that hold a secret. Each can be given as a file instead, which NAME_FILE names. */
const SECRETS = [
  'APP_SECRET',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'DATABASE_LISTEN_URL',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'SMTP_URL',
  'GITHUB_SECRET',
  'GOOGLE_SECRET',
  'OIDC_SECRET',
  'OPENAI_API_KEY',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
] as const

const FILE_MAX_BYTES = 65_536

type Values = Record<string, string | undefined>

/**
 * Reads the secrets that `source` names as files, as Docker and Kubernetes mount them; the line
 * break at the end does not count. `problems` has what is wrong by the name of the variable.
 */
export function readSecretFiles(source: Values): { values: Values; problems: Map<string, string> } {
  const values = { ...source }
  const problems = new Map<string, string>()
  for (const name of SECRETS) {
    const file = source[`${name}_FILE`]
    if (!file) continue
    try {
      if (source[name]) throw new Error(`is set, and so is ${name}: keep one of the two`)
      values[name] = readSecret(file)
    } catch (error) {
      problems.set(`${name}_FILE`, (error as Error).message)
    }
  }
  return { values, problems }
}

/**
 * Removes the secrets from `environment`, so that programs that this process starts, and its crash
 * reports, do not have them.
 */
export function removeSecrets(environment: Values): void {
  for (const name of SECRETS) delete environment[name]
}

function readSecret(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Error(`names ${file}, which cannot be read (${code})`, { cause: error })
  }
  if (text.length > FILE_MAX_BYTES) throw new Error(`names ${file}, which has more than ${FILE_MAX_BYTES} characters`)
  const secret = text.replace(/\r?\n$/, '')
  if (!secret) throw new Error(`names ${file}, which is empty`)
  return secret
}
