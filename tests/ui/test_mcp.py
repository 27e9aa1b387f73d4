"""The page as a server of tools for language models (MCP): five tools, and strange calls get an error."""

import asyncio
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz import FUZZ, VALUES
from visiting import EXAMPLES

pytest.importorskip("mcp", reason="without the package mcp the page is no MCP server")

TOOLS = ("read_plate", "read_photo", "restore_photo", "cover_photo", "read_ink", "compare_plate", "make_plate")


def with_session(address, work):
    """Run an async function of an open session."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with streamablehttp_client(f"{address}gradio_api/mcp/") as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                return await work(session)

    return asyncio.run(talk())


def test_five_tools_are_offered_and_one_reads_a_plate(address):
    async def work(session):
        tools = (await session.list_tools()).tools
        picture = "data:image/png;base64," + base64.b64encode((EXAMPLES / "green.png").read_bytes()).decode()
        name = next(tool.name for tool in tools if tool.name.endswith("read_plate"))
        return tools, await session.call_tool(name, {"image": picture})

    tools, result = with_session(address, work)
    assert len(tools) == len(TOOLS) and all(tool.description for tool in tools)
    assert all(any(tool.name.endswith(name) for tool in tools) for name in TOOLS)
    assert not result.isError and "沪AD06219" in "".join(getattr(part, "text", "") for part in result.content)


@FUZZ
@given(st.sampled_from(TOOLS), st.dictionaries(st.sampled_from(["image", "text", "layout", "width"]), VALUES))
def test_strange_calls_get_an_error_without_a_path(address, name, arguments):
    async def work(session):
        names = [tool.name for tool in (await session.list_tools()).tools]
        return await session.call_tool(next(n for n in names if n.endswith(name)), arguments)

    result = with_session(address, work)
    said = "".join(getattr(part, "text", "") for part in result.content)
    assert "Traceback" not in said and "site-packages" not in said


@pytest.mark.parametrize("path", ["/etc/passwd", "file:///etc/passwd", "../../etc/passwd"])
def test_a_file_of_the_server_is_not_read(address, path):
    async def work(session):
        names = [tool.name for tool in (await session.list_tools()).tools]
        return await session.call_tool(next(n for n in names if n.endswith("read_photo")), {"image": path})

    result = with_session(address, work)
    assert result.isError and "root:" not in "".join(getattr(part, "text", "") for part in result.content)
