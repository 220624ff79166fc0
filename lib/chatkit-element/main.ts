import { ChatKitElement } from '#lib/chatkit-element/element.ts'

// The official script registers the same name; whichever is loaded first stays. A server that imports this registers nothing.
if (typeof customElements !== 'undefined' && !customElements.get('openai-chatkit'))
  customElements.define('openai-chatkit', ChatKitElement)
