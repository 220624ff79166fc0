import type { Metadata } from 'next'
import { Entrance } from '#app/ui/layout/entrance.tsx'

export const metadata: Metadata = { title: 'Not connected' }

const AGAIN = 'Go back to the app and connect it again.'

// Fixed sentences, because anyone can write the address.
const SENTENCES: Record<string, string> = {
  expired: `This request has expired, was answered already, or was begun in another browser. ${AGAIN}`,
  invalid_request: `The app sent an incomplete request. ${AGAIN} If it persists, tell the makers of the app.`,
  invalid_client: `The app is not known here, or its description cannot be loaded. Remove its connection to this server in the app, and connect it again.`,
  invalid_client_metadata: 'The description of the app that its makers publish is not valid. Tell them.',
  invalid_redirect_uri: 'The app wants the answer at an address that it did not register. Nothing was sent there.',
  server_error: `Something went wrong on our side. ${AGAIN}`,
}

export default async function ProblemPage({ searchParams }: { searchParams: Promise<{ code?: string | string[] }> }) {
  const { code } = await searchParams
  const sentence =
    typeof code === 'string' && Object.hasOwn(SENTENCES, code)
      ? SENTENCES[code]
      : `The app could not be connected. ${AGAIN}`
  return (
    <Entrance title="Not connected">
      <p>{sentence}</p>
    </Entrance>
  )
}
