"""Conversations that branch, in folders, shared, exported, found by what was said."""
import pytest


@pytest.fixture(scope="module")
def library(server):
    server.add(("lighthouse.md", b"""# The lighthouse at Skomvaer

The lighthouse at Skomvaer was built in 1887 and is made of cast iron.

## Keepers and their families

Three keepers lived at the lighthouse of Skomvaer until 1978.

## The fog horn

The fog horn of Skomvaer was heard for twelve kilometres.
"""), tags="talks")
    return server


def ask(library, question=None, **fields):
    body = {"question": question} if question else {}
    answer = library.post("/v1/ask", {**body, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(library, conversation):
    return library.get(f"/v1/conversations/{conversation}").json()["messages"]


@pytest.fixture
def talk(library):
    return ask(library, "When was the lighthouse at Skomvaer built?")


def test_a_title_is_the_first_question(library, talk):
    one = library.get(f"/v1/conversations/{talk['conversation']}").json()
    assert one["title"] == "When was the lighthouse at Skomvaer built?"
    nameless = library.call("PATCH", f"/v1/conversations/{talk['conversation']}", json={"title": "  "})
    assert nameless.status_code == 400 and nameless.json()["error"]["field"] == "title"


def test_an_edited_question_is_a_branch_and_the_old_one_comes_back(library, talk):
    conversation = talk["conversation"]
    ask(library, "How many keepers lived there?", conversation=conversation)
    first = shown(library, conversation)
    assert [m["role"] for m in first] == ["user", "assistant"] * 2 and all(len(m["branches"]) == 1 for m in first)
    ask(library, "What is the lighthouse at Skomvaer made of?", conversation=conversation, edits=first[2]["id"])
    second = shown(library, conversation)
    assert second[2]["branches"] == [first[2]["id"], second[2]["id"]] and second[1]["id"] == first[1]["id"]
    assert second[2]["text"].startswith("What is the lighthouse") and "cast iron" in second[3]["text"]
    back = library.call("PATCH", f"/v1/conversations/{conversation}", json={"shown": first[2]["id"]})
    assert back.status_code == 200 and back.json()["shown"] == first[3]["id"]
    assert [m["id"] for m in shown(library, conversation)] == [m["id"] for m in first]
    # The first question too has branches.
    ask(library, "How far was the fog horn of Skomvaer heard?", conversation=conversation, edits=first[0]["id"])
    third = shown(library, conversation)
    assert len(third) == 2 and third[0]["parent"] is None and third[0]["branches"][0] == first[0]["id"]


def test_an_answer_asked_for_again_stands_beside_the_first(library, talk):
    again = ask(library, again=talk["id"])
    assert again["conversation"] == talk["conversation"] and again["question_id"] == talk["question_id"]
    messages = shown(library, talk["conversation"])
    assert len(messages) == 2 and messages[1]["branches"] == [talk["id"], again["id"]]


@pytest.mark.parametrize("fields, field", [
    ({"question": "x", "edits": "no"}, "conversation"), ({"question": " "}, "question"), ({}, "question"),
    ({"question": "x", "edits": "a", "again": "b"}, "again"),
])
def test_a_wrong_place_is_refused(library, fields, field):
    answer = library.post("/v1/ask", fields)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text


def test_only_questions_are_edited_and_only_answers_are_asked_again(library, talk):
    wrong = library.post("/v1/ask", {"question": "x", "conversation": talk["conversation"], "edits": talk["id"]})
    assert wrong.status_code == 400 and wrong.json()["error"]["field"] == "edits"
    assert library.post("/v1/ask", {"again": talk["question_id"]}).status_code in (400, 404)
    assert library.post("/v1/ask", {"again": "nothing"}).status_code == 404
    assert len(shown(library, talk["conversation"])) == 2


def test_suggestions_are_of_what_stands_beside_the_answer(library, talk):
    assert talk["found"] and any("fog horn" in one or "eepers" in one for one in talk["suggestions"])
    kept = shown(library, talk["conversation"])[1]["details"]
    assert kept["suggestions"] == talk["suggestions"]


def test_what_to_try_next_is_said_unless_it_is_not_wanted(library, talk):
    assert talk["found"] and talk["chat_direction"] is None  # there is nothing special to try
    assert "library" in ask(library, "What do zebras eat in winter?")["chat_direction"]
    question = "What do the minutes of the meeting say that the attendees decided?"
    meeting = ask(library, question)
    assert "promised" in meeting["chat_direction"]
    assert ask(library, question, chat_direction=False)["chat_direction"] is None
    library.call("PUT", "/v1/session/preferences", json={"chat_direction": False})
    assert ask(library, question)["chat_direction"] is None
    library.call("PUT", "/v1/session/preferences", json={"chat_direction": True})


def test_days_and_deadlines_go_by_the_clocks_of_who_asks(library):
    robot = library.cli("users", "add", "Of another zone", "--service", "--role", "editor").stdout.strip()
    key = library.cli("keys", "add", "zone", "--for", robot, "--role", "editor").stdout.strip()
    library.call("PUT", "/v1/session/preferences", key=key, json={"time_zone": "Asia/Tokyo"})
    task = {"summary": "Call", "deadline": "2027-03-01T09:00:00+09:00", "recurrence": "FREQ=WEEKLY"}
    assert library.call("POST", "/v1/tasks", key=key, json=task).json()["deadline"]["time_zone"] == "Asia/Tokyo"
    assert library.call("POST", "/v1/tasks", key=key, json={**task, "deadline": {"end": "2027-03-01T09:00:00Z", "time_zone": "UTC"}}).json()["deadline"]["time_zone"] == "UTC"
    assert library.call("PUT", "/v1/study/profile", key=key, json={"level": "beginner"}).json()["east_min"] == 540
    wrong = library.call("PUT", "/v1/session/preferences", key=key, json={"search_mode": "odd"}).json()["error"]
    assert wrong["field"] == "search_mode" and "not 'odd'" in wrong["message"]


def test_folders_and_search_in_what_was_said(library, talk):
    path = f"/v1/conversations/{talk['conversation']}"
    assert library.call("PATCH", path, json={"folder": " Trips ", "pinned": True}).json()["folder"] == "Trips"
    assert {"name": "Trips", "conversations": 1} in library.get("/v1/conversations/folders").json()["items"]
    ids = lambda **query: [c["id"] for c in library.get("/v1/conversations", params=query).json()["items"]]
    assert ids(folder="Trips") == [talk["conversation"]] and talk["conversation"] in ids(pinned="1")
    assert talk["conversation"] in ids(q="CAST IRON") and ids(q="no such words") == []
    library.call("PATCH", path, json={"folder": ""})
    assert ids(folder="Trips") == []


def test_a_share_is_read_inside_the_workspace_until_it_is_revoked(library, talk):
    path = f"/v1/conversations/{talk['conversation']}"
    share = library.post(path + "/share").json()["share"]
    assert library.post(path + "/share").json()["share"] == share
    seen = library.get(f"/v1/shared/{share}").json()
    assert seen["title"] and [m["role"] for m in seen["messages"]] == ["user", "assistant"]
    assert library.call("GET", f"/v1/shared/{share}", key="wrong").status_code == 401
    assert library.call("DELETE", path + "/share").status_code == 204
    assert library.get(f"/v1/shared/{share}").status_code == 404


def test_an_export_has_questions_answers_and_sources(library, talk):
    path = f"/v1/conversations/{talk['conversation']}/export"
    markdown = library.get(path)
    assert markdown.headers["Content-Type"].startswith("text/markdown") and "attachment" in markdown.headers["Content-Disposition"]
    assert "## When was the lighthouse" in markdown.text and "1887" in markdown.text and "1. lighthouse.md" in markdown.text
    both = library.get(path, params={"format": "json"}).json()
    assert [m["role"] for m in both["messages"]] == ["user", "assistant"]
    assert library.get(path, params={"format": "pdf"}).status_code == 400


@pytest.mark.parametrize("place", ["collection", "persona"])
def test_what_is_rated_is_of_a_place_that_is_there(library, place):
    wrong = library.post("/v1/feedback", {"kind": "card", "item": "c1", "rating": 1, place: "nowhere"})
    assert wrong.status_code == 404 and "nowhere" in wrong.text
