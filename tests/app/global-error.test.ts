import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import GlobalError from '#app/global-error.tsx'

test('if even the root layout fails, the page is whole, says what to do, and names the failure without its cause', () => {
  const error = Object.assign(new Error('password=hunter2'), { digest: '4711' })
  const html = renderToStaticMarkup(createElement(GlobalError, { error, reset: () => {} }))
  expect(html).toMatch(/^<html lang="en">/)
  expect(html).toContain('<title>Something went wrong · Switchboard</title>')
  expect(html).toMatch(/<main[^>]*>.*role="alert"/)
  expect(html).toContain('This page could not be loaded')
  expect(html).toContain('Reference 4711')
  expect(html).toMatch(/<button[^>]*>.*Try again<\/button>/)
  expect(html).not.toContain('hunter2')
  const without = renderToStaticMarkup(createElement(GlobalError, { error: new Error('x'), reset: () => {} }))
  expect(without).not.toContain('Reference')
})
