// switchboard <verb>: the operator's commands, in the image and as npm scripts. They need the
// settings that the server runs with.
import type { Command } from '#scripts/commands/command.ts'

const COMMANDS: Record<string, () => Promise<Command>> = {
  doctor: async () => (await import('#scripts/commands/doctor.ts')).doctor,
  'reset-password': async () => (await import('#scripts/commands/reset-password.ts')).resetPassword,
  'rotate-keys': async () => (await import('#scripts/commands/rotate-keys.ts')).rotateKeys,
  export: async () => (await import('#scripts/commands/export.ts')).exportAccount,
  'backup-check': async () => (await import('#scripts/commands/backup-check.ts')).backupCheck,
  migrate: async () => (await import('#scripts/commands/migrate.ts')).migrateDatabase,
}
const HELP = new Set(['help', '--help', '-h'])

// Only warnings are of interest beside what a command prints, and logs would mix with it.
process.env.LOG_LEVEL ||= 'silent'
const [verb, ...args] = process.argv.slice(2)
try {
  await run(verb, args)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
// Exits explicitly, because a server's answer may leave a socket or a timer open.
process.exit()

async function run(verb: string | undefined, args: string[]): Promise<void> {
  if (!verb || HELP.has(verb)) return printCommands()
  const load = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined
  if (!load) throw new Error(`There is no command "${verb}". "switchboard --help" lists them.`)
  const command = await load()
  if (args.some((arg) => HELP.has(arg)))
    return console.log(`switchboard ${verb} ${command.usage}`.trimEnd(), `\n\n${command.help}`)
  await command.run(args)
}

async function printCommands(): Promise<void> {
  console.log('switchboard <command>\n')
  for (const [verb, load] of Object.entries(COMMANDS))
    console.log(`  ${verb.padEnd(16)}${(await load()).help.split('\n')[0]}`)
  console.log('\n"switchboard <command> --help" says more.')
}
