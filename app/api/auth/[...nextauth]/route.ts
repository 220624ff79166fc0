import { handleNextAuth } from '#lib/auth/sign-in/next-auth-door.ts'
import { route } from '#lib/platform/http/http.ts'

export const GET = route(handleNextAuth)
export const POST = route(handleNextAuth)
