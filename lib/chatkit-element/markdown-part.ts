import type { Tools } from '#lib/chatkit-element/blocks/tools.ts'
import { findPartUrl, loadPart, scriptNonce } from '#lib/chatkit-element/load-part.ts'
import type { MarkdownPart } from '#lib/chatkit-element/parts/renderer.ts'
import { Signal } from '#lib/chatkit-element/signal.ts'
import { addStyles } from '#lib/chatkit-element/styles/sheet.ts'

/** What shows Markdown; null until it is loaded. */
export const markdownPart = new Signal<MarkdownPart | null>(null)

export const partTools: Tools = { loadPart, findPartUrl, nonce: scriptNonce, addStyles }

/**
 * Loads what shows Markdown. Each new text asks for it, so that it is tried again after a failure;
 * until then texts are shown as they are written.
 */
export function loadMarkdown(onFailed?: (error: unknown) => void): void {
  if (!markdownPart.value)
    loadPart<MarkdownPart>('renderer').then((part) => markdownPart.set(part), onFailed ?? (() => {}))
}
