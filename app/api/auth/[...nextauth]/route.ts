import { route } from '#lib/auth/route.ts'
import { handleNextAuth } from '#lib/auth/sign-in/next-auth-door.ts'

const handle = route({ session: 'none' }, ({ request }) => handleNextAuth(request))

export { handle as GET, handle as POST }
