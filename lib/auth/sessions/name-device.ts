import Bowser from 'bowser'

const HEADER_MAX = 400
const NAME_MAX = 40

/**
 * What the browser of a request calls itself and its system, such as Firefox and Windows. Anybody may say anything, so
 * it is only for the person who looks for a session. Null: unknown.
 */
export function nameDevice(headers: Headers): { browser: string | null; system: string | null } {
  const agent = headers.get('user-agent')?.slice(0, HEADER_MAX)
  if (!agent) return { browser: null, system: null }
  const { browser, os } = Bowser.getParser(agent).getResult()
  return { browser: toName(browser.name), system: toName(os.name) }
}

function toName(name: string | undefined): string | null {
  return name?.slice(0, NAME_MAX) || null
}
