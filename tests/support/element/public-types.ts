import { readFileSync } from 'node:fs'
import { parseSync } from 'vite'

/** A node of the syntax tree, as far as this file looks at it. */
type Node = {
  type: string
  name?: string
  value?: string | number
  id: Node
  key: Node
  literal: Node
  typeName: Node
  declaration: Node | null
  argument: Node
  body: { body: Node[] }
  members: Node[]
  types: Node[]
  params: Node[] | { name: Node }[]
  elementType: Node
  typeArguments: { params: Node[] } | null
  typeAnnotation: Node
  returnType: Node | null
}
type Named = { name: string; typeAnnotation: Node | null }

/**
 * The name of every option, method and event of the installed `@openai/chatkit`, as its types declare them:
 * `composer.tools[].label` (the fields of a list's entries), `onClientTool(toolCall).name` (what a
 * function is given), `entities.onTagSearch()[].id` (what it returns), `chatkit.error.detail.error`.
 * A group (`composer`) is listed by what is in it, and a type that several names share where it is
 * met first. `values` has the words and numbers that a name may have.
 */
export function readPublicTypes(): { names: string[]; values: Map<string, (string | number)[]> } {
  const file = 'node_modules/@openai/chatkit/types/index.d.ts'
  const { program, errors } = parseSync(file, readFileSync(file, 'utf8'), { lang: 'dts' })
  if (errors.length > 0) throw new Error(`${file} cannot be read: ${errors[0]?.message}`)
  const declared = new Map(
    (program.body as unknown as Node[]).flatMap(({ declaration }) =>
      declaration ? [[declaration.id.name ?? '', declaration] as const] : [],
    ),
  )
  const names = new Set<string>()
  const values = new Map<string, Set<string | number>>()
  const met = new Set<string>()

  function list(name: string, type: Node | null): void {
    names.add(name)
    walk(name, type)
  }

  function walk(path: string, type: Node | null): void {
    if (type?.type === 'TSTypeLiteral')
      for (const { key, typeAnnotation } of type.members) {
        const field = key.name ?? String(key.value)
        list(path ? `${path}.${field}` : field, typeAnnotation?.typeAnnotation ?? null)
      }
    else if (type?.type === 'TSArrayType') walk(`${path}[]`, type.elementType)
    else if (type?.type === 'TSUnionType' || type?.type === 'TSIntersectionType')
      for (const one of type.types) walk(path, one)
    else if (type?.type === 'TSParenthesizedType') walk(path, type.typeAnnotation)
    else if (type?.type === 'TSFunctionType') walkCall(path, type)
    else if (type?.type === 'TSTypeReference') walkReference(path, type)
    else if (type?.type === 'TSLiteralType') {
      const { literal } = type
      const value = literal.type === 'UnaryExpression' ? -Number(literal.argument.value) : literal.value
      if (typeof value === 'string' || typeof value === 'number')
        values.set(path, (values.get(path) ?? new Set()).add(value))
    }
  }

  function walkCall(path: string, { params, returnType }: Pick<Node, 'params' | 'returnType'>): void {
    for (const param of params as unknown as Named[])
      walk(`${path}(${param.name})`, param.typeAnnotation?.typeAnnotation ?? null)
    walk(`${path}()`, returnType?.typeAnnotation ?? null)
  }

  function walkReference(path: string, { typeName, typeArguments }: Node): void {
    const name = typeName.name ?? ''
    const target = declared.get(name)
    if (name === 'Promise') walk(path, typeArguments?.params[0] ?? null)
    else if (target && !met.has(name)) {
      met.add(name)
      walk(path, target.typeAnnotation)
    }
  }

  const fieldsOf = (name: string) => declared.get(name)?.typeAnnotation?.members ?? []
  met.add('ChatKitOptions')
  walk('', declared.get('ChatKitOptions')?.typeAnnotation ?? null)
  for (const method of declared.get('OpenAIChatKit')?.body.body ?? []) {
    const name = method.key.name ?? ''
    names.add(name)
    // What every element takes is not ChatKit's own.
    if (!name.endsWith('EventListener')) walkCall(name, method)
  }
  for (const { key, typeAnnotation } of fieldsOf('ChatKitEvents')) {
    names.add(String(key.value))
    walk(`${key.value}.detail`, typeAnnotation.typeAnnotation.typeArguments?.params[0] ?? null)
  }
  return {
    names: [...names].filter((name) => values.has(name) || ![...names].some((other) => isInside(other, name))),
    values: new Map([...values].map(([name, all]) => [name, [...all]])),
  }
}

/** True if `name` is a field, an entry, a parameter or a result of `group`. */
function isInside(name: string, group: string): boolean {
  return name.startsWith(group) && /^[.[(]/.test(name.slice(group.length))
}
