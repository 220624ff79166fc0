/** The port to listen on, as the setting PORT says. Throws an Error with a sentence. */
export function portIn(setting = ''): number {
  const port = Number(setting || 3000)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error('PORT must be a whole number from 1 to 65535. For example: PORT=3000')
  return port
}
