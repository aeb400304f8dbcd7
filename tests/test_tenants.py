"""Every route, as another workspace and as a colleague: by each id that a workspace has, in path, query and body."""
import contextlib
import copy
import http.client
import json
import re
import threading
from pathlib import Path

import pytest
import requests
from conftest import Server, wait_until
from tenant_world import PASSWORD, Around, Person, fill, rows_of
from test_workspaces import ADD, OTHER, change_database
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

OURS, THEIRS = "quagga", "zorilla"  # words that stand in every text of a workspace

# What the name after a path is an id of; the longest path that fits counts.
KINDS = {
    "/scim/v2/Groups": "group",
    "/v1/sessions": "session", "/v1/users": "user", "/scim/v2/Users": "user", "/v1/groups": "group", "/v1/keys": "key", "/v1/budgets": "budget",
    "/v1/erasures": "erasure",
    "/v1/documents": "document", "/api/v1/files": "document", "/api/files": "upload", "/v1/tus": "tus", "/v1/collections": "collection",
    "/v1/documents/{id}/fields": "fields",
    "/v1/search/history": "search", "/v1/search": "search", "/v1/search/saved": "saved", "/v1/lab/sets": "judged", "/v1/lab/runs": "lab_run",
    "/v1/study/decks": "deck", "/v1/study/cards": "card", "/v1/study/quizzes": "quiz", "/v1/study/made": "made",
    "/v1/summaries": "summary", "/v1/fields": "fields", "/v1/runs": "run", "/v1/messages": "message", "/v1/conversations": "conversation", "/v1/shared": "share",
    "/v1/label-sets": "label_set", "/v1/label-sets/{id}/examples": "example", "/v1/classifications": "classification",
    "/v1/classification-batches": "classification_batch", "/v1/classification-workflows": "classification_workflow",
    "/v1/workflows": "workflow", "/api/v1/ai/workflows": "workflow", "/v1/workflow-executions": "execution",
    "/api/v1/ai/workflows/executions": "execution",
    "/v1/personas": "persona", "/api/personas": "persona", "/v1/prompts": "prompt", "/v1/responses": "response", "/v1/files": "file", "/v1/exports": "export",
    "/v1/batches": "batch", "/v1/messages/batches": "message_batch", "/v1/models": "service", "/v1/models/{service}": "model", "/v1/gateway/services": "service",
    "/v1/gateway/routes": "route", "/api/v1/ai/health": "service", "/v1/mcp/servers": "mcp_server",
    "/v1/status/poll": "conversion", "/v1/result": "conversion", "/v1alpha/status/poll": "conversion", "/v1alpha/result": "conversion",
    "/v1/alerts": "alert", "/v1/alerts/silences": "silence", "/v1/connections": "connection", "/v1/connections/{id}/items": "connection_item", "/v1/webhooks": "webhook",
    "/v1/webhooks/{id}/deliveries": "delivery", "/v1/hooks": "hook", "/v1/approvals": "approval", "/v1/work": "job", "/v1/jobs": "job",
    "/v1/ai-tasks": "job", "/v1/schedules": "schedule", "/v1/tasks": "task", "/api/v1/tasks": "task_number", "/dav/tasks": "task",
    "/v1/task_feeds": "task_feed", "/v1/calendars": "calendar", "/v1/meetings": "meeting", "/v1/meeting-bots": "bot",
    "/v1/meeting-bot-services": "bot_service", "/v1/meeting-bot-webhooks": "bot_service",
}
# Names that every workspace chooses for itself, so that another's is a new one there.
CHOSEN = {"fields", "model", "service", "route", "mcp_server", "task_number"}
# What stands behind a path and is no id.
PLAIN = {"/scim/v2/ResourceTypes": "User", "/scim/v2/Schemas": "urn:ietf:params:scim:schemas:core:2.0:User", "/v1/imports": "tasks", "/v1/documents/{id}/pages": "1.png", "/v1/documents/{id}/tables": "1.csv", "/v1/notices/choices": "test", "/v1/models/local": "none", "/v1/auth/oidc": "none",
         "/v1/session/passkeys": "none", "/v1/users/{id}/passkeys": "none",
         "/tika": "text", "/rmeta": "text", "/tika/form": "text", "/rmeta/form": "text", "/meta": "title"}
# What reads or writes the whole server rather than a workspace, or does not end: /v1/events and the sockets are listened to.
LEFT_OUT = {"/v1/backup", "/v1/check", "/v1/restart", "/v1/events", "/ws", "/v1/ws", "/v1/documents/sample"}
# Members of bodies and of queries that say an id, and of what.
NAMED = {"document": "document", "documents": ["document"], "document_id": "document", "document_ids": ["document"], "left": "document", "right": "document",
         "like": "document", "image_file_id": "document", "audio_file_id": "document", "file_id": "document", "item": "document", "subject": "document",
         "collection": "collection", "collections": ["collection"], "parent": "task", "after": "task", "task": "task", "user": "user", "users": ["user"],
         "user_id": "user", "assignee": "user", "assignees": ["user"], "to": "user", "deputy": "user", "add": ["user"], "remove": ["user"], "groups": ["group"],
         "key": "key", "persona": "persona", "agent": "persona", "prompt": "prompt", "conversation": "conversation", "shown": "message", "message": "message",
         "deck": "deck", "card": "card", "quiz": "quiz", "set": "judged", "label_set": "label_set", "workflow": "workflow", "workflow_id": "workflow",
         "template": "workflow", "execution": "execution", "meeting": "meeting", "calendar": "calendar", "service": "service", "job": "job", "search": "search",
         "approval": "approval", "previous_response_id": "response", "input_file_id": "file", "sound": "message", "id": "notice", "workspace": "workspace",
         "connection": "connection", "frame": "execution", "schema": "fields", "model": "route", "mcp": ["mcp_server"], "before_id": "message_batch",
         "after_id": "message_batch", "last_event_id": "job", "run": "run", "file": "file"}
# What else a body needs.
NEEDED = {"name": "new", "title": "new", "query": "ledger", "question": "Who wrote the ledger?", "text": "some words", "message": "some words", "rating": 1,
          "version": 1, "rows": [{"x": "y"}], "event": "none", "value": None, "base_url": "http://127.0.0.1:9", "steps": [], "page": True, "mail": True,
          "action": "ignore", "is_on": True, "from": "2020-01-01T00:00:00Z", "fields": {}, "decision": "approve", "to": "nobody", "tool": "none",
          "url": "http://127.0.0.1:9/", "answers": ["x"], "labels": ["invoice"], "label": "invoice", "kind": "summary", "type": "analysis", "payload": {},
          "prompt": "some words", "path": "people", "document": "document", "every_days": 7, "enabled": True, "settings": "mode=keyword",
          "authorize_url": "http://127.0.0.1:9/", "token_url": "http://127.0.0.1:9/", "client_id": "x", "format": "csv", "front": "a", "back": "b"}
QUERIES = ["document", "collection", "parent", "after", "user", "deck", "set", "label_set", "workflow", "meeting", "calendar", "service", "subject",
           "key", "before_id", "document_id", "workflow_id", "approval", "model"]
# What everybody of a workspace sees, readers too.
SHARED = {"document", "collection", "fields", "judged", "lab_run", "summary", "label_set", "example", "classification", "classification_batch",
          "classification_workflow", "workflow", "execution", "run", "share", "persona", "prompt", "file", "batch", "message_batch", "conversion", "task",
          "user", "group", "workspace", "bot_service"}
# Where a text that somebody sent may stand as they sent it, an id or not.
TEXTS = {"prompt_logs", "searches", "study_made", "recipe_versions", "call_sums", "call_pages", "job_keys", "learner_profiles", "workflow_executions", "audit",
         "jobs", "job_results", "judged_sets", "feedback", "notice_events"}
COLUMNS = Path(__file__).parent.parent / "src" / "store" / "person_columns.def"
TUS = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


def kind_of(path):
    """What the last name in it is an id of; None where it has none, or what is no id."""
    return KINDS.get(path[:path.rindex("/{")]) if "{" in path else None


def filled(path, ids):
    """The path with ids."""
    parts = path.split("/")
    for n, part in enumerate(parts):
        if part.startswith("{"):
            before = "/".join(path.split("/")[:n])
            parts[n] = PLAIN.get(before) or ids.get(KINDS.get(before))
            assert parts[n], f"no world for {path}: make one in tenant_world.py, and say in KINDS or PLAIN what stands behind {before}"
    return "/".join(parts)


class Listener:
    """Hears all events of a workspace over both ways."""

    def __init__(self, server, key):
        self.heard = ""
        self.socket = connect(server.url.replace("http", "ws") + "/ws?token=" + key)
        self.stream = requests.get(server.url + "/v1/events", headers={"Authorization": f"Bearer {key}"}, stream=True, timeout=60)
        for what in (self.hear_socket, self.hear_stream):
            threading.Thread(target=what, daemon=True).start()

    def hear_socket(self):
        with contextlib.suppress(ConnectionClosed):  # with the workspace
            for text in self.socket:
                self.heard += str(text)

    def hear_stream(self):
        for line in self.stream.iter_lines():
            self.heard += line.decode()

    def stop(self):
        self.socket.close()


class Caller:
    """Somebody who calls the routes with ids of others, and what they saw."""

    def __init__(self, house, person, own, forbidden):
        self.house, self.person, self.own, self.wrong = house, person, own, []
        self.tasks, self.asked = [], 0  # that were started; calls
        self.forbidden = re.compile("|".join(map(re.escape, forbidden)))

    def call(self, method, path, body=None, headers=None):
        status, text = self.person.call(method, path, body, headers)
        self.asked += 1
        asked = f"{path} {body}"
        if any(word not in asked for word in self.forbidden.findall(text)) or status >= 500 and status not in (502, 503):
            self.wrong.append((method, path, body, status, text[:300]))
        return status, text

    def value(self, name, ids):
        kind = NAMED[name]
        return [ids[kind[0]]] if isinstance(kind, list) else ids[kind]

    def complete(self, method, path, body, headers=None):
        """The answer, once nothing is missing in the body but what is there."""
        for _ in range(8):
            status, text = self.call(method, path, body, headers)
            missing = re.search(r"'(\w+)' is missing", text)
            if status not in (400, 422) or not missing or missing[1] in body or missing[1] not in {**NEEDED, **NAMED}:
                return status, text
            body[missing[1]] = self.value(missing[1], self.own) if missing[1] in NAMED else NEEDED[missing[1]]
        return status, text

    def members(self, method, path):
        """Which of NAMED the body of a route takes: it says of the first that it does not."""
        names = ["zzz", *NAMED]
        while names:
            _, text = self.person.call(method, path, dict.fromkeys(names))
            unknown = re.search(r"no field '(\w+)' here", text)
            if not unknown or unknown[1] not in names:
                return [] if names[0] == "zzz" else names
            names.remove(unknown[1])
        return []


class House:
    """A server with two workspaces that hold one of everything, and people of both."""

    def __init__(self, folder, database, environment=None):
        (folder / "watched").mkdir()
        self.around = Around(folder / "watched")
        self.server = Server(folder / "library", database, environment={**self.around.environment(), **(environment or {})}).start()
        self.server.key = self.server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
        paths = self.server.get("/openapi.json").json()["paths"]
        self.routes = [(method.upper(), path) for path, operations in paths.items() for method in operations if path not in LEFT_OUT]
        said = {(method, path): paths[path][method.lower()]["description"] for method, path in self.routes}
        self.needs = {route: re.match(r"For (?:an? )?(\w+)", text)[1] for route, text in said.items()}
        self.audited = {route for route, text in said.items() if " or an auditor" in text}
        self.lists = [path for method, path in self.routes if method == "GET" and "{" not in path and self.needs[method, path] != "anyone"]
        change_database(self.server, ADD)
        first = next(iter(rows_of(self.server)))
        self.ours, self.theirs = Person(self.server, OURS, "owner", first), Person(self.server, THEIRS, "owner", OTHER)
        self.colleague = Person(self.server, "reader", "reader", first)
        self.listener = Listener(self.server, self.theirs.key)
        self.ids, self.own = fill(self.ours, OURS, self.around), fill(self.theirs, THEIRS, self.around)
        package = self.theirs.session.get(f"{self.server.url}/v1/study/decks/{self.own['deck']}/export?format=apkg").content
        self.bodies = {"/v1/study/decks/{id}/anki": (package, None), "/v1/study/decks/{id}/import": ("what\tthat\n", None),
                       "/v1/classifications/{id}/correct": ({"label": "invoice"}, None)}

    def rows(self, person):
        return rows_of(self.server)[person.workspace]

    def settle(self):
        """Nothing is in work any more."""
        wait_until(lambda: not any(in_work(person) for person in (self.ours, self.theirs)), seconds=120)

    def stop(self):
        self.listener.stop()
        self.server.stop()
        self.around.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request, tmp_path_factory):
    database = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else ""
    made = House(tmp_path_factory.mktemp("tenants"), database)
    yield made
    made.stop()


def in_work(person):
    """Jobs that wait or run, but for mails that go at the next full hour."""
    items = [job for state in ("waiting", "running") for job in person.get(f"/v1/jobs?state={state}")["items"]]
    return [job for job in items if job["type"] != "notify_mail"]


def form(**fields):
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    body = f'{parts}--x\r\nContent-Disposition: form-data; name="file"; filename="form.txt"\r\nContent-Type: text/plain\r\n\r\nwords\r\n--x--\r\n'
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


def raw_bodies(ids):
    """Bodies of routes that read them otherwise: (path, body, headers)."""
    chat = [{"role": "user", "content": "Who wrote the ledger?"}]
    for model in ("lectern", ids["route"], f"{ids['service']}/good", f"prompt:{ids['prompt']}", f"persona:{ids['persona']}", ids["persona"]):
        yield "/v1/chat/completions", {"model": model, "messages": chat}, {}
        yield "/v1/messages", {"model": model, "messages": chat, "max_tokens": 9}, {}
        yield "/api/chat", {"model": model, "messages": chat, "stream": False}, {}
    yield "/v1/chat/completions", {"model": "lectern", "messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": ids["file"]}}]}]}, {}
    yield "/v1/chat/completions", {"model": "lectern", "messages": chat, "persona": ids["persona"], "conversation": ids["conversation"]}, {}
    for what in ({"previous_response_id": ids["response"]}, {"conversation": ids["conversation"]}, {"prompt": {"id": ids["prompt"]}},
                 {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": ids["file"]}]}]},
                 {"tools": [{"type": "file_search", "vector_store_ids": [ids["collection"]]}]}):
        yield "/v1/responses", {"model": "lectern", "input": "Who wrote the ledger?", **what}, {}
    yield "/v1/batches", {"input_file_id": ids["file"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}, {}
    for path in ("/ai/content", "/ai/generate-outline", "/ai/explain/stream"):
        yield path, {"type": "summary", "source": ids["document"], "stream": False}, {}
        yield path, {"type": "summary", "document": ids["document"], "stream": False}, {}
    yield "/ai/chat/complete", {"model": "lectern", "messages": chat, "mcp": [ids["mcp_server"]]}, {}
    task = ids["task"]
    yield "/v1/tasks/bulk", {"update": [{"id": task, "summary": "x"}], "complete": [task], "remove": [task], "create": [{"summary": "x", "parent": task}]}, {}
    for payload in ({"workflow": ids["workflow"]}, {"workflow": ids["workflow"], "document": ids["document"]}):
        yield "/v1/schedules", {"name": f"new {len(payload)}", "type": "workflow_start", "every_s": 3600, "paused": True, "payload": payload}, {}
    for name, value in (("collection", ids["collection"]), ("document", ids["document"]), ("collections", [ids["collection"]])):
        yield "/v1/search", {"query": "ledger", "filters": {name: value}}, {}
    for text in (f"collection:{ids['collection']}", f"in:{ids['document']}", "ledger", f"like:{ids['document']}"):
        yield "/v1/search", {"query": text, "facets": ["type", "tag", "author", "year", "language"]}, {}
    for path in ("/v1/documents", "/api/v1/documents/process", "/api/v1/upload", "/api/v1/upload/file", "/v1/dictations", "/v1/voice"):
        yield (path, *form(collection=ids["collection"], parent=ids["document"], connection=ids["connection"]))
    for parts in (f"final;/v1/tus/{ids['tus']}", f"final;/v1/tus/{ids['tus']} /v1/tus/{ids['tus']}"):
        yield "/v1/tus", "", {**TUS, "Upload-Concat": parts}
    yield "/v1/session", {"email": f"{THEIRS}@example.org", "password": PASSWORD, "workspace": ids["workspace"]}, {}


def try_paths(caller, kinds=None):
    """Each route with an id of others in its path: those that do not refuse it, or find nothing."""
    shown = []
    for method, path in caller.house.routes:
        if "{" not in path or kinds and kind_of(path) not in kinds:
            continue
        headers = TUS if "/tus/" in path else None
        body = {} if method in ("POST", "PUT", "PATCH", "PROPFIND") else None
        if path in caller.house.bodies:
            body, headers = caller.house.bodies[path]
        target = filled(path, caller.house.ids) + ("?format=csv" if path.endswith("decks/{id}/export") else "")
        status, text = caller.complete(method, target, body, headers)
        is_empty = '"items":[]' in text or method == "DELETE" and status == 204 or method == "OPTIONS"
        if status not in (403, 404) and not is_empty and kind_of(path) not in (*CHOSEN, None):
            shown.append((method, path, status, text[:300]))
    return shown


def try_bodies(caller):
    """Each member of a body that says an id, with one of others."""
    for method, path in caller.house.routes:
        if method not in ("POST", "PUT", "PATCH") or path.startswith(("/tika", "/rmeta", "/meta", "/unpack", "/detect", "/language")):
            continue
        target = filled(path, caller.own)
        for name in caller.members(method, target):
            caller.complete(method, target, {name: caller.value(name, caller.house.ids)})
    for path, body, headers in raw_bodies(caller.house.ids):
        caller.call("POST", path, body, headers)


def try_queries(caller):
    """Each list without anything, and of each id of others that it may be asked for."""
    for path in caller.house.lists:
        for query in ["", *(f"?{name}={caller.house.ids[NAMED[name]]}" for name in QUERIES)]:
            caller.call("GET", path + query)


def try_tools(caller):
    """Each tool of MCP, and each task of models in the background, by the ids that it takes."""
    ids, headers = caller.house.ids, {"Accept": "application/json, text/event-stream"}
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    tools = json.loads(caller.call("POST", "/mcp", rpc, headers)[1])["result"]["tools"]
    assert {"read", "search"} <= {tool["name"] for tool in tools}
    for tool in tools:
        for name in set(tool["inputSchema"]["properties"]) & set(NAMED):
            needed = {other: NEEDED.get(other, "x") for other in tool["inputSchema"].get("required", [])}
            arguments = {**needed, name: caller.value(name, ids)}
            caller.call("POST", "/mcp", {**rpc, "method": "tools/call", "params": {"name": tool["name"], "arguments": arguments}}, headers)
    read = {"uri": f"lectern://documents/{ids['document']}"}
    caller.call("POST", "/mcp", {**rpc, "method": "resources/read", "params": read}, headers)
    for kind in caller.person.get("/v1/ai-task-types")["items"]:
        for name in ("document", "document_id", "documents", "collection", "label_set", "workflow_id", "user_id", "meeting", "meeting_id"):
            value = caller.value(name, ids) if name in NAMED else ids["meeting"]
            _, text = caller.call("POST", "/v1/ai-tasks", {"type": kind["type"], "payload": {name: value}})
            caller.tasks += re.findall(r'"id":"([\w-]+)"', text)[:1]


def try_own(caller):
    """Everything of the caller's own that can be read: what came of the calls is seen there."""
    for method, path in caller.house.routes:
        if method == "GET" and "{" in path:
            caller.call(method, filled(path, caller.own))
    assert caller.tasks
    for task in caller.tasks:
        caller.call("GET", f"/v1/ai-tasks/{task}")


BY_THEMSELVES = ("calendar_sync", "ai.cleanup_expired_workflows", "ai.monitor_ai_processing")  # types of jobs


def still(rows):
    """Rows of a workspace by their tables, without what moves by itself: a key's last use is noted, a calendar that cannot be read is tried
    again, an alert whose rule has nothing to say for minutes is over, every workspace has its schedules, and what the index has followed is forgotten."""
    moving = {"api_keys": {"last_used_at", "last_address"}, "calendars": {"failures", "next_at"}, "alerts": {"is_open"}}
    held = lambda table, row: json.dumps({name: value for name, value in json.loads(row).items() if name not in moving[table]})
    return {table: [held(table, row) if table in moving else row for row in all if table != "jobs" or json.loads(row)["type"] not in BY_THEMSELVES]
            for table, all in rows.items() if table != "index_changes"}


def changed(before, after):
    """Rows that are only in one of the two."""
    before, after = still(before), still(after)
    return [(table, row) for table in before.keys() | after.keys() for row in set(before.get(table, [])) ^ set(after.get(table, []))]


def pattern_of(path):
    return re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)) + "$")


def test_whatever_a_world_is_made_of_is_made_once_for_two_requests_with_one_key(house):
    """Person.made() asks for it again, and for something else with the same key; here is that it did, and where."""
    posts = [path for method, path in house.routes if method == "POST"]
    for person in (house.ours, house.theirs):
        repeated = [path for path in posts if any(pattern_of(path).match(one) for one in person.repeated)]
        assert len(repeated) > 30, repeated


def test_another_workspace_sees_and_changes_nothing(house, record_property):
    house.settle()
    before = house.rows(house.ours)
    caller = Caller(house, house.theirs, house.own, [OURS])
    refused = try_paths(caller)
    assert refused == [], refused
    try_bodies(caller)
    try_tools(caller)
    house.settle()
    try_queries(caller)
    try_own(caller)
    assert caller.wrong == [], caller.wrong[:9]
    assert OURS not in house.listener.heard and THEIRS in house.listener.heard
    assert OURS not in requests.get(house.server.url + "/metrics", timeout=60).text
    rows = changed(before, house.rows(house.ours))
    assert rows == [], "\n".join(map(str, rows[:9]))
    held = {(table, kind) for table, rows in house.rows(house.theirs).items() if table not in TEXTS
            for kind, id in house.ids.items() if kind not in CHOSEN and any(id in row for row in rows)}
    assert held == set(), "rows of one workspace name what is another's"
    record_property("routes", len(house.routes))
    record_property("requests", caller.asked)


def test_a_colleague_sees_and_changes_nothing_private(house):
    house.settle()
    before = house.rows(house.ours)
    private = [kind for kind in house.ids if kind not in (*SHARED, *CHOSEN)]
    caller = Caller(house, house.colleague, house.own, [house.ids[kind] for kind in private])
    refused = try_paths(caller, private)
    assert refused == [], refused
    try_queries(caller)
    assert caller.wrong == [], caller.wrong[:9]
    before = still(before)
    gone = [(table, row) for table, row in changed(before, house.rows(house.ours)) if row in before.get(table, [])]
    assert gone == [], "\n".join(map(str, gone[:9]))


# What looks closer than at a role: at whose key it is, at a person, at a signature, at where somebody comes from, at a scope that
# a key has only by its name.
CLOSER = {"/v1/keys/{id}/limits", "/v1/notices", "/v1/notices/read", "/v1/notices/unsubscribe", "/v1/approvals/link",
          "/v1/users/erasure-proof", "/metrics", "/v1/workspaces"}
CLOSER_BELOW = ("/v1/session/", "/v1/auth/", "/scim/")
ROLES = ("reader", "editor", "administrator", "owner", "auditor")  # what one does those after it do, but the last


def test_every_route_is_open_to_its_roles_and_shut_to_the_others(house):
    keys = {role: house.server.cli("keys", "add", role, "--role", role.replace("administrator", "admin"), "--workspace", OTHER).stdout.split()[-1] for role in ROLES}
    nothing = dict.fromkeys(house.ids, "none")
    wrong = []
    for method, path in house.routes:
        needs = house.needs[method, path]
        for rank, role in enumerate(ROLES):
            status, text = house.theirs.call(method, filled(path, nothing), key=keys[role])
            is_open = needs == "anyone" or needs != "operator" and ((method, path) in house.audited if role == "auditor" else rank >= ROLES.index(needs))
            if status == 401 or (status == 403) == is_open and not (is_open and (path in CLOSER or path.startswith(CLOSER_BELOW))):
                wrong.append((method, path, needs, role, status, text[:100]))
    assert wrong == [], "\n".join(map(str, wrong))


def test_owners_of_other_workspaces_do_not_run_the_server(house):
    asked = [(method, path) for method, path in house.routes if house.needs[method, path] == "operator"]
    assert ("POST", "/v1/doctor") in asked and ("DELETE", "/v1/models/local/{name}") in asked
    for method, path in asked:
        status, text = house.theirs.call(method, filled(path, {}), {})
        assert status == 403 and "first workspace" in text, (method, path, status, text)
    assert house.ours.call("DELETE", "/v1/models/local/none")[0] == 404


# What is restricted in the last tests: their names, and words that stand in no other text of the workspace.
HIDDEN = [f"{OURS}-ledger", f"{OURS}-collection", f"{OURS}smith", "Ardal", "212 people"]
# What is made of a document, and is gone with it for those who do not see it.
OF_HIDDEN = ["document", "collection"]
MODES = ("keyword", "semantic", "hybrid", "private")


@pytest.fixture(scope="module")
def restricted(house):
    """The house once its collection is for its owner alone, and an editor who hears what is told."""
    house.settle()
    editor = Person(house.server, "sharer", "editor", house.ours.workspace)
    house.ours.made(f"/v1/collections/{house.ids['collection']}/access", {"restricted": True}, method="PUT")
    listener = Listener(house.server, editor.key)
    yield editor, listener
    listener.stop()


def found_by(person):
    """All that searches, lists and counts show of a person's library."""
    texts = [person.call("POST", "/v1/search", {"query": f"{OURS} ledger marble", "mode": mode, "facets": ["type", "tag", "collection"]})[1] for mode in MODES]
    for query in ("tag:" + OURS + "-tag", "-heron", "type:markdown", f"in:{OURS}"):
        texts.append(person.call("POST", "/v1/search", {"query": query, "facets": ["type", "tag", "collection"]})[1])
    texts += [person.call("GET", path)[1] for path in ("/v1/documents", "/v1/collections", "/v1/tags", "/v1/search?q=quagga%20ledgre", "/v1/facts")]
    texts.append(person.call("POST", "/v1/ask", {"question": f"Who wrote the {OURS} ledger?"})[1])
    texts.append(person.call("POST", "/v1/summarize", {"collection": "none"})[1])
    return "\n".join(texts)


def limited_to(house, collection):
    """Somebody with a key of the owner that is limited to a collection."""
    person = copy.copy(house.ours)
    person.connection = http.client.HTTPConnection("127.0.0.1", house.server.port, timeout=60)
    person.key = house.ours.made("/v1/keys", {"name": "limited", "role": "editor", "collections": [collection]})["key"]
    return person


def shown_in(text):
    return [word for word in HIDDEN if word.lower() in text.lower().replace(f"who wrote the {OURS} ledger", "")]


def test_a_key_limited_to_a_collection_reaches_nothing_else(house):
    shelf = house.ours.made("/v1/collections", {"name": "shelf"})["id"]
    seen = house.ours.upload("seen.txt", "The heron stands on the marble shelf.", collection=shelf)
    limited = limited_to(house, shelf)
    house.settle()
    before = house.rows(house.ours)
    caller = Caller(house, limited, house.ids, HIDDEN)
    shown = [one for one in try_paths(caller) if one[2] != 401]
    assert shown == [], shown
    try_bodies(caller)
    for path in house.lists:
        for query in ("", *(f"?{name}={house.ids[name]}" for name in ("document", "collection"))):
            caller.call("GET", path + query)
    assert caller.wrong == [], caller.wrong[:9]
    assert not shown_in(found_by(limited)), found_by(limited)
    before = still(before)
    gone = [(table, row) for table, row in changed(before, house.rows(house.ours)) if row in before.get(table, [])]
    assert gone == [], "\n".join(map(str, gone[:9]))
    assert [one["id"] for one in limited.get("/v1/documents")["items"]] == [seen]
    assert [one["id"] for one in limited.get("/v1/collections")["items"]] == [shelf]
    assert limited.made("/v1/search", {"query": "heron marble"})["results"][0]["document"]["id"] == seen
    for fields, status in (({}, 202), ({"collection": house.ids["collection"]}, 404), ({"collection": shelf}, 202)):
        assert limited.call("POST", "/v1/documents", *form(**fields))[0] == status, fields
    assert limited.call("PATCH", f"/v1/documents/{seen}", {"collection": house.ids["collection"]})[0] == 404
    status, saved = limited.call("GET", "/v1/search/saved")
    assert status == 200 and not json.loads(saved)["items"], "those of the key alone"


def test_nothing_of_what_is_restricted_is_shown_by_any_route(house, restricted):
    editor, listener = restricted
    caller = Caller(house, editor, house.ids, HIDDEN)
    refused = try_paths(caller, OF_HIDDEN)
    assert refused == [], refused
    try_bodies(caller)
    try_tools(caller)
    house.settle()
    try_queries(caller)
    assert caller.wrong == [], caller.wrong[:9]
    house.ours.made(f"/v1/documents/{house.ids['document']}", {"title": f"{OURS}smith"}, method="PATCH")
    gone = house.ours.upload("gone.md", "The marble goes.", collection=house.ids["collection"])
    seen = house.ours.upload("seen.md", "Everybody sees the heron.")
    wait_until(lambda: "seen.md" in listener.heard)
    for document in (gone, seen):
        assert house.ours.call("DELETE", f"/v1/documents/{document}")[0] == 204
        assert house.ours.call("DELETE", f"/v1/documents/{document}?erase=1")[0] == 204
    wait_until(lambda: '"removed"' in listener.heard or "event: removed" in listener.heard)
    assert not [word for word in (gone, house.ids["document"]) if word in listener.heard] and not shown_in(listener.heard), listener.heard
    assert not shown_in(found_by(editor)), found_by(editor)


def test_what_is_granted_is_seen_at_once_and_what_is_revoked_is_gone_at_once(house, restricted):
    editor, listener = restricted
    document, path = house.ids["document"], f"/v1/documents/{house.ids['document']}/access"
    house.ours.made(path, {"grants": [{"kind": "user", "id": editor.email, "level": "read"}]}, method="PUT")
    assert editor.get(f"/v1/documents/{document}")["restricted"] is True
    assert {f"{OURS}smith", f"{OURS}-ledger"} <= set(shown_in(found_by(editor)))
    assert editor.call("PATCH", f"/v1/documents/{document}", {"title": "mine"})[0] == 403
    assert editor.get(path)["grants"][0]["name"] == "sharer"
    wait_until(lambda: house.ours.made(f"/v1/documents/{document}", {"title": "Ledger"}, method="PATCH") and f"{OURS}-ledger" in listener.heard)
    house.ours.made(path, {"grants": []}, method="PUT")
    assert not shown_in(found_by(editor)), found_by(editor)
    assert editor.call("GET", f"/v1/documents/{document}")[0] == 404
    house.ours.made(path, method="DELETE")
    house.ours.made(f"/v1/collections/{house.ids['collection']}/access", method="DELETE")
    assert shown_in(found_by(editor))


def test_a_removed_workspace_goes_whole_and_takes_nothing_of_another(house):
    """The last of this file: what it removes the others need."""
    house.settle()
    server, session, before = house.server, house.theirs.session, house.rows(house.ours)
    ask = lambda **body: session.post(f"{server.url}/v1/workspace/removal", json=body).status_code
    assert ask(name="Another", password=PASSWORD) == ask(name="Other", password="wrong") == 400
    assert house.theirs.call("POST", "/v1/workspace/removal", {"name": "Other", "password": PASSWORD})[0] == 400, "a key proves nobody"
    assert ask(name="Other", password=PASSWORD) == 202
    wait_until(lambda: OTHER not in rows_of(server))
    wait_until(lambda: not [path for path in server.data.rglob("*") if OTHER in path.name])
    # Work goes on meanwhile: a row that changed is there.
    named = lambda rows: {json.loads(row).get("id", row) for row in rows}
    after = house.rows(house.ours)
    lost = [(table, row) for table, rows in before.items() if table not in ("call_pages", "index_changes", "jobs") for row in named(rows) - named(after.get(table, []))]
    assert lost == [], lost[:9]
    assert house.ours.call("GET", f"/v1/documents/{house.ids['document']}/original")[0] == 200
    assert house.theirs.call("GET", "/v1/documents")[0] == session.get(f"{server.url}/v1/documents").status_code == 401
    again = requests.post(f"{server.url}/v1/session", json={"email": house.theirs.email, "password": PASSWORD}, timeout=60)
    assert again.status_code == 403 and "belongs to no workspace" in again.text
    proof = server.cli("workspaces", "proof", OTHER).stdout.strip()
    said = json.loads(proof)
    assert said["rows_left"] == 0 and {"documents", "messages", "audit", "chunks"} <= {one["table"] for one in said["tables"]}
    assert json.loads(house.ours.call("POST", "/v1/users/erasure-proof", proof)[1])["is_signed"]
    assert f"{OTHER}  (gone since" in server.cli("workspaces", "ls").stdout
    assert server.cli("workspaces", "rm", "Library", check=False).returncode != 0, "it is the only one that is left"


def test_of_who_is_erased_nothing_of_theirs_is_left_and_no_name_but_in_the_audit_log(house):
    """Behind the last: it takes the owner of what the others need, and the other workspace has gone."""
    person, heir = house.ours, Person(house.server, "heron", "owner", house.ours.workspace)
    wait_until(lambda: not in_work(heir), seconds=120)
    given = heir.get(f"/v1/users/{person.id}/data")
    theirs = set(re.findall(r'^PERSON\("(\w+)",.*ERASED, +""\)', COLUMNS.read_text(), re.M))
    assert {"conversations", "messages", "client_files", "study_cards", "searches"} <= {table for table, rows in given["tables"].items() if rows}
    erasure = heir.made(f"/v1/users/{person.id}/erase", {"days": 0})["id"]
    wait_until(lambda: heir.get(f"/v1/erasures/{erasure}")["state"] == "done")
    rows = house.rows(person)
    had = {row["id"] for table in theirs | {"messages"} for row in given["tables"].get(table, []) if "id" in row}
    left = [(table, row) for table in theirs | {"messages"} for row in rows.get(table, []) if json.loads(row).get("id") in had]
    assert len(had) > 15 and left == [], left[:9]
    named = [(table, column, value) for table, all in rows.items() if table != "audit" for row in all for column, value in json.loads(row).items()
             for name in (person.id, person.email) if name in str(value)]
    assert named == [], named[:9]
    mailed = [row for row in rows["audit"] if person.email in row]
    assert mailed == [], mailed[:9]
    assert {one["table"] for one in heir.get(f"/v1/erasures/{erasure}/proof")["left"]} <= {"audit"}
