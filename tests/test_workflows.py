"""Workflows over HTTP: kept, started, followed, steered; on both databases."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests
from conftest import Server, wait_until

LETTER = "Dear Ms Miller, please find our invoice number 4711 over 120 euros. We are happy with your work.\n"

TAGS = {"inputs": {"type": "object", "properties": {"limit": {"type": "number"}}},
        "steps": [
            {"id": "look", "type": "analysis", "with": {"of": ["language", "sentiment"]}},
            {"id": "big", "type": "condition", "if": "document.size > input.limit", "then": "mark", "else": "end"},
            {"id": "mark", "type": "tag", "with": {"add": ["{{ steps.look.language }}", "seen"]}},
            {"id": "tell", "type": "notification", "with": {"title": "Seen: {{ document.name }}"}}],
        "output": {"language": "{{ steps.look.language }}"}}


def over(server, execution, seconds=30):
    found = {}

    def is_over():
        found.update(server.get(f"/v1/workflow-executions/{execution['id']}").json())
        return found["finished_at"] is not None

    assert wait_until(is_over, seconds), found
    return found


def test_a_document_goes_its_way_and_every_step_can_be_read(server):
    document = server.add(("letter.txt", LETTER.encode()))[0]
    answer = server.post("/v1/workflows", {"name": "Tags", "definition": TAGS})
    assert answer.status_code == 201, answer.text
    started = server.post(f"/v1/workflows/{answer.json()['id']}/start", {"document": document["id"], "input": {"limit": 10}})
    assert started.status_code == 202, started.text
    done = over(server, started.json())
    assert done["state"] == "done" and done["output"] == {"language": "en"}, done
    steps = server.get(f"/v1/workflow-executions/{done['id']}/steps").json()["items"]
    assert [(s["step"], s["state"], s["attempt"]) for s in steps] == [(i, "done", 1) for i in ("look", "big", "mark", "tell")]
    assert steps[2]["input"] == {"add": ["en", "seen"]}
    assert sorted(server.get(f"/v1/documents/{document['id']}").json()["tags"]) == ["en", "seen"]
    figures = server.get(f"/v1/workflows/{answer.json()['id']}/statistics").json()
    assert (figures["executions"], figures["success_rate"], len(figures["steps"])) == (1, 1, 4)


def test_an_upload_starts_what_waits_for_it_and_people_steer_it(server):
    waits = {"triggers": [{"on": "upload", "when": "starts_with(document.name, \"bill\")", "input": {"name": "{{ document.name }}"}}],
             "steps": [{"id": "w", "type": "wait", "event": "paid {{ input.name }}"},
                       {"id": "t", "type": "tag", "with": {"add": ["{{ steps.w.event.by }}"]}}]}
    made = server.post("/v1/workflows", {"name": "Bills", "definition": waits}).json()
    document = server.add(("bill.txt", b"A bill over 12 euros.\n"))[0]
    listed = server.get("/v1/workflow-executions", params={"workflow": made["id"]}).json()["items"]
    assert [(e["document"], e["started_by"]) for e in listed] == [(document["id"], "upload")]
    path = f"/v1/workflow-executions/{listed[0]['id']}"
    assert wait_until(lambda: server.get(path).json()["waits"])
    assert server.post(f"{path}/pause").json()["state"] == "paused"
    assert server.post(f"{path}/pause").status_code == 409
    assert server.post("/v1/workflow-events", {"event": "paid bill.txt", "data": {"by": "Ann"}}).json() == {"woken": 1}
    assert server.post(f"{path}/resume").status_code == 200
    assert over(server, listed[0])["state"] == "done"
    assert server.get(f"/v1/documents/{document['id']}").json()["tags"] == ["Ann"]
    assert server.post("/v1/workflow-events", {"event": "approval:x"}).status_code == 400


def test_workflows_travel_have_versions_and_what_runs_keeps_its_own(server):
    assert server.post("/v1/workflows", {"template": "inbox", "name": "Mine"}).status_code == 201
    wait = {"steps": [{"id": "w", "type": "wait", "event": "go"}], "output": 1}
    first = server.post("/v1/workflows", {"name": "Kept", "definition": wait}).json()
    running = server.post(f"/v1/workflows/{first['id']}/start").json()
    changed = server.call("PATCH", f"/v1/workflows/{first['id']}", json={"definition": {**wait, "output": 2}, "version": 1}).json()
    assert changed["version"] == 2
    assert server.call("PATCH", f"/v1/workflows/{first['id']}", json={"definition": wait, "version": 1}).status_code == 409
    path = f"/v1/workflow-executions/{running['id']}"
    assert wait_until(lambda: server.get(path).json()["waits"])
    assert server.post(f"{path}/events", {"event": "go"}).json() == {"woken": 1}
    assert over(server, running)["output"] == 1
    exported = server.get(f"/v1/workflows/{first['id']}/export").json()
    copied = server.post("/v1/workflows", {**exported, "name": "Copied"}).json()
    assert copied["definition"]["output"] == 2
    assert server.post(f"/v1/workflows/{first['id']}/restore", {"version": 1}).json()["definition"]["output"] == 1
    wrong = server.post("/v1/workflows/check", {"definition": {"steps": [{"id": "a", "type": "dance"}]}})
    assert wrong.status_code == 400 and "dance" in wrong.text
    other = server.post(f"/v1/workflows/{copied['id']}/start", {"key": "once"}).json()
    assert server.post(f"/v1/workflows/{copied['id']}/start", {"key": "once"}).json()["id"] == other["id"]
    assert server.post(f"/v1/workflow-executions/{other['id']}/cancel").json()["state"] == "cancelled"
    assert server.post(f"/v1/workflow-executions/{other['id']}/retry", {}).json()["state"] == "running"
    assert server.call("DELETE", f"/v1/workflows/{copied['id']}").status_code == 204
    admin = server.cli("keys", "add", "auditor", "--role", "admin").stdout.split()[-1]
    audit = server.get("/v1/audit", params={"limit": 100}, key=admin).json()["items"]
    assert [a["action"] for a in audit if a["subject"] == other["id"]] == ["workflow_execution.retry", "workflow_execution.cancel"]
    assert [a["action"] for a in audit if a["subject"] == copied["id"]] == ["workflow.remove", "workflow.add"]


# --- Kinds of steps ---

INVOICE = """Müller & Söhne GmbH

Rechnungsnummer:    R-2023-889
Rechnungsdatum:     05.11.2023

                         Gesamtbetrag:          92,94 €
"""


class Outside:
    """Stands, as a proxy, for every other machine: takes what is sent."""

    def __init__(self):
        self.taken = []  # (method, address, type, body)
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outside.taken.append((self.command, self.path, self.headers["Content-Type"], body))
                self.send_response(201)
                self.end_headers()

            do_POST = do_PUT

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def outside():
    started = Outside()
    yield started
    started.server.shutdown()


@pytest.fixture(scope="module")
def library(mock, outside, tmp_path_factory):
    """With a model service and other machines to send to."""
    started = Server(tmp_path_factory.mktemp("steps") / "library", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROXY": f"http://127.0.0.1:{outside.server.server_address[1]}"}).start()
    started.key = started.cli("keys", "add", "steps", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


def run_steps(server, *steps, document=None, **more):
    """The execution, with its steps by their names."""
    name = f"Run {time.monotonic_ns()}"
    made = server.post("/v1/workflows", {"name": name, "definition": {"steps": list(steps), **more}})
    assert made.status_code == 201, made.text
    done = over(server, server.post(f"/v1/workflows/{made.json()['id']}/start", {"document": document} if document else {}).json())
    return done, {step["step"]: step for step in done["steps"]}


def test_values_are_read_kept_and_used_by_the_steps_behind(library):
    document = library.add(("rechnung.txt", INVOICE.encode()))[0]["id"]
    done, steps = run_steps(
        library, {"id": "read", "type": "extraction", "with": {"schema": "invoice", "model": "rules"}},
        {"id": "own", "type": "extraction", "with": {"model": "rules", "keep": False, "name": "total alone", "schema": {
            "type": "object", "properties": {"total": {"type": "number", "description": "total of the invoice"}}}}},
        {"id": "tag", "type": "tag", "with": {"add": ["{{ steps.read.values.currency }}"]}},
        {"id": "none", "type": "extraction", "with": {"schema": "nonsense"}, "on_error": "continue"},
        document=document, output="{{ steps.read.values.total }}")
    assert done["state"] == "done" and done["output"] == 92.94, done
    assert steps["read"]["output"]["values"]["number"] == "R-2023-889" and steps["read"]["output"]["made_by"] == "rules"
    assert steps["own"]["output"]["values"]["total"] == 92.94
    assert steps["none"]["error"]["code"] == "not_found"
    assert [kept["name"] for kept in library.get(f"/v1/documents/{document}/fields").json()["items"]] == ["invoice"]
    assert library.get(f"/v1/documents/{document}").json()["tags"] == ["EUR"]


def test_a_label_is_said_by_a_step_and_one_that_is_asked_for_starts_what_waits_for_it(library, mock):
    mock.answer = json.dumps({"labels": [{"label": "order", "confidence": 0.9, "quote": "send us twelve desks"}]})
    kinds = library.post("/v1/label-sets", {"name": "Kinds", "asks": "model", "labels": ["order", "complaint"]}).json()["id"]
    waits = library.post("/v1/workflows", {"name": "Orders", "definition": {
        "triggers": [{"on": "classified", "from": kinds, "when": "contains(event.labels, \"order\")"}],
        "steps": [{"id": "t", "type": "tag", "with": {"add": ["ordered"]}}]}}).json()["id"]
    document = library.add(("desk.txt", b"Dear Sir or Madam, please send us twelve desks and twelve lamps.\n"))[0]["id"]
    done, steps = run_steps(library, {"id": "kind", "type": "classification", "with": {"label_set": "Kinds"}}, document=document,
                            output="{{ steps.kind.label }}")
    assert done["output"] == "order" and steps["kind"]["output"]["labels"] == ["order"], done
    classified = lambda: library.get("/v1/workflow-executions", params={"workflow": waits}).json()["items"]
    assert classified() == [], "what comes behind the step is its workflow's own"
    said = library.post("/v1/classify", {"document": document, "label_set": "Kinds"})
    assert said.status_code == 200, said.text
    [started] = classified()
    assert (started["document"], started["started_by"]) == (document, "classified")
    assert over(library, started)["state"] == "done" and library.get(f"/v1/documents/{document}").json()["tags"] == ["ordered"]
    done, _ = run_steps(library, {"id": "kind", "type": "classification", "with": {"label_set": "Kinds", "labels": ["a", "b"]}}, document=document)
    assert "one of label_set, stages and labels" in done["error"]["message"]


def test_a_model_is_asked_in_words_and_for_a_value(library, mock):
    document = library.add(("note.txt", b"The orchard has forty pear trees.\n"))[0]["id"]
    mock.answer, mock.values["value"] = "Forty pear trees.", {"trees": 40}
    before = len(mock.requests)
    done, steps = run_steps(
        library, {"id": "words", "type": "model", "with": {"prompt": "Say it shortly.", "system": "Be brief.", "document": True, "model": "good"}},
        {"id": "value", "type": "model", "with": {"prompt": "How many?", "model": "good", "schema": {
            "type": "object", "required": ["trees"], "properties": {"trees": {"type": "integer"}}}}},
        {"id": "wrong", "type": "model", "with": {"prompt": "x", "model": "good", "schema": {"type": 7}}, "on_error": "continue"},
        document=document, output=["{{ steps.words.text }}", "{{ steps.value.value.trees }}"])
    assert done["output"] == ["Forty pear trees.", 40], done
    assert steps["words"]["tokens"] == 18 and steps["value"]["tokens"] == 18 and steps["wrong"]["error"]["code"] == "invalid"
    asked = [body["messages"] for path, _, body in mock.requests[before:] if body]
    assert asked[0][0] == {"role": "system", "content": "Be brief."} and "<document>\nThe orchard has forty pear trees." in asked[0][1]["content"]
    assert "orchard" not in json.dumps(asked[1])


def test_a_text_is_sent_away_in_the_form_that_is_asked_for(library, outside):
    document = library.add(("page.md", b"# Pears\n\nForty *old* trees.\n"))[0]["id"]
    step = lambda form, **more: {"id": form, "type": "export", "with": {"url": f"http://11.22.33.44/{form}", "form": form, **more}}
    done, steps = run_steps(library, step("text"), step("markdown", method="POST"), step("json"), step("html"),
                            {"id": "inside", "type": "export", "with": {"url": "http://127.0.0.1:9/"}, "on_error": "continue"}, document=document)
    assert done["state"] == "done" and steps["inside"]["error"]["code"] == "forbidden", done
    sent = {address.rsplit("/", 1)[1]: (method, kind.split(";")[0], body) for method, address, kind, body in outside.taken}
    assert sent["text"] == ("PUT", "text/plain", sent["text"][2]) and "Forty old trees." in sent["text"][2]
    assert sent["markdown"][:2] == ("POST", "text/markdown") and "# Pears" in sent["markdown"][2]
    assert sent["json"][1] == "application/json" and json.loads(sent["json"][2])
    assert sent["html"][1] == "text/html" and "<h1" in sent["html"][2]
    assert steps["text"]["output"] == {"status": 201, "bytes": len(sent["text"][2].encode())}


def test_a_call_of_a_webhook_starts_a_workflow_with_what_came(library):
    hook = library.post("/v1/hooks", {"name": "Builds", "scheme": "path"}).json()
    made = library.post("/v1/workflows", {"name": "Builds", "definition": {
        "triggers": [{"on": "webhook", "from": hook["id"], "input": {"state": "{{ event.body.state }}"}}],
        "steps": [{"id": "n", "type": "notification", "with": {"title": "The build is {{ input.state }}"}}]}}).json()
    assert requests.post(library.url + urlsplit(hook["url"]).path, json={"state": "red"}, timeout=30).status_code == 202
    runs = lambda: library.get("/v1/workflow-executions", params={"workflow": made["id"]}).json()["items"]
    assert wait_until(runs)
    assert over(library, runs()[0])["input"] == {"state": "red"} and runs()[0]["started_by"] == "webhook"
