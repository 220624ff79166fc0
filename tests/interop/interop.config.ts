import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

/**
 * The tests that need programs from outside npm. They are not checked against the tables of whole
 * runs.
 */
export default defineConfig({
  test: {
    ...base.test,
    projects: undefined,
    include: ['tests/interop/*.interop.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
  },
})
