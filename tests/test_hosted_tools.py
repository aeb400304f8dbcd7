"""Tools that the server calls for a model: those of the workspace's MCP servers and the search of its library, with the
official clients of OpenAI and Anthropic."""
import json
import time

import pytest
from conftest import Late, Server, wait_until
from test_mcp_client import Old, old, put  # noqa: F401 (a fixture)

anthropic, httpx2, openai = Late("anthropic"), Late("httpx2"), Late("openai")
MCP = {"type": "mcp", "server_label": "old", "require_approval": "never"}
SEARCH = {"type": "file_search", "vector_store_ids": ["library"]}
MINE = {"type": "function", "name": "mine", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture(scope="module")
def hosted(tmp_path_factory, mock, old):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("hosted") / "library", arguments=["--provider-url", mock.url]).start()
    server.owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    server.new_key()
    assert put(server, server.owner, "old", url=old, token="s3cret", tools=["weather"]).status_code == 204
    [document] = server.add(("tides.md", b"# Tides\n\nHigh water at Vestby is at 04:12 on the first of June.\n"))
    server.wait_document(document["id"])
    yield server
    server.stop()


@pytest.fixture
def client(hosted):
    return openai.OpenAI(base_url=hosted.url + "/v1", api_key=hosted.key, max_retries=0)


@pytest.fixture
def claude(hosted):
    return anthropic.Anthropic(base_url=hosted.url, api_key=hosted.key, max_retries=0)


def steps(response):
    """What the model did; the servers' lists of tools stand before."""
    return [item for item in response.output if item.type != "mcp_list_tools"]


def ask_chat(client, model, tools, **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Rain?"}], tools=tools, **more)


def test_a_chat_completion_ends_with_the_answer(client, mock):
    whole = ask_chat(client, "call-weather", [MCP])
    assert whole.choices[0].finish_reason == "stop" and not whole.choices[0].message.tool_calls
    assert whole.choices[0].message.content == 'Let me see.\n\nIt gave: {"query": "Rain?"} [1]'
    assert whole.usage.total_tokens == 36  # of both rounds
    first, second = [b for b in mock.chats() if b["model"] == "call-weather"][-2:]
    assert [t["function"]["name"] for t in first["tools"]] == ["weather"]
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "tool"]

    chunks = list(ask_chat(client, "call-weather", [MCP], stream=True, stream_options={"include_usage": True}))
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert said == whole.choices[0].message.content and chunks[-1].usage.total_tokens == 36
    assert not any(c.choices[0].delta.tool_calls for c in chunks if c.choices)


def test_a_response_tells_of_its_calls(client):
    whole = client.responses.create(model="call-weather", input="Rain?", tools=[MCP])
    assert [item.type for item in steps(whole)] == ["message", "mcp_call", "message"]
    call = steps(whole)[1]
    assert (call.server_label, call.name, call.status, call.error) == ("old", "weather", "completed", None)
    assert json.loads(call.arguments) == json.loads(call.output) == {"query": "Rain?"}
    assert whole.output_text.endswith("[1]") and whole.tools[0].type == "mcp" and whole.usage.total_tokens == 36

    with client.responses.stream(model="call-weather", input="Rain?", tools=[MCP]) as stream:
        types = [event.type for event in stream]
        final = stream.get_final_response()
    order = ["response.created", "response.mcp_call.in_progress", "response.mcp_call_arguments.done", "response.mcp_call.completed",
             "response.completed"]
    assert [t for t in types if t in order] == order
    assert [item.type for item in steps(final)] == ["message", "mcp_call", "message"]
    assert steps(final)[1].output == call.output

    # What was called before is known to the model in the next turn.
    again = client.responses.create(model="call-weather", input="And now?", tools=[MCP], previous_response_id=whole.id)
    assert json.loads(steps(again)[1].output) == {"query": "And now?"}


def test_a_response_lists_a_servers_tools_once(client):
    first = client.responses.create(model="call-weather", input="Rain?", tools=[MCP])
    [listed] = [item for item in first.output if item.type == "mcp_list_tools"]
    assert listed.server_label == "old" and [(t.name, t.input_schema) for t in listed.tools] == [("weather", {"type": "object"})]
    again = client.responses.create(model="call-weather", input="And now?", tools=[MCP], previous_response_id=first.id)
    assert "mcp_list_tools" not in [item.type for item in again.output]

    with client.responses.stream(model="call-weather", input="Rain?", tools=[MCP]) as stream:
        types = [event.type for event in stream]
    order = ["response.created", "response.mcp_list_tools.in_progress", "response.mcp_list_tools.completed", "response.completed"]
    assert [t for t in types if t in order] == order


CAREFUL = [{**MCP, "require_approval": "always"}, {**MCP, "require_approval": {"always": {"tool_names": ["weather"]}}},
           {**MCP, "require_approval": {"never": {"tool_names": ["clock"]}}}]


def answer_to(request, approve, **more):
    return {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": approve, **more}


@pytest.mark.parametrize("tool", CAREFUL)
def test_a_call_waits_until_a_person_has_allowed_it(client, tool):
    calls = len([s for s in Old.seen if s[0] == "tools/call"])
    asked = client.responses.create(model="call-weather", input="Rain?", tools=[tool])
    assert [item.type for item in steps(asked)] == ["message", "mcp_approval_request"] and asked.status == "completed"
    request = steps(asked)[1]
    assert (request.server_label, request.name, json.loads(request.arguments)) == ("old", "weather", {"query": "Rain?"})
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == calls

    done = client.responses.create(model="call-weather", tools=[tool], previous_response_id=asked.id, input=[answer_to(request, True)])
    assert [item.type for item in steps(done)] == ["mcp_call", "message"]
    call = steps(done)[0]
    assert (call.approval_request_id, call.status, json.loads(call.output)) == (request.id, "completed", {"query": "Rain?"})
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == calls + 1 and 'It gave: {"query": "Rain?"}' in done.output_text

    # It is not made again in the turns after.
    again = client.responses.create(model="call-weather", tools=[tool], previous_response_id=done.id, input="And now?")
    assert steps(again)[1].type == "mcp_approval_request" and len([s for s in Old.seen if s[0] == "tools/call"]) == calls + 1


def test_a_call_that_is_not_allowed_is_not_made(client, mock):
    asked = client.responses.create(model="call-weather", input="Rain?", tools=[CAREFUL[0]])
    calls = len([s for s in Old.seen if s[0] == "tools/call"])
    refused = client.responses.create(model="call-weather", tools=[CAREFUL[0]], previous_response_id=asked.id,
                                      input=[answer_to(steps(asked)[1], False, reason="not today")])
    assert [item.type for item in steps(refused)] == ["message"] and "not today" in refused.output_text
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == calls


def test_a_stream_asks_for_approval_too(client):
    with client.responses.stream(model="call-weather", input="Rain?", tools=[CAREFUL[0]]) as stream:
        added = [event.item for event in stream if event.type == "response.output_item.done"]
        final = stream.get_final_response()
    assert [item.type for item in steps(final)] == ["message", "mcp_approval_request"] and added[-1].id == steps(final)[1].id


def test_an_approval_of_nothing_that_waits_is_refused(client):
    asked = client.responses.create(model="call-weather", input="Rain?", tools=[CAREFUL[0]])
    request = steps(asked)[1]
    cases = [([CAREFUL[0]], [{**answer_to(request, True), "approval_request_id": "mcpr_other"}], "approval_request_id"),
             ([], [answer_to(request, True)], "tools"), ([MCP], [answer_to(request, True)], "asks"),
             ([CAREFUL[0]], [{"type": "mcp_approval_response", "approval_request_id": request.id}], "approve")]
    for tools, items, word in cases:
        with pytest.raises(openai.BadRequestError, match=word):
            client.responses.create(model="call-weather", tools=tools, previous_response_id=asked.id, input=items)


def test_what_a_tool_says_went_wrong_goes_to_the_model_and_the_client(client, hosted):
    assert put(hosted, hosted.owner, "self", url=hosted.url + "/mcp", token=hosted.key, tools=["read"]).status_code == 204
    failed = client.responses.create(model="call-read", input="What?", tools=[{**MCP, "server_label": "self"}])
    call = steps(failed)[1]
    assert (call.type, call.status, call.output) == ("mcp_call", "failed", None)
    assert call.error.type == "mcp_tool_execution_error" and "query" in call.error.content[0]["text"] and "query" in failed.output_text
    invented = client.responses.create(model="call-clock", input="What time is it?", tools=[MCP])  # not on the list
    assert [item.type for item in steps(invented)] == ["message"] and "no such tool" in invented.output_text


def test_a_list_of_tools_is_asked_for_again_when_it_has_changed(client, monkeypatch):
    def lists():
        return len([s for s in Old.seen if s[0] == "tools/list"])
    ask_chat(client, "call-weather", [MCP])
    before = lists()
    ask_chat(client, "call-weather", [MCP])
    assert lists() == before
    with monkeypatch.context() as patch:
        patch.setattr(Old, "news", "notifications/tools/list_changed")
        ask_chat(client, "call-weather", [MCP])
    assert lists() == before
    ask_chat(client, "call-weather", [MCP])
    assert lists() == before + 2  # its two pages


def test_no_more_calls_are_made_than_the_client_wants(client):
    asked = {"model": "call-weather+weather", "input": "Rain?", "tools": [MCP]}
    assert [item.type for item in steps(client.responses.create(**asked))] == ["message", "mcp_call", "mcp_call", "message"]
    limited = client.responses.create(**asked, max_tool_calls=1)
    assert [item.type for item in steps(limited)] == ["message", "mcp_call", "message"] and limited.max_tool_calls == 1
    assert "no more tools" in limited.output_text


def test_file_search_finds_and_cites(client, hosted):
    whole = client.responses.create(model="call-file_search", input="When is high water at Vestby?", tools=[SEARCH])
    assert [item.type for item in steps(whole)] == ["message", "file_search_call", "message"]
    search = steps(whole)[1]
    assert search.queries == ["When is high water at Vestby?"] and search.status == "completed"
    assert search.results[0].filename == "tides.md" and "04:12" in search.results[0].text and 0 < search.results[0].score <= 1
    [citation] = steps(whole)[2].content[0].annotations
    assert (citation.type, citation.filename, citation.file_id) == ("file_citation", "tides.md", search.results[0].file_id)

    with client.responses.stream(model="call-file_search", input="When is high water at Vestby?", tools=[SEARCH]) as stream:
        types = [event.type for event in stream]
    order = ["response.file_search_call.in_progress", "response.file_search_call.searching", "response.file_search_call.completed",
             "response.output_text.annotation.added"]
    assert [t for t in types if t in order] == order

    nowhere = client.responses.create(model="call-file_search", input="Vestby?", tools=[{**SEARCH, "vector_store_ids": ["empty"]}])
    assert nowhere.output[1].results == [] and not nowhere.output[2].content[0].annotations
    chat = client.chat.completions.create(model="call-file_search", messages=[{"role": "user", "content": "Vestby?"}], tools=[SEARCH])
    assert chat.choices[0].message.annotations[0].type == "file_citation"


def test_calls_of_the_clients_own_tools_are_handed_over(client):
    mixed = client.responses.create(model="call-mine", input="Rain?", tools=[MCP, MINE])
    assert [item.type for item in steps(mixed)] == ["message", "function_call"]
    assert steps(mixed)[1].name == "mine" and json.loads(steps(mixed)[1].arguments) == {"query": "Rain?"}
    chat = ask_chat(client, "call-mine", [MCP, {"type": "function", "function": {"name": "mine"}}])
    assert chat.choices[0].finish_reason == "tool_calls" and chat.choices[0].message.tool_calls[0].function.name == "mine"


@pytest.mark.parametrize("revision", ["mcp-client-2025-04-04", "mcp-client-2025-11-20"])
def test_anthropics_connector_is_understood(claude, revision):
    server = {"type": "url", "url": "lectern", "name": "old"}
    tools = [{"type": "mcp_toolset", "mcp_server_name": "old"}] if revision.endswith("11-20") else []
    asked = {"model": "call-weather", "max_tokens": 100, "messages": [{"role": "user", "content": "Rain?"}], "mcp_servers": [server],
             "tools": tools, "betas": [revision]}
    whole = claude.beta.messages.create(**asked)
    assert [block.type for block in whole.content] == ["text", "mcp_tool_use", "mcp_tool_result", "text"]
    use, result = whole.content[1:3]
    assert (use.server_name, use.name, use.input) == ("old", "weather", {"query": "Rain?"})
    assert result.tool_use_id == use.id and json.loads(result.content[0].text) == {"query": "Rain?"} and not result.is_error
    assert whole.stop_reason == "end_turn"
    with claude.beta.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["text", "mcp_tool_use", "mcp_tool_result", "text"]
    assert final.content[1].input == {"query": "Rain?"} and final.usage == whole.usage

    # The conversation goes on with these blocks, whatever model is asked.
    more = asked["messages"] + [{"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in whole.content]},
                                {"role": "user", "content": "And Bergen?"}]
    again = claude.beta.messages.create(**{**asked, "messages": more})
    assert again.content[1].input == {"query": "And Bergen?"}

    off = {"default_config": {"enabled": False}, "configs": {"other": {"enabled": True}}} if tools else {}
    shut = {**asked, "tools": [{**tools[0], **off}]} if tools else \
        {**asked, "mcp_servers": [{**server, "tool_configuration": {"allowed_tools": ["other"]}}]}
    assert "no such tool" in claude.beta.messages.create(**shut).content[0].text


def test_what_is_not_taken_is_refused_by_name(client, hosted, claude):
    cases = [({**MCP, "server_label": "none"}, "no MCP server 'none'"), ({**MCP, "server_url": "https://elsewhere.example/mcp"}, "server_url"),
             ({**MCP, "authorization": "x"}, "authorization"), ({**MCP, "headers": {"X": "y"}}, "headers"),
             ({**MCP, "require_approval": "sometimes"}, "require_approval"), ({**MCP, "connector_id": "connector_gmail"}, "connector_id"),
             ({**SEARCH, "filters": {"type": "eq", "key": "a", "value": "b"}}, "filters"), ({**SEARCH, "max_num_results": 99}, "max_num_results")]
    for tool, word in cases:
        for stream in (False, True):
            with pytest.raises(openai.APIError, match=word):
                events = client.responses.create(model="call-weather", input="Rain?", tools=[tool], stream=stream)
                list(events)
    with pytest.raises(openai.APIError, match="require_approval must be never here"):
        ask_chat(client, "call-weather", [{**MCP, "require_approval": "always"}])
    with pytest.raises(openai.APIError, match="n must be 1"):
        ask_chat(client, "call-weather", [MCP], n=2)
    with pytest.raises(openai.NotFoundError):
        ask_chat(client, "no-such-model", [MCP])
    with pytest.raises(openai.APIError, match="8 rounds"):
        ask_chat(client, "tools", [MCP])
    reader = hosted.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    theirs = openai.OpenAI(base_url=hosted.url + "/v1", api_key=reader, max_retries=0)
    with pytest.raises(openai.APIError, match="editor"):
        ask_chat(theirs, "call-weather", [MCP])
    assert ask_chat(theirs, "call-file_search", [SEARCH]).choices[0].finish_reason == "stop"
    limited = {**MCP, "allowed_tools": ["clock"]}
    assert "no such tool" in ask_chat(client, "call-weather", [limited]).choices[0].message.content


def test_what_fails_upstream_fails_honestly(client, hosted, mock):
    with pytest.raises(openai.APIError):
        ask_chat(client, "broken", [MCP])
    with pytest.raises(openai.APIError):
        list(ask_chat(client, "cut", [MCP], stream=True))
    before = len([s for s in Old.seen if s[0] == "tools/call"])
    assert put(hosted, hosted.owner, "gone", url="http://127.0.0.1:1/mcp", tools=["*"]).status_code == 204
    with pytest.raises(openai.APIError):
        ask_chat(client, "call-weather", [{**MCP, "server_label": "gone"}])
    assert len([s for s in Old.seen if s[0] == "tools/call"]) == before


def test_a_client_that_leaves_stops_the_calls(hosted):
    body = {"model": "tools", "messages": [{"role": "user", "content": "Rain?"}], "tools": [MCP], "stream": True}
    with httpx2.stream("POST", hosted.url + "/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {hosted.key}"}) as answer:
        assert answer.status_code in (200, 502)
    assert hosted.get("/healthz").status_code == 200


def test_each_round_is_in_the_records(client, hosted):
    admin = hosted.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    whole = ask_chat(client, "call-weather", [MCP])
    calls = lambda: hosted.get("/v1/calls?limit=50", key=admin).json()["items"]
    [mine] = wait_until(lambda: [c for c in calls() if whole.id.endswith(c["id"])])
    assert mine["model"] == "call-weather" and mine["status"] == "ok", mine
    assert wait_until(lambda: len([c for c in calls() if c["feature"] == "tools"]) >= 2)


# --- Responses in the background ---

def wait_for_response(client, id, seconds=20):
    deadline = time.monotonic() + seconds
    while (answer := client.responses.retrieve(id)).status in ("queued", "in_progress"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def test_a_response_is_made_in_the_background(client, hosted):
    begun = client.responses.create(model="slow", input="hello", background=True)
    assert begun.status == "in_progress" and begun.background and begun.output == []
    with pytest.raises(openai.ConflictError, match="no answer"):
        client.responses.create(model="good", input="and?", previous_response_id=begun.id)
    done = wait_for_response(client, begun.id)
    assert done.status == "completed" and done.output_text and done.id == begun.id and done.usage.total_tokens == 18
    after = client.responses.create(model="echo", input="and?", previous_response_id=begun.id)
    assert after.output_text == "and?"
    assert client.responses.cancel(begun.id).status == "completed"  # there is nothing left to end

    tools = client.responses.create(model="call-weather", input="Rain?", tools=[MCP], background=True)
    assert [item.type for item in steps(wait_for_response(client, tools.id))] == ["message", "mcp_call", "message"]
    failed = wait_for_response(client, client.responses.create(model="broken", input="hello", background=True).id)
    assert failed.status == "failed" and "GPU" in failed.error.message
    nowhere = wait_for_response(client, client.responses.create(model="no-such-model", input="hello", background=True).id)
    assert nowhere.status == "failed"


def test_a_response_in_the_background_is_cancelled(client, hosted):
    begun = client.responses.create(model="slow", input="hello", background=True)
    cancelled = client.responses.cancel(begun.id)
    assert cancelled.status == "cancelled" and client.responses.retrieve(begun.id).status == "cancelled"
    assert client.responses.cancel(begun.id).status == "cancelled"
    plain = client.responses.create(model="good", input="hello")
    with pytest.raises(openai.ConflictError):
        client.responses.cancel(plain.id)
    other = hosted.cli("keys", "add", "other", "--role", "editor").stdout.split()[-1]
    theirs = openai.OpenAI(base_url=hosted.url + "/v1", api_key=other, max_retries=0)
    with pytest.raises(openai.NotFoundError):
        theirs.responses.cancel("resp_nothing")


@pytest.mark.parametrize("more, word", [({"stream": True}, "stream"), ({"store": False}, "store"), ({"tools": [{"type": "web_search"}]}, "web_search")])
def test_what_cannot_be_in_the_background_is_refused_at_once(client, more, word):
    with pytest.raises(openai.BadRequestError, match=word):
        client.responses.create(**{"model": "good", "input": "hello", "background": True, **more})


def test_a_server_ends_with_responses_in_the_background(tmp_path, mock):
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url]).start()
    server.new_key()
    client = openai.OpenAI(base_url=server.url + "/v1", api_key=server.key, max_retries=0)
    for _ in range(5):
        client.responses.create(model="slow", input="hello", background=True)
    before = time.monotonic()
    server.stop()
    assert time.monotonic() - before < 25  # nobody waits for what is asked of models


def test_what_a_response_answers_is_listed(client):
    first = client.responses.create(model="echo", input="one")
    second = client.responses.create(model="echo", previous_response_id=first.id, input=[
        {"role": "user", "content": [{"type": "input_text", "text": "two"}]}, {"role": "user", "content": "three"}])
    said = [(item.type, item.role, item.content[0].text) for item in client.responses.input_items.list(second.id, order="asc")]
    assert said == [("message", "user", "one"), ("message", "assistant", "one"), ("message", "user", "two"), ("message", "user", "three")]
    page = client.responses.input_items.list(second.id, limit=1)
    assert page.has_more and [item.content[0].text for item in page] == ["three", "two", "one", "one"]  # page by page
    with pytest.raises(openai.NotFoundError):
        client.responses.input_items.list("resp_nothing")


@pytest.fixture
def clerk(hosted):
    made = hosted.post("/v1/personas", {"name": "Clerk", "instructions": "Look at the sky first.", "model": "call-weather", "tools": ["old"], "temperature": 0.9}, key=hosted.owner)
    assert made.status_code == 201, made.text
    yield made.json()
    hosted.call("DELETE", f"/v1/personas/{made.json()['id']}", key=hosted.owner)


def test_a_persona_calls_its_tools(client, mock, clerk):
    whole = client.chat.completions.create(model="persona:Clerk", messages=[{"role": "user", "content": "Rain today?"}])
    assert whole.choices[0].message.content == 'Let me see.\n\nIt gave: {"query": "Rain today?"} [1]'
    first = [b for b in mock.chats() if b["model"] == "call-weather"][-2]
    assert [t["function"]["name"] for t in first["tools"]] == ["weather"] and first["temperature"] == 0.9
    assert "Look at the sky first." in json.dumps(first["messages"])
    chunks = client.chat.completions.create(model="persona:Clerk", messages=[{"role": "user", "content": "Rain today?"}], stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices).endswith("[1]")
    answered = client.responses.create(model="persona:Clerk", input="Rain today?")
    assert "mcp_call" in [item.type for item in steps(answered)]


def test_a_persona_that_reads_documents_gets_no_tools(hosted, mock, clerk):
    """What a document says can make nobody call anything."""
    mock.requests.clear()
    answer = hosted.post("/v1/ask", {"question": "When is high water at Vestby?", "persona": "Clerk", "model": "good"}).json()
    assert answer["persona"] == "Clerk" and "04:12" in answer["answer"]
    assert mock.chats() and not any("tools" in body for path, _, body in mock.requests if body)


def test_a_personas_tools_that_are_not_there_are_told(client, hosted, clerk):
    assert hosted.call("PATCH", f"/v1/personas/{clerk['id']}", json={"tools": ["nowhere"]}, key=hosted.owner).status_code == 200
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="persona:Clerk", messages=[{"role": "user", "content": "Rain?"}])
    assert "nowhere" in str(refused.value) and refused.value.status_code < 500
