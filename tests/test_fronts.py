"""The gateway's fronts: clients of OpenAI, Anthropic and Ollama, unchanged, in front of a service in OpenAI's dialect."""
import base64
import json
import struct

import pytest
import requests

from conftest import Server
from mock_provider import MODELS, MockProvider
from test_models import write_model

QUESTION = "How many people does the quarry at Ardal employ?"
HELLO = [{"role": "user", "content": "hello"}]
ANSWER = "It is as you say."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(MODELS, key="sk-secret-of-the-server")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("fronts") / "library", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    started.new_key()
    started.add(("granite.md", b"# Granite\n\nThe quarry at Ardal opened in 1874 and employs 212 people.\n"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def many(mock, tmp_path_factory):
    """A server whose services speak three dialects."""
    folder = tmp_path_factory.mktemp("many")
    root = mock.url.removesuffix("/v1")
    services = {"gpt": {"provider": "openai-compatible", "base_url": mock.url, "models": ["good", "cut"]},
                "claude": {"provider": "anthropic", "base_url": mock.url, "models": ["claude", "claude-cut"]},
                "llama": {"provider": "ollama-native", "base_url": root, "models": ["llama", "llama-cut"]}}
    setup = {"services": {name: {**one, "key": mock.key, "private": True} for name, one in services.items()}}
    (folder / "gateway.json").write_text(json.dumps(setup))
    started = Server(folder / "library", arguments=["--gateway", str(folder / "gateway.json")]).start()
    started.new_key()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def openai_client(server):
    openai = pytest.importorskip("openai")
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


@pytest.fixture(scope="module")
def claude(server):
    anthropic = pytest.importorskip("anthropic")
    return anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)


# --- OpenAI's chat ---

def test_openai_tools_whole_and_streamed(openai_client):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    whole = openai_client.chat.completions.create(model="tools", messages=HELLO, tools=tools)
    calls = whole.choices[0].message.tool_calls
    assert [json.loads(c.function.arguments)["city"] for c in calls] == ["Oslo", "Bergen"]
    arguments = {}
    for chunk in openai_client.chat.completions.create(model="tools", messages=HELLO, tools=tools, stream=True):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert [json.loads(a)["city"] for a in arguments.values()] == ["Oslo", "Bergen"]


# --- OpenAI's responses ---

TOOL = {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}


def test_responses_whole(openai_client, mock):
    answer = openai_client.responses.create(model="good", input="hello", instructions="Be kind.", max_output_tokens=20,
                                            metadata={"a": "b"})
    assert answer.instructions == "Be kind." and answer.metadata == {"a": "b"}
    assert answer.output_text == ANSWER and answer.status == "completed" and answer.id.startswith("resp_")
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (11, 7, 18)
    sent = mock.chats()[-1]
    assert [m["role"] for m in sent["messages"]] == ["system", "user"] and sent["max_tokens"] == 20


def test_responses_stream_in_order(openai_client):
    events = list(openai_client.responses.create(model="good", input=[{"role": "user", "content": "hello"}], stream=True))
    assert [e.sequence_number for e in events] == list(range(len(events)))
    kinds = [e.type for e in events if e.type != "response.output_text.delta"]
    assert kinds == ["response.created", "response.in_progress", "response.output_item.added",
                     "response.content_part.added", "response.output_text.done", "response.content_part.done",
                     "response.output_item.done", "response.completed"]
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == ANSWER
    assert events[-1].response.output_text == ANSWER and events[-1].response.usage.total_tokens == 18


@pytest.mark.parametrize("model", ["tools", "tools-interleaved"])
def test_responses_tools(openai_client, model):
    whole = openai_client.responses.create(model=model, input="hello", tools=[TOOL])
    with openai_client.responses.stream(model=model, input="hello", tools=[TOOL]) as stream:
        streamed = stream.get_final_response()
    for answer in (whole, streamed):
        calls = [item for item in answer.output if item.type == "function_call"]
        assert [json.loads(call.arguments)["city"] for call in calls] == ["Oslo", "Bergen"]
        assert len({call.call_id for call in calls}) == 2


def test_responses_go_on_from_each_other(openai_client, server, mock):
    import openai
    first = openai_client.responses.create(model="tools", input="hello", tools=[TOOL])
    calls = [item for item in first.output if item.type == "function_call"]
    second = openai_client.responses.create(model="good", previous_response_id=first.id, tools=[TOOL], input=[
        {"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls])
    messages = mock.chats()[-1]["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool"]
    assert [c["id"] for c in messages[1]["tool_calls"]] == [m["tool_call_id"] for m in messages[2:]]
    third = openai_client.responses.create(model="good", previous_response_id=second.id, input="and?", stream=True)
    assert list(third)[-1].response.previous_response_id == second.id
    assert [m["role"] for m in mock.chats()[-1]["messages"]] == ["user", "assistant", "tool", "tool", "assistant", "user"]
    assert openai_client.responses.retrieve(second.id).output_text == ANSWER
    openai_client.responses.delete(second.id)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(second.id)
    with pytest.raises(openai.NotFoundError) as gone:
        openai_client.responses.create(model="good", previous_response_id=second.id, input="and?")
    assert gone.value.param == "previous_response_id"
    unkept = openai_client.responses.create(model="good", input="hello", store=False)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(unkept.id)


@pytest.mark.parametrize("model", ["cut", "cut-late", "error-in-stream"])
def test_responses_cut_streams_raise(openai_client, model):
    import openai
    with pytest.raises(openai.APIError):
        list(openai_client.responses.create(model=model, input="hello", stream=True))


def test_responses_from_the_library(openai_client):
    whole = openai_client.responses.create(model="lectern", input=QUESTION)
    streamed = list(openai_client.responses.create(model="lectern", input=QUESTION, stream=True))
    assert any(e.type == "response.output_text.annotation.added" for e in streamed)
    for answer in (whole, streamed[-1].response):
        assert "212" in answer.output_text
        assert answer.output[0].content[0].annotations[0].filename == "granite.md"


def test_responses_refuse_by_name_what_they_have_not(server):
    for more, field in [({"background": True, "stream": True}, "stream"), ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
                        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
                        ({"input": []}, "input"), ({"temperature": "hot"}, "temperature")]:
        answer = server.post("/v1/responses", {"model": "good", "input": "hello", **more})
        assert 400 <= answer.status_code < 500 and answer.json()["error"]["param"] == field, answer.text


# --- Anthropic's messages ---

def test_messages_whole(claude):
    answer = claude.messages.create(model="good", max_tokens=50, messages=HELLO)
    assert answer.content[0].text == ANSWER and answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)
    assert answer.id.startswith("msg_") and answer.model == "good" and answer.role == "assistant"


@pytest.mark.parametrize("model", ["good", "crlf", "bytes", "whole", "no-done"])
def test_messages_streamed(claude, model):
    with claude.messages.stream(model=model, max_tokens=50, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == ANSWER and final.content[0].text == ANSWER and final.stop_reason == "end_turn"
    assert model == "no-done" or (final.usage.input_tokens, final.usage.output_tokens) == (11, 7)


def test_messages_tools_whole_and_streamed(claude, mock):
    tools = [{"name": "weather", "description": "of a city", "input_schema": SCHEMA}]
    whole = claude.messages.create(model="tools", max_tokens=50, messages=HELLO, tools=tools)
    with claude.messages.stream(model="tools", max_tokens=50, messages=HELLO, tools=tools) as stream:
        streamed = stream.get_final_message()
    for answer in (whole, streamed):
        assert answer.stop_reason == "tool_use"
        uses = [block for block in answer.content if block.type == "tool_use"]
        assert [use.input["city"] for use in uses] == ["Oslo", "Bergen"] and len({use.id for use in uses}) == 2
    sent = mock.chats()[-1]
    assert sent["tools"][0]["function"] == {"name": "weather", "description": "of a city", "parameters": SCHEMA}


def test_messages_interleaved_calls_come_one_after_the_other(claude):
    tools = [{"name": "weather", "input_schema": SCHEMA}]
    open_blocks, starts = [], 0
    for event in claude.messages.create(model="tools-interleaved", max_tokens=50, messages=HELLO, tools=tools, stream=True):
        if event.type == "content_block_start":
            assert not open_blocks and event.index == starts
            open_blocks, starts = [event.index], starts + 1
        elif event.type == "content_block_delta":
            assert open_blocks == [event.index]
        elif event.type == "content_block_stop":
            assert open_blocks == [event.index]
            open_blocks = []
    assert starts == 2
    with claude.messages.stream(model="tools-interleaved", max_tokens=50, messages=HELLO, tools=tools) as stream:
        assert [b.input["city"] for b in stream.get_final_message().content] == ["Oslo", "Bergen"]


def test_messages_reach_the_service_in_its_own_words(claude, mock):
    claude.messages.create(
        model="good", max_tokens=77, stop_sequences=["END"], extra_body={"temperature": 0.5, "top_p": 0.9},
        system=[{"type": "text", "text": "Be kind."}], metadata={"user_id": "anna"},
        tools=[{"name": "weather", "input_schema": SCHEMA}], tool_choice={"type": "tool", "name": "weather",
                                                                        "disable_parallel_tool_use": True},
        messages=[
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "text", "text": "I ask."},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "rain"}]},
                {"type": "text", "text": "And now?"}]}])
    sent = mock.chats()[-1]
    roles = [m["role"] for m in sent["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]
    assert sent["messages"][1]["content"][1]["image_url"]["url"] == f"data:image/png;base64,{PIXEL}"
    call = sent["messages"][2]["tool_calls"][0]
    assert call["id"] == "toolu_1" and json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    assert sent["messages"][3] == {"role": "tool", "tool_call_id": "toolu_1", "content": "rain"}
    assert (sent["max_tokens"], sent["temperature"], sent["top_p"], sent["stop"]) == (77, 0.5, 0.9, ["END"])
    assert sent["tool_choice"]["function"]["name"] == "weather" and sent["parallel_tool_calls"] is False
    assert sent["user"] == "anna"


def test_messages_from_the_library(claude):
    whole = claude.messages.create(model="lectern", max_tokens=500, messages=[{"role": "user", "content": QUESTION}])
    with claude.messages.stream(model="lectern", max_tokens=500, messages=[{"role": "user", "content": QUESTION}]) as stream:
        streamed = stream.get_final_message()
    for answer in (whole, streamed):
        assert "212" in answer.content[0].text and answer.stop_reason == "end_turn"
        cited = answer.content[0].citations
        assert cited[0].title == "granite.md" and any("212" in c.cited_text for c in cited)
        assert answer.usage.output_tokens > 0


@pytest.mark.parametrize("model", ["cut", "cut-late", "error-in-stream"])
def test_messages_cut_streams_raise(claude, model):
    import anthropic
    with pytest.raises(anthropic.APIError):
        with claude.messages.stream(model=model, max_tokens=50, messages=HELLO) as stream:
            stream.get_final_message()


def test_messages_failures_have_their_own_shape(claude, server):
    import anthropic
    with pytest.raises(anthropic.BadRequestError) as refused:
        claude.messages.create(model="plain-only", max_tokens=50, messages=[{"role": "user", "content": [{"type": "odd"}]}])
    assert refused.value.body["type"] == "error" and refused.value.body["error"]["type"] == "invalid_request_error"
    assert "messages[0].content[0].type" in refused.value.body["error"]["message"]
    with pytest.raises(anthropic.AuthenticationError) as refused:
        anthropic.Anthropic(base_url=server.url, api_key="nobody", max_retries=0).messages.create(
            model="good", max_tokens=50, messages=HELLO)
    assert refused.value.body["error"]["type"] == "authentication_error"
    with pytest.raises(anthropic.RateLimitError):
        claude.messages.create(model="limited", max_tokens=50, messages=HELLO)


def test_messages_count_tokens(claude):
    few = claude.messages.count_tokens(model="good", messages=HELLO).input_tokens
    many = claude.messages.count_tokens(model="good", system="Be kind. " * 100, messages=HELLO).input_tokens
    assert 0 < few < 10 and 150 < many < 400


def test_messages_are_counted_by_the_service_that_would_answer(many, mock):
    anthropic = pytest.importorskip("anthropic")
    claude = anthropic.Anthropic(base_url=many.url, api_key=many.key, max_retries=0)
    assert claude.messages.count_tokens(model="claude/claude", messages=HELLO, system="Be kind.").input_tokens == 1001
    path, headers, body = mock.requests[-1]
    assert path == "/v1/messages/count_tokens" and body == {"model": "claude", "messages": HELLO, "system": "Be kind."}
    assert headers["x-api-key"] == mock.key and headers["anthropic-version"]
    asked = len(mock.requests)
    assert claude.messages.count_tokens(model="gpt/good", messages=HELLO).input_tokens < 10
    assert len(mock.requests) == asked, "services of other dialects do not count"
    assert claude.messages.count_tokens(model="claude/claude-uncounted", messages=HELLO).input_tokens < 10


# --- Ollama ---

def lines(answer):
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.iter_lines() if line]


def test_ollama_chat_streams_by_default(server):
    told = lines(server.post("/api/chat", {"model": "good", "messages": HELLO}))
    assert "".join(line["message"]["content"] for line in told) == ANSWER
    assert [line["done"] for line in told] == [False] * (len(told) - 1) + [True]
    assert told[-1]["done_reason"] == "stop" and told[-1]["model"] == "good"
    assert (told[-1]["prompt_eval_count"], told[-1]["eval_count"]) == (11, 7)


def test_ollama_chat_whole_and_generate(server, mock):
    whole = server.post("/api/chat", {"model": "good", "messages": HELLO, "stream": False}).json()
    assert whole["message"] == {"role": "assistant", "content": ANSWER} and whole["done"] and whole["eval_count"] == 7
    body = {"model": "good", "prompt": "hello", "system": "Be kind.", "images": [PIXEL], "format": SCHEMA,
            "options": {"num_predict": 9, "temperature": 0, "num_ctx": 4096}}
    assert "".join(line["response"] for line in lines(server.post("/api/generate", body))) == ANSWER
    sent = mock.chats()[-1]
    assert [m["role"] for m in sent["messages"]] == ["system", "user"] and sent["max_tokens"] == 9
    assert sent["messages"][1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.post("/api/generate", {**body, "stream": False}).json()["response"] == ANSWER


def test_ollama_tools_are_objects_with_their_answers_in_order(server, mock):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    for stream in (False, True):
        answer = server.post("/api/chat", {"model": "tools-interleaved", "messages": HELLO, "tools": tools, "stream": stream})
        told = lines(answer) if stream else [answer.json()]
        calls = [call for line in told for call in line["message"].get("tool_calls", [])]
        assert [call["function"]["arguments"] for call in calls] == [{"city": "Oslo"}, {"city": "Bergen"}]
    called = [{"role": "assistant", "content": "", "tool_calls": [
        {"function": {"name": "weather", "arguments": {"city": city}}} for city in ("Oslo", "Bergen")]}]
    said = [{"role": "tool", "tool_name": "weather", "content": word} for word in ("rain", "sun")]
    server.post("/api/chat", {"model": "good", "messages": HELLO + called + said, "tools": tools, "stream": False})
    messages = mock.chats()[-1]["messages"]
    ids = [call["id"] for call in messages[1]["tool_calls"]]
    assert [m["tool_call_id"] for m in messages[2:]] == ids and len(set(ids)) == 2


@pytest.mark.parametrize("model", ["cut", "cut-late", "error-in-stream"])
def test_ollama_cut_streams_say_so(server, model):
    told = lines(server.post("/api/chat", {"model": model, "messages": HELLO}))
    assert "error" in told[-1] and not any(line.get("done") for line in told)


def test_ollama_says_what_there_is(server):
    names = [m["name"] for m in server.get("/api/tags").json()["models"]]
    assert "lectern" in names and "good" in names
    assert server.get("/api/version").json()["version"].count(".") == 2
    assert "completion" in server.post("/api/show", {"model": "good"}).json()["capabilities"]
    gone = server.post("/api/show", {"model": "nothing-like-it"})
    assert gone.status_code == 404 and list(gone.json()) == ["error"]


def test_ollama_answers_from_the_library(server):
    body = {"model": "lectern", "messages": [{"role": "user", "content": QUESTION}]}
    assert "212" in "".join(line["message"]["content"] for line in lines(server.post("/api/chat", body)))
    assert "212" in server.post("/api/generate", {"model": "lectern", "prompt": QUESTION, "stream": False}).json()["response"]


# --- Completions, vectors, rankings, models ---

def test_completions_pass_through(openai_client):
    answer = openai_client.completions.create(model="good", prompt="hello")
    assert answer.choices[0].text == ANSWER and answer.usage.total_tokens == 18
    chunks = openai_client.completions.create(model="good", prompt="hello", stream=True)
    assert "".join(c.choices[0].text for c in chunks if c.choices) == ANSWER


def test_embeddings_of_a_service(openai_client, server):
    vectors = openai_client.embeddings.create(model="embed", input=["one", "two"]).data
    assert [len(v.embedding) for v in vectors] == [3, 3]
    raw = server.post("/v1/embeddings", {"model": "embed", "input": "one", "encoding_format": "base64"}).json()
    assert struct.unpack("<3f", base64.b64decode(raw["data"][0]["embedding"])) == (1.0, 2.0, 0.5)
    assert server.post("/api/embed", {"model": "embed", "input": ["one", "two"]}).json()["embeddings"] == [[1, 2, .5]] * 2


def test_moderations_and_rerank_pass_through(openai_client, server):
    assert openai_client.moderations.create(model="moderator", input="hello").results[0].flagged is False
    ranked = server.post("/v1/rerank", {"model": "ranker", "query": "q", "documents": ["a", "b"]}).json()
    assert [r["index"] for r in ranked["results"]] == [1, 0]


def test_our_own_cross_encoder_ranks(server, tmp_path):
    body = {"query": "voles", "documents": ["granite", {"text": "voles"}, "rock"], "top_n": 2, "return_documents": True}
    missing = server.post("/v1/rerank", body)
    assert missing.status_code == 400 and "rerank_model" in missing.json()["error"]["message"]
    model = write_model(tmp_path / "scores", 7, scores_pairs=True)
    own = Server(tmp_path / "library", arguments=["--rerank-model", str(model)]).start()
    try:
        own.new_key()
        results = own.post("/v1/rerank", {"model": "lectern", **body}).json()["results"]
        assert len(results) == 2 and results[0]["relevance_score"] >= results[1]["relevance_score"]
        assert all(r["document"]["text"] == ["granite", "voles", "rock"][r["index"]] for r in results)
        assert own.post("/v1/rerank", {**body, "documents": []}).status_code == 400
    finally:
        own.stop()


def test_models_in_both_shapes(openai_client, claude):
    assert {"lectern", "good"} <= {m.id for m in openai_client.models.list()}
    assert openai_client.models.retrieve("good").id == "good"
    assert {"lectern", "good"} <= {m.id for m in claude.models.list()}
    assert claude.models.retrieve("good").type == "model"


# --- Every front with every kind of service ---

def sse(answer):
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]


# How each front is asked, and where its answer is: whole, and in a piece of its stream.
FRONTS = {
    "/v1/chat/completions": (
        {"messages": HELLO}, lambda a: a["choices"][0]["message"]["content"], sse,
        lambda e: (e["choices"][0]["delta"].get("content") or "") if e.get("choices") else ""),
    "/v1/completions": (
        {"prompt": "hello"}, lambda a: a["choices"][0]["text"], sse,
        lambda e: e["choices"][0]["text"] if e.get("choices") else ""),
    "/v1/responses": (
        {"input": "hello"}, lambda a: a["output"][-1]["content"][0]["text"], sse,
        lambda e: e["delta"] if e["type"] == "response.output_text.delta" else ""),
    "/v1/messages": (
        {"messages": HELLO, "max_tokens": 50}, lambda a: a["content"][-1]["text"], sse,
        lambda e: e.get("delta", {}).get("text", "")),
    "/api/chat": ({"messages": HELLO, "stream": False}, lambda a: a["message"]["content"], lines,
                  lambda e: e.get("message", {}).get("content", "")),
    "/api/generate": ({"prompt": "hello", "stream": False}, lambda a: a["response"], lines,
                      lambda e: e.get("response", "")),
}


@pytest.mark.parametrize("model", ["good", "claude", "llama"])
@pytest.mark.parametrize("path", FRONTS)
def test_every_front_is_answered_by_every_service(many, path, model):
    body, whole, pieces, text = FRONTS[path]
    answer = many.post(path, {**body, "model": model})
    assert answer.status_code == 200 and whole(answer.json()) == ANSWER, answer.text
    streamed = pieces(many.post(path, {**body, "model": model, "stream": True}))
    assert "".join(text(piece) for piece in streamed) == ANSWER


@pytest.mark.parametrize("model", ["cut", "claude-cut", "llama-cut"])
@pytest.mark.parametrize("path", [p for p in FRONTS if p != "/v1/completions"])
def test_a_cut_stream_ends_in_an_error_on_every_front(many, path, model):
    body, _, pieces, _ = FRONTS[path]
    answer = many.post(path, {**body, "model": model, "stream": True})
    last = pieces(answer)[-1]
    assert last.get("error") and "[DONE]" not in answer.text and "message_stop" not in answer.text


def test_a_service_of_the_same_dialect_gets_what_was_sent(many, mock):
    body = {"model": "claude", "max_tokens": 50, "messages": HELLO, "container": {"skills": []}, "odd": [1, 2]}
    answer = many.post("/v1/messages", body, headers={"anthropic-beta": "one,two", "anthropic-version": "2099-01-01"})
    path, headers, sent = mock.requests[-1]
    headers = {name.lower(): value for name, value in headers.items()}
    assert path == "/v1/messages" and sent == body
    assert (headers["anthropic-beta"], headers["anthropic-version"]) == ("one,two", "2099-01-01")
    assert headers["x-api-key"] == mock.key and answer.json()["content"][0]["signature"] == "signed"
    body = {"model": "llama", "messages": HELLO, "stream": False, "keep_alive": "5m", "options": {"num_ctx": 9}}
    many.post("/api/chat", body)
    assert mock.requests[-1][0] == "/api/chat" and mock.requests[-1][2] == body


def test_thoughts_keep_their_signatures_on_every_way(many, mock):
    streamed = sse(many.post("/v1/messages", {"model": "claude", "max_tokens": 50, "messages": HELLO, "stream": True}))
    assert any(e.get("delta", {}).get("signature") == "signed" for e in streamed)
    answer = many.post("/v1/responses", {"model": "claude", "input": "hello"}).json()
    thought = answer["output"][0]
    assert thought["type"] == "reasoning" and thought["encrypted_content"] == "signed"
    many.post("/v1/responses", {"model": "claude", "previous_response_id": answer["id"], "input": "and?"})
    said = mock.requests[-1][2]["messages"][1]["content"]
    assert said[0] == {"type": "thinking", "thinking": "Hm.", "signature": "signed"}


def test_models_of_services_are_listed_by_all_their_names(many):
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{many.url}/v1", api_key=many.key, max_retries=0)
    names = [m.id for m in client.models.list()]
    assert {"lectern", "good", "gpt/good", "claude/claude"} <= set(names) and len(names) == len(set(names))
    assert not any(name.endswith("/") for name in names)
    assert client.models.retrieve("gpt/good").id == many.get("/v1/models/gpt/good").json()["id"] == "gpt/good"


# --- Bad input, in each front's own shape ---

def message_of(path, answer):
    """What went wrong, if the body has the shape that the front's clients expect."""
    body = answer.json()
    if path.startswith("/api/"):
        return body["error"] if list(body) == ["error"] and isinstance(body["error"], str) else None
    if path == "/v1/messages":
        return body["error"]["message"] if body["type"] == "error" and set(body["error"]) == {"type", "message"} else None
    return body["error"]["message"] if set(body["error"]) == {"message", "type", "param", "code"} else None


def raw(server, path, data, key=None):
    return requests.post(server.url + path, data=data, timeout=60, headers={
        "Authorization": f"Bearer {key or server.key}", "Content-Type": "application/json"})


@pytest.mark.parametrize("path", [*FRONTS, "/v1/embeddings", "/api/embed", "/v1/rerank", "/v1/moderations"])
def test_bad_bodies_are_refused_in_the_front_s_own_shape(many, path):
    good = {**FRONTS.get(path, ({"input": "x", "documents": ["x"], "query": "x"},))[0], "model": "good"}
    twice = json.dumps(good)[:-1] + ', "model": "claude"}'
    deep = json.dumps({**good, "metadata": 0}).replace('"metadata": 0', '"metadata": ' + "[" * 5000 + "]" * 5000)
    cases = [(b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b"\xff\xfe", 400), (twice.encode(), 400),
             (deep.encode(), 400), (json.dumps({**good, "model": 7}).encode(), 400),
             (json.dumps({**good, "model": "no\r\nX-Evil: 1"}).encode(), 404),
             (json.dumps({"model": "good"}).encode(), 400)]
    for data, status in cases:
        answer = raw(many, path, data)
        assert answer.status_code == status and message_of(path, answer), (data[:80], answer.status_code, answer.text[:300])
        assert "X-Evil" not in answer.headers
    strange = raw(many, path, json.dumps(good), key="nobody")
    assert strange.status_code == 401 and message_of(path, strange)
    large = raw(many, path, b" " * (33 << 20))
    assert large.status_code == 413 and message_of(path, large)


@pytest.mark.parametrize("path, body, field", [
    ("/v1/messages", {"messages": []}, "messages"), ("/v1/messages", {"max_tokens": 0}, "max_tokens"),
    ("/v1/messages", {"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
    ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "odd"}}]}]},
     "messages[0].content[0].source"),
    ("/v1/messages", {"tools": [{"name": "x"}]}, "tools[0].input_schema"),
    ("/v1/messages", {"tool_choice": {"type": "odd"}}, "tool_choice.type"),
    ("/v1/messages", {"temperature": "hot"}, "temperature"), ("/v1/messages", {"stop_sequences": [1]}, "stop_sequences"),
    ("/v1/messages", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools"),
    ("/v1/responses", {"input": [{"role": "user", "content": [{"type": "odd"}]}]}, "input[0].content[0].type"),
    ("/v1/responses", {"max_output_tokens": -1}, "max_output_tokens"), ("/v1/responses", {"text": {"format": {"type": "x"}}}, "text.format.type"),
    ("/api/chat", {"messages": [{"role": "odd"}]}, "messages[0].role"), ("/api/chat", {"options": {"top_p": "x"}}, "options.top_p"),
    ("/api/chat", {"format": 7}, "format"), ("/api/chat", {"think": 7}, "think"),
    ("/api/generate", {"raw": True}, "raw"), ("/api/generate", {"images": [7]}, "images")])
def test_wrong_members_are_named(many, path, body, field):
    answer = many.post(path, {**FRONTS[path][0], "model": "good", **body})
    assert 400 <= answer.status_code < 500 and field in message_of(path, answer), answer.text


@pytest.mark.parametrize("local", ["http://127.0.0.1/x.png", "https://10.0.0.1/x.png", "https://2130706433/x.png", "https://nas.local/x.png"])
def test_addresses_of_pictures_of_the_own_network_are_not_handed_on(many, local):
    for path, content in [
            ("/v1/chat/completions", {"type": "image_url", "image_url": {"url": local}}),
            ("/v1/chat/completions", {"type": "image_url", "image_\\u0075rl": {"url": local}}),
            ("/v1/messages", {"type": "image", "source": {"type": "url", "url": local}})]:
        body = {**FRONTS[path][0], "model": "good", "messages": [{"role": "user", "content": [content]}]}
        answer = raw(many, path, json.dumps(body).replace("\\\\u0075", "\\u0075"))
        assert answer.status_code == 400 and message_of(path, answer), answer.text
    body = {"model": "good", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": local}]}]}
    assert many.post("/v1/responses", body).status_code == 400


def test_addresses_of_pictures_of_public_hosts_are_handed_on(many):
    there = "https://example.com/x.png"
    for path, content in [("/v1/chat/completions", {"type": "image_url", "image_url": {"url": there}}),
                          ("/v1/messages", {"type": "image", "source": {"type": "url", "url": there}})]:
        body = {**FRONTS[path][0], "model": "good", "messages": [{"role": "user", "content": [content]}]}
        assert many.post(path, body).status_code == 200
    body = {"model": "good", "input": [{"role": "user", "content": [{"type": "input_image", "image_url": there}]}]}
    assert many.post("/v1/responses", body).status_code == 200
