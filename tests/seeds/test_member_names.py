"""Members of bodies by the names that clients of the earlier systems give them (src/api/member_names.def)."""
import re
from pathlib import Path

import pytest

ROWS = re.findall(r'MEMBER_NAME\("([^"]+)",\s+"(\w+)",\s+"(\w+)"\)', (Path(__file__).parents[2] / "src/api/member_names.def").read_text())
BODIES = {"/api/search": {"query": "lantern", "limit": 1, "mode": "basic", "persona": "Named otherwise"}, "/api/files/search": {"query": "lantern", "limit": 1},
          "/api/files/upload/initiate": {"filename": "wick.txt", "size": 4, "content_type": "text/plain"}, "/api/personas": {"name": "Otherwise", "instructions": "Be brief."},
          "/api/personas/:id": {"instructions": "Be brief."},
          "/api/v1/ai/generate-response": {"message": "What burns in the lantern?", "document_ids": [], "chat_history": [{"role": "user", "content": "Hello"}]}}
ELSEWHERE = ("/api/v1/ai/classification/batch", "/api/v1/ai/bots/schedule-meeting")  # below, as what they name has to be there


@pytest.fixture(scope="module")
def persona(server):
    made = server.post("/api/personas", {"name": "Named otherwise", "instructions": "Say little."})
    assert made.status_code == 201, made.text
    return made.json()["persona"]["id"]


@pytest.mark.parametrize("path, theirs, ours", [row for row in ROWS if row[0] not in ELSEWHERE])
def test_a_member_by_their_name_means_ours(server, persona, path, theirs, ours):
    body = {**BODIES[path]}
    if "name" in body:
        body["name"] = f"{theirs} {server.url}"
    if ours == "persona":
        body[ours] = persona
    body[theirs] = body.pop(ours)
    answer = server.call("PUT" if ":id" in path else "POST", path.replace(":id", persona), json=body)
    assert answer.status_code in (200, 201), answer.text
    if ours in ("filename", "instructions"):
        assert body[theirs] in answer.text
    if ours == "limit":
        assert len(answer.json()["results"]) <= 1
    if ours == "chat_history":
        return  # whatever it is
    bad = server.call("PUT" if ":id" in path else "POST", path.replace(":id", persona), json={**body, theirs: {}})
    assert bad.status_code == 400, bad.text


def test_our_name_goes_before_theirs_and_elsewhere_theirs_is_refused(server):
    both = server.post("/api/search", {"query": "lantern", "limit": 1, "top_k": 2})
    assert both.status_code == 400 and "top_k" in both.text
    assert server.post("/v1/search", {"query": "lantern", "top_k": 2}).status_code == 400


def test_steps_may_be_numbered(server):
    steps = [{"id": 1, "type": "notification", "with": {"title": "One"}, "next": 3}, {"id": "2", "type": "notification", "with": {"title": "Two"}, "next": "end"}, {"id": 3, "type": "notification", "with": {"title": "Three"}, "next": "2"}]
    made = server.post("/api/v1/ai/workflows", {"name": "By numbers", "steps": steps})
    assert made.status_code == 201, made.text
    shown = server.get(f"/v1/workflows/{made.json()['id']}").json()["definition"]["steps"]
    assert [(one["id"], one["next"]) for one in shown] == [("step_1", "step_3"), ("step_2", "end"), ("step_3", "step_2")]


def test_a_batch_and_a_meeting_are_found_by_their_names_for_ids(server):
    [document] = server.add(("lantern.txt", b"The lantern burns oil of colza, says the invoice."))
    labels = server.post("/v1/label-sets", {"name": "By id", "labels": [{"name": "invoice"}, {"name": "letter"}]})
    assert labels.status_code == 201, labels.text
    workflow = server.post("/v1/classification-workflows", {"name": "By id", "stages": [{"name": "kind", "label_set": "By id"}]})
    assert workflow.status_code == 201, workflow.text
    batch = server.post("/api/v1/ai/classification/batch", {"document_ids": [document["id"]], "workflow_id": workflow.json()["id"]})
    assert batch.status_code in (200, 202) and batch.json()["batch_id"], batch.text
    unknown = server.post("/api/v1/ai/bots/schedule-meeting", {"meeting_id": document["id"]})
    assert unknown.status_code == 404, unknown.text


def test_an_agent_of_a_client_has_members_of_its_own(server):
    agent = {"id": "agent-7", "name": "Keeper", "role": "helper", "avatar": "lamp.png", "systemPrompt": "Be brief."}
    answer = server.post("/api/v1/ai/generate-response", {"message": "What burns in the lantern?", "agent": agent})
    assert answer.status_code == 200 and answer.json()["agent"] == "Keeper", answer.text
