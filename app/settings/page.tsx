import { redirect } from 'next/navigation'

type Props = { searchParams: Promise<{ tokens_after?: string | string[] }> }

/** The address of before the settings had sections. */
export default async function SettingsPage({ searchParams }: Props) {
  const after = [(await searchParams).tokens_after].flat()[0]
  redirect(after ? `/settings/access?tokens_after=${encodeURIComponent(after)}` : '/settings/profile')
}
