import type { Composer } from '#lib/chatkit-element/composer/composer.ts'
import type { DraftFiles } from '#lib/chatkit-element/composer/draft-files.ts'
import type { Suggestion } from '#lib/chatkit-element/composer/suggestions.ts'
import type { Host } from '#lib/chatkit-element/host.ts'

/** The composer's own commands for the menu after `/`: attach files, choose a tool. */
export function listOwnCommands(composer: Composer, files: DraftFiles, host: Host): Suggestion[] {
  const { tools = [] } = host.options().composer ?? {}
  const attach = { id: ':attach', label: host.strings().attach, icon: 'paperclip', choose: () => files.pick() }
  return [
    ...(files.option ? [attach] : []),
    ...tools.map(({ id, label, icon }) => ({ id: `:tool ${id}`, label, icon, choose: () => composer.chooseTool(id) })),
  ]
}
