/** The cookie that remembers that the person has collapsed the sidebar. */
export const SIDEBAR_COOKIE = 'sidebar'
