import { isFields } from '#lib/mcp-client/answers/read-result.ts'

/**
 * Sets the type of a listed tool's arguments to object if its server omits it or lists several
 * types, as for a choice of objects (`anyOf`). MCP allows only one type for arguments.
 */
export function withObjectType<Tool>(tool: Tool): Tool {
  if (!isFields(tool) || !isFields(tool.inputSchema)) return tool
  const { type } = tool.inputSchema
  const isObject = type === undefined || (Array.isArray(type) && type.includes('object'))
  return isObject ? { ...tool, inputSchema: { ...tool.inputSchema, type: 'object' } } : tool
}
