/** One instruction of a Dockerfile, its continuation lines joined. */
export type Instruction = { name: string; args: string[] }

/**
 * Parses the subset of the Dockerfile language that ours uses. Throws an Error for an unknown
 * instruction.
 */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.replace(/\\\n/g, ' ').split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).map(parseLine)
}

function parseLine(line: string): Instruction {
  const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? []
  if (!/^(FROM|LABEL|WORKDIR|COPY|RUN|ENV|USER|EXPOSE|HEALTHCHECK|CMD)$/.test(name))
    throw new Error(`The Dockerfile has an instruction that cannot be walked: ${line}`)
  if (name === 'HEALTHCHECK') return { name, args: JSON.parse(rest.slice(rest.indexOf('['))) }
  if (rest.startsWith('[')) return { name, args: JSON.parse(rest) }
  return { name, args: name === 'RUN' ? [rest] : rest.split(/\s+/) }
}

/**
 * Turns a .dockerignore into a predicate. Supports what our file uses: plain names, a star, and two
 * leading stars for any folder. No exceptions.
 */
export function parseDockerignore(text: string): (file: string) => boolean {
  const patterns = text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map(toPattern)
  return (file) => patterns.some((pattern) => pattern.test(file))
}

function toPattern(line: string): RegExp {
  const anyFolder = line.startsWith('**/')
  const name = (anyFolder ? line.slice(3) : line).replace(/[.+]/g, '\\$&').replace(/\*/g, '[^/]*')
  return new RegExp(`^${anyFolder ? '(.*/)?' : ''}${name}(/|$)`)
}
