import { defineConfig } from 'vitest/config'
import base from '../../../vitest.config.ts'

// npm run deploy-test: deploy/ against the real programs. Apart from the other tests, because those come from a distribution.
export default defineConfig({
  test: {
    ...base.test,
    projects: undefined,
    include: ['tests/deploy/real/*.deploy.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
})
