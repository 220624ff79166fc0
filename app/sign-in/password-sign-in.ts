'use client'

import { signIn } from 'next-auth/react'

/**
 * Signs in with a password and opens `path`. Returns the reason for a refusal, or `unreachable`
 * without a connection.
 */
export async function signInWithPassword(email: string, password: string, path = '/chat'): Promise<string | undefined> {
  return signInBy('credentials', { email, password }, path)
}

/** Signs in with the code of a mailed link and opens `path`. Returns the reason for a refusal. */
export async function signInWithMailLink(code: string, path = '/chat'): Promise<string | undefined> {
  return signInBy('mail-link', { code }, path)
}

async function signInBy(provider: string, fields: Record<string, string>, path: string): Promise<string | undefined> {
  try {
    const outcome = await signIn(provider, { ...fields, redirect: false, callbackUrl: path })
    if (outcome?.ok && !outcome.error) {
      window.location.assign(path)
      return undefined
    }
    return outcome?.error ?? 'Callback'
  } catch {
    return 'Unavailable'
  }
}
