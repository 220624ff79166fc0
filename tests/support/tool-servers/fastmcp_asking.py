"""A FastMCP server whose tools ask the person during a call."""

import sys
from dataclasses import dataclass
from typing import Literal

from fastmcp import Context, FastMCP

mcp = FastMCP("asking")


@dataclass
class Booking:
    guest: str
    seats: int
    vegan: bool
    room: Literal["garden", "hall"]


@mcp.tool(annotations={"readOnlyHint": False, "destructiveHint": False})
async def book(place: str, ctx: Context) -> str:
    """Books a table."""
    answer = await ctx.elicit(f"Who comes to {place}?", response_type=Booking)
    if answer.action != "accept":
        return f"{answer.action}: nothing booked"
    data = answer.data
    return f"booked for {data.guest}: {data.seats} seats, vegan {data.vegan}, {data.room}"


@mcp.tool(annotations={"readOnlyHint": False, "destructiveHint": False})
async def pick(ctx: Context) -> str:
    """Lets the person pick a colour."""
    answer = await ctx.elicit("Which colour?", response_type=["red", "green"])
    return f"{answer.action}: {answer.data if answer.action == 'accept' else 'no colour'}"


mcp.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", log_level="WARNING")
