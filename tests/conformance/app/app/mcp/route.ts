import { makeEndpoint } from '#mcp/endpoint.ts'
import { fixture } from '#tests/conformance/fixture/server.ts'

// The suite sends no token, so every request belongs to this person.
const endpoint = makeEndpoint(fixture, async () => ({
  userId: 'usr_conformance',
  role: 'member',
  via: 'session',
  sessionVersion: 1,
}))

export { endpoint as DELETE, endpoint as GET, endpoint as HEAD, endpoint as OPTIONS, endpoint as POST }
