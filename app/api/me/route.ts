import { z } from 'zod'
import { deleteAccount, requireSession } from '#lib/auth/sessions/own-account.ts'
import { clearSessionCookie, requireCaller } from '#lib/auth/sessions/session.ts'
import { PersonName, parseFields } from '#lib/auth/sign-in/parse-fields.ts'
import { requireAccount, updateProfile } from '#lib/data/people/users.ts'
import { env } from '#lib/platform/env.ts'
import { jsonResponse, readJson, requireSameOrigin, route } from '#lib/platform/http/http.ts'

const Profile = z.object({ name: PersonName, time_zone: z.string().max(64).nullable() })
const Deletion = z.object({ password: z.string().max(1_000).optional() })

export const GET = route(async (request) => {
  const { id, email, emailVerifiedAt, name, role, timeZone, locale } = await requireAccount(
    await requireCaller(request),
  )
  return jsonResponse({ id, email, email_verified: emailVerifiedAt !== null, name, role, time_zone: timeZone, locale })
})

export const PATCH = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const caller = await requireCaller(request)
  const { name, time_zone } = parseFields(Profile, await readJson(request, 4_096))
  await updateProfile(caller, { name, timeZone: time_zone })
  return jsonResponse({})
})

export const DELETE = route(async (request) => {
  requireSameOrigin(request, env().APP_URL)
  const session = await requireSession(request)
  const { password } = parseFields(Deletion, await readJson(request, 4_096))
  await deleteAccount(session, password)
  return jsonResponse({}, { headers: { 'set-cookie': clearSessionCookie() } })
})
