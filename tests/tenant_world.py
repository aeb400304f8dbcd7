"""A workspace with one of everything that has an id, made as its people make it, and every row of it."""
import datetime
import http.client
import itertools
import json
import os
import sqlite3
import subprocess

import requests
from conftest import wait_until
from mock_attendee import KEY as ATTENDEE_KEY
from mock_attendee import MockAttendee
from mock_provider import MockProvider
from test_workspaces import change_database

NUMBERS = itertools.count()
PASSWORD = "correct horse battery"
DOCUMENT = """# {word} ledger

The {word} ledger was written by {word}smith in Ardal on 3 May 1874. It names 212 people of the quarry.

| {word} stone | tons |
|---|---|
| slate | 12 |
| {word} marble | 30 |
"""
# Columns that change while nobody does anything.
MOVING = {("approvals", "look_at"), ("meeting_bots", "look_at"), ("meeting_bots", "updated_at"),
          *(("schedules", moved) for moved in ("next_at", "last_at", "last_job", "fired", "missed", "error", "updated_at")),
          *(("alerts", moved) for moved in ("value", "calm_count", "closed_at", "fired_at", "told_at", "told_count"))}
# Figures of the server, written by the minute.
FIGURES = {"job_minutes", "call_sums"}
LABELS = {"invoice": "The {word} invoice over {n} euros is due in May.", "complaint": "The {word} slate {n} came broken, I am not happy."}


# Calls of models keep their answers by the gateway's own rules.
CALLS = {"/v1/chat/completions", "/v1/responses"}


class Around:
    """What the workspaces' servers talk to."""

    def __init__(self, folder):
        self.provider, self.attendee = MockProvider(["good", "echo"]), MockAttendee()
        self.provider.values["summary"] = {"statements": [{"text": "It names 212 people of the quarry.", "sources": [1, 2]}]}
        self.folder = folder

    def environment(self):
        return {"LECTERN_CONNECT_FOLDERS": str(self.folder), "LECTERN_PUBLIC_URL": "http://lectern.example", "LECTERN_WORKSPACE_REMOVAL_DAYS": "0"}

    def stop(self):
        self.provider.stop()
        self.attendee.stop()


class Person:
    """Somebody with a password, a session and a key, who calls over one connection."""

    def __init__(self, server, name, role, workspace, email=None):
        self.server, self.workspace, self.email = server, workspace, email or f"{name}@example.org"
        if not email:
            server.cli("users", "add", self.email, "--role", role, "--name", name, "--workspace", workspace, input=PASSWORD + "\n")
        self.session = requests.Session()
        signed = self.session.post(server.url + "/v1/session", json={"email": self.email, "password": PASSWORD})
        assert signed.status_code in (200, 201), signed.text
        self.session.headers["X-CSRF-Token"] = signed.json()["csrf"]
        self.id = signed.json()["user"]["id"]
        made = self.session.post(server.url + "/v1/keys", json={"name": f"{name}-key", "role": role})
        assert made.status_code == 201, made.text
        self.key_id, self.key = made.json()["id"], made.json()["key"]
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.repeated = set()  # paths of what was asked for twice, and then for something else

    def call(self, method, path, body=None, headers=None, key=None):
        """(status, text)"""
        headers = {"Authorization": f"Bearer {key or self.key}", **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            return self.answer(method, path, body, headers)
        except (http.client.HTTPException, ConnectionError):
            self.connection.close()
            if method != "GET":  # a connection that lay idle for long was closed by the server
                raise
            return self.answer(method, path, body, headers)

    def answer(self, method, path, body, headers):
        self.connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")

    def made(self, path, body=None, method="POST", headers=None, **options):
        """What is made is asked for twice with one Idempotency-Key: there must be one, and one answer; and nothing else is made with it."""
        headers = {"Idempotency-Key": f"made-{next(NUMBERS)}", **(headers or {})}
        status, text = self.call(method, path, body, headers, **options)
        assert status in (200, 201, 202, 204), (method, path, status, text)
        if method == "POST":
            assert self.call(method, path, body, headers, **options) == (status, text), (path, text)
            if path not in CALLS:
                another = (path, {"another": "body"}) if isinstance(body, dict) else (path + "?another=address", body)
                other = self.call(method, *another, headers, **options)
                assert other[0] == 422 and "sent with another request before" in other[1], (path, other)
                self.repeated.add(path)
        return json.loads(text) if text else None

    def get(self, path):
        return self.made(path, method="GET")

    def upload(self, name, content, **fields):
        document = self.server.upload((name, content.encode()), key=self.key, **fields)[0]["id"]
        assert self.server.wait_document(document, key=self.key)["state"] == "ready"
        return document


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:00Z")


def fill_library(person, word, ids):
    ids["collection"] = person.made("/v1/collections", {"name": f"{word}-collection", "description": word})["id"]
    ids["document"] = person.upload(f"{word}-ledger.md", DOCUMENT.format(word=word), collection=ids["collection"], tags=f"{word}-tag")
    found = person.made("/v1/search", {"query": f"{word} ledger"})
    ids["search"] = found["search_id"]
    ids["saved"] = person.made("/v1/search/saved", {"name": f"{word}-saved", "query": f"{word} quarry"})["id"]
    ids["judged"] = person.made("/v1/lab/sets", {"name": f"{word}-judged", "tsv": f"{word} ledger\t{word}-ledger.md\n"})["id"]
    ids["lab_run"] = person.made("/v1/lab/runs", {"set": ids["judged"], "settings": "mode=keyword"})["id"]
    upload = {"filename": f"{word}-half.txt", "size": 9, "collection": ids["collection"]}
    ids["upload"] = person.made("/api/files/upload/initiate", upload)["file_id"]
    begun = person.server.call("POST", "/v1/tus", key=person.key, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9",
                                                                           "Upload-Metadata": "filename aGFsZi50eHQ="})
    ids["tus"] = begun.headers["Location"].split("/")[-1]
    converted = person.server.call("POST", "/v1/convert/file/async", key=person.key, files={"files": (f"{word}.txt", word.encode())})
    ids["conversion"] = converted.json()["task_id"]
    ids["fields"] = f"{word[::-1]}-fields"
    schema = {"title": ids["fields"], "type": "object", "properties": {"people": {"type": "integer"}}}
    person.made("/v1/fields", {"document": ids["document"], "schema": schema, "name": ids["fields"], "save": True})
    ids["run"] = person.made("/v1/fields/runs", {"documents": [ids["document"]], "schema": schema, "name": ids["fields"]})["id"]
    person.made(f"/v1/collections/{ids['collection']}/digest", {"every_days": 7}, method="PUT")


def fill_talk(person, word, ids):
    asked = person.made("/v1/ask", {"question": f"Who wrote the {word} ledger?"})
    ids["conversation"] = asked["conversation"]
    ids["message"] = person.get(f"/v1/conversations/{ids['conversation']}")["messages"][-1]["id"]
    ids["share"] = person.made(f"/v1/conversations/{ids['conversation']}/share")["share"]
    ids["persona"] = person.made("/v1/personas", {"name": f"{word}-persona", "instructions": f"Speak {word}."})["id"]
    ids["prompt"] = person.made("/v1/prompts", {"name": f"{word}-prompt", "template": f"{word} {{{{x}}}}"})["id"]
    person.made("/v1/feedback", {"kind": "card", "item": f"{word}-item", "rating": -1, "reason": f"{word} reason"})
    person.made("/v1/session/preferences", {"tone": "formal"}, method="PUT")
    ids["response"] = person.made("/v1/responses", {"model": "lectern", "input": f"Who is {word}smith?"})["id"]
    line = {"custom_id": f"{word}-line", "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "lectern", "messages": [{"role": "user", "content": word}]}}
    form = (f'--{word}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--{word}\r\n'
            f'Content-Disposition: form-data; name="file"; filename="{word}.jsonl"\r\n\r\n{json.dumps(line)}\r\n--{word}--\r\n')
    ids["file"] = person.made("/v1/files", form, headers={"Content-Type": f"multipart/form-data; boundary={word}"})["id"]
    ids["batch"] = person.made("/v1/batches", {"input_file_id": ids["file"], "endpoint": "/v1/chat/completions",
                                               "completion_window": "24h"})["id"]
    params = {"model": "lectern", "max_tokens": 9, "messages": [{"role": "user", "content": word}]}
    ids["message_batch"] = person.made("/v1/messages/batches", {"requests": [{"custom_id": word, "params": params}]})["id"]


def fill_study(person, word, ids):
    ids["deck"] = person.made("/v1/study/decks", {"name": f"{word}-deck", "description": word})["id"]
    card = {"front": f"Who is {word}?", "back": f"{word}smith", "tags": [f"{word}-tag"]}
    person.made("/v1/study/cards", {"deck": ids["deck"], "cards": [card]})
    ids["card"] = person.get("/v1/study/cards")["items"][0]["id"]
    person.made("/v1/study/reviews", {"card": ids["card"], "rating": 3})
    question = {"kind": "short", "question": f"Who is {word}?", "answer": f"{word}smith"}
    ids["quiz"] = person.made("/v1/study/quizzes", {"title": f"{word}-quiz", "questions": [question]})["id"]
    person.made(f"/v1/study/quizzes/{ids['quiz']}/attempts", {"answers": [f"{word}son"]})
    ids["made"] = person.made("/v1/study/make", {"kind": "summary", "document": ids["document"], "later": True})["id"]


def fill_labels(person, word, ids):
    ids["label_set"] = person.made("/v1/label-sets", {"name": f"{word}-labels", "labels": list(LABELS), "asks": "encoder"})["id"]
    examples = [{"text": text.format(word=word, n=n), "label": label} for n in range(3) for label, text in LABELS.items()]
    person.made(f"/v1/label-sets/{ids['label_set']}/examples", {"examples": examples})
    ids["example"] = person.get(f"/v1/label-sets/{ids['label_set']}/examples")["items"][0]["id"]
    person.made("/v1/classify", {"document": ids["document"], "label_set": ids["label_set"], "keep": True})
    ids["classification"] = person.get("/v1/classifications")["items"][0]["id"]
    ids["classification_batch"] = person.made("/v1/classification-batches", {"label_set": ids["label_set"],
                                                                             "documents": [{"text": f"The {word} invoice"}]})["id"]
    stages = [{"name": "kind", "label_set": ids["label_set"]}]
    ids["classification_workflow"] = person.made("/v1/classification-workflows", {"name": f"{word}-stages", "stages": stages})["id"]


def fill_work(person, word, ids):
    steps = [{"id": "wait", "type": "wait", "event": f"{word} event"}]
    ids["workflow"] = person.made("/v1/workflows", {"name": f"{word}-workflow", "definition": {"steps": steps}})["id"]
    ids["execution"] = person.made(f"/v1/workflows/{ids['workflow']}/start", {"document": ids["document"], "input": {"by": word}})["id"]
    wait_until(lambda: person.get(f"/v1/workflow-executions/{ids['execution']}")["waits"])
    task = person.made("/v1/tasks", {"summary": f"{word} task", "document": ids["document"], "category": f"{word}-category"})
    ids["task"], ids["task_number"] = task["id"], str(task["number"])
    person.made("/v1/tasks", {"summary": f"{word} subtask", "parent": ids["task"]})
    feed = person.made("/v1/task_feeds", {"name": f"{word}-feed"})
    ids["task_feed"] = feed["id"]
    ids["approval"] = person.made("/v1/approvals", {"title": f"Pay {word}", "text": f"{word} invoice", "users": [person.email],
                                                    "allow_self": True, "document": ids["document"]})["id"]
    person.made(f"/v1/approvals/{ids['approval']}/comments", {"text": f"{word} comment"})
    ids["schedule"] = person.made("/v1/schedules", {"name": f"{word}-schedule", "type": "workflow_start", "every_s": 3600, "paused": True,
                                                    "payload": {"workflow": ids["workflow"], "document": ids["document"]}})["id"]
    ids["ai_task"] = person.made("/v1/ai-tasks", {"type": "analysis", "payload": {"text": f"{word} is fine."}})["id"]


def fill_places(person, word, ids, around):
    service = {"base_url": around.provider.url, "private": True}
    ids["service"], ids["route"], ids["mcp_server"] = (f"{word[::-1]}-{what}" for what in ("service", "route", "mcp"))
    person.made(f"/v1/gateway/services/{ids['service']}", service, method="PUT")
    person.made(f"/v1/gateway/routes/{ids['route']}", {"steps": [{"model": f"{ids['service']}/good"}]}, method="PUT")
    person.made(f"/v1/mcp/servers/{ids['mcp_server']}", {"url": around.provider.url, "tools": ["*"]}, method="PUT")
    person.made("/v1/gateway/policy", {"prompts": "full"}, method="PUT")
    ids["model"] = "good"
    model = f"{ids['service']}/good"
    person.made("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": f"Say {word}."}]})
    ids["summary"] = person.made("/v1/summarize", {"document": ids["document"], "length": "short", "model": model})["id"]
    folder = around.folder / word
    folder.mkdir()
    (folder / f"{word}-watched.txt").write_text(f"The {word} heron waits.")
    os.utime(folder / f"{word}-watched.txt", (1, 1))
    ids["connection"] = person.made("/v1/connections", {"kind": "folder", "name": f"{word}-folder", "every_minutes": 0,
                                                        "settings": {"path": str(folder)}})["id"]
    items = wait_until(lambda: person.get(f"/v1/connections/{ids['connection']}/items")["items"])
    ids["connection_item"] = items[0]["key"]
    url = around.attendee.url
    ids["calendar"] = person.made("/v1/calendars", {"kind": "ics", "url": f"{url}/calendar.ics", "name": f"{word}-calendar"})["id"]
    wait_until(lambda: person.get(f"/v1/calendars/{ids['calendar']}")["state"] != "new")
    service = person.made("/v1/meeting-bot-services", {"kind": "attendee", "url": url, "key": ATTENDEE_KEY, "webhook_secret": "secret"})
    ids["bot_service"] = service["id"]
    meeting = {"title": f"{word} meeting", "meeting_url": "https://zoom.us/j/987654321", "starts_at": in_an_hour()}
    bot = person.made("/v1/meeting-bots", {"meeting": meeting})
    ids["meeting"], ids["bot"] = bot["meeting"], bot["bot"]["id"]
    person.made(f"/v1/meeting-bots/{ids['bot']}/leave")  # else it is looked after from time to time


def fill_people(person, word, ids):
    ids["user"], ids["key"], ids["workspace"] = person.id, person.key_id, person.workspace
    ids["session"] = next(one["id"] for one in person.session.get(person.server.url + "/v1/sessions").json()["items"])
    ids["group"] = person.made("/v1/groups", {"name": f"{word}-group", "add": [person.id]})["id"]
    limits = {"requests_per_minute": 10000, "budgets": [{"period": "day", "calls": 10000}]}
    ids["budget"] = person.made(f"/v1/keys/{ids['key']}/limits", limits, method="PUT")["budgets"][0]["id"]
    leaver = person.made("/v1/users", {"email": f"{word}-leaver@example.org", "name": f"{word} leaver", "password": PASSWORD})["id"]
    ids["erasure"] = person.made(f"/v1/users/{leaver}/erase", {"days": 0})["id"]
    wait_until(lambda: person.get(f"/v1/erasures/{ids['erasure']}")["state"] == "done")
    hook = person.made("/v1/hooks", {"name": f"{word}-hook", "collection": ids["collection"]})
    ids["hook"] = hook["id"]
    ids["webhook"] = person.made("/v1/webhooks", {"url": "https://127.0.0.1:9/", "kinds": ["test"]})["id"]
    person.made("/v1/notices/test")
    ids["delivery"] = wait_until(lambda: person.get(f"/v1/webhooks/{ids['webhook']}/deliveries")["items"])[0]["id"]
    person.made(f"/v1/webhooks/{ids['webhook']}", {"is_on": False}, method="PATCH")
    ids["notice"] = wait_until(lambda: person.get("/v1/notices")["items"])[0]["id"]


def add_alert(person, word):
    """As the server opens one after minutes of trouble."""
    id = f"{word[::-1]}-alert"
    change_database(person.server, "INSERT INTO alerts (workspace, id, rule, subject, is_open, value, threshold, calm_count, opened_at, closed_at, acknowledged_at, fired_at, told_at, told_count,"
                                   f" acknowledged_by) VALUES ('{person.workspace}', '{id}', 'many_errors', '{word}', 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, '')")
    return id


def fill(person, word, around):
    """Fills the person's workspace: what each kind of id is there."""
    ids = {}
    fill_library(person, word, ids)
    fill_talk(person, word, ids)
    fill_study(person, word, ids)
    fill_labels(person, word, ids)
    fill_work(person, word, ids)
    fill_places(person, word, ids, around)
    fill_people(person, word, ids)
    ids["alert"] = add_alert(person, word)
    ids["silence"] = person.made("/v1/alerts/silences", {"rule": "many_errors", "subject": word, "seconds": 86400})["id"]
    export = person.made("/v1/exports", {})["job"]
    wait_until(lambda: person.get(f"/v1/work/{export}")["state"] == "done")
    ids["export"] = person.get("/v1/exports")["items"][0]["id"]
    ids["job"] = person.get("/v1/jobs")["items"][0]["id"]
    return ids


def rows_of(server):
    """What every table holds of each workspace: {workspace: {table: [row as text]}}."""
    found = {}
    for workspace, table, text in (rows_of_postgres if server.database else rows_of_sqlite)(server):
        if table in FIGURES:
            continue
        found.setdefault(workspace, {}).setdefault(table, []).append(text)
    return found


def rows_of_sqlite(server):
    with sqlite3.connect(f"file:{server.data / 'lectern.db'}?mode=ro", uri=True, timeout=30) as database:
        names = [name for (name,) in database.execute(
            "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY 1")]
        for name in names:
            rows = database.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2')
            columns = [column[0] for column in rows.description]
            for row in rows:
                values = dict(zip(columns, row))
                yield values["workspace"], name, json.dumps({k: v for k, v in values.items() if (name, k) not in MOVING}, default=repr)


def rows_of_postgres(server):
    run = lambda sql: subprocess.run(["psql", server.database, "-qAtc", sql], check=True, capture_output=True, text=True).stdout
    tables = run("SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace' ORDER BY 1").split()
    text = run(" UNION ALL ".join(f"(SELECT json_build_object('w', workspace, 't', '{t}', 'r', to_json(t)) FROM {t} t ORDER BY t::text)" for t in tables))
    for line in text.splitlines():
        row = json.loads(line)
        yield row["w"], row["t"], json.dumps({k: v for k, v in row["r"].items() if (row["t"], k) not in MOVING})
