"""Requests with an Idempotency-Key, of a whole server."""
import concurrent.futures
import sqlite3
import subprocess

import pytest


@pytest.fixture(scope="module")
def admin(server):
    return server.cli("keys", "add", "repeats", "--role", "owner").stdout.split()[-1]


def send(server, path, body, once, **options):
    return server.call("POST", path, json=body, headers={"Idempotency-Key": once}, **options)


def test_what_is_sent_twice_is_made_once_and_answered_alike(server, admin):
    one, two = (send(server, "/v1/collections", {"name": "Twice"}, '"twice"', key=admin) for _ in range(2))
    assert (one.status_code, one.text) == (two.status_code, two.text) and one.status_code == 201
    assert "Idempotency-Replayed" not in one.headers and two.headers["Idempotency-Replayed"] == "true"
    assert one.headers["X-Request-Id"] != two.headers["X-Request-Id"]
    other = send(server, "/v1/collections", {"name": "Another"}, "twice", key=admin)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    names = [c["name"] for c in server.get("/v1/collections").json()["items"]]
    assert names.count("Twice") == 1 and "Another" not in names


def test_a_key_is_its_senders_and_its_routes(server, admin):
    colleague = server.cli("keys", "add", "colleague", "--role", "owner").stdout.split()[-1]
    made = [send(server, "/v1/collections", {"name": name}, "mine", key=key) for name, key in (("Mine", admin), ("Theirs", colleague))]
    task = send(server, "/v1/tasks", {"summary": "Mine"}, "mine", key=admin)
    assert [answer.status_code for answer in (*made, task)] == [201, 201, 201]
    assert not any("Idempotency-Replayed" in answer.headers for answer in (*made, task))


def test_a_request_that_failed_may_be_tried_again_with_its_key(server, admin):
    for _ in range(2):
        refused = send(server, "/v1/collections", {"name": ""}, "failed", key=admin)
        assert refused.status_code == 400 and "Idempotency-Replayed" not in refused.headers


def test_of_many_at_once_one_is_done(server, admin):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(server, "/v1/collections", {"name": "At once"}, "crowd", key=admin), range(16)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert [c["name"] for c in server.get("/v1/collections").json()["items"]].count("At once") == 1


def test_a_secret_that_is_shown_once_is_shown_to_its_repeat_and_lies_nowhere_in_the_clear(server, admin):
    one, two = (send(server, "/v1/keys", {"name": "shown", "role": "reader"}, "shown-once", key=admin) for _ in range(2))
    secret = one.json()["key"]
    assert one.text == two.text and two.headers["Cache-Control"] == "no-store"
    if server.database:
        rows = subprocess.run(["psql", server.database, "-qAtc", "SELECT encode(answer, 'escape') FROM idempotency_keys"],
                              check=True, capture_output=True, text=True).stdout.encode()
    else:
        with sqlite3.connect(f"file:{server.data / 'lectern.db'}?mode=ro", uri=True) as database:
            rows = b"".join(row[0] for row in database.execute("SELECT answer FROM idempotency_keys"))
    assert rows and secret.encode() not in rows and b'"key"' not in rows


def test_an_answer_that_was_forgotten_with_what_was_erased_is_not_made_again(server, admin):
    made = send(server, "/v1/collections", {"name": "Forgotten"}, "forgotten", key=admin)
    assert made.status_code == 201
    document = server.add(("gone.txt", b"This is erased."))[0]["id"]
    assert server.call("DELETE", f"/v1/documents/{document}", params={"erase": 1}, key=admin).status_code in (200, 204)
    again = send(server, "/v1/collections", {"name": "Forgotten"}, "forgotten", key=admin)
    assert again.status_code == 409 and "with another Idempotency-Key" in again.json()["error"]["message"], again.text
    assert [c["name"] for c in server.get("/v1/collections").json()["items"]].count("Forgotten") == 1


def test_every_kind_of_change_knows_keys_and_each_method_its_own(server, admin):
    id = send(server, "/v1/collections", {"name": "Changed"}, "changed-make", key=admin).json()["id"]
    change = lambda method, body=None: server.call(method, f"/v1/collections/{id}", json=body, key=admin, headers={"Idempotency-Key": "changed"})
    named = [change("PATCH", {"name": "Renamed"}) for _ in range(2)]
    assert [answer.json()["name"] for answer in named] == ["Renamed"] * 2 and named[1].headers["Idempotency-Replayed"] == "true"
    gone = [change("DELETE") for _ in range(2)]
    assert [answer.status_code for answer in gone] == [204, 204] and gone[1].headers["Idempotency-Replayed"] == "true"


def test_a_stream_is_not_kept_and_not_made_again(server, admin):
    one, two = (send(server, "/v1/search", {"query": "heron", "stream": True}, "stream", key=admin) for _ in range(2))
    assert one.headers["Content-Type"].startswith("text/event-stream")
    assert two.status_code == 409 and "with another Idempotency-Key" in two.json()["error"]["message"]


def test_the_key_is_described_for_every_post_that_knows_it(server):
    for path, item in server.get("/openapi.json").json()["paths"].items():
        names = [parameter["name"] for parameter in item.get("post", {}).get("parameters", [])]
        is_known = "post" in item and item["post"]["description"] not in ("For anyone.",)
        if path.startswith("/v1/collections") and is_known:
            assert "Idempotency-Key" in names
        if "post" not in item or item["post"]["description"] == "For anyone.":
            assert "Idempotency-Key" not in names
