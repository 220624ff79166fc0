import { handleWellKnown } from '#lib/auth/oauth/well-known.ts'

export { handleWellKnown as GET, handleWellKnown as OPTIONS, handleWellKnown as POST }
