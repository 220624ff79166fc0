import type { NextConfig } from 'next'

const config: NextConfig = {
  output: 'standalone',
  poweredByHeader: false,
  // A redirect from /mcp/ to /mcp makes clients drop the Authorization header.
  skipTrailingSlashRedirect: true,
  serverExternalPackages: ['pg', 'pino', '@node-rs/argon2', '@openai/agents', '@openai/agents-core', '@openai/agents-openai', 'openai'],
  distDir: process.env.NEXT_DIST_DIR || '.next',
  typescript: { ignoreBuildErrors: true },
}

export default config
