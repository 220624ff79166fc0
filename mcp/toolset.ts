import type { Tool } from '#mcp/define-tool.ts'
import { addTaskTool } from '#mcp/tools/add-task.ts'
import { completeTaskTool } from '#mcp/tools/complete-task.ts'
import { deleteNoteTool } from '#mcp/tools/delete-note.ts'
import { deleteTaskTool } from '#mcp/tools/delete-task.ts'
import { getNoteTool } from '#mcp/tools/get-note.ts'
import { listTasksTool } from '#mcp/tools/list-tasks.ts'
import { saveNoteTool } from '#mcp/tools/save-note.ts'
import { searchNotesTool } from '#mcp/tools/search-notes.ts'
import { updateTaskTool } from '#mcp/tools/update-task.ts'
import { whoamiTool } from '#mcp/tools/whoami.ts'

/**
 * The tools of this server, in the order that every client sees. The order never varies, so that
 * models can cache their prompt.
 */
export const toolset: readonly Tool[] = [
  whoamiTool,
  listTasksTool,
  addTaskTool,
  updateTaskTool,
  completeTaskTool,
  deleteTaskTool,
  searchNotesTool,
  getNoteTool,
  saveNoteTool,
  deleteNoteTool,
]
