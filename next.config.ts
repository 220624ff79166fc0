import type { NextConfig } from 'next'
import { PART_HEADERS, STATIC_HEADERS, WORKER_POLICY } from './lib/platform/http/security-headers.ts'

const list = (headers: Record<string, string>) => Object.entries(headers).map(([key, value]) => ({ key, value }))

/** The packages that open attached files, and their dependencies. */
const OPENERS = ['sharp', '@img', 'detect-libc', 'semver', 'unpdf', 'fflate', 'sax']

const config: NextConfig = {
  output: 'standalone',
  poweredByHeader: false,
  // Clients drop the Authorization header when /mcp/ redirects to /mcp.
  skipTrailingSlashRedirect: true,
  serverExternalPackages: [
    'oidc-provider',
    'pg',
    'pino',
    '@node-rs/argon2',
    'chardet',
    '@openai/agents',
    '@openai/agents-core',
    '@openai/agents-openai',
    'openai',
  ],
  // Attached files are opened by a separate program, which Next's tracing cannot see
  // (lib/data/attachments/opening/open-attachment.ts).
  outputFileTracingIncludes: {
    '/api/attachments{,/**}': [
      'lib/data/attachments/opening/*.ts',
      ...OPENERS.map((name) => `node_modules/${name}/**`),
    ],
  },
  // A lock file in a parent folder would otherwise move the root, and the standalone output with
  // it.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  distDir: process.env.NEXT_DIST_DIR || '.next',
  headers: async () => [
    { source: '/:path*', headers: list(STATIC_HEADERS) },
    { source: '/chatkit/:part', headers: list(PART_HEADERS) },
    { source: '/chatkit/:worker(pdf-worker-.*)', headers: list({ 'content-security-policy': WORKER_POLICY }) },
  ],
  typescript: { ignoreBuildErrors: true },
}

export default config
