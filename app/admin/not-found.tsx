import type { Metadata } from 'next'
import { NothingHere } from '#app/ui/layout/nothing-here.tsx'

export const metadata: Metadata = { title: 'Not found' }

/** Within the admin's pages their tabs stay, too. */
export default function AdminNotFound() {
  return <NothingHere />
}
