import { handleOauth } from '#lib/auth/oauth-server/door.ts'

export { handleOauth as DELETE, handleOauth as GET, handleOauth as OPTIONS, handleOauth as POST, handleOauth as PUT }
