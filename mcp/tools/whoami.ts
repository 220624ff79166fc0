import { z } from 'zod'
import { defineTool } from '#mcp/define-tool.ts'
import { toLocalTime } from '#mcp/fields/local-time.ts'

export const whoamiTool = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Returns the person that the tools work for: name, email, time zone and the current time there. Call it first to resolve a date such as "tomorrow".',
  access: 'read',
  scope: null,
  input: z.object({}),
  output: z.object({
    name: z.string(),
    email: z.string(),
    role: z.enum(['admin', 'member']),
    time_zone: z.string().describe('IANA name. UTC if the person has not set one.'),
    locale: z.string().nullable().describe('BCP 47 tag.'),
    now: z.string().describe('The current time, ISO 8601 with the offset of the time zone.'),
  }),
  run: async (_input, { person: { name, email, role, locale }, timeZone }) => ({
    name,
    email,
    role,
    time_zone: timeZone,
    locale,
    now: toLocalTime(new Date(), timeZone),
  }),
})
