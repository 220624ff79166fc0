import type { Person } from '#lib/data/people/users.ts'

/** The person, and the time for them. `timeZone` is an IANA name. */
export type About = { person: Person; timeZone: string; now: Date }
