import { handleMcp } from '#mcp/http.ts'

const handler = (request: Request) => handleMcp(request)

export { handler as DELETE, handler as GET, handler as HEAD, handler as OPTIONS, handler as POST }
