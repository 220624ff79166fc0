// npm run generate: generates the database client in lib/generated/prisma from
// prisma/schema.prisma.
import { spawnSync } from 'node:child_process'

const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
  cwd: `${import.meta.dirname}/..`,
  encoding: 'utf8',
  env: {
    ...process.env,
    // Prisma downloads a schema engine if none is set here. Generating does not run it.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
})
if (status !== 0) console.error(`${stdout}${stderr}`)
process.exit(status ?? 1)
