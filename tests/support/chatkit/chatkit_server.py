"""The ChatKit server that OpenAI ships, with a store in memory. Its answers are in chatkit-scripts.json, which ours plays too."""

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from chatkit.errors import CustomStreamError, ErrorCode, StreamError
from chatkit.server import ChatKitServer, StreamingResult, stream_widget
from chatkit.store import AttachmentStore, NotFoundError, Store
from chatkit.types import (
    Attachment,
    Page,
    SyncCustomActionResponse,
    ThreadItemReplacedEvent,
    ThreadMetadata,
    ThreadStatus,
    ThreadStreamEvent,
    TranscriptionResult,
)
from chatkit.widgets import WidgetRoot
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import TypeAdapter, ValidationError

SCRIPTS = json.loads(Path(__file__).with_name("chatkit-scripts.json").read_text())
EVENT = TypeAdapter(ThreadStreamEvent)
WIDGET = TypeAdapter(WidgetRoot)


class MemoryStore(Store[str]):
    """Keeps the threads and items of each context (a person) in order of arrival."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, dict[str, Any]]] = {}

    def rows(self, kind: str, context: str) -> dict[str, Any]:
        return self.people.setdefault(context, {}).setdefault(kind, {})

    def find(self, kind: str, id: str, context: str) -> Any:
        row = self.rows(kind, context).get(id)
        if row is None:
            raise NotFoundError(f"{id} not found")
        return row.model_copy(deep=True)

    def page(self, kind: str, after: str | None, limit: int, order: str, context: str) -> Page[Any]:
        rows = list(self.rows(kind, context).values())
        if order == "desc":
            rows.reverse()
        if after:
            ids = [row.id for row in rows]
            if after not in ids:
                raise NotFoundError(f"{after} not found")
            rows = rows[ids.index(after) + 1 :]
        data = [row.model_copy(deep=True) for row in rows[:limit]]
        more = len(rows) > limit
        return Page(data=data, has_more=more, after=data[-1].id if more else None)

    async def load_thread(self, thread_id, context):
        return self.find("threads", thread_id, context)

    async def save_thread(self, thread, context):
        # A new thread comes with a page of items, which is not stored here.
        self.rows("threads", context)[thread.id] = ThreadMetadata(**thread.model_dump(exclude={"items"}))

    async def load_threads(self, limit, after, order, context):
        return self.page("threads", after, limit, order, context)

    async def delete_thread(self, thread_id, context):
        self.rows("threads", context).pop(thread_id, None)

    async def load_thread_items(self, thread_id, after, limit, order, context):
        return self.page(thread_id, after, limit, order, context)

    async def add_thread_item(self, thread_id, item, context):
        self.rows(thread_id, context)[item.id] = item.model_copy(deep=True)

    save_item = add_thread_item

    async def load_item(self, thread_id, item_id, context):
        return self.find(thread_id, item_id, context)

    async def delete_thread_item(self, thread_id, item_id, context):
        self.rows(thread_id, context).pop(item_id, None)

    async def save_attachment(self, attachment, context):
        self.rows("attachments", context)[attachment.id] = attachment.model_copy(deep=True)

    async def load_attachment(self, attachment_id, context):
        return self.find("attachments", attachment_id, context)

    async def delete_attachment(self, attachment_id, context):
        self.rows("attachments", context).pop(attachment_id, None)


class Files(AttachmentStore[str]):
    async def create_attachment(self, input, context):
        id = self.generate_attachment_id(input.mime_type, context)
        url = f"{sys.argv[2]}/api/attachments/{id}"
        image = input.mime_type.startswith("image/")
        about = {
            "type": "image" if image else "file",
            "id": id,
            "name": input.name,
            "mime_type": input.mime_type,
            "upload_descriptor": {"url": url, "method": "PUT", "headers": {"content-type": "application/octet-stream"}},
            "metadata": {"secret": True},
        }
        return TypeAdapter(Attachment).validate_python({**about, "preview_url": f"{url}?preview"} if image else about)

    async def delete_attachment(self, attachment_id, context):
        pass


class Scripted(ChatKitServer[str]):
    async def play(self, name, thread, received, sender=None) -> AsyncGenerator[Any, None]:
        for step in SCRIPTS.get(name, []):
            match step:
                case {"event": event}:
                    yield EVENT.validate_python(filled(event, {"$thread": thread.id}))
                case {"received": True}:
                    yield EVENT.validate_python({"type": "notice", "level": "info", "message": received})
                case {"widget": states}:
                    async for event in stream_widget(thread, states_of(states), copy_text="copied"):
                        yield event
                case {"sender": widget}:
                    if sender:
                        changed = sender.model_copy(update={"widget": WIDGET.validate_python(widget)})
                        yield ThreadItemReplacedEvent(item=changed)
                case {"thread": changes}:
                    for field, value in changes.items():
                        setattr(thread, field, TypeAdapter(ThreadStatus).validate_python(value) if field == "status" else value)
                case {"raise": "custom", "message": message}:
                    raise CustomStreamError(message, allow_retry=True)
                case {"raise": "stream"}:
                    raise StreamError(ErrorCode.STREAM_ERROR)
                case {"raise": _}:
                    raise RuntimeError("as scripted")

    async def respond(self, thread, input_user_message, context) -> AsyncIterator[Any]:
        name, received = "after", "nothing"
        if input_user_message:
            name = "".join(part.text for part in input_user_message.content)
            # Our application does the same.
            thread.title = thread.title or "".join(("@" if part.type == "input_tag" else "") + part.text for part in input_user_message.content)
            options = input_user_message.inference_options
            tool = options.tool_choice.id if options.tool_choice else "-"
            files = ",".join(f"{file.name} {file.thread_id == thread.id}" for file in input_user_message.attachments)
            received = f"{name}|{input_user_message.quoted_text or '-'}|{tool}|{options.model or '-'}|{files}"
        async for event in self.play(name, thread, received):
            yield event

    async def action(self, thread, action, sender, context) -> AsyncIterator[Any]:
        received = f"{action.type}|{json.dumps(action.payload, separators=(',', ':'))}|{sender.id if sender else '-'}"
        async for event in self.play(action.type, thread, received, sender):
            yield event

    async def sync_action(self, thread, action, sender, context):
        updated = None
        async for event in self.play(action.type, thread, "", sender):
            if isinstance(event, ThreadItemReplacedEvent):
                updated = event.item
                await self.store.save_item(thread.id, updated, context=context)
        return SyncCustomActionResponse(updated_item=updated)

    async def transcribe(self, audio_input, context):
        return TranscriptionResult(text="Buy milk.")


async def states_of(states):
    for state in states:
        yield WIDGET.validate_python(state)


def filled(value, names):
    if isinstance(value, dict):
        return {key: filled(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, names) for entry in value]
    return names.get(value, value) if isinstance(value, str) else value


app = FastAPI()
store = MemoryStore()
server = Scripted(store, Files())


@app.post("/api/chatkit")
async def chatkit(request: Request) -> Response:
    try:
        result = await server.process(await request.body(), request.headers["x-person"])
    except ValidationError as error:
        return JSONResponse({"message": str(error)}, status_code=400)
    except NotFoundError as error:
        return JSONResponse({"message": str(error)}, status_code=404)
    if isinstance(result, StreamingResult):
        return StreamingResponse(result, media_type="text/event-stream")
    return Response(result.json, media_type="application/json")


@app.put("/api/attachments/{id}")
async def upload(id: str, request: Request) -> Response:
    person = request.headers["x-person"]
    attachment = await store.load_attachment(id, person)
    attachment.upload_descriptor = None
    await store.save_attachment(attachment, person)
    return Response("{}", media_type="application/json")


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
