import type { AgentInputItem, Model, ModelRequest } from '@openai/agents'

type ToolResult = Extract<AgentInputItem, { type: 'function_call_result' }>
type Picture = { type: 'input_image'; [field: string]: unknown }

/**
 * Wraps a Chat Completions model so that it sees the pictures of tools. That API takes only text as
 * a tool's result, so the pictures follow in a message of their own, after the results of all calls
 * that were made together.
 */
export function withPicturesAfterTools(inner: Model): Model {
  const moved = (request: ModelRequest): ModelRequest =>
    typeof request.input === 'string' ? request : { ...request, input: movePictures(request.input) }
  return {
    getResponse: (request) => inner.getResponse(moved(request)),
    getStreamedResponse: (request) => inner.getStreamedResponse(moved(request)),
  }
}

function movePictures(items: AgentInputItem[]): AgentInputItem[] {
  const moved: AgentInputItem[] = []
  let pictures: { name: string; picture: Picture }[] = []
  const show = () => {
    if (pictures.length > 0) moved.push(pictureMessage(pictures))
    pictures = []
  }
  for (const item of items) {
    if (item.type !== 'function_call_result') {
      show()
      moved.push(item)
      continue
    }
    const found = picturesOf(item)
    pictures.push(...found.map((picture) => ({ name: item.name, picture })))
    moved.push(found.length === 0 ? item : withoutPictures(item))
  }
  show()
  return moved
}

function picturesOf({ output }: ToolResult): Picture[] {
  const parts = Array.isArray(output) ? output : [output]
  return parts.flatMap((part): Picture[] => {
    if (typeof part === 'string') return []
    if (part.type === 'input_image') return [part as Picture]
    return part.type === 'image'
      ? [{ type: 'input_image', image: part.image, ...(part.detail && { detail: part.detail }) }]
      : []
  })
}

function withoutPictures(item: ToolResult): ToolResult {
  const parts = Array.isArray(item.output) ? item.output : []
  const texts = parts.filter(({ type }) => type !== 'input_image')
  const note = { type: 'input_text' as const, text: '[The picture of this answer follows below.]' }
  return { ...item, output: [...texts, note] } as ToolResult
}

function pictureMessage(pictures: { name: string; picture: Picture }[]): AgentInputItem {
  const names = [...new Set(pictures.map(({ name }) => name))].join(', ')
  const text = `${pictures.length === 1 ? 'The picture' : 'The pictures'} in the answer of the tool ${names}:`
  const content = [{ type: 'input_text', text }, ...pictures.map(({ picture }) => picture)]
  return { type: 'message', role: 'user', content } as AgentInputItem
}
