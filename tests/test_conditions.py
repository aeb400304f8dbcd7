"""Entity tags: what is read again only when it has changed, and changed only when nobody else has."""
import pytest


@pytest.fixture
def deck(server):
    made = server.post("/v1/study/decks", {"name": "Tags", "description": "one"}).json()
    path = f"/v1/study/decks/{made['id']}"
    yield path
    server.call("DELETE", path)


def test_what_has_not_changed_is_not_sent_again(server, deck):
    first = server.get(deck)
    again = server.get(deck, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert server.get(deck, headers={"If-None-Match": '"another"'}).json() == first.json()


def test_a_change_of_what_was_read_before_somebody_elses_is_refused(server, deck):
    mine, theirs = server.get(deck).headers["ETag"], server.get(deck).headers["ETag"]
    done = server.call("PUT", deck, json={"name": "Theirs"}, headers={"If-Match": theirs})
    assert done.status_code == 200, done.text
    refused = server.call("PUT", deck, json={"name": "Mine"}, headers={"If-Match": mine})
    assert (refused.status_code, refused.json()["error"]["code"]) == (412, "conflict")
    assert server.get(deck).json()["name"] == "Theirs"
    assert server.call("DELETE", deck, headers={"If-Match": mine}).status_code == 412
    assert server.call("DELETE", deck, headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize("method, path, status", [
    ("DELETE", "/v1/study/decks/01a1fcd6-73e7-7290-b8a2-59b6ed2b4e12", 404), ("PATCH", "/v1/collections/none", 400)])
def test_a_condition_on_what_cannot_be_read_is_refused(server, method, path, status):
    assert server.call(method, path, json={}, headers={"If-Match": '"any"'}).status_code == status
