import { route } from '#lib/auth/route.ts'
import { handleNextAuth } from '#lib/auth/sign-in/handle-next-auth.ts'

const handle = route({ session: 'none' }, ({ request }) => handleNextAuth(request))

export { handle as GET, handle as POST }
