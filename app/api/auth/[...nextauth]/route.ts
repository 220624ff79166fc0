import { handleNextAuth } from '#lib/auth/next-auth-door.ts'
import { route } from '#lib/http.ts'

export const GET = route(handleNextAuth)
export const POST = route(handleNextAuth)
