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


@mcp.prompt(title="Review a text")
def review(text: str, tone: str = "kind") -> str:
    """Asks for a review."""
    return f"Review this in a {tone} tone: {text}"


@mcp.resource("plain://motto", mime_type="text/plain")
def motto() -> str:
    """What the house says."""
    return "Less, but better."


@mcp.resource("plain://greeting/{name}")
def greeting(name: str) -> str:
    """Greets somebody."""
    return f"Hello, {name}."


endpoint = mcp.http_app(path="/")
app = FastAPI(lifespan=endpoint.lifespan)
app.mount("/mcp", endpoint)

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
