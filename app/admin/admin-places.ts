/** The pages of the admin area, as its tabs and the palette name them. */
export const ADMIN_PLACES = [
  { href: '/admin', label: 'Overview', exact: true },
  { href: '/admin/tool-calls', label: 'Tool calls' },
  { href: '/admin/runs', label: 'Runs' },
  { href: '/admin/assistants', label: 'Assistants' },
  { href: '/admin/models', label: 'Models' },
  { href: '/admin/usage', label: 'Usage' },
  { href: '/admin/servers', label: 'Servers' },
  { href: '/admin/policies', label: 'Policies' },
  { href: '/admin/people', label: 'People' },
  { href: '/admin/audit', label: 'Audit' },
]
