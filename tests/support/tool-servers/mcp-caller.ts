export type ToolAnswer = {
  structuredContent?: Record<string, unknown>
  content: { type: string; text: string }[]
  isError?: boolean
}

/** Calls an MCP endpoint as curl would: one POST per message, no handshake, no SDK. */
export function mcpCaller(url: string, token?: string, always: Record<string, string> = {}) {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
        ...always,
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const send = async (method: string, params: unknown = {}, id: string | number = 1) =>
    (await (await post({ jsonrpc: '2.0', id, method, params })).json()) as {
      id: unknown
      result?: never
      error?: { code: number; message: string }
    }
  const call = async (name: string, args: unknown = {}, id: string | number = 1): Promise<ToolAnswer> => {
    const { result, error } = await send('tools/call', { name, arguments: args }, id)
    if (!result) throw new Error(`no result: ${JSON.stringify(error)}`)
    return result
  }
  /** The structured answer of a call that must succeed. */
  const get = async (name: string, args: unknown = {}): Promise<Record<string, never>> => {
    const answer = await call(name, args)
    if (answer.isError || !answer.structuredContent) throw new Error(`${name} failed: ${answer.content[0]?.text}`)
    return answer.structuredContent as Record<string, never>
  }
  /** The sentence of a call that must fail. */
  const fail = async (name: string, args: unknown = {}): Promise<string> => {
    const answer = await call(name, args)
    if (!answer.isError) throw new Error(`${name} did not fail: ${answer.content[0]?.text}`)
    return answer.content.map((part) => part.text).join('\n')
  }
  return { post, send, call, get, fail }
}
