import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

/** The tests that need programs which are not from npm, and nothing of the tables that whole runs are held to. */
export default defineConfig({
  test: { ...base.test, include: ['tests/interop/*.interop.ts'], globalSetup: ['tests/support/global-setup.ts'] },
})
