import { drawDiagram } from '#lib/chatkit-element/blocks/draw-diagram.ts'
import type { Tools } from '#lib/chatkit-element/blocks/tools.ts'
import type { Strings } from '#lib/chatkit-element/language/strings.ts'

/**
 * Shows the diagram that a code block describes in place of its source, and the source again. If it
 * cannot be drawn, the source stays, with a sentence above it.
 */
export async function toggleDiagram(button: HTMLElement, strings: Strings, tools: Tools): Promise<void> {
  const block = button.closest('.code')
  const pre = block?.querySelector('pre')
  if (!block || !pre || button.ariaBusy === 'true') return
  block.querySelector('.diagram-failure')?.remove()
  const shown = block.querySelector('.diagram')
  if (shown) {
    shown.remove()
    pre.hidden = false
    button.textContent = strings.showDiagram
    return
  }
  button.ariaBusy = 'true'
  button.textContent = strings.drawing
  try {
    const source = pre.textContent ?? ''
    const { colorScheme, fontFamily } = getComputedStyle(block)
    const src = await drawDiagram({ source, isDark: isDark(colorScheme), font: fontFamily }, tools)
    pre.before(makePicture(src, strings))
    pre.hidden = true
    button.textContent = strings.showSource
  } catch {
    const failure = document.createElement('p')
    failure.className = 'diagram-failure'
    failure.setAttribute('role', 'status')
    failure.textContent = strings.diagramFailed
    pre.before(failure)
    button.textContent = strings.showDiagram
  } finally {
    button.ariaBusy = null
  }
}

function makePicture(src: string, strings: Strings): Element {
  const picture = document.createElement('img')
  picture.src = src
  picture.alt = strings.diagram
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'diagram'
  button.dataset.openPicture = ''
  button.setAttribute('aria-label', strings.openPicture(strings.diagram))
  button.append(picture)
  return button
}

/** True if the block is shown in dark colours: `light dark` follows the system. */
function isDark(colorScheme: string): boolean {
  const [first, second] = colorScheme.split(' ')
  return first === 'dark' || (second === 'dark' && matchMedia('(prefers-color-scheme: dark)').matches)
}
