"""The MCP server, with the official client in both revisions, and with raw requests."""
import asyncio
import base64
import json

import pytest
from conftest import Late

httpx2, mcp = Late("httpx2"), Late("mcp")
stdio, over_http = Late("mcp.client.stdio"), Late("mcp.client.streamable_http")
MODES = ["legacy", "2026-07-28", "auto"]
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def with_client(server, mode, work, key=None):
    async def run():
        headers = {"Authorization": f"Bearer {key or server.key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            async with mcp.Client(over_http.streamable_http_client(server.url + "/mcp", http_client=http), mode=mode) as client:
                return await work(client)
    return asyncio.run(run())


@pytest.fixture(scope="module")
def library(server):
    [document] = server.add(("tides.md", b"# Tides\n\nHigh water at Vestby is at 04:12 on the first of June.\n"))
    return document


@pytest.mark.parametrize("mode", MODES)
def test_the_official_client_searches_asks_reads_and_adds(server, library, mode):
    async def work(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"search", "ask", "read", "add"} <= set(tools)
        assert tools["search"].annotations.read_only_hint and not tools["add"].annotations.read_only_hint

        found = await client.call_tool("search", {"query": "high water Vestby"})
        assert not found.is_error
        hit = found.structured_content["results"][0]
        assert hit["document"] == library["id"] and "04:12" in hit["text"] and "04:12" in found.content[0].text
        link = next(block for block in found.content if block.type == "resource_link")
        assert link.uri == f"lectern://documents/{library['id']}"
        assert "04:12" in (await client.read_resource(link.uri)).contents[0].text
        assert any(r.uri == link.uri for r in (await client.list_resources()).resources)

        answer = await client.call_tool("ask", {"question": "When is high water at Vestby?"})
        assert answer.structured_content["found"] and "04:12" in answer.content[0].text
        assert answer.structured_content["citations"][0]["document"]["id"] == library["id"]

        text = (await client.call_tool("read", {"document": library["id"]})).structured_content
        assert text["text"].startswith("# Tides") and text["next_offset"] is None

        added = await client.call_tool("add", {"name": f"note {mode}", "text": f"Paraffin is kept in shed {mode}."})
        assert added.structured_content["is_new"]
        again = await client.call_tool("add", {"name": f"note {mode}", "text": f"Paraffin is kept in shed {mode}."})
        assert again.structured_content == {**added.structured_content, "is_new": False}
        return added.structured_content["document"]
    document = with_client(server, mode, work)
    assert server.wait_document(document)["state"] == "ready"


@pytest.mark.parametrize("mode", MODES)
def test_a_client_adds_lists_and_completes_tasks(server, mode):
    async def work(client):
        added = await client.call_tool("add_task", {"summary": f"Trim the wick {mode}", "priority": "high", "due": "2035-01-01"})
        [task] = added.structured_content["tasks"]
        assert task["due"] == "2035-01-01T00:00:00.000Z" and task["priority"] == "high"
        listed = await client.call_tool("list_tasks", {"query": f"wick {mode}", "status": "pending"})
        assert [one["number"] for one in listed.structured_content["tasks"]] == [task["number"]]
        done = await client.call_tool("complete_task", {"number": task["number"]})
        assert done.structured_content["tasks"][0]["status"] == "done"
        return task["number"]
    server.call("PUT", "/v1/session/preferences", json={"time_zone": "Asia/Tokyo"})
    number = with_client(server, mode, work)
    server.call("PUT", "/v1/session/preferences", json={"time_zone": "UTC"})
    task = server.get(f"/v1/tasks/{number}").json()
    assert task["status"] == "done" and task["deadline"]["time_zone"] == "Asia/Tokyo"


@pytest.mark.parametrize("mode", MODES[:2])
def test_what_fails_in_a_tool_is_told_to_the_model(server, library, mode):
    async def work(client):
        for tool, arguments, word in [("search", {}, "query"), ("search", {"query": "x", "limit": 0}, "limit"),
                                      ("search", {"query": "x", "nonsense": 1}, "nonsense"), ("read", {"document": "none"}, "none"),
                                      ("add", {"text": "a"}, "name"), ("add", {"name": "a.md", "text": " "}, "empty"), ("ask", {"question": " "}, "empty")]:
            result = await client.call_tool(tool, arguments)
            assert result.is_error and word in result.content[0].text, (tool, result)
        with pytest.raises(Exception, match="no such tool"):
            await client.call_tool("nothing", {})
    with_client(server, mode, work)


def test_a_reader_neither_sees_nor_calls_what_writes(server):
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]

    async def work(client):
        assert "add" not in {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("add", {"name": "a.md", "text": "a"})
        assert result.is_error and "editor" in result.content[0].text
    with_client(server, "2026-07-28", work, key=reader)


def rpc(server, method="tools/list", params=None, headers=None, body=None, **options):
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
    data = body if body is not None else json.dumps(message)
    return server.call("POST", "/mcp", data=data, headers={"Content-Type": "application/json", **(headers or {})}, **options)


def modern(method="tools/list", **more):
    return {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **more}


def test_the_revision_without_sessions_is_held_to(server):
    good = rpc(server, "server/discover", {"_meta": META}, modern("server/discover")).json()["result"]
    assert good["supportedVersions"] == ["2026-07-28"] and good["resultType"] == "complete"
    listed = rpc(server, params={"_meta": META}, headers=modern()).json()["result"]
    assert listed["cacheScope"] == "private" and listed["ttlMs"] > 0
    other = {**META, "io.modelcontextprotocol/protocolVersion": "2031-01-01"}
    name = "größe"
    coded = "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
    cases = [  # method, params, headers, status, code
        ("tools/list", {}, modern(), 400, -32602),
        ("tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}}, modern(), 400, -32602),
        ("tools/list", {"_meta": META}, {}, 400, -32020),
        ("tools/list", {"_meta": META}, modern("tools/call"), 400, -32020),
        ("tools/list", {"_meta": META}, {"MCP-Protocol-Version": "2025-11-25", "Mcp-Method": "tools/list"}, 400, -32020),
        ("tools/call", {"_meta": META, "name": "search"}, modern("tools/call"), 400, -32020),
        ("tools/call", {"_meta": META, "name": "search"}, modern("tools/call", **{"Mcp-Name": "add"}), 400, -32020),
        ("tools/call", {"_meta": META, "name": name}, modern("tools/call", **{"Mcp-Name": coded}), 400, -32602),
        ("tools/list", {"_meta": other}, {"MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "tools/list"}, 400, -32022),
        ("initialize", {"_meta": META}, modern("initialize"), 404, -32601),
        ("nothing", {"_meta": META}, modern("nothing"), 404, -32601),
    ]
    for method, params, headers, status, code in cases:
        answer = rpc(server, method, params, headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), (method, headers, answer.text)
        assert answer.json()["id"] == 7
    assert rpc(server, params={"_meta": other}, headers={"MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "tools/list"}
               ).json()["error"]["data"] == {"supported": ["2026-07-28"], "requested": "2031-01-01"}


def test_the_revisions_with_a_handshake_are_spoken_too(server):
    for asked, given in [("2025-11-25", "2025-11-25"), ("2024-11-05", "2024-11-05"), ("1999-01-01", "2025-11-25")]:
        answer = rpc(server, "initialize", {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})
        assert answer.json()["result"]["protocolVersion"] == given
        assert "Mcp-Session-Id" not in answer.headers
    assert rpc(server, body='{"jsonrpc":"2.0","method":"notifications/initialized"}').status_code == 202
    assert rpc(server, "ping", headers={"MCP-Protocol-Version": "2025-06-18"}).json()["result"] == {}
    assert "resultType" not in rpc(server).json()["result"]
    assert rpc(server, "nothing").json()["error"]["code"] == -32601
    assert server.get("/mcp").status_code == 405 and server.call("DELETE", "/mcp").status_code == 405


def test_bad_messages_are_refused(server):
    cases = [("{", -32700), ("", -32700), ("[]", -32600), ("3", -32600), ('{"id":1}', -32600),
             ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600), ('{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
             ('{"jsonrpc":"2.0","id":1,"method":3}', -32600), ('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
             ('{"a":' * 3000 + "1" + "}" * 3000, -32700), ("\xff\xfe", -32700)]
    for body, code in cases:
        answer = rpc(server, body=body.encode("latin-1"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), (body[:40], answer.text)
    assert rpc(server, key="wrong").status_code == 401
    assert rpc(server, headers={"Origin": "https://evil.example"}).status_code == 403
    assert rpc(server, headers={"Origin": server.url}).status_code == 200
    assert rpc(server, body=b" " * (16 * 1024 * 1024 + 1)).status_code == 413
    for params in ({"name": 3}, {"name": "search", "arguments": []}, {"name": "search", "arguments": 3}, []):
        answer = rpc(server, "tools/call", params)
        assert answer.status_code == 200 and ("error" in answer.json() or answer.json()["result"]["isError"]), answer.text


@pytest.mark.parametrize("mode", MODES[:2])
def test_a_program_that_starts_its_servers_gets_the_same_over_a_pipe(server, library, mode):
    command = server.command("mcp")

    async def work():
        transport = stdio.stdio_client(stdio.StdioServerParameters(command=command[0], args=command[1:], env=server.environment))
        async with mcp.Client(transport, mode=mode) as client:
            found = await client.call_tool("search", {"query": "high water Vestby"})
            assert found.structured_content["results"][0]["document"] == library["id"]
            with pytest.raises(Exception, match="no such tool"):
                await client.call_tool("größe", {})
    asyncio.run(work())


def test_a_pipe_answers_what_it_cannot_read(server):
    lines = 'nonsense\n\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    answers = [json.loads(line) for line in server.cli("mcp", input=lines).stdout.splitlines()]
    assert [a.get("error", {}).get("code") for a in answers] == [-32700, None] and answers[1] == {"jsonrpc": "2.0", "id": 1, "result": {}}
    refused = server.cli("mcp", "--server", server.url, "--key", "wrong", input='{"jsonrpc":"2.0","id":"a","method":"ping"}\n')
    assert json.loads(refused.stdout)["id"] == "a" and "API key" in json.loads(refused.stdout)["error"]["message"]
