// npm run migrate: applies the missing migrations and exits. For deployments that migrate before
// they start.
import { migrate } from '#scripts/migrate.ts'

const { DATABASE_URL, DATABASE_DIRECT_URL } = process.env
try {
  if (!DATABASE_URL || !DATABASE_DIRECT_URL) {
    throw new Error(
      'DATABASE_URL (the role of the application) and DATABASE_DIRECT_URL (the owner of the tables) must both be set to migrate.',
    )
  }
  await migrate({ ownerUrl: DATABASE_DIRECT_URL, appUrl: DATABASE_URL, say: console.log })
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
