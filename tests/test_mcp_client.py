"""Tools of other servers: of one without sessions (ours), and of one that shakes hands and answers in events."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import Server
from mock_provider import MODELS, MockProvider


class Old(BaseHTTPRequestHandler):
    """A server of revision 2025-11-25 with sessions, whose lists come in pages."""
    seen = []
    news = "notifications/message"  # said before each answer

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Old.seen.append((message["method"], dict(self.headers), message.get("params")))
        method, headers = message["method"], {}
        if self.headers.get("Authorization") != "Bearer s3cret":
            return self.answer(401, b"{}")
        if method == "initialize":
            result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "old", "version": "1"}}
            headers["Mcp-Session-Id"] = "session-1"
        elif self.headers.get("Mcp-Session-Id") != "session-1":
            return self.answer(400, json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no session"}}).encode())
        elif "id" not in message:
            return self.answer(202, b"")
        elif method == "tools/list":
            second = message["params"].get("cursor") == "2"
            result = {"tools": [{"name": "weather" if second else "clock", "inputSchema": {"type": "object"}}], **({} if second else {"nextCursor": "2"})}
        else:
            result = {"content": [{"type": "text", "text": json.dumps(message["params"]["arguments"])}], "isError": False}
        news = f'event: message\ndata: {{"jsonrpc":"2.0","method":"{Old.news}","params":{{}}}}\n\n'
        answer = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        self.answer(200, f"{news}event: message\ndata: {answer}\n\n".encode(), "text/event-stream", headers)

    def answer(self, status, body, kind="application/json", headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def old():
    served = ThreadingHTTPServer(("127.0.0.1", 0), Old)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}/mcp"
    served.shutdown()


@pytest.fixture(scope="module")
def owner(server):
    return server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]


def put(server, key, name, **body):
    return server.call("PUT", f"/v1/mcp/servers/{name}", key=key, json=body)


def call(server, name, tool, arguments=None):
    return server.post(f"/v1/mcp/servers/{name}/call", {"tool": tool, "arguments": arguments or {}})


def test_tools_of_a_server_with_sessions_are_listed_and_called(server, owner, old):
    assert put(server, owner, "old", url=old, token="s3cret", tools=["weather"]).status_code == 204
    listed = server.get("/v1/mcp/servers").json()["items"]
    assert {"name": "old", "url": old, "tools": ["weather"], "token_set": True} in listed
    assert [t["name"] for t in server.get("/v1/mcp/servers/old/tools").json()["items"]] == ["weather"]
    offered = server.call("GET", "/v1/mcp/servers/old/tools?all=1", key=owner).json()["items"]
    assert [t["name"] for t in offered] == ["clock", "weather"]
    assert server.get("/v1/mcp/servers/old/tools?all=1").status_code == 403  # to choose from, for admins
    result = call(server, "old", "weather", {"place": "Værøy"}).json()
    assert json.loads(result["content"][0]["text"]) == {"place": "Værøy"} and not result["isError"]
    assert Old.seen[-1][0] == "tools/call" and Old.seen[-1][1]["Mcp-Session-Id"] == "session-1"
    before = len([s for s in Old.seen if s[0] == "tools/call"])
    assert call(server, "old", "clock").status_code == 403  # not on the list
    assert call(server, "old", 'x","arguments":{},"y":"').status_code == 400
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == before

    # The token stays with its address and goes to no other.
    assert put(server, owner, "old", url=old, tools=["*"]).status_code == 204
    assert call(server, "old", "clock").status_code == 200
    assert put(server, owner, "old", url=old + "?elsewhere", tools=["*"]).status_code == 204
    assert call(server, "old", "clock").status_code == 502
    assert server.call("DELETE", "/v1/mcp/servers/old", key=owner).status_code == 204
    assert call(server, "old", "clock").status_code == 404


def test_tools_of_a_server_without_sessions_are_called(server, owner):
    assert put(server, owner, "self", url=server.url + "/mcp", token=server.key, tools=["search", "add"]).status_code == 204
    assert {t["name"] for t in server.get("/v1/mcp/servers/self/tools").json()["items"]} == {"search", "add"}
    added = call(server, "self", "add", {"name": "far.md", "text": "Written from afar."}).json()
    assert added["structuredContent"]["is_new"] and added["resultType"] == "complete"
    assert call(server, "self", "search", {}).json()["isError"]


def test_addresses_and_roles_are_checked(server, owner):
    admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    for url in ("http://127.0.0.1:1/mcp", "http://169.254.169.254/", "file:///etc/passwd", "x"):
        assert put(server, admin, "bad", url=url, tools=["*"]).status_code in (400, 403), url
    assert put(server, owner, "bad", url="http://169.254.169.254/", tools=["*"]).status_code == 403
    assert put(server, owner, "Bad Name", url=server.url, tools=["*"]).status_code in (400, 404)
    assert put(server, owner, "gone", url="http://127.0.0.1:1/mcp", tools=["*"]).status_code == 204
    assert call(server, "gone", "x").status_code == 502
    assert put(server, server.key, "mine", url=server.url, tools=["*"]).status_code == 403


def test_a_model_calls_tools_of_servers_it_is_given(tmp_path, old):
    mock = MockProvider(MODELS)
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url]).start()
    try:
        owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        server.new_key()
        assert put(server, owner, "old", url=old, token="s3cret", tools=["weather"]).status_code == 204
        asked = {"model": "tools-once", "messages": [{"role": "user", "content": "Rain?"}], "mcp": ["old"]}
        body = server.post("/ai/chat/complete", asked).json()
        assert json.loads(body["completion"]) == {"city": "Bergen"}, body
        assert body["usage"]["total_tokens"] == 36  # of both rounds
        sent = [b for path, _, b in mock.requests if b and path.endswith("/chat/completions")]
        assert len(sent) == 2 and all("mcp" not in b for b in sent) and sent[0]["tools"][0]["function"]["name"] == "weather"
        assert [m["role"] for m in sent[1]["messages"]] == ["user", "assistant", "tool", "tool"]
        endless = server.post("/ai/chat/complete", {**asked, "model": "tools"})
        assert endless.status_code == 502 and "8 rounds" in endless.text
        assert server.post("/ai/chat/complete", {**asked, "mcp": ["none"]}).status_code == 404
        reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
        assert server.post("/ai/chat/complete", asked, key=reader).status_code == 403
    finally:
        server.stop()
        mock.stop()
