import type { ComposerState } from '#lib/chatkit-element/composer/composer.ts'
import { useFilePicker } from '#lib/chatkit-element/views/composer/use-file-picker.tsx'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { IconButton } from '#lib/chatkit-element/views/icons/icon-button.tsx'
import { Menu } from '#lib/chatkit-element/views/menu.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

/** The tools and models that the page offers, and the tool chosen for the next message. */
export function ComposerMenus({ draft }: { draft: ComposerState }) {
  const { chat, options, strings } = useUi()
  const { tools = [], models = [] } = options.composer ?? {}
  const { composer } = chat
  const chosen = tools.find(({ id }) => id === draft.toolId)
  const model = models.find(({ id }) => id === composer.modelId())
  const pinned = tools.filter((tool) => tool.pinned && tool !== chosen)
  const picker = useFilePicker()
  const attach = { id: ':attach', label: strings.attach, icon: 'paperclip', onSelect: () => chat.files.pick() }
  return (
    <div class="composer-menus">
      {picker}
      {picker && tools.length === 0 && (
        <IconButton icon="paperclip" label={strings.attach} onClick={() => chat.files.pick()} />
      )}
      {tools.length > 0 && (
        <Menu
          label={strings.tools}
          trigger={<Icon name="plus" size={20} />}
          triggerClass="icon-button"
          items={[
            ...(picker ? [attach] : []),
            ...tools.map(({ id, label, icon }) => ({
              id,
              label,
              icon,
              checked: id === draft.toolId,
              onSelect: () => composer.chooseTool(id === draft.toolId ? null : id),
            })),
          ]}
        />
      )}
      {options.entities?.onTagSearch && options.entities.showComposerMenu && (
        <IconButton icon="at-sign" label={strings.mention} onClick={() => composer.insert('@')} />
      )}
      {pinned.map((tool) => (
        <button
          key={tool.id}
          type="button"
          class="tool-chip"
          aria-pressed="false"
          onClick={() => composer.chooseTool(tool.id)}
        >
          <Icon name={tool.icon} size={16} />
          {tool.shortLabel ?? tool.label}
        </button>
      ))}
      {chosen && (
        <span class="tool-chip is-chosen">
          <Icon name={chosen.icon} size={16} />
          {chosen.shortLabel ?? chosen.label}
          <IconButton
            icon="close"
            size={14}
            label={`${strings.dismiss}: ${chosen.label}`}
            onClick={() => composer.chooseTool(null)}
          />
        </span>
      )}
      <span class="fill" />
      {models.length > 0 && (
        <Menu
          label={model ? `${strings.models}: ${model.label}` : strings.models}
          align="end"
          triggerClass="model-button"
          trigger={
            <>
              <span class="model-name">{model?.label ?? strings.models}</span>
              <Icon name="chevron-down" size={14} />
            </>
          }
          items={models.map(({ id, label, description, disabled }) => ({
            id,
            label,
            description,
            disabled,
            checked: id === model?.id,
            onSelect: () => composer.state.patch({ modelId: id }),
          }))}
        />
      )}
    </div>
  )
}
