import { z } from 'zod'
import { route } from '#lib/auth/route.ts'
import { deleteAccount } from '#lib/auth/sessions/own-account.ts'
import { clearSessionCookie } from '#lib/auth/sessions/session.ts'
import { PersonName } from '#lib/auth/sign-in/parse-fields.ts'
import { updateProfile } from '#lib/data/people/profile.ts'
import { requireAccount } from '#lib/data/people/users.ts'
import { jsonResponse } from '#lib/platform/http/http.ts'
import { LANGUAGES, type Language } from '#lib/platform/language/languages.ts'
import { toLanguageCookie } from '#lib/platform/language/request-language.ts'

const CODES = Object.keys(LANGUAGES) as Language[]
const Profile = z.object({
  name: PersonName,
  time_zone: z.string().max(64).nullable(),
  language: z.enum(CODES).nullish(),
})
const Deletion = z.object({ password: z.string().max(1_000).optional() })

export const GET = route({}, async ({ caller }) => {
  const { id, email, emailVerifiedAt, name, role, timeZone, language, locale } = await requireAccount(caller)
  return jsonResponse({
    id,
    email,
    email_verified: emailVerifiedAt !== null,
    name,
    role,
    time_zone: timeZone,
    language,
    locale,
  })
})

export const PATCH = route({ body: Profile }, async ({ caller, body }) => {
  await updateProfile(caller, { name: body.name, timeZone: body.time_zone, language: body.language })
  return jsonResponse(
    {},
    { headers: body.language === undefined ? {} : { 'set-cookie': toLanguageCookie(body.language) } },
  )
})

export const DELETE = route({ body: Deletion }, async ({ session, body }) => {
  await deleteAccount(session, body.password)
  return jsonResponse({}, { headers: { 'set-cookie': clearSessionCookie() } })
})
