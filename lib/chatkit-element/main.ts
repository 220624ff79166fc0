import { ChatKitElement } from '#lib/chatkit-element/element.ts'

// The official script registers the same name; the script that is loaded first wins. On a server
// nothing is registered.
if (typeof customElements !== 'undefined' && !customElements.get('openai-chatkit'))
  customElements.define('openai-chatkit', ChatKitElement)
