"""Every route of /openapi.json asked again: readings by their ETag, lists by their cursors, and changes by their Idempotency-Key, sent twice,
with another body, by another, and at once."""
import concurrent.futures
import copy
import itertools
import json
import re

import pytest
import requests
from test_tenants import (LEFT_OUT, NAMED, NEEDED, PLAIN, TUS, House, filled, kind_of,  # noqa: F401
                          raw_bodies, still)

ONCE = itertools.count()
METHODS = ("POST", "PUT", "PATCH", "DELETE")
# Whoever asks would be gone, or could not ask any more.
OWN = {"user", "key", "session", "workspace"}
# By a session or with a password, not by a key; or an end of everything.
NOT_HERE = ("/v1/session", "/v1/workspace", "/v1/users", "/v1/keys", "/v1/sessions", "/scim/v2", "/v1/auth", "/v1/tus", "/dav", "/v1/gateway/policy")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else ""
    made = House(tmp_path_factory.mktemp("once"), database)
    yield made
    made.stop()


class Sender:
    """Changes of one workspace with keys."""

    def __init__(self, house):
        self.house, self.wrong, self.done = house, [], []
        self.session = requests.Session()
        self.colleague = house.server.cli("keys", "add", "colleague", "--role", "owner", "--workspace", house.theirs.workspace).stdout.split()[-1]

    def send(self, method, path, body, once, headers=None, key=None):
        content = {"json": body} if isinstance(body, (dict, list)) else {"data": body}
        return self.session.request(method, self.house.server.url + path, **content, timeout=120, headers={
            "Authorization": f"Bearer {key or self.house.theirs.key}", "Idempotency-Key": once, **(headers or {})})

    def complete(self, method, path, body, once, headers):
        """The answer, once nothing is missing in the body; what failed left the key free."""
        for _ in range(8):
            answer = self.send(method, path, body, once, headers)
            missing = re.search(r"'(\w+)' is missing", answer.text)
            name = missing[1] if missing else ""
            if answer.status_code not in (400, 422) or not isinstance(body, dict) or name in body or name not in {**NEEDED, **NAMED}:
                return answer, body
            body = {**body, name: self.value(name)}
        return answer, body

    def value(self, name):
        if name not in NAMED:
            return copy.deepcopy(NEEDED[name])
        kind = NAMED[name]
        return [self.house.own[kind[0]]] if isinstance(kind, list) else self.house.own[kind]

    def fail(self, what, method, path, answer):
        self.wrong.append((what, method, path, answer.status_code, answer.text[:200]))

    def try_route(self, method, path, target, body, headers=None):
        once = f"route-{next(ONCE)}"
        first, body = self.complete(method, target, body, once, headers)
        if "Idempotency-Replayed" in first.headers:
            self.fail("a first request was answered with what was kept", method, path, first)
        if first.status_code >= 500 and first.status_code not in (502, 503):
            self.fail("failed", method, path, first)
        if first.status_code >= 300:
            if "Idempotency-Replayed" in self.send(method, target, body, once, headers).headers:
                self.fail("a failure was kept", method, path, first)
            return
        self.done.append((method, path))
        is_stream = "event-stream" in first.headers["Content-Type"] if first.content else False
        again = self.send(method, target, body, once, headers)
        is_same = (again.status_code, again.content, again.headers.get("Idempotency-Replayed")) == (first.status_code, first.content, "true")
        if not is_same and not (again.status_code == 409 and (is_stream or "too long to be kept" in again.text)):
            self.fail("the repeat was answered otherwise", method, path, again)
        other = self.send(method, target + ("&" if "?" in target else "?") + "another=address", body, once, headers)
        if other.status_code != 422 or "sent with another request before" not in other.text:
            self.fail("another request with the key was not refused", method, path, other)
        if "Idempotency-Replayed" in self.send(method, target, body, once, headers, key=self.colleague).headers:
            self.fail("a colleague was shown the answer", method, path, again)

    def try_at_once(self, method, path, target, body, headers=None):
        once = f"crowd-{next(ONCE)}"
        _, body = self.complete(method, target, body, f"{once}-body", headers)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self.send(method, target, body, once, headers), range(4)))
        done = [answer for answer in answers if answer.status_code < 300]
        first = [answer for answer in done if "Idempotency-Replayed" not in answer.headers]
        refused = [answer for answer in answers if answer.status_code == 409 and ("Retry-After" in answer.headers or "too long to be kept" in answer.text)]
        if done and (len(first) != 1 or len({answer.text for answer in done}) != 1 or len(done) + len(refused) != 4):
            self.wrong.append(("of many at once more than one was done", method, path, [(a.status_code, dict(a.headers), a.text[:80]) for a in answers]))
        return bool(done)


def changes(house):
    """(method, path) of all that know a key; what removes comes last."""
    paths = house.server.get("/openapi.json").json()["paths"]
    known = [(method.upper(), path) for path, operations in paths.items() for method, operation in operations.items()
             if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))]
    return sorted(known, key=lambda route: (route[0] == "DELETE", "/remov" in route[1] or "/cancel" in route[1]))


def readings(house):
    """Paths of what a GET answers by an id of the workspace, or without any."""
    return [(path, filled(path, house.own)) for method, path in house.routes if method == "GET" and not path.startswith(("/v1/auth", "/dav", "/metrics"))]


def get(house, path, **options):
    headers = {"Authorization": f"Bearer {house.theirs.key}", "Accept": "application/json", **options.pop("headers", {})}
    return requests.get(house.server.url + path, headers=headers, timeout=60, allow_redirects=False, **options)


def test_every_reading_with_a_tag_is_sent_again_only_when_it_has_changed(house, record_property):
    house.settle()
    tagged, wrong = [], []
    for path, target in readings(house):
        for _ in range(3):  # what tells times or figures may change between two
            answer = get(house, target)
            tag = answer.headers.get("ETag")
            again = get(house, target, headers={"If-None-Match": tag}) if tag else None
            if not tag or again.status_code == 304:
                break
        if answer.status_code != 200 or not tag:
            continue
        tagged.append(path)
        other = get(house, target, headers={"If-None-Match": '"another"'})
        if other.status_code != 200 or again.status_code not in (200, 304) or again.status_code == 304 and again.content:
            wrong.append((path, again.status_code, other.status_code))
        if again.status_code == 200 and again.headers["ETag"] == tag:
            wrong.append((path, "the same tag was sent again"))
    assert wrong == []
    assert len(tagged) > 100, tagged
    record_property("routes with an ETag", len(tagged))


def test_no_change_is_made_by_somebody_who_has_read_something_else(house, record_property):
    house.settle()
    before, refused, wrong = house.rows(house.theirs), 0, []
    for method, path in house.routes:
        if method not in ("PUT", "PATCH", "DELETE") or ("GET", path) not in house.routes or path.startswith(("/dav", "/v1/tus", "/api/files")):
            continue
        target = filled(path, house.own)
        tag = get(house, target).headers.get("ETag")
        answer = requests.request(method, house.server.url + target, json={}, timeout=60, headers={
            "Authorization": f"Bearer {house.theirs.key}", "If-Match": '"another"'})
        refused += answer.status_code == 412
        if tag and answer.status_code not in (412, 403):
            wrong.append((method, path, answer.status_code, answer.text[:200]))
    assert wrong == []
    assert refused > 25
    record_property("changes refused by If-Match", refused)
    before, after = still(before), still(house.rows(house.theirs))
    quiet = [table for table in before if table not in ("api_keys", "sessions", "jobs", "audit", "alerts")]
    assert {table: sorted(before[table]) for table in quiet} == {table: sorted(after.get(table, [])) for table in quiet}


def test_every_list_shows_the_same_rows_in_small_parts_and_knows_its_own_places_alone(house, record_property):
    paths = house.server.get("/openapi.json").json()["paths"]
    walked, places, wrong = [], {}, []
    for path, item in paths.items():
        names = {parameter["name"] for parameter in item.get("get", {}).get("parameters", [])}
        if not {"limit", "after"} <= names or ("GET", path) not in house.routes or path.startswith("/v1/files"):
            continue
        target = filled(path, house.own)
        whole = get(house, target, params={"limit": 100})
        if whole.status_code != 200 or "items" not in whole.json():
            continue
        rows, after = [], None
        while len(rows) < 100:
            page = get(house, target, params={"limit": 1, **({"after": after} if after else {})}).json()
            rows += page["items"]
            after = page["next"]
            if not after:
                break
            places.setdefault(path, after)
        walked.append(path)
        ids = [[row.get("id") or row.get("key") or json.dumps(row, sort_keys=True) for row in part] for part in (rows, whole.json()["items"])]
        if ids[0] != ids[1][:100]:
            wrong.append((path, ids))
    assert wrong == [], wrong[:3]
    assert len(walked) > 25 and len(places) > 10, (walked, list(places))
    record_property("lists walked by cursors", len(walked))
    for path in places:
        for other, after in places.items():
            if other != path:
                answer = get(house, filled(path, house.own), params={"limit": 1, "after": after})
                assert answer.status_code in (200, 400, 404), (path, other, answer.text)
                if answer.status_code == 400:
                    assert answer.json()["error"]["field"] == "after", (path, other, answer.text)


def test_every_change_by_somebody_who_is_known_knows_a_key(house):
    paths = house.server.get("/openapi.json").json()["paths"]
    known = set(changes(house))
    for path, operations in paths.items():
        for method, operation in operations.items():
            is_change = method.upper() in METHODS and not operation["description"].startswith("For anyone")
            if (method.upper(), path) in known:
                assert is_change, (method, path)
            elif is_change:
                assert "tus" in path or operation["tags"][0] in ("OpenAI", "Anthropic", "Ollama", "Instead of Tika", "Instead of docling-serve"), (method, path)
    assert len(known) > 250


def test_every_change_is_done_once_for_two_requests_with_one_key(house, record_property):
    sender, known = Sender(house), changes(house)
    for method, path in known:
        if path in LEFT_OUT or path.startswith(NOT_HERE) or kind_of(path) in OWN:
            continue
        body, headers = house.bodies.get(path, ({}, None))
        sender.try_route(method, path, filled(path, house.own), body, headers)
    for path, body, headers in raw_bodies(house.own):
        if ("POST", path) in known and not path.startswith(NOT_HERE):
            sender.try_route("POST", path, path, body, headers)
    assert sender.wrong == [], json.dumps(sender.wrong[:9], indent=1)
    assert len(set(sender.done)) > 120, sorted(set(sender.done))
    record_property("changes done once for two requests", len(set(sender.done)))


def test_of_requests_at_once_with_one_key_one_is_done_wherever_something_is_made(house, record_property):
    sender, tried = Sender(house), 0
    for method, path in changes(house):
        if method == "POST" and "{" not in path and path not in LEFT_OUT and not path.startswith(NOT_HERE):
            tried += sender.try_at_once(method, path, path, house.bodies.get(path, ({}, None))[0])
    assert sender.wrong == [], json.dumps(sender.wrong[:9], indent=1)
    assert tried > 20
    record_property("changes done once for requests at once", tried)
