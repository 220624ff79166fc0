import { redirect } from 'next/navigation'

/** The chat is the start page. */
export default function Home() {
  redirect('/chat')
}
