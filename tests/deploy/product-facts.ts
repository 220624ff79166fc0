import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#scripts/build-freshness.ts'

/** The names of all settings that docs/settings.md describes. */
export const DOCUMENTED_SETTINGS = new Set(
  [...readFileSync(path.join(ROOT, 'docs/settings.md'), 'utf8').matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(
    ([, name]) => name ?? '',
  ),
)

/** What the process adds to SHUTDOWN_GRACE before it gives up, in seconds (lib/platform/process/begin-serving.ts). */
export const GIVE_UP_S = 2
