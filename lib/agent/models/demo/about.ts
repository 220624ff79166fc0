import type { Person } from '#lib/data/people/users.ts'

/** The person, their time zone (IANA name) and the current time. */
export type About = { person: Person; timeZone: string; now: Date }
