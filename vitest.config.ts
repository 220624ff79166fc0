import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * The projects, by what a test file needs; its name says so (`walk.browser.test.ts`). `fast` has no
 * word of its own. tests/platform/projects.test.ts compares names with imports.
 */
const NEEDS = {
  /** More than three seconds on an idle machine, of real waits or many steps. */
  slow: 'tests/**/*.slow.test.ts',
  /** The production build. */
  built: 'tests/**/*.built.test.ts',
  /** Chromium, with the build or without. */
  browser: 'tests/**/*.browser.test.ts',
}

export default defineConfig({
  test: {
    globalSetup: ['tests/support/chatkit/parity.ts', 'tests/support/global-setup.ts'],
    setupFiles: ['tests/support/setup.ts'],
    pool: 'forks',
    // Three files for two cores: a third of a file's time is waits, for retries, timeouts and processes
    // that start. More would only compete, because files start servers and browsers beside them.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // Deadlines for a machine that is busy with other things: what is right is there long before.
    testTimeout: 60_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          // A process for many files, with fresh modules for each: tests/support/setup.ts.
          isolate: false,
          include: ['tests/**/*.test.ts'],
          exclude: [...Object.values(NEEDS), '**/node_modules/**'],
        },
      },
      ...Object.entries(NEEDS).map(([name, files]) => ({
        extends: true as const,
        test: { name, include: [files] },
      })),
    ],
  },
})
