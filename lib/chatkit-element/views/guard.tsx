import { Component, type ComponentChildren } from 'preact'
import { type Ui, UiContext } from '#lib/chatkit-element/views/use-ui.ts'

/**
 * If one item cannot be rendered (a server may send anything), shows a message in its place and
 * keeps the other items.
 */
export class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  static override contextType = UiContext
  override state = { failed: false }

  override componentDidCatch(error: unknown): void {
    const { chat } = this.context as Ui
    chat.emit('chatkit.log', { name: 'item.undrawable', data: { message: String(error) } })
    this.setState({ failed: true })
  }

  override render() {
    const { strings } = this.context as Ui
    return this.state.failed ? <p class="blocked-image">{strings.unsupportedWidget}</p> : this.props.children
  }
}
