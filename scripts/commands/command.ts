/** One of the operator's commands, which `switchboard <verb>` runs. */
export type Command = {
  /** What follows the verb, as the help shows it. */
  usage: string
  /** What it does, in the words of the help. The first line stands in the list of commands. */
  help: string
  /** Throws an Error with a sentence. The process then exits with 1. */
  run(args: string[]): Promise<void>
}

/**
 * Sets a setting that this command does not need, but that the others are read with. Keeps the
 * operator's own, which a file may hold.
 */
export function setUnlessGiven(name: string, value: string): void {
  if (!process.env[`${name}_FILE`]) process.env[name] ||= value
}

/** How one types the command here: in the image, or in a checkout. */
export function toTyped(verb: string): string {
  // scripts/build.ts packs the commands into .mjs files.
  return import.meta.url.endsWith('.mjs') ? `switchboard ${verb}` : `npm run ${verb} --`
}
