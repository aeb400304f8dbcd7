"""Workflows over HTTP: kept, started, followed, steered; on both databases."""
from conftest import wait_until

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
