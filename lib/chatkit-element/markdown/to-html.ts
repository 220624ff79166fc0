import { Marked, type Token, type Tokens } from 'marked'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'
import { withoutCitations } from '#lib/chatkit-element/markdown/citations.ts'
import type { DetailsToken } from '#lib/chatkit-element/markdown/details.ts'
import type { Footnote, FootnoteReference } from '#lib/chatkit-element/markdown/footnotes.ts'
import { isAllowedImage, isSafeLink } from '#lib/chatkit-element/markdown/links.ts'
import type { MathsToken } from '#lib/chatkit-element/markdown/maths-syntax.ts'

export type RenderContext = {
  strings: Strings
  imageDomains: readonly string[]
  footnotes: readonly Footnote[]
  /** How many rows of each table are shown. */
  rowLimit: number
  /** Receives the tables in the order in which they appear. */
  tables: Tokens.Table[]
}

/**
 * Tags without attributes that people expect to work inside Markdown. All other HTML is shown as
 * text, except for `<details>` (details.ts).
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
  const { strings, rowLimit, tables } = context
  let isInLink = false
  const marked = new Marked({
    renderer: {
      code: ({ text, lang }: Tokens.Code) => codeHtml(text, toLanguage(lang), strings),
      // Code is written from left to right, even in a right-to-left sentence.
      codespan: ({ text }: Tokens.Codespan) => `<code dir="ltr">${escapeHtml(withoutCitations(text))}</code>`,
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
          ? pictureHtml(href, text, isInLink, strings)
          : blockedImageHtml(strings.blockedImage(text), isInLink ? '' : href),
      checkbox: ({ checked }: Tokens.Checkbox) => `<span class="md-check">${checked ? '☑' : '☐'}</span> `,
      table(table: Tokens.Table) {
        tables.push(table)
        const row = (cells: Tokens.TableCell[]) => `<tr>${cells.map((cell) => this.tablecell(cell)).join('')}</tr>`
        const head = `<thead>${row(table.header)}</thead>`
        const body = `<tbody>${table.rows.slice(0, rowLimit).map(row).join('')}</tbody>`
        return tableHtml(`<table>${head}${body}</table>`, table.rows.length - rowLimit, strings)
      },
    },
    extensions: [
      { name: 'maths', renderer: (token) => mathsHtml(token as MathsToken) },
      { name: 'footnoteRef', renderer: (reference) => footnoteHtml(reference as FootnoteReference, context) },
      {
        name: 'details',
        renderer(token) {
          const { isOpen, summary, tokens } = token as DetailsToken
          const title = summary.length ? this.parser.parseInline(summary) : escapeHtml(strings.callDetails)
          return `<details class="md-details"${isOpen ? ' open=""' : ''}><summary>${title}</summary>${this.parser.parse(tokens)}</details>`
        },
      },
    ],
  })
  return marked.parser([token])
}

/** The first word after a fence. */
export function toLanguage(info: string | undefined): string {
  return info?.trim().split(/[\s{,:]/)[0] ?? ''
}

function codeHtml(text: string, language: string, strings: Strings): string {
  const button = (name: string, label: string, more = '') =>
    `<button type="button" data-${name}=""${more}>${escapeHtml(label)}</button>`
  const buttons = [
    ...(/^mermaid$/i.test(language) ? [button('draw-diagram', strings.showDiagram)] : []),
    button('wrap-code', strings.wrapLines, ' aria-pressed="false"'),
    button('copy-code', strings.copyCode),
  ]
  const code = escapeHtml(withoutCitations(text))
  return `<div class="code"><div class="code-head"><span>${escapeHtml(language || strings.code)}</span>${buttons.join('')}</div><pre tabindex="0"><code>${code}</code></pre></div>`
}

function tableHtml(table: string, hiddenRows: number, strings: Strings): string {
  const more =
    hiddenRows > 0 ? `<button type="button" data-more-rows="">${escapeHtml(strings.moreRows(hiddenRows))}</button>` : ''
  const copy = `<button type="button" data-copy-table="">${escapeHtml(strings.copyTable)}</button>`
  return `<div class="md-table-box"><div class="md-table" tabindex="0">${table}</div><div class="md-table-foot">${more}${copy}</div></div>`
}

/** The formula as it is written. It is replaced by MathML once that can be made (fill-block.ts). */
function mathsHtml({ raw, isDisplay }: MathsToken): string {
  const kind = isDisplay ? 'maths is-display' : 'maths'
  const source = escapeHtml(withoutCitations(raw).trim())
  return `<span class="${kind}" dir="ltr">${source}</span>`
}

/** A picture that opens large, unless a link is around it. */
function pictureHtml(href: string, text: string, isInLink: boolean, strings: Strings): string {
  const picture = `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
  if (isInLink) return picture
  const label = escapeHtml(strings.openPicture(text || strings.picture))
  return `<button type="button" class="md-picture" data-open-picture="" aria-label="${label}">${picture}</button>`
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
