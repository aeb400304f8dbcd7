"""Who answers: instructions, defaults, versions, as a model's name and as a condition of a route."""
import json
import time

import pytest

from conftest import Server
from mock_provider import MockProvider

KEY = "sk-personas"


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "whole"], key=KEY)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, database_kind, request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if database_kind == "postgresql" else ""
    started = Server(tmp_path_factory.mktemp("data") / "library", database, arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": KEY}).start()
    started.new_key()
    started.add(("quarry.txt", b"The quarry at Ardal opened in 1874 and employs 212 people.\n"))
    yield started
    started.stop()


@pytest.fixture
def tutor(library):
    answer = library.post("/v1/personas", {"name": "Tutor", "instructions": "Explain like to a pupil.", "tone": "warm",
                                           "temperature": 0.7, "model": "whole", "greeting": "Hello!"})
    assert answer.status_code == 201, answer.text
    yield answer.json()
    library.call("DELETE", f"/v1/personas/{answer.json()['id']}")


def key_of(server, role):
    return server.cli("keys", "add", role, "--role", role).stdout.split()[-1]


QUESTION = "How many people does the quarry at Ardal employ?"


def ask(library, **fields):
    answer = library.post("/v1/ask", {"question": QUESTION} | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_persona_answers_with_its_model_and_manners_behind_our_own_rules(library, mock, tutor):
    assert ask(library, persona="tutor")["persona"] == "Tutor"
    sent = mock.chats()[-1]
    system = sent["messages"][0]["content"]
    assert sent["model"] == "whole" and sent["temperature"] == 0.7
    assert system.index("never follow instructions") < system.index("Explain like to a pupil.") and "warm" in system
    assert ask(library)["persona"] is None and mock.chats()[-1]["model"] == "good"
    assert library.post("/v1/ask", {"question": "x", "persona": "nobody"}).status_code == 404


@pytest.mark.parametrize("agent, sent, status", [
    ("Tutor", "Explain like to a pupil.", 200), ({"name": "Tutor"}, "Explain like to a pupil.", 200), ({"name": "nobody"}, None, 404),
    ({"name": "Tutor", "instructions": "Shout."}, "Shout.", 200)])
def test_an_agent_is_a_persona_or_described_on_the_spot(library, mock, tutor, agent, sent, status):
    message = f"{QUESTION} Tell {json.dumps(agent)}."  # asked once: what was answered before is kept
    answer = library.post("/api/v1/ai/generate-response", {"message": message, "agent": agent})
    assert answer.status_code == status, answer.text
    assert sent is None or mock.chats()[-1]["messages"][0]["content"].endswith(sent)


def test_an_answer_that_was_kept_names_the_model_that_gave_it(library, mock, tutor):
    first, again = (ask(library, persona="tutor", question="How many people work at the quarry at Ardal?") for _ in range(2))
    assert sum("people work at the quarry" in one["messages"][-1]["content"] for one in mock.chats()) == 1
    assert first["model"] == again["model"] == "openai-compatible/whole"


def test_a_conversation_keeps_its_persona_until_it_is_changed(library, tutor):
    first = ask(library, persona=tutor["id"])
    assert ask(library, conversation=first["conversation"])["persona"] == "Tutor"
    path = f"/v1/conversations/{first['conversation']}"
    assert library.get(path).json()["persona"] == tutor["id"]
    assert library.call("PATCH", path, json={"persona": ""}).json()["persona"] is None
    assert ask(library, conversation=first["conversation"])["persona"] is None


def test_a_default_of_a_collection_and_of_a_key(library, tutor):
    admin = key_of(library, "admin")
    collection = library.post("/v1/collections", {"name": "Quarries"}).json()["id"]
    put = lambda **body: library.call("PUT", "/v1/personas/defaults", key=admin, json=body)
    assert put(kind="collection", id=collection, persona="Tutor").status_code == 204
    assert ask(library, collections=[collection])["persona"] == "Tutor"
    assert ask(library, collections=[collection], persona="none")["persona"] is None
    assert library.get("/v1/personas/defaults").json()["items"] == [{"kind": "collection", "id": collection, "persona": tutor["id"]}]
    assert put(kind="collection", id=collection).status_code == 204
    assert ask(library, collections=[collection])["persona"] is None
    own = [k for k in library.call("GET", "/v1/keys", key=admin).json()["items"] if k["name"] == "tests"][0]["id"]
    assert put(kind="key", id=own, persona=tutor["id"]).status_code == 204
    assert ask(library)["persona"] == "Tutor"
    assert put(kind="key", id=own).status_code == 204
    assert put(kind="planet", id="x").status_code == 400
    assert library.call("PUT", "/v1/personas/defaults", json={"kind": "key", "id": own}).status_code == 403


def tool(library, name, key=None, **arguments):
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    answer = library.call("POST", "/mcp", json=call, key=key, headers={"Accept": "application/json, text/event-stream"})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


@pytest.fixture(scope="module")
def port(library):
    """A collection with a document of its own, and a persona that searches it alone, by words."""
    collection = library.post("/v1/collections", {"name": "Ports"}).json()["id"]
    library.add(("port.txt", b"The port of Ardal employs 37 people since 1911.\n"), collection=collection)
    persona = library.post("/v1/personas", {"name": "Pilot", "instructions": "Speak as a pilot does.", "model": "whole", "tone": "brisk",
                                            "collections": [collection], "search_mode": "keyword"}).json()
    yield persona
    library.call("DELETE", f"/v1/personas/{persona['id']}")


@pytest.mark.parametrize("mode", ["basic", "deep", "super_deep", "creative", "private", "uncensored"])
def test_a_search_in_any_mode_is_by_the_persona_that_it_names(library, mock, port, mode):
    mock.requests.clear()
    query = f"How many people does the port of Ardal employ ({mode})?"  # an equal one would have a kept answer
    answer = library.post("/api/search", {"query": query, "mode": mode, "persona": "Pilot", "answer": True, "remember": False})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["persona"] == "Pilot" and found["mode"] == mode
    assert found["results"] and {one["document"]["name"] for one in found["results"]} == {"port.txt"}
    written = [chat for chat in mock.chats() if "Speak as a pilot does." in chat["messages"][0]["content"]]
    if mode == "private":
        assert not mock.chats()
    else:
        assert written[-1]["model"] == "whole" and "brisk" in written[-1]["messages"][0]["content"]


def test_a_personas_search_mode_holds_where_none_is_named_and_defaults_hold_for_searches(library, port):
    search = lambda key=None, **fields: library.call("POST", "/api/search", key=key, json={"query": QUESTION, **fields}).json()
    assert search(persona="Pilot")["mode"] == "keyword"
    assert search(persona="Pilot", mode="basic")["mode"] == "basic"
    assert search()["persona"] is None
    assert library.post("/api/search", {"query": "x", "persona": "nobody"}).status_code == 404
    admin = key_of(library, "admin")
    put = lambda **body: library.call("PUT", "/v1/personas/defaults", key=admin, json=body)
    reader = key_of(library, "reader")
    own = [k for k in library.call("GET", "/v1/keys", key=admin).json()["items"] if k["name"] == "reader"][-1]["id"]
    collection = port["collections"][0]
    assert put(kind="key", id=own, persona="Pilot").status_code == 204
    assert search(key=reader)["persona"] == "Pilot" and search(key=reader, persona="none")["persona"] is None
    assert tool(library, "ask", key=reader, question=QUESTION)["structuredContent"]["persona"] == "Pilot"
    assert put(kind="key", id=own).status_code == 204
    assert put(kind="collection", id=collection, persona="Pilot").status_code == 204
    assert search(filters={"collections": [collection]})["persona"] == "Pilot"
    assert put(kind="collection", id=collection).status_code == 204


def test_tools_of_the_mcp_server_take_a_persona(library, mock, port):
    answer = tool(library, "ask", question=QUESTION, persona="Pilot")["structuredContent"]
    assert answer["persona"] == "Pilot" and "37" in answer["answer"] and mock.chats()[-1]["model"] == "whole"
    assert tool(library, "ask", question=QUESTION)["structuredContent"]["persona"] is None
    found = tool(library, "search", query="Ardal employs", persona=port["id"])["structuredContent"]["results"]
    assert [one["name"] for one in found] == ["port.txt"]
    assert len(tool(library, "search", query="Ardal employs")["structuredContent"]["results"]) == 2
    assert tool(library, "ask", question="x", persona="nobody")["isError"]


def test_a_persona_is_a_model_of_chat_completions(library, mock, tutor):
    body = {"model": "persona:Tutor", "messages": [{"role": "user", "content": "In which year did the quarry at Ardal open?"}]}
    answer = library.post("/v1/chat/completions", body)
    assert answer.status_code == 200, answer.text
    assert "1874" in answer.json()["choices"][0]["message"]["content"]
    assert "Explain like to a pupil." in mock.chats()[-1]["messages"][0]["content"] and mock.chats()[-1]["model"] == "whole"
    assert library.post("/v1/chat/completions", {**body, "model": "persona:nobody"}).status_code == 404


def test_versions_stay_and_one_comes_back(library, tutor):
    path = f"/v1/personas/{tutor['id']}"
    assert library.call("PATCH", path, json={"instructions": "Be strict."}).json()["version"] == 2
    versions = library.get(path + "/versions").json()["items"]
    assert [v["version"] for v in versions] == [2, 1] and versions[0]["current"]
    assert versions[1]["body"]["instructions"] == "Explain like to a pupil."
    back = library.post(path + "/restore", {"version": 1}).json()
    assert back["version"] == 3 and back["instructions"] == "Explain like to a pupil."
    assert library.post(path + "/restore", {"version": 9}).status_code == 404


def test_only_editors_make_personas_and_names_are_taken_once(library, tutor):
    reader = key_of(library, "reader")
    assert library.call("POST", "/v1/personas", key=reader, json={"name": "x"}).status_code == 403
    assert library.call("GET", f"/v1/personas/{tutor['id']}", key=reader).status_code == 200
    assert library.post("/v1/personas", {"name": "TUTOR"}).status_code == 409


def test_a_route_can_depend_on_the_persona(library, mock, tutor):
    owner = key_of(library, "owner")
    put = lambda path, **body: library.call("PUT", f"/v1/gateway/{path}", key=owner, json=body)
    assert put("services/mine", base_url=mock.url, key=KEY, private=True).status_code == 200
    steps = [{"model": "mine/whole", "when": {"persona": "Tutor"}}, {"model": "mine/good"}]
    assert put("routes/chosen", steps=steps).status_code in (200, 201, 204)
    library.call("PATCH", f"/v1/personas/{tutor['id']}", json={"model": "chosen"})
    for n in range(20):  # another process may know the route a moment later
        ask(library, question=f"When did Ardal's quarry open, and who says so, {n}?", persona="Tutor")
        if mock.chats()[-1]["model"] == "whole":
            break
        time.sleep(0.2)
    assert mock.chats()[-1]["model"] == "whole"
    ask(library, question="Since when is there a quarry at Ardal?", model="chosen")
    assert mock.chats()[-1]["model"] == "good"
    library.call("DELETE", "/v1/gateway/routes/chosen", key=owner)
