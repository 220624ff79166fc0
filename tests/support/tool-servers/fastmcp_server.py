"""A typical server: FastMCP in FastAPI at /mcp, with a tool that trusts the user_id it is given."""

import sys

import uvicorn
from fastapi import FastAPI
from fastmcp import FastMCP

mcp = FastMCP("plain")


@mcp.tool
def my_tool(user_id: str, param: str) -> str:
    """Reads what belongs to a user."""
    return f"{param} of {user_id}"


endpoint = mcp.http_app(path="/")
app = FastAPI(lifespan=endpoint.lifespan)
app.mount("/mcp", endpoint)

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
