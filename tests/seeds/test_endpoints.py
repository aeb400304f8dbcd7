"""Every path of the earlier systems: a call of it, and the fields that its answer has."""
import csv
import hashlib
import json

import pytest
from websockets.sync.client import connect

from conftest import SAMPLES, Server, needs_shared, wait_until
from mock_provider import MODELS, MockProvider
from test_seed3_assist import MINUTES, tone

FACTS = "# The quarry\n\nThe quarry at Ardal employs 212 people. It opened in 1874.\n"
REPLY = {"tasks", "suggestions", "chat_direction"}

CHUNK = b"The quarry at Ardal is deep."
BEGIN = {"filename": "deep.txt", "size": len(CHUNK), "content_type": "text/plain", "checksum": hashlib.sha256(CHUNK).hexdigest()}

# (method, path) -> (body or form, the fields of the answer, or of its first item)
CALLS = {
    ("POST", "/api/v1/documents/process"): (("one.txt", b"The quarry opened.", "text/plain"), {"success", "document"}),
    ("POST", "/api/v1/documents/bulk-process"): ([("two.txt", b"Two words."), ("bad.bin", bytes(range(256)))], {"success", "results"}),
    ("GET", "/api/v1/documents/supported-types"): (None, {"extensions", "media_types"}),
    ("POST", "/api/v1/test/test-document-processing"): (None, {"success", "document"}),
    ("POST", "/api/v1/test/test-ai-generation"): (None, {"success", "response", "message"}),
    ("GET", "/api/v1/test/stage2-status"): (None, {"stage", "status", "services"}),
    ("POST", "/api/files/upload/initiate"): (BEGIN, {"file_id", "chunk_size", "chunk_count"}),
    ("POST", "/api/files/{id}/upload"): (CHUNK, {"received_chunks", "progress", "document_id"}),
    ("GET", "/api/files/{id}/status"): (None, {"status", "stage", "percent", "seconds_left", "error"}),
    ("GET", "/api/files/{id}/content"): (None, {"text", "metadata", "chunks"}),
    ("DELETE", "/api/files/{id}"): (None, set()),
    ("POST", "/api/files/search"): ({"query": "quarry"}, {"results"}),
    ("GET", "/api/system/status"): (None, {"status", "database", "vector_store", "file_processing_queue", "performance"}),
    ("GET", "/api/health"): (None, {"status", "database", "index", "jobs", "model"}),
    ("GET", "/docs"): (None, "text/html"),
    ("GET", "/ping"): (None, {"status", "message", "timestamp"}),
    ("GET", "/"): (None, {"name", "version", "links"}),
    ("GET", "/api/v1/status"): (None, {"name", "version", "status", "configuration", "features"}),
    ("GET", "/api/v1/ai/health"): (None, {"status", "services"}),
    ("GET", "/api/v1/database/health"): (None, {"status", "took_ms", "database"}),
    ("GET", "/monitoring/metrics"): (None, {"today"}),
    ("GET", "/monitoring/health"): (None, {"status", "services"}),
    ("GET", "/monitoring/dashboard"): (None, {"status", "services", "today"}),
    ("POST", "/ai/chat/complete"): ({"model": "good", "messages": [{"role": "user", "content": "Who?"}]}, {"completion", "usage", "cost"}),
    ("POST", "/ai/embeddings"): ({"texts": ["quarry"]}, {"embeddings", "usage"}),
    ("POST", "/ai/batch"): ({"requests": [{"model": "good", "messages": [{"role": "user", "content": "Who?"}]}, {"nonsense": 1}]}, {"results", "cost"}),
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


OF_MODELS = ("/ai/chat/complete", "/ai/batch", "/api/v1/test/test-ai-generation")


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


@pytest.fixture(scope="module")
def with_model(tmp_path_factory):
    mock = MockProvider(MODELS)
    started = Server(tmp_path_factory.mktemp("model") / "library", arguments=["--provider-url", mock.url]).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()
    mock.stop()


def upload(library, whole):
    """A file that is sent in chunks: all of it, or only told of."""
    file = library.post("/api/files/upload/initiate", BEGIN).json()["file_id"]
    if whole:
        library.call("POST", f"/api/files/{file}/upload", data=CHUNK, params={"chunk_number": 0})
        wait_until(lambda: library.get(f"/api/files/{file}/status").json()["percent"] == 100)
    return file


def fill(library, path):
    """The path with ids of what is there."""
    if path.startswith("/api/files/"):
        return path.replace("{id}", upload(library, not path.endswith("/upload")))
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
    return path.replace("{file_id}", library.picture) if "{file_id}" in path else path


def call(library, method, path, body):
    if isinstance(body, bytes):
        return library.call(method, fill(library, path), data=body, params={"chunk_number": 0})
    if isinstance(body, list):
        return library.call(method, path, files=[("files[]", file) for file in body])
    if isinstance(body, tuple):
        name, content, kind = body
        content = content.read_bytes() if hasattr(content, "read_bytes") else content
        return library.call(method, path, files={"file": (name, content, kind)})
    if body and body.get("image_file_id"):
        body = {**body, "image_file_id": library.picture}
    if body and body.get("document_id"):
        body = {**body, "document_id": library.picture}
    if path == "/":
        return library.call(method, path, headers={"Accept": "application/json"})
    whose = {"user_id": "clearing"} if (method, path) == ("DELETE", "/api/v1/tasks") else None
    return library.call(method, fill(library, path), json=body, params=whose)


@pytest.mark.parametrize("row", sorted(CALLS), ids=lambda row: " ".join(row))
def test_a_path_answers_with_its_fields(library, with_model, row):
    body, fields = CALLS[row]
    answer = call(with_model if row[1] in OF_MODELS else library, *row, body)
    assert answer.status_code in (200, 201, 202, 204), answer.text
    if isinstance(fields, str):
        assert answer.headers["Content-Type"].startswith(fields)
    elif fields:
        assert fields <= set(answer.json()), answer.text


def test_a_socket_tells_how_far_files_are(library):
    with connect(library.url.replace("http", "ws") + "/ws", additional_headers={"Authorization": f"Bearer {library.key}"}) as socket:
        library.add(("told.txt", b"What is told of."))
        heard = set()
        while not {"hello", "document"} <= heard:
            heard.add(json.loads(socket.recv(timeout=20))["type"])


def test_the_dashboard_is_a_page_for_a_browser(library):
    answer = library.call("GET", "/monitoring/dashboard", headers={"Accept": "text/html,*/*;q=0.8"}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/usage")


def test_every_path_of_the_list_is_called_above(record_property):
    with open(needs_shared("seeds") / "ENDPOINTS.tsv", encoding="utf-8") as file:
        rows = {(r["method"], r["path"]) for r in csv.DictReader(file, delimiter="\t")}
    assert rows == set(CALLS) | {("WS", "/ws")}
    record_property("paths of ENDPOINTS.tsv", len(rows))
