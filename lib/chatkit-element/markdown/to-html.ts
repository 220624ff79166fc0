import { Marked, type Token, type Tokens } from 'marked'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import type { Footnote, FootnoteReference } from '#lib/chatkit-element/markdown/footnotes.ts'
import { isAllowedImage, isSafeLink } from '#lib/chatkit-element/markdown/links.ts'

export type RenderContext = { strings: Strings; imageDomains: readonly string[]; footnotes: readonly Footnote[] }

/**
 * Tags without attributes that people expect to work inside Markdown. All other HTML is shown as
 * text.
 */
const HARMLESS_TAG = /^<\/?(?:br|sub|sup|kbd|mark|u|s|del|ins)\s*\/?>$/i

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/**
 * One block as HTML. The result is untrusted: sanitise.ts makes it safe, this file only defines the
 * look.
 */
export function toHtml(token: Token, context: RenderContext): string {
  const { strings } = context
  let isInLink = false
  const marked = new Marked({
    renderer: {
      code: ({ text, lang }: Tokens.Code) => codeHtml(text, lang?.trim().split(/\s/)[0] ?? '', strings),
      // Code is written from left to right, even in a right-to-left sentence.
      codespan: ({ text }: Tokens.Codespan) => `<code dir="ltr">${escapeHtml(text)}</code>`,
      html: ({ text }: Tokens.HTML | Tokens.Tag) => (HARMLESS_TAG.test(text.trim()) ? text : escapeHtml(text)),
      heading({ tokens, depth }: Tokens.Heading) {
        // The element's own headings are levels 2 and 3, so an answer's headings begin at level 4.
        const level = Math.min(6, depth + 3)
        return `<h${level} class="md-h${Math.min(4, depth)}">${this.parser.parseInline(tokens)}</h${level}>`
      },
      link({ href, title, tokens }: Tokens.Link) {
        const isSafe = isSafeLink(href)
        const before = isInLink
        isInLink ||= isSafe
        const label = this.parser.parseInline(tokens)
        isInLink = before
        if (!isSafe) return label
        return `<a href="${escapeHtml(href)}"${title ? ` title="${escapeHtml(title)}"` : ''}>${label}</a>`
      },
      image: ({ href, text }: Tokens.Image) =>
        isAllowedImage(href, context.imageDomains)
          ? `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
          : blockedImageHtml(strings.blockedImage(text), isInLink ? '' : href),
      checkbox: ({ checked }: Tokens.Checkbox) => `<span class="md-check">${checked ? '☑' : '☐'}</span> `,
    },
    extensions: [
      { name: 'maths', renderer: ({ raw }) => `<span class="maths" dir="ltr">${escapeHtml(raw)}</span>` },
      { name: 'footnoteRef', renderer: (reference) => footnoteHtml(reference as FootnoteReference, context) },
    ],
  })
  const html = marked.parser([token])
  return token.type === 'table' ? `<div class="md-table" tabindex="0">${html}</div>` : html
}

function codeHtml(text: string, language: string, strings: Strings): string {
  const name = escapeHtml(language || strings.code)
  return `<div class="code"><div class="code-head"><span>${name}</span><button type="button" data-copy-code="">${escapeHtml(strings.copyCode)}</button></div><pre tabindex="0"><code>${escapeHtml(text)}</code></pre></div>`
}

/** A link to an image that is not loaded automatically, so that the person can still open it. */
function blockedImageHtml(label: string, href: string): string {
  const text = escapeHtml(label)
  if (!/^https?:/i.test(href)) return `<span class="blocked-image">${text}</span>`
  return `<a class="blocked-image" href="${escapeHtml(href)}" title="${escapeHtml(href)}">${text}</a>`
}

function footnoteHtml({ label, raw }: FootnoteReference, { footnotes, strings }: RenderContext): string {
  const number = footnotes.find((note) => note.label === label)?.number
  if (!number) return escapeHtml(raw)
  const name = escapeHtml(strings.footnote(number))
  return `<sup><button type="button" class="note-ref" data-note-ref="${number}" aria-label="${name}">${number}</button></sup>`
}
