import { localPath } from '#lib/platform/http/local-path.ts'

const START = '/chat'
// Who has signed in has no use for the pages before it, and the others answer programs.
const NO_PAGE = /^\/(?:sign-in|sign-up|set-up|forgot-password|reset-password|api|mcp|\.well-known|_next)(?:\/|$)/

/** The path on this server where a sign-in leads: what was asked for if that is a page of ours, else the chat. */
export function returnPath(wish: unknown, appUrl: string): string {
  const path = localPath(wish, appUrl)
  if (path === null) return START
  const { pathname } = new URL(path, appUrl)
  return NO_PAGE.test(decoded(pathname)) ? START : path
}

/** A page before sign-in that goes on to the same place: the link from one to the other. */
export function withReturnPath(page: '/sign-in' | '/sign-up', path: string): string {
  return path === START ? page : `${page}?callbackUrl=${encodeURIComponent(path)}`
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    // No page of ours has such a name.
    return '/api'
  }
}
