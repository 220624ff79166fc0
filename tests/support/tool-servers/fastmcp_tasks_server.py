"""A FastMCP server whose tool answers with a task (extension io.modelcontextprotocol/tasks)."""

import asyncio
import sys

from fastmcp import FastMCP
from fastmcp_tasks import TasksExtension

mcp = FastMCP("digger")
mcp.add_extension(TasksExtension())


@mcp.tool(task=True)
async def dig(place: str) -> str:
    """Digs for a while."""
    await asyncio.sleep(3)
    return f"gold in the {place}"


mcp.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]))
