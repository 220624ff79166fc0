const PIECE = /<span class="([\w .-]*)">|<\/span>|&(amp|lt|gt|quot|#x27);|[^<&]+|[<&]/g
const CHARACTERS: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'" }

/**
 * The highlighter's HTML as nodes: spans with its classes, and text. Built by hand, so that nothing
 * else can come of it, whatever the code says.
 */
export function toSpans(html: string): DocumentFragment {
  const root = document.createDocumentFragment()
  let parent: Node = root
  let text = ''
  const flush = () => {
    if (text) parent.appendChild(document.createTextNode(text))
    text = ''
  }
  for (const { 0: piece, 1: name, 2: entity } of html.matchAll(PIECE)) {
    if (entity) text += CHARACTERS[entity]
    else if (name !== undefined) {
      flush()
      const span = document.createElement('span')
      span.className = name
      parent = parent.appendChild(span)
    } else if (piece === '</span>') {
      flush()
      parent = parent.parentNode ?? root
    } else text += piece
  }
  flush()
  return root
}
