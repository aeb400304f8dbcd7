"""The gateway's backs: an OpenAI client, unchanged, in front of services of every dialect."""
import json

import pytest

from conftest import Server
from mock_backs import MockBacks
from mock_provider import MockProvider

HELLO = [{"role": "user", "content": "hello"}]
WEATHER = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
DIALECTS = {"anthropic": "anthropic", "gemini": "gemini", "ollama": "ollama-native", "cohere": "cohere"}


@pytest.fixture(scope="module")
def mock():
    started = MockBacks()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backs")
    services = {dialect: {"provider": provider, "base_url": f"{mock.url}/{dialect}", "key": "sk-of-ours", "private": True}
                for dialect, provider in DIALECTS.items()}
    services["mistral"] = {"provider": "mistral", "base_url": f"{mock.url}/openai", "key": "k", "private": True}
    services["groq"] = {**services["mistral"], "provider": "groq"}
    services["azure"] = {"provider": "azure", "base_url": f"{mock.url}/openai", "key": "k", "private": True,
                         "version": "2024-10-21"}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", arguments=["--gateway", str(folder / "gateway.json")]).start()
    started.new_key()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(server):
    openai = pytest.importorskip("openai")
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def streamed(client, model, **options):
    """Text, calls by number, the reason it ended and usage, as the client's library puts them together."""
    text, calls, finish, usage = "", {}, None, None
    for chunk in client.chat.completions.create(model=model, messages=HELLO, stream=True,
                                                stream_options={"include_usage": True}, **options):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                own = calls.setdefault(call.index, {"id": call.id, "name": call.function.name, "arguments": ""})
                own["arguments"] += call.function.arguments or ""
    return text, calls, finish, usage


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_text_is_streamed(client, dialect):
    text, calls, finish, usage = streamed(client, f"{dialect}/text")
    assert text.startswith("Hello") and not calls and finish == "stop"
    assert usage.completion_tokens > 1 and usage.prompt_tokens > 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_calls_of_tools_are_streamed(client, dialect):
    _, calls, finish, _ = streamed(client, f"{dialect}/tools", tools=WEATHER)
    assert [call["name"] for call in calls.values()] == ["weather", "place"] and finish == "tool_calls"
    assert json.loads(calls[0]["arguments"]) == {"city": "Oslo"} and json.loads(calls[1]["arguments"]) == {}
    assert len({call["id"] for call in calls.values()}) == 2


@pytest.mark.parametrize("dialect", ["anthropic", "gemini", "cohere"])
def test_calls_of_tools_come_whole(client, dialect):
    whole = client.chat.completions.create(model=f"{dialect}/tools", messages=HELLO, tools=WEATHER)
    call = whole.choices[0].message.tool_calls[0]
    assert whole.choices[0].finish_reason == "tool_calls" and call.id
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Oslo"})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_that_is_cut_is_an_error(client, dialect):
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.APIError):
        streamed(client, f"{dialect}/cut")


@pytest.mark.parametrize("model", ["anthropic/overloaded", "gemini/error-inside", "ollama/error", "cohere/failed",
                                   "gemini/malformed", "anthropic/limited", "gemini/error"])
def test_an_error_inside_a_stream_is_an_error(client, model):
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.APIError):
        streamed(client, model)


def test_a_result_goes_back_with_what_its_call_carried(client, mock):
    whole = client.chat.completions.create(model="gemini/tools", messages=HELLO, tools=WEATHER)
    first = streamed(client, "gemini/tools", tools=WEATHER)[1][0]
    assert whole.choices[0].message.tool_calls
    client.chat.completions.create(model="gemini/tools", tools=WEATHER, messages=HELLO + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": first["id"], "type": "function",
             "function": {"name": first["name"], "arguments": first["arguments"]}}]},
        {"role": "tool", "tool_call_id": first["id"], "content": "rain"}])
    call, result = mock.requests[-1][3]["contents"][1]["parts"][0], mock.requests[-1][3]["contents"][2]["parts"][0]
    assert call["thoughtSignature"] == "CpwBAQ==" and call["functionCall"]["args"] == {"city": "Oslo"}
    assert result["functionResponse"]["name"] == "weather"
    assert result["functionResponse"]["id"] == call["functionCall"]["id"]


def test_keys_go_where_each_service_looks_for_them(client, mock):
    headers = {"anthropic": ("X-Api-Key", "sk-of-ours"), "gemini": ("X-Goog-Api-Key", "sk-of-ours"),
               "ollama": ("Authorization", "Bearer sk-of-ours"), "cohere": ("Authorization", "Bearer sk-of-ours")}
    for dialect, (name, value) in headers.items():
        streamed(client, f"{dialect}/text")
        _, path, sent, _ = mock.requests[-1]
        assert {k.lower(): v for k, v in sent.items()}[name.lower()] == value and "sk-of-ours" not in path


def test_what_a_dialect_cannot_say_is_refused_by_name(client):
    openai = pytest.importorskip("openai")
    with pytest.raises(openai.APIStatusError) as refusal:
        client.chat.completions.create(model="anthropic/text", messages=HELLO, n=2)
    assert "one answer" in str(refusal.value) and refusal.value.status_code < 500


@pytest.mark.parametrize("dialect,first", [("gemini", [0.1, 0.2]), ("ollama", [0.5, 1.0]), ("cohere", [0.5, 0.25])])
@pytest.mark.parametrize("encoding", [{}, {"encoding_format": "float"}])
def test_vectors(client, mock, dialect, first, encoding):
    answer = client.embeddings.create(model=f"{dialect}/any", input=["one", "two"], **encoding)
    assert [len(row.embedding) for row in answer.data] == [2, 2]
    assert answer.data[0].embedding == pytest.approx(first)
    assert json.dumps(mock.requests[-1][3]).index("one") < json.dumps(mock.requests[-1][3]).index("two")


def test_ranks(server):
    answer = server.post("/v1/rerank", {"model": "cohere/any", "query": "which", "documents": ["one", "two"]})
    assert [row["index"] for row in answer.json()["results"]] == [1, 0]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_anthropics_client_is_served_by_every_dialect(server, dialect):
    anthropic = pytest.importorskip("anthropic")
    claude = anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)
    with claude.messages.stream(model=f"{dialect}/tools", max_tokens=50, messages=HELLO,
                                tools=[{"name": "weather", "input_schema": {"type": "object"}}]) as stream:
        final = stream.get_final_message()
    uses = [block for block in final.content if block.type == "tool_use"]
    assert [(use.name, use.input) for use in uses] == [("weather", {"city": "Oslo"}), ("place", {})]
    assert final.stop_reason == "tool_use"
    thoughts = [block.thinking for block in final.content if block.type == "thinking"]
    assert thoughts and all(thoughts)
    with pytest.raises(anthropic.APIError):
        with claude.messages.stream(model=f"{dialect}/cut", max_tokens=50, messages=HELLO) as stream:
            stream.get_final_message()


def test_quirks_of_a_service_of_the_same_dialect(client, mock):
    streamed(client, "mistral/tools", seed=7, user="anna", max_completion_tokens=9, temperature=0.5)
    dialect, path, _, body = mock.requests[-1]
    assert (dialect, path) == ("openai", "/chat/completions")
    assert body == {"model": "tools", "messages": HELLO, "stream": True, "random_seed": 7, "max_tokens": 9,
                    "temperature": 0.5}
    whole = client.chat.completions.create(model="azure/tools", messages=HELLO, max_tokens=9)
    assert whole.choices[0].message.tool_calls
    _, path, headers, body = mock.requests[-1]
    assert path == "/openai/deployments/tools/chat/completions?api-version=2024-10-21"
    assert headers["api-key"] == "k" and "Authorization" not in headers
    assert body["max_completion_tokens"] == 9 and "max_tokens" not in body


def test_names_of_messages_are_left_out_where_they_are_refused(client, mock):
    named = [{"role": "user", "content": "hello", "name": "anna"}]
    for model, messages in (("mistral/tools", named), ("groq/tools", HELLO)):
        whole = client.chat.completions.create(model=model, messages=named, extra_body={"new": 1})
        assert whole.choices[0].message.tool_calls
        assert mock.requests[-1][3] == {"model": "tools", "messages": messages, "new": 1}


@pytest.fixture(scope="module")
def writing(mock, tmp_path_factory):
    """A server whose answers are written by Gemini where a search asks for it."""
    folder, standard = tmp_path_factory.mktemp("writing"), MockProvider(["good"])
    services = {"gemini": {"provider": "gemini", "base_url": f"{mock.url}/gemini", "key": "k", "private": True}}
    (folder / "gateway.json").write_text(json.dumps({"services": services}))
    started = Server(folder / "library", arguments=["--gateway", str(folder / "gateway.json"), "--provider-url", standard.url]).start()
    started.new_key()
    started.add(("rope.md", b"# The rope\n\nThe rope of Arendal is forty metres long.\n"))
    yield started
    started.stop()
    standard.stop()


@pytest.mark.parametrize("loose", [False, True])
def test_the_mode_uncensored_turns_filters_down_where_the_policy_says_so(writing, mock, loose):
    server = writing
    owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    assert server.call("PUT", "/v1/gateway/policy", json={"loose_filters": loose}, key=owner).status_code == 200
    assert server.call("GET", "/v1/gateway/policy", key=owner).json()["loose_filters"] is loose
    sent = {}
    for mode in ("uncensored", "deep"):
        mock.requests.clear()
        reply = server.post("/api/search", {"query": f"How long is the rope of Arendal, {loose}?", "mode": mode, "model": "gemini/text"})
        assert reply.status_code == 200, reply.text
        sent[mode] = [body for dialect, path, _, body in mock.requests if dialect == "gemini" and "Question:" in json.dumps(body)]
        assert sent[mode], mock.requests
        if mode == "uncensored":
            assert ("turned down" in reply.json()["notice"]) is loose and "filters" in reply.json()["notice"]
    settings = sent["uncensored"][0].get("safetySettings", [])
    assert {one["threshold"] for one in settings} == ({"BLOCK_NONE"} if loose else set()) and len(settings) == (4 if loose else 0)
    assert all("safetySettings" not in body for body in sent["deep"])
    server.call("PUT", "/v1/gateway/policy", json={}, key=owner)
