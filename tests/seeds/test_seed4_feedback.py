"""Ratings with reasons, what is learned of them, and what a person likes."""
import pytest

FACTS = "# The quarry\n\nThe quarry at Ardal employs 212 people. It opened in 1874.\n"


@pytest.fixture(scope="module")
def people(server):
    keys = {role: server.cli("keys", "add", role, "--role", role).stdout.split()[-1] for role in ("owner", "reader")}
    server.add(("quarry.md", FACTS.encode()))
    return keys


def rate(server, key, **body):
    return server.post("/ai/feedback", body, key=key)


def test_a_rating_is_stored_and_the_last_one_counts(server, people):
    assert rate(server, people["owner"], kind="card", item="c1", rating=-1, reason="too long").status_code == 201
    done = rate(server, people["owner"], kind="card", item="c1", rating=1, reason="better now")
    assert done.status_code == 201 and done.json()["status"] == "stored"
    rows = [f for f in server.get("/v1/feedback", key=people["owner"]).json()["items"] if f["item"] == "c1"]
    assert [(f["rating"], f["reason"]) for f in rows] == [(1, "better now")]
    rate(server, people["owner"], kind="card", item="c1", rating=0)
    assert not [f for f in server.get("/v1/feedback", key=people["owner"]).json()["items"] if f["item"] == "c1"]


@pytest.mark.parametrize("body", [{"item": "a"}, {"rating": 1}, {"item": "", "rating": 1}, {"item": "a", "rating": 2},
                                  {"item": "a", "rating": 1, "kind": "joke"}, {"item": "a", "rating": "good"},
                                  {"item": "a", "rating": 1, "kind": "card", "reason": "x" * 2001}])
def test_what_is_no_rating_is_refused(server, people, body):
    assert rate(server, people["owner"], **body).status_code == 400


def test_an_answer_that_is_not_there_cannot_be_rated(server, people):
    assert rate(server, people["owner"], kind="answer", item="none", rating=1).status_code == 404


def test_what_is_worse_than_the_rest_is_found(server, people):
    key = people["owner"]
    ids = {name: server.post("/v1/personas", {"name": name, "instructions": "Be exact."}, key=key).json()["id"] for name in ("clerk", "judge")}
    for i in range(12):
        rate(server, key, kind="task", item=f"t{i}", rating=-1 if i < 10 else 1, reason="Not a Task" if i % 2 else "not a task", persona="clerk")
        rate(server, key, kind="class", item=f"k{i}", rating=1 if i < 11 else -1, persona="judge")
    report = server.post("/v1/feedback/report", key=key).json()
    found = {(f["by"], f["value"]): f for f in report["findings"]}
    assert found["kind", "task"]["is_worse"] and found["persona", ids["clerk"]]["is_worse"]
    assert not found["kind", "class"]["is_worse"] and found["kind", "task"]["bad"] == 10
    assert report["reasons"][0]["reason"].lower() == "not a task" and report["reasons"][0]["count"] == 10
    assert server.get("/v1/feedback/report", key=key).json() == report


def test_ratings_of_answers_are_among_them(server, people):
    key = people["owner"]
    said = server.post("/v1/ask", {"question": "How many people does the quarry at Ardal employ?"}, key=key).json()
    assert server.post(f"/v1/messages/{said['id']}/feedback", {"rating": -1, "reason": "old figure"}, key=key).status_code in (200, 204)
    rows = server.get("/v1/feedback", key=key).json()["items"]
    assert any(f["kind"] == "answer" and f["item"] == said["id"] and f["reason"] == "old figure" for f in rows)


def test_only_administrators_see_what_others_thought(server, people):
    assert server.get("/v1/feedback", key=people["reader"]).status_code == 403
    assert server.get("/v1/feedback/report", key=people["reader"]).status_code == 403
    assert rate(server, people["reader"], kind="task", item="t1", rating=1).status_code == 201


def test_preferences_are_kept_and_heeded(server, people):
    key = people["owner"]
    assert server.get("/v1/session/preferences", key=key).json()["tone"] == "plain"
    put = lambda **body: server.call("PUT", "/v1/session/preferences", key=key, json=body)
    assert put(language="de", tone="brief", time_zone="Europe/Berlin", search_mode="deep", chat_direction=False).status_code == 200
    assert put(tone="formal").json()["language"] == "de"
    for wrong in ({"tone": "rude"}, {"language": "German!"}, {"search_mode": "deepest"}, {"time_zone": "a b"}, {"colour": "red"}):
        assert put(**wrong).status_code == 400, wrong
    assert server.post("/api/search", {"query": "quarry"}, key=key).json()["mode"] == "deep"
    assert server.post("/api/search", {"query": "quarry", "mode": "basic"}, key=key).json()["mode"] == "basic"
    assert server.post("/api/v1/chat", {"message": "hello"}, key=key).json()["chat_direction"] is None
    assert server.post("/api/v1/chat", {"message": "hello", "include_chat_direction": True}, key=key).json()["chat_direction"]
    assert server.post("/v1/search", {"query": "quarry"}, key=key).json()["mode"] == "deep"
    assert server.get("/v1/search", params={"q": "quarry", "mode": "keyword"}, key=key).json()["mode"] == "keyword"
    # Half past ten at night in Berlin is today there: what a word means depends on the zone.
    ask = {"text": "Send it by tomorrow at 5 pm.", "reference": "2026-03-02T21:30:00Z"}
    due = lambda **more: server.post("/v1/tasks/draw", {**ask, **more}, key=key).json()["items"][0]["deadline"]
    assert due()["time_zone"] == "Europe/Berlin" and due()["end"] == due(zone="Europe/Berlin")["end"] != due(zone="Asia/Tokyo")["end"]
    put(language="", tone="plain", time_zone="", search_mode="", chat_direction=True)


def test_what_is_rated_without_a_kind_is_content_where_it_is_no_answer(server, people):
    done = rate(server, people["owner"], item="lesson-7", rating=-1, reason="too long")
    assert done.status_code == 201 and done.json()["kind"] == "content"
    assert server.post("/v1/feedback", {"item": "lesson-7", "rating": 1}, key=people["owner"]).status_code == 404, "here a kind is said"
