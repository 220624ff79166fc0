import { defineConfig } from 'vitest/config'
import tests from './vitest.config.ts'

// npm run soak: hours rather than minutes, and never beside the tests.
export default defineConfig({
  test: {
    ...tests.test,
    projects: undefined,
    include: ['tests/**/*.soak.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 7_200_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
