import { literalText, parseSource, type SyntaxNode, walkSource } from '#tests/support/source-tree.ts'

/** Attributes of elements that people never read. */
const TECHNICAL = new Set(
  `className href id name type tone size autoComplete method role rel target action src style key value inputMode
  autoCapitalize autoCorrect viewBox d fill stroke lang dir scope align path form htmlFor prefix as variant placement
  selectionMode enterKeyHint transform preserveAspectRatio strokeLinecap strokeLinejoin strokeWidth content nonce
  fontFamily colour pattern accept layout at from`.split(/\s+/),
)
/** What text of a function's arguments is for programs or the log. */
const UNSEEN_CALLS =
  /^(?:t|t\.rich|makeTitle|log\.\w+|fetch|matchMedia|redirect|RegExp|Error|TypeError|AppError|Response|notFound|.*\.(?:startsWith|endsWith|includes|split|join|replace|replaceAll|querySelector|querySelectorAll|closest|addEventListener|match|matches|get|set|has|append|test|withResolvers))$/
const UNSEEN_PROPERTIES = /^(?:failure|className|path|cookie)$/

const hasWords = (text: string) => /\p{L}{2}/u.test(text)
/** A sentence or a label, rather than a name for programs. */
const isForPeople = (text: string) =>
  hasWords(text) &&
  (/^(?:…\s*)?[\p{Lu}“(]/u.test(text.trim()) ? /\p{Ll}/u.test(text) : /^\p{L}[\p{L}’,]* \p{L}/u.test(text.trim()))

/** The texts of a file that people read and that no dictionary translates. `known` are its sentences. */
export function findHardCoded(file: string, known: ReadonlySet<string>, source?: string): string[] {
  const found: string[] = []
  walkSource(parseSource(file, source), (node) => {
    const text = textOf(node)
    if (text === undefined || known.has(text) || !isShown(node, text)) return
    found.push(`${file}: ${text.trim().replace(/\s+/g, ' ').slice(0, 100)}`)
  })
  return found
}

/** Names of programs, commands, keys, codes and media queries, which are the same in every language. */
const UNTRANSLATED =
  /^(?:Switchboard|Markdown|JSON|Basic|Text|Caption|OPENAI_\w+=.*|The server cannot be reached\.|The server failed\.|The connection was lost\.|Claude|Claude Code|VS Code|Cursor|MCP Inspector|claude mcp add .*|Bearer …|Authorization:.*|\((?:prefers|min)-.*\)|Escape|ArrowUp|ArrowDown|Callback|Unavailable|MailLinkSpent|sign in|flex (?:min-)?h-\d+ .*)$/s

function textOf(node: SyntaxNode): string | undefined {
  if (node.type === 'JSXText') return String(node.value)
  if (node.type === 'TemplateLiteral')
    return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join('…')
  return literalText(node)
}

function isShown(node: SyntaxNode, text: string): boolean {
  if (node.type === 'JSXText') return hasWords(text) && !UNTRANSLATED.test(text.trim()) && !isWithin(node, 'code')
  if (!isForPeople(text) || UNTRANSLATED.test(text)) return false
  for (let at: SyntaxNode = node, parent = node.parent; parent; at = parent, parent = parent.parent)
    switch (parent.type) {
      case 'JSXAttribute':
        return !isTechnical(nameOf(parent.name))
      case 'CallExpression':
      case 'NewExpression': {
        const given = parent.arguments as unknown[]
        if (given.includes(at)) return !UNSEEN_CALLS.test(nameOf(parent.callee))
        break
      }
      case 'Property':
        if (parent.key === at || UNSEEN_PROPERTIES.test(nameOf(parent.key))) return false
        break
      case 'BinaryExpression':
      case 'SwitchCase':
      case 'TSLiteralType':
      case 'TaggedTemplateExpression':
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ImportExpression':
      case 'TSEnumMember':
        return parent.type === 'ExportNamedDeclaration' && parent.source !== at
      case 'MemberExpression':
        if (parent.property === at) return false
        break
      case 'ExpressionStatement':
        return false
    }
  return true
}

function isTechnical(attribute: string): boolean {
  return (
    TECHNICAL.has(attribute) ||
    /^data-/.test(attribute) ||
    (/^aria-/.test(attribute) && !/^aria-(label|description|valuetext|roledescription)$/.test(attribute))
  )
}

function isWithin(node: SyntaxNode, element: string): boolean {
  for (let parent = node.parent; parent; parent = parent.parent)
    if (parent.type === 'JSXElement' && nameOf((parent.openingElement as SyntaxNode).name) === element) return true
  return false
}

/** "log.error" for such an expression, "aria-label" for such an attribute. */
function nameOf(node: unknown): string {
  const { type, name, object, property, namespace } = (node ?? {}) as SyntaxNode
  if (type === 'MemberExpression') return `${nameOf(object)}.${nameOf(property)}`
  if (type === 'JSXNamespacedName') return `${nameOf(namespace)}:${nameOf(name)}`
  return typeof name === 'string' ? name : (literalText(node) ?? '')
}
