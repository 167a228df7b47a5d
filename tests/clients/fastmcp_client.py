"""fastmcp's client, unmodified, in an environment of its own: ``python fastmcp_client.py URL ERA [JOB]``. It signs in
by the browser that its surroundings name, does a job, and tells the same as `session.mjs` in one line."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

# Not in the environment that checks types: its own pins what ours does not.
from fastmcp import Client  # type: ignore[import-not-found]
from fastmcp.client.auth import OAuth  # type: ignore[import-not-found]

ASKED = {"app_id": "github", "business_justification": "To review the release"}
Fields = dict[str, Any]


class Session:
    """One connected client, and which tools it has called."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.called: list[str] = []

    async def call(self, name: str, **arguments: object) -> Fields:
        """Call a tool that must not refuse."""
        result = await self.client.call_tool(name, arguments)
        self.called.append(name)
        content: Fields = result.structured_content
        return content

    async def tools(self) -> str:
        """Call every tool; return the id of the request that was made on the way."""
        await self.call("search_apps", name_search="github")
        wanted = {"search_term": "github write", "app_id": "github"}
        found = await self.call("search_requestable_permissions", **wanted)
        await self.call("list_requestable_permissions", app_id="github")
        permission = found["items"][0]["id"]
        submitted = await self.call(
            "submit_access_request", **ASKED, requestable_permission_ids=[permission]
        )
        request_id: str = submitted["access_requests"][0]["id"]
        await self.call("list_access_requests")
        for name, more in (
            ("get_access_request", {}),
            ("comment_on_access_request", {"text": "It is for Friday."}),
            ("cancel_access_request", {}),
        ):
            await self.call(name, access_request_id=request_id, **more)
        return request_id

    async def prompts(self) -> Fields:
        """Get every prompt, and complete an argument of one."""
        got, completed = {}, []
        for one in await self.client.list_prompts():
            names = [each.name for each in one.arguments or []]
            result = await self.client.get_prompt(one.name, dict.fromkeys(names, "github"))
            got[one.name] = len(result.messages)
            if "app" in names:
                reference = {"type": "ref/prompt", "name": one.name}
                completed = await self._completed(reference)
        return {"got": got, "completed": completed}

    async def _completed(self, reference: Fields) -> list[str]:
        from mcp.types import PromptReference  # noqa: PLC0415 - in either environment

        ref = PromptReference.model_validate(reference)
        completion = await self.client.complete(ref, {"name": "app", "value": "git"})
        values: list[str] = completion.values
        return values


async def main(url: str, era: str, job: str = "everything") -> Fields:
    """Do a job; return what came of it."""
    async with Client(url, auth=OAuth(), mode=era) as client:
        return await JOBS[job](client)


async def submit(client: Any) -> Fields:
    """Do no more than to submit."""
    submitted = await Session(client).call("submit_access_request", **ASKED)
    return {"submitted": len(submitted["access_requests"])}


async def everything(client: Any) -> Fields:
    """Go the whole way."""
    session = Session(client)
    listed = [one.name for one in await client.list_tools()]
    request_id = await session.tools()
    uri = f"doorward://requests/{request_id}"
    contents = await client.read_resource(uri)
    return {
        "tools": listed,
        "called": session.called,
        "request": request_id,
        "uri": uri,
        "listed": [str(one.uri) for one in await client.list_resources()],
        "templates": [one.uri_template for one in await client.list_resource_templates()],
        "read": json.loads(contents[0].text)["id"],
        **await session.prompts(),
    }


JOBS = {"everything": everything, "submit": submit}

if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
