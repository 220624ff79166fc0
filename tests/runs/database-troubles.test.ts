import pg from 'pg'
import { expect, test } from 'vitest'
import { ownFailureClass, RUN_FAILURES } from '#lib/data/runs/run-failures.ts'
import { withCaller } from '#lib/platform/db/db.ts'
import { agentDoor } from '#tests/support/agent-door.ts'
import { signedIn } from '#tests/support/people/people.ts'

// PostgreSQL refuses to store an answer in the middle of a run: the run's class and the person's sentence say why.

/** Does something while PostgreSQL refuses to store what an assistant says, with this condition. */
async function refusingAnswers<T>(condition: string, work: () => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query(`CREATE FUNCTION no_answer() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN
        IF NEW.type IN ('assistant_message', 'workflow') THEN RAISE EXCEPTION 'no' USING ERRCODE = '${condition}'; END IF;
        RETURN NEW;
      END $$`)
    await owner.query(
      'CREATE TRIGGER no_answer BEFORE INSERT OR UPDATE ON thread_items FOR EACH ROW EXECUTE FUNCTION no_answer()',
    )
    return await work()
  } finally {
    await owner.query('DROP TRIGGER IF EXISTS no_answer ON thread_items')
    await owner.query('DROP FUNCTION no_answer')
    await owner.end()
  }
}

test.each([
  ['disk_full', 'database_full'],
  ['read_only_sql_transaction', 'database_read_only'],
] as const)('a run that ends with %s is of class %s', async (condition, failureClass) => {
  const person = await signedIn()
  const { events } = await refusingAnswers(condition, () => agentDoor(person).begin('help'))
  const { sentence, retry } = RUN_FAILURES[failureClass]
  expect(events.at(-1)).toMatchObject({ type: 'error', message: sentence, allow_retry: retry })
  const runs = await withCaller(person.caller, (tx) => tx.run.findMany())
  expect(runs).toMatchObject([{ status: 'failed', failureClass, errorMessage: sentence }])
})

test.each([
  ['53100', 'database_full'],
  ['25006', 'database_read_only'],
  ['53200', 'database'],
  ['53300', 'database'],
  ['53400', 'database'],
  ['57P03', 'database'],
  ['08006', 'database'],
  ['23505', 'internal'],
  ['53', 'internal'],
] as const)('SQLSTATE %s is of class %s, however deep it is', (code, failureClass) => {
  const cause = Object.assign(new Error('no'), { code })
  expect(ownFailureClass(new Error('outer', { cause: new Error('inner', { cause }) }))).toBe(failureClass)
})
