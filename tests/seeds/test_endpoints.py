"""Every path of the earlier systems that understanding serves: a call of it, and the fields that its answer has."""
import csv
import re

import pytest

from conftest import SAMPLES, Server, needs_shared
from test_seed3_assist import MINUTES, tone

FACTS = "# The quarry\n\nThe quarry at Ardal employs 212 people. It opened in 1874.\n"
REPLY = {"tasks", "suggestions", "chat_direction"}

# (method, path) -> (body or form, the fields of the answer, or of its first item)
CALLS = {
    ("POST", "/api/v1/ai/generate-response"): ({"message": "How many people does the quarry employ?"},
                                               {"success", "response", "sources", "model", "usage"}),
    ("POST", "/api/v1/ai/summarize-document"): ({"text": FACTS, "length": "short"}, {"success", "summary"}),
    ("POST", "/api/personas"): ({"name": "Archivist", "instructions": "Quote dates first."}, {"persona"}),
    ("GET", "/api/personas"): (None, {"personas"}),
    ("PUT", "/api/personas/{id}"): ({"instructions": "Quote sums first."}, {"persona"}),
    ("POST", "/api/search"): ({"query": "quarry", "mode": "deep"}, {"results", "answer", "steps"}),
    ("GET", "/api/v1/tasks"): (None, set()),
    ("POST", "/api/v1/tasks"): ({"summary": "Call Ada"}, {"id", "summary", "category", "priority", "status"}),
    ("PUT", "/api/v1/tasks/{task_id}"): ({"priority": "high"}, {"id", "summary", "priority"}),
    ("DELETE", "/api/v1/tasks/{task_id}"): (None, set()),
    ("DELETE", "/api/v1/tasks"): (None, set()),
    ("POST", "/api/v1/chat"): ({"message": "Who employs 212 people?"}, {"response", "usage"} | REPLY),
    ("POST", "/api/v1/multimodal"): ({"text": "What is this?", "image_file_id": "PICTURE"}, {"response"} | REPLY),
    ("POST", "/api/v1/upload"): (("minutes.png", SAMPLES / "minutes.png", "image/png"), {"file_id", "metadata"}),
    ("POST", "/api/v1/upload/audio"): (("hum.wav", tone(), "audio/wav"), {"transcript", "analysis"} | REPLY),
    ("POST", "/api/v1/upload/file"): (("minutes.txt", MINUTES.encode(), "text/plain"), {"analysis", "tasks", "suggestions"}),
    ("GET", "/api/v1/files/{file_id}"): (None, {"file_id", "filename", "results"}),
    ("POST", "/api/v1/ai/classification/enhanced"): ({"text": FACTS}, {"categories", "confidence", "sentiment", "entities", "stages"}),
    ("POST", "/api/v1/ai/classification/batch"): ({"documents": [{"text": FACTS}], "label_set": "kinds"},
                                                  {"batch_id", "progress", "results", "failures"}),
    ("POST", "/api/v1/ai/bots/auto-schedule"): ({"user_id": ""}, {"success", "scheduled", "skipped", "failed"}),
    ("POST", "/api/v1/ai/bots/schedule-meeting"): ({"meeting": {"meeting_url": "https://zoom.us/j/987654321", "start_time": "2035-01-01T10:00:00Z"}},
                                                   {"success", "bot", "outcome", "reason", "message"}),
    ("POST", "/api/v1/ai/workflows"): ({"name": "File it", "steps": [{"name": "Look at it", "type": "analysis", "config": {"of": ["language"]}}]},
                                       {"id", "name", "version", "definition"}),
    ("POST", "/api/v1/ai/workflows/{workflow_id}/execute"): ({"document_id": "DOCUMENT", "input": {}}, {"id", "state", "steps"}),
    ("GET", "/api/v1/ai/workflows/executions"): (None, {"executions"}),
    ("POST", "/api/v1/ai/workflows/executions/{execution_id}/pause"): (None, {"id", "state"}),
    ("POST", "/api/v1/ai/workflows/executions/{execution_id}/resume"): (None, {"id", "state"}),
    ("POST", "/ai/feedback"): ({"item": "c1", "kind": "card", "rating": 1, "reason": "clear"}, {"item", "rating", "reason", "status"}),
    ("POST", "/ai/generate-outline"): ({"topic": "quarry", "stream": False}, {"success", "outline"}),
    ("POST", "/ai/explain/stream"): ({"topic": "quarry"}, set()),  # events: test_seed4_study.py
    ("POST", "/ai/content"): ({"type": "summary", "source": "quarry"}, {"success", "type", "content"}),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    started.add(("quarry.md", FACTS.encode()))
    started.post("/v1/label-sets", {"name": "kinds", "labels": ["history", "geology"]})
    started.picture = started.add(SAMPLES / "minutes.png")[0]["id"]
    started.workflow = started.post("/api/v1/ai/workflows", {"name": "Wait", "conditions": "document != null", "steps": [
        {"name": "Until it is paid", "type": "wait", "event": "paid"}]}).json()["id"]
    yield started
    started.stop()


def fill(library, path):
    """The path with ids of what is there."""
    if path.endswith("{id}"):
        return path.replace("{id}", library.post("/api/personas", {"name": "Clerk", "instructions": "Be exact."}).json()["persona"]["id"])
    if path.endswith("{task_id}"):
        return path.replace("{task_id}", str(library.post("/api/v1/tasks", {"summary": "Call Ben"}).json()["id"]))
    if "{workflow_id}" in path:
        return path.replace("{workflow_id}", library.workflow)
    if "{execution_id}" in path:
        execution = library.post(f"/api/v1/ai/workflows/{library.workflow}/execute", {"document_id": library.picture}).json()["id"]
        if path.endswith("resume"):
            library.post(f"/api/v1/ai/workflows/executions/{execution}/pause")
        return path.replace("{execution_id}", execution)
    return path.replace("{file_id}", library.picture)


def call(library, method, path, body):
    if isinstance(body, tuple):
        name, content, kind = body
        content = content.read_bytes() if hasattr(content, "read_bytes") else content
        return library.call(method, path, files={"file": (name, content, kind)})
    if body and body.get("image_file_id"):
        body = {**body, "image_file_id": library.picture}
    if body and body.get("document_id"):
        body = {**body, "document_id": library.picture}
    whose = {"user_id": "clearing"} if (method, path) == ("DELETE", "/api/v1/tasks") else None
    return library.call(method, fill(library, path), json=body, params=whose)


@pytest.mark.parametrize("row", sorted(CALLS), ids=lambda row: " ".join(row))
def test_a_path_answers_with_its_fields(library, row):
    body, fields = CALLS[row]
    answer = call(library, *row, body)
    assert answer.status_code in (200, 201, 202, 204), answer.text
    if fields:
        assert fields <= set(answer.json()), answer.text


def test_the_list_of_paths_has_no_other_of_ours():
    """What is in the list under a resource of understanding is called above."""
    ours = re.compile(r"^/api/personas|^/api/search|/ai/(classification|generate-|summarize|explain|content|feedback|workflows)|"
                      r"^/api/v1/(tasks|chat|multimodal|upload|files)")
    with open(needs_shared("seeds") / "ENDPOINTS.tsv", encoding="utf-8") as file:
        rows = {(r["method"], r["path"]) for r in csv.DictReader(file, delimiter="\t")}
    listed = {row for row in rows if ours.search(row[1])}
    assert listed <= set(CALLS), listed - set(CALLS)
    assert set(CALLS) <= rows, set(CALLS) - rows
