import type { Identity } from '#lib/data/servers/server-config.ts'

/** The ways in which a server learns who a call is for, in words for people. */
export const IDENTITY_NAMES: Record<Identity['kind'], { short: string; label: string }> = {
  none: {
    short: 'Nothing, or what is set below',
    label: 'Nothing by itself (headers, metadata and bound arguments may say it)',
  },
  token: { short: 'A signed token', label: 'A signed token for this server alone, valid for 60 seconds' },
  oauth: { short: 'Their own account', label: 'Their own account there, connected by sign-in (OAuth)' },
  key: { short: 'Their own key', label: 'A key of their own that each person enters' },
}
