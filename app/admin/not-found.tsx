import type { Metadata } from 'next'
import { NothingHere } from '#app/ui/layout/nothing-here.tsx'

export const metadata: Metadata = { title: 'Not found' }

/** Keeps the admin tabs on a page that does not exist. */
export default function AdminNotFound() {
  return <NothingHere />
}
