import pg from 'pg'
import { expect, test } from 'vitest'
import { acceptOfferedDefinitions, listToolPins, notePins } from '#lib/data/servers/tool-pins.ts'
import { signedIn } from '#tests/support/people/people.ts'

test('a definition that cannot be accepted is named, and the others are accepted', async () => {
  const { caller } = await signedIn({ role: 'admin' })
  const tools = ['a', 'b', 'c'].map((name) => ({ name, inputSchema: { type: 'object' } }))
  await notePins('srv_1', tools, false)
  const owner = new pg.Client({ connectionString: process.env.DATABASE_DIRECT_URL })
  await owner.connect()
  try {
    await owner.query(`CREATE FUNCTION no_accept() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'disk_full'; END $$`)
    await owner.query(
      "CREATE TRIGGER no_accept BEFORE UPDATE ON mcp_tool_pins FOR EACH ROW WHEN (NEW.tool = 'b') EXECUTE FUNCTION no_accept()",
    )
    expect(await acceptOfferedDefinitions(caller, 'srv_1')).toEqual([
      { tool: 'b', why: expect.stringMatching(/disk of the database is full/) },
    ])
  } finally {
    await owner.query('DROP TRIGGER IF EXISTS no_accept ON mcp_tool_pins')
    await owner.query('DROP FUNCTION no_accept')
    await owner.end()
  }
  expect((await listToolPins('srv_1')).map(({ tool, state }) => `${tool} ${state}`)).toEqual([
    'a accepted',
    'b new',
    'c accepted',
  ])
})
