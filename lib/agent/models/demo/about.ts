import type { Person } from '#lib/data/people/users.ts'

/** For whom and when. `timeZone` is an IANA name. */
export type About = { person: Person; timeZone: string; now: Date }
