import { handleOauth } from '#lib/auth/oauth-server/door.ts'

export { handleOauth as GET, handleOauth as OPTIONS, handleOauth as POST }
