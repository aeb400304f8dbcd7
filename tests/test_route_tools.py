"""Routes that bring tools of their own: whoever asks for the route gets the finished answer, whatever front it speaks to."""
import json

import pytest
from conftest import Late, Server
from test_mcp_client import Old, old, put  # noqa: F401 (a fixture)

anthropic, openai = Late("anthropic"), Late("openai")

WEATHER = {"type": "mcp", "server_label": "old", "allowed_tools": ["weather"]}
SEARCH = {"type": "file_search", "vector_store_ids": ["library"]}
MINE = {"type": "function", "name": "mine", "parameters": {"type": "object", "properties": {}}}
ANSWER = 'Let me see.\n\nIt gave: {"query": "Rain?"} [1]'
RAIN = [{"role": "user", "content": "Rain?"}]


def set_route(server, name, **document):
    return server.call("PUT", f"/v1/gateway/routes/{name}", key=server.owner, json=document)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, mock, old):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("routes") / "library").start()
    server.owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    server.key = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    service = {"base_url": mock.url, "private": True, "models": ["call-weather", "call-mine", "call-weather+mine", "call-file_search", "tools"]}
    assert server.call("PUT", "/v1/gateway/services/mine", key=server.owner, json=service).status_code < 300
    assert put(server, server.owner, "old", url=old, token="s3cret", tools=["weather"]).status_code == 204
    for name, model in (("rain", "call-weather"), ("hand", "call-mine"), ("both", "call-weather+mine"), ("tides", "call-file_search")):
        made = set_route(server, name, steps=["mine/broken", f"mine/{model}"], tools=[WEATHER, SEARCH], retries=0)
        assert made.status_code < 300, made.text
    server.add(("tides.md", b"# Tides\n\nHigh water at Vestby is at 04:12 on the first of June.\n"), key=server.owner)
    yield server
    server.stop()


@pytest.fixture
def client(desk):
    return openai.OpenAI(base_url=desk.url + "/v1", api_key=desk.key, max_retries=0)


def test_every_front_gets_the_finished_answer(desk, client, mock):
    chat = client.chat.completions.create(model="rain", messages=RAIN)
    assert chat.choices[0].message.content == ANSWER and not chat.choices[0].message.tool_calls and chat.usage.total_tokens == 36
    offered = [t["function"]["name"] for t in mock.chats()[-1]["tools"]]
    assert offered == ["weather", "file_search"]
    chunks = list(client.chat.completions.create(model="rain", messages=RAIN, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == ANSWER

    response = client.responses.create(model="rain", input="Rain?")
    assert [item.type for item in response.output] == ["message", "mcp_call", "message"] and response.tools == []

    claude = anthropic.Anthropic(base_url=desk.url, api_key=desk.key, max_retries=0)
    asked = {"model": "rain", "max_tokens": 100, "messages": RAIN}
    whole = claude.messages.create(**asked)
    assert [block.type for block in whole.content] == ["text"] * 2 and "".join(b.text for b in whole.content) == ANSWER
    with claude.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    assert "".join(b.text for b in final.content) == ANSWER and final.stop_reason == "end_turn"

    ollama = desk.post("/api/chat", {"model": "rain", "messages": RAIN, "stream": False}).json()
    assert ollama["message"]["content"] == ANSWER and "tool_calls" not in ollama["message"]
    lines = [json.loads(line) for line in desk.post("/api/chat", {"model": "rain", "messages": RAIN}).text.splitlines()]
    assert "".join(line["message"]["content"] for line in lines) == ANSWER and lines[-1]["done"]

    tides = client.chat.completions.create(model="tides", messages=[{"role": "user", "content": "Vestby?"}])
    assert tides.choices[0].message.annotations[0].file_citation["filename"] == "tides.md"


def test_calls_of_the_clients_own_come_back_to_it(client, mock):
    function = {"type": "function", "function": {"name": "mine"}}
    before = len([s for s in Old.seen if s[0] == "tools/call"])
    mixed = client.chat.completions.create(model="both", messages=RAIN, tools=[function])
    assert [call.function.name for call in mixed.choices[0].message.tool_calls] == ["mine"] and mixed.choices[0].finish_reason == "tool_calls"
    # The client could not say what our tool gave: the model asks for it again.
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == before

    shown = client.responses.create(model="both", input="Rain?", tools=[MINE])
    assert [item.type for item in shown.output] == ["message", "mcp_call", "function_call"]
    assert json.loads(shown.output[1].output) == {"query": "Rain?"}
    result = {"type": "function_call_output", "call_id": shown.output[2].call_id, "output": "done"}
    client.responses.create(model="both", input=[result], tools=[MINE], previous_response_id=shown.id)
    said = [b for b in mock.chats() if b["model"] == "call-weather+mine"][-1]["messages"]
    assert [m["role"] for m in said] == ["user", "assistant", "tool", "assistant", "tool"] and said[-1]["content"] == "done"

    # Of one name the client's counts.
    theirs = client.chat.completions.create(model="rain", messages=RAIN, tools=[{"type": "function", "function": {"name": "weather"}}])
    assert theirs.choices[0].message.tool_calls[0].function.name == "weather"


def test_a_route_says_how_often_its_model_is_asked(desk, client):
    assert set_route(desk, "restless", steps=["mine/tools"], tools=[WEATHER], tool_rounds=2).status_code < 300
    with pytest.raises(openai.APIError, match="after 2 rounds"):
        client.chat.completions.create(model="restless", messages=RAIN)


@pytest.mark.parametrize("document, word", [
    ({"tools": {}}, "list of at most 5"), ({"tools": [WEATHER] * 6}, "list of at most 5"), ({"tools": [{"type": "web_search"}]}, "mcp or file_search"),
    ({"tools": [{"type": "mcp"}]}, "server_label"), ({"tools": [{**WEATHER, "server_url": "https://x.example"}]}, "server_url"),
    ({"tools": [{**WEATHER, "require_approval": "always"}]}, "approval"), ({"tools": [{**SEARCH, "filters": {}}]}, "filters"), ({"tool_rounds": 33}, "tool_rounds")])
def test_what_a_route_cannot_bring_is_refused(desk, document, word):
    answer = set_route(desk, "wrong", steps=["mine/tools"], **document)
    assert answer.status_code == 400 and word in answer.text, answer.text


def test_a_server_that_is_not_there_fails_the_call_by_its_name(desk, client):
    assert set_route(desk, "lost", steps=["mine/call-weather"], tools=[{"type": "mcp", "server_label": "nobody"}]).status_code < 300
    with pytest.raises(openai.APIError, match="no MCP server 'nobody'"):
        client.chat.completions.create(model="lost", messages=RAIN)


def test_answers_with_tools_are_not_kept(desk, client):
    def asked():
        return len([s for s in Old.seen if s[0] == "tools/call"])
    before = asked()
    for _ in range(2):
        client.chat.completions.create(model="rain", messages=RAIN, temperature=0, extra_headers={"X-Lectern-Cache": "use"})
    assert asked() == before + 2


def test_the_command_shows_the_tools(desk):
    assert "with old, file_search" in desk.cli("gateway", "ls").stdout
