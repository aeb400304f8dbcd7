"""Calls between programs: webhooks in order and beside one that never answers; addresses that others call."""
import hashlib
import hmac
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests
from conftest import wait_until
from test_notices import Hook, add_person, hook  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def owner(server):
    """The owner's key: webhooks of these tests are on this machine."""
    before = server.key
    server.key = server.cli("keys", "add", "hooks", "--role", "owner").stdout.split()[-1]
    yield server
    server.key = before


@pytest.fixture
def silent():
    """Takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def add_webhook(server, url, *kinds):
    answer = server.post("/v1/webhooks", {"url": url, "kinds": list(kinds)})
    assert answer.status_code == 201, answer.text
    return f"/v1/webhooks/{answer.json()['id']}"


@pytest.mark.timed
def test_one_that_never_answers_holds_up_no_other(owner, hook, silent):
    slow, quick = add_webhook(owner, silent, "test"), add_webhook(owner, hook, "test")
    begun = time.monotonic()
    for _ in range(6):
        owner.post("/v1/notices/test")
    wait_until(lambda: len(Hook.calls) == 6)
    assert time.monotonic() - begun < 9, "the other gets ten seconds for each call"
    assert len(owner.get(slow + "/deliveries?state=waiting").json()["items"]) == 6
    wait_until(lambda: len(owner.get(quick + "/deliveries?state=delivered").json()["items"]) == 6)
    assert owner.call("DELETE", slow).status_code == owner.call("DELETE", quick).status_code == 204


def test_events_of_one_thing_wait_for_each_other_and_no_redirect_is_followed(owner, hook):
    key = add_person(owner, "reader", f"hook-{owner.port}@example.org")
    path = add_webhook(owner, hook, "approval_asked", "approval_reminder", "approval_ended")
    Hook.answers = [302]
    asked = owner.post("/v1/approvals", {"title": "In order", "users": [f"hook-{owner.port}@example.org"]},
                       key=add_person(owner, "editor", f"asks-{owner.port}@example.org")).json()
    decided = owner.post(f"/v1/approvals/{asked['id']}/decision", {"decision": "approve"}, key=key)
    assert decided.json()["state"] == "approved"
    wait_until(lambda: len(Hook.calls) == 3, seconds=40)
    assert [json.loads(body)["kind"] for _, body in Hook.calls] == ["approval_asked"] * 2 + ["approval_ended"]
    told = lambda: owner.get(path + "/deliveries?state=delivered").json()["items"]
    wait_until(lambda: len(told()) == 2)
    assert [(d["attempts"], d["key"]) for d in told()] == [(1, asked["id"]), (2, asked["id"])]
    owner.call("DELETE", path)


# --- Calls of others ----------------------------------------------------------------------------------


def add_hook(server, **wish):
    answer = server.post("/v1/hooks", {"name": "Builds", **wish})
    assert answer.status_code == 201, answer.text
    return answer.json(), server.url + urlsplit(answer.json()["url"]).path


def test_a_signed_call_counts_once_and_becomes_a_document(owner):
    collection = owner.post("/v1/collections", {"name": f"From hooks {time.monotonic_ns()}"}).json()["id"]
    made, url = add_hook(owner, scheme="github", secret="It's a Secret to Everybody", collection=collection)
    path = f"/v1/hooks/{made['id']}"
    body = json.dumps({"text": f"The build of {time.monotonic_ns()} is good."}).encode()

    def call(body=body, url=url, secret=b"It's a Secret to Everybody", **headers):
        signature = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return requests.post(url, data=body, timeout=30, headers={"X-Hub-Signature-256": signature,
                                                                  "Content-Type": "application/json", **headers})

    assert call().status_code == 202
    assert call(**{"X-GitHub-Delivery": "another"}).json() == {"id": None, "duplicate": True}
    assert call(secret=b"another").status_code == 403
    assert requests.post(url, data=body, timeout=30).status_code == 403
    assert call(url=url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404
    assert call(body=b"a" * (1 << 20) + b"b").status_code == 413
    receipts = owner.get(path + "/receipts").json()["items"]
    assert len(receipts) == 1 and receipts[0]["size"] == len(body)
    document = owner.wait_document(receipts[0]["document"])
    assert document["state"] == "ready" and document["name"].startswith("Builds 20") and document["name"].endswith(".json")
    assert document["collection"] == collection or document["collection"]["id"] == collection

    # A copy does not bring back what was thrown away.
    assert owner.call("DELETE", f"/v1/documents/{document['id']}").status_code in (200, 204)
    assert call().json()["duplicate"] and owner.get(f"/v1/documents/{document['id']}").json().get("deleted_at")
    assert owner.call("PATCH", path, json={"is_on": False}).json()["is_on"] is False
    assert call(body=b"{}").status_code == 404
    assert "Everybody" not in owner.get("/v1/hooks").text
    assert owner.call("DELETE", path).status_code == 204 and call(body=b"{}").status_code == 404


def test_a_secret_address_is_shown_once_and_never_logged(owner):
    made, url = add_hook(owner, scheme="path")
    assert url.endswith("." + made["secret"])
    assert requests.post(url, data=b"hello", timeout=30).status_code == 202
    assert requests.post(url, data=b"hello", timeout=30).status_code == 202, "nothing tells one call from another"
    assert requests.post(url[:-64], data=b"hello", timeout=30).status_code == 403
    listed = owner.get("/v1/hooks").json()["items"]
    assert [h["url"] for h in listed if h["id"] == made["id"]] == [None]
    assert made["secret"] not in owner.log.read_text()
    assert owner.post("/v1/hooks", {"name": "x", "scheme": "morse"}).json()["error"]["field"] == "scheme"


def test_slack_hears_that_the_address_is_ours(owner):
    _, url = add_hook(owner, scheme="slack", secret="8f742231b10e8888abcd99yyyzzz85a5")
    body, now = b'{"type": "url_verification", "challenge": "3eZbrw1a"}', str(int(time.time()))
    said = "v0=" + hmac.new(b"8f742231b10e8888abcd99yyyzzz85a5", b"v0:" + now.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Signature": said, "X-Slack-Request-Timestamp": now}
    assert requests.post(url, data=body, headers=headers, timeout=30).json() == {"challenge": "3eZbrw1a"}
    assert requests.post(url, data=body + b" ", headers=headers, timeout=30).status_code == 403
