import { toLocalPath } from '#lib/platform/http/local-path.ts'

const START = '/chat'
// Someone who has signed in does not need the pages before sign-in, and the other addresses are for
// programs.
const NO_PAGE = /^\/(?:sign-in|sign-up|set-up|forgot-password|reset-password|api|mcp|\.well-known|_next)(?:\/|$)/

/**
 * The path on this server to open after sign-in: the wished one if it is a page of ours, else the
 * chat.
 */
export function toReturnPath(wish: unknown, appUrl: string): string {
  const path = toLocalPath(wish, appUrl)
  if (path === null) return START
  const { pathname } = new URL(path, appUrl)
  return NO_PAGE.test(decoded(pathname)) ? START : path
}

/** A page before sign-in that passes the return path on: for links between sign-in and sign-up. */
export function withReturnPath(page: '/sign-in' | '/sign-up', path: string): string {
  return path === START ? page : `${page}?callbackUrl=${encodeURIComponent(path)}`
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    // No page of ours has such a path.
    return '/api'
  }
}
