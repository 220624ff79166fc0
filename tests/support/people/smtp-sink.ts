import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

export type ReceivedMail = { to: string; subject: string; text: string }

/**
 * A mail server on 127.0.0.1 that keeps its mail. `mails` has all of it; `nextMail` waits (20 s)
 * for one to this address that it has not returned yet: mails are sent after the response, so those to
 * different people come in any order.
 */
export async function openSmtpSink(): Promise<{
  url: string
  mails: ReceivedMail[]
  nextMail: (to: string) => Promise<ReceivedMail>
  close: () => Promise<void>
}> {
  const mails: ReceivedMail[] = []
  const returned = new Set<ReceivedMail>()
  const server = createServer((socket) => void converse(socket, (mail) => mails.push(mail)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    nextMail: async (to) => {
      const deadline = Date.now() + 20_000
      for (;;) {
        const mail = mails.find((one) => one.to === to && !returned.has(one))
        if (mail) {
          returned.add(mail)
          return mail
        }
        if (Date.now() > deadline) throw new Error(`no mail to ${to} came within 20 s`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    close: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

async function converse(socket: Socket, keep: (mail: ReceivedMail) => void): Promise<void> {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let to = ''
  let data: string[] | null = null
  socket.on('error', () => socket.destroy())
  say('220 sink')
  for await (const line of createInterface({ input: socket })) {
    if (data && line !== '.') data.push(line.replace(/^\./, ''))
    else if (data) {
      keep(parse(to, data))
      data = null
      say('250 kept')
    } else if (/^RCPT TO:/i.test(line)) {
      to = /<(.*)>/.exec(line)?.[1] ?? ''
      say('250 fine')
    } else if (/^DATA/i.test(line)) {
      data = []
      say('354 go on')
    } else if (/^QUIT/i.test(line)) {
      socket.end('221 bye\r\n')
    } else say('250 fine')
  }
}

function parse(to: string, lines: string[]): ReceivedMail {
  const blank = lines.indexOf('')
  const subject = lines.slice(0, blank).find((line) => /^subject:/i.test(line)) ?? ''
  const soft = lines
    .slice(blank + 1)
    .join('\n')
    .replace(/=\n/g, '')
  return {
    to,
    subject: subject.slice(9),
    text: soft.replace(/=([0-9A-F]{2})/g, (_match, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  }
}

/** The code in the fragment of a mail's link, and the page that it opens. */
export function linkOf(mail: ReceivedMail): { page: string; code: string } {
  const [, page = '', code = ''] = /https?:\/\/[^/\s]+(\/[\w/-]+)#([\w-]+)/.exec(mail.text) ?? []
  return { page, code }
}
