import { z } from 'zod'
import { ModelApi, ModelName } from '#lib/data/models/model-facts.ts'
import type { ProviderWish } from '#lib/data/models/model-providers.ts'
import { BaseUrl, ProviderSecrets } from '#lib/data/models/provider-secrets.ts'
import type { StoredProvider } from '#lib/data/models/stored-models.ts'
import { env } from '#lib/platform/env.ts'
import { AppError } from '#lib/platform/errors.ts'
import { ForbiddenAddressError, requireAllowed } from '#lib/platform/net/pinned-fetch.ts'

const Wish = z.object({ name: ModelName, baseUrl: BaseUrl, api: ModelApi, secrets: ProviderSecrets })

const LABELS: Record<string, string> = {
  name: 'Name',
  baseUrl: 'Address',
  api: 'API',
  key: 'Key',
  headers: 'Headers',
}

/**
 * Reads the form of a provider. `before` is the one being changed: it keeps its key and its headers
 * if their fields are empty, but only for the same host, so that no stored key can be sent
 * elsewhere. Throws bad_request.
 */
export function parseProviderForm(form: FormData, before?: StoredProvider): ProviderWish {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const headers = readHeaders(text('headers'))
  const kept = before?.secrets
  const isDropped = form.get('dropKey') === 'on'
  const parsed = Wish.safeParse({
    name: text('name'),
    baseUrl: text('baseUrl'),
    api: text('api'),
    secrets: {
      key: text('key') || (isDropped ? undefined : kept?.key),
      headers: text('headers') === '' ? (isDropped ? {} : (kept?.headers ?? {})) : headers,
    },
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.findLast((part) => Object.hasOwn(LABELS, part))
    // A header's name is the key of a record, whose own problem is one level below.
    const said = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message
    throw new AppError('bad_request', `${LABELS[String(field)] ?? 'The form'}: ${said}`)
  }
  const keepsSecret =
    !isDropped &&
    ((text('key') === '' && kept?.key !== undefined) ||
      (text('headers') === '' && Object.keys(kept?.headers ?? {}).length > 0))
  if (before && keepsSecret && originOf(before.baseUrl) !== originOf(parsed.data.baseUrl))
    throw new AppError(
      'bad_request',
      'The address is that of another host. Enter the key and the headers again, or remove them.',
    )
  requireReachable(parsed.data.baseUrl)
  return parsed.data
}

const originOf = (address: string) => new URL(address).origin

/** Parses lines of a name, a colon and a value. */
function readHeaders(text: string): Record<string, string> {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      if (at < 1) throw new AppError('bad_request', 'Headers: each line needs a name, “:” and a value.')
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

function requireReachable(address: string): void {
  if (env().MODEL_ALLOW_PRIVATE === 'on') return
  try {
    requireAllowed(new URL(address), 'public')
  } catch (cause) {
    if (!(cause instanceof ForbiddenAddressError)) throw cause
    const message = `Address: ${cause.host} is not an address of the public internet. The operator can allow private addresses with MODEL_ALLOW_PRIVATE=on.`
    throw new AppError('bad_request', message, { cause })
  }
}
