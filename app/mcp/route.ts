import { handleMcp } from '#mcp/http.ts'

export { handleMcp as DELETE, handleMcp as GET, handleMcp as HEAD, handleMcp as OPTIONS, handleMcp as POST }
