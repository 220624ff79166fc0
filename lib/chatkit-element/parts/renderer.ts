import { handleAnswerClick } from '#lib/chatkit-element/blocks/answer-clicks.ts'
import { fillBlock } from '#lib/chatkit-element/blocks/fill-block.ts'
import { Blocks } from '#lib/chatkit-element/markdown/blocks.ts'

/** Everything that turns Markdown into what is shown. Without it texts are shown as they are written. */
const part = { Blocks, fillBlock, handleAnswerClick }
export type MarkdownPart = typeof part
export default part
