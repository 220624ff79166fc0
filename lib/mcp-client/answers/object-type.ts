import { isFields } from '#lib/mcp-client/answers/read-result.ts'

/**
 * A listed tool with the type of its arguments where its server leaves it out or lists several, as for a choice of objects
 * (`anyOf`): MCP knows arguments of one type alone.
 */
export function withObjectType<Tool>(tool: Tool): Tool {
  if (!isFields(tool) || !isFields(tool.inputSchema)) return tool
  const { type } = tool.inputSchema
  const isObject = type === undefined || (Array.isArray(type) && type.includes('object'))
  return isObject ? { ...tool, inputSchema: { ...tool.inputSchema, type: 'object' } } : tool
}
