import { Marked, type Token, type Tokens } from 'marked'
import { isAllowedImage, isSafeLink } from '#lib/chatkit-element/markdown/links.ts'
import type { Strings } from '#lib/chatkit-element/strings.ts'

export type RenderContext = { strings: Strings; imageDomains: readonly string[] }

/** Tags without attributes that people expect to work inside Markdown. All other HTML is shown as the text that it is. */
const HARMLESS_TAG = /^<\/?(?:br|sub|sup|kbd|mark|u|s|del|ins)\s*\/?>$/i

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** One block as HTML, not yet trusted: sanitise.ts is the wall, this file only says how things look. */
export function blockToHtml(token: Token, { strings, imageDomains }: RenderContext): string {
  const marked = new Marked({
    renderer: {
      code: ({ text, lang }: Tokens.Code) => codeHtml(text, lang?.trim().split(/\s/)[0] ?? '', strings),
      html: ({ text }: Tokens.HTML | Tokens.Tag) => (HARMLESS_TAG.test(text.trim()) ? text : escapeHtml(text)),
      heading({ tokens, depth }: Tokens.Heading) {
        // The element's own headings are levels 2 and 3, so an answer's begin below them.
        const level = Math.min(6, depth + 3)
        return `<h${level} class="md-h${Math.min(4, depth)}">${this.parser.parseInline(tokens)}</h${level}>`
      },
      link({ href, title, tokens }: Tokens.Link) {
        const label = this.parser.parseInline(tokens)
        if (!isSafeLink(href)) return label
        return `<a href="${escapeHtml(href)}"${title ? ` title="${escapeHtml(title)}"` : ''}>${label}</a>`
      },
      image: ({ href, text }: Tokens.Image) =>
        isAllowedImage(href, imageDomains)
          ? `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
          : `<span class="blocked-image">${escapeHtml(strings.blockedImage(text))}</span>`,
      checkbox: ({ checked }: Tokens.Checkbox) => `<span class="md-check">${checked ? '☑' : '☐'}</span> `,
    },
  })
  const html = marked.parser([token])
  return token.type === 'table' ? `<div class="md-table" tabindex="0">${html}</div>` : html
}

function codeHtml(text: string, language: string, strings: Strings): string {
  const name = escapeHtml(language || strings.code)
  return `<div class="code"><div class="code-head"><span>${name}</span><button type="button" data-copy-code="">${escapeHtml(strings.copyCode)}</button></div><pre tabindex="0"><code>${escapeHtml(text)}</code></pre></div>`
}
