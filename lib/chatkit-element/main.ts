import { ChatKitElement } from '#lib/chatkit-element/element.ts'

// The official script registers the same name; whichever is loaded first stays.
if (!customElements.get('openai-chatkit')) customElements.define('openai-chatkit', ChatKitElement)
