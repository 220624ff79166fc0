import { handleMcp } from '#mcp/endpoint.ts'

export { handleMcp as DELETE, handleMcp as GET, handleMcp as HEAD, handleMcp as OPTIONS, handleMcp as POST }
