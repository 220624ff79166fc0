import { createTransport } from 'nodemailer'
import { env } from '#lib/platform/env.ts'
import { log } from '#lib/platform/log.ts'

export type Letter = { subject: string; text: string }

/** True if the server can send mail (SMTP_URL is set). */
export function canMail(): boolean {
  return env().SMTP_URL !== undefined
}

/**
 * Sends a plain-text mail. Timeouts: 10 s to connect, 10 s for the greeting, 20 s without traffic.
 * Throws the error of the mail server or the network.
 */
export async function sendMail(to: string, { subject, text }: Letter): Promise<void> {
  const { SMTP_URL, MAIL_FROM } = env()
  if (!SMTP_URL) throw new Error('SMTP_URL is not set')
  const transport = createTransport({
    url: SMTP_URL,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  })
  try {
    // An address object prevents a forged address from adding recipients or headers.
    await transport.sendMail({ from: MAIL_FROM, to: { name: '', address: to }, subject, text })
    log.info({ subject }, 'mail sent')
  } finally {
    transport.close()
  }
}
