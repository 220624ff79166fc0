import base from '#lib/chatkit-element/styles/base.css'
import composer from '#lib/chatkit-element/styles/composer.css'
import files from '#lib/chatkit-element/styles/files.css'
import history from '#lib/chatkit-element/styles/history.css'
import markdown from '#lib/chatkit-element/styles/markdown.css'
import theme from '#lib/chatkit-element/styles/theme.css'
import thread from '#lib/chatkit-element/styles/thread.css'
import widgets from '#lib/chatkit-element/styles/widgets.css'

let sheet: CSSStyleSheet | undefined
const texts = [theme, base, thread, markdown, composer, history, widgets, files]

/**
 * One style sheet for all elements of the page. A constructed sheet works under a
 * Content-Security-Policy without 'unsafe-inline'.
 */
export function makeStyleSheet(): CSSStyleSheet {
  if (sheet) return sheet
  sheet = new CSSStyleSheet()
  sheet.replaceSync(texts.join('\n'))
  return sheet
}

/** Adds the rules of a part that was loaded later. The same rules are added once. */
export function addStyles(css: string): void {
  if (texts.includes(css)) return
  texts.push(css)
  sheet?.replaceSync(texts.join('\n'))
}
