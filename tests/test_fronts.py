"""The gateway's fronts: clients of OpenAI, Anthropic and Ollama, unchanged, in front of a service in OpenAI's dialect."""
import json

import pytest

from conftest import Server
from mock_provider import MODELS, MockProvider

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
