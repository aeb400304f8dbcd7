"""Empty, enormous and odd texts, and documents that are missing, on every route that reads texts: a clear error or an honest
result, in time."""
import time

import pytest
from conftest import Server

MISSING = "0190d1f0-0000-7000-8000-000000000000"
LABELS = ["sport", "law"]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "total": {"type": "number"}}}
MIXED = "Η γάτα спит на 屋顶 und die Katze träumt. العقد في ٣ مارس ٢٠٢٧. 日本語の文。 नमस्ते दुनिया। 👩‍👩‍👧‍👦 Bitte bis Freitag antworten. "

ROUTES = {
    "ask": ("/v1/ask", lambda text: {"question": text}),
    "search mode": ("/api/search", lambda text: {"query": text, "mode": "super_deep", "answer": True}),
    "search": ("/v1/search", lambda text: {"query": text}),
    "assistant": ("/api/v1/chat", lambda text: {"message": text}),
    "assistant's context": ("/api/v1/chat", lambda text: {"message": "What is this?", "context": text}),
    "report": ("/v1/classify", lambda text: {"text": text}),
    "classify": ("/v1/classify", lambda text: {"text": text, "labels": LABELS}),
    "draw": ("/v1/tasks/draw", lambda text: {"text": text, "save": True}),
    "summary": ("/v1/summarize", lambda text: {"text": text}),
    "compare": ("/v1/compare", lambda text: {"left_text": text, "right_text": text + "."}),
    "fields": ("/v1/fields", lambda text: {"text": text, "schema": SCHEMA}),
    "ready-made fields": ("/v1/fields", lambda text: {"text": text, "schema": "invoice"}),
    "study": ("/v1/study/make", lambda text: {"kind": "quiz", "topic": text}),
    "dates": ("/v1/dates", lambda text: {"text": text}),
}
TEXTS = {
    "empty": "", "blank": " \n\t ", "one letter": "a", "one mark": ".", "nul": "a\0b", "control": "".join(map(chr, range(1, 32))),
    "mixed scripts": MIXED * 20, "right to left": "\u202e" * 2000 + "abc", "no letters": "\u0301" * 5000, "emoji": "👩‍👩‍👧‍👦" * 300,
    "brackets": "[" * 50000, "quotes": '"' * 50000, "tags": "<a>" * 10000, "digits": "7" * 50000, "dots": "." * 50000,
    "dashes": "- [ ] \n" * 5000, "one word of 1 MB": "x" * 1_000_000, "one word of 1 MB, wide": "語" * 330_000,
    "100,000 lines": "a line\n" * 100000, "10,000 tasks": "Please call Ann.\n" * 10000, "2 MB": "The cat sat on the mat. " * 90000,
}

@pytest.fixture(scope="module")
def library(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("hostile") / "library").start()
    server.new_key()
    server.add(("cat.txt", b"The cat sat on the mat. It was black.\n"))
    yield server
    server.stop()


@pytest.mark.parametrize("text", TEXTS, ids=TEXTS)
@pytest.mark.parametrize("route", ROUTES, ids=ROUTES)
def test_an_odd_text_gets_a_clear_error_or_an_honest_result(library, route, text):
    path, body = ROUTES[route]
    began = time.monotonic()
    answer = library.post(path, body(TEXTS[text]))
    took = time.monotonic() - began
    assert answer.status_code < 500, answer.text[:300]
    assert took < 45, took
    said = answer.json()
    if answer.status_code >= 400:
        message = said["error"]["message"] if isinstance(said.get("error"), dict) else said["message"]
        assert len(message) > 8 and len(answer.content) < 4000, answer.text[:300]
    assert library.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize("path, body", [
    ("/v1/tasks/draw", {"document": MISSING}), ("/v1/classify", {"document": MISSING, "labels": LABELS}),
    ("/v1/summarize", {"document": MISSING}), ("/v1/summarize", {"collection": MISSING}), ("/v1/compare", {"left": MISSING, "right": MISSING}),
    ("/v1/fields", {"document": MISSING, "schema": SCHEMA}), ("/v1/study/make", {"kind": "quiz", "document": MISSING}),
    ("/v1/study/make", {"kind": "quiz", "collection": MISSING}), ("/api/v1/multimodal", {"text": "a", "image_file_id": MISSING}),
    ("/v1/ask", {"question": "What?", "conversation": MISSING}), ("/v1/tasks", {"summary": "a", "document": MISSING}),
    ("/v1/tasks", {"summary": "a", "collection": MISSING}), ("/v1/tasks", {"summary": "a", "parent": MISSING}),
])
def test_what_is_missing_is_said_to_be(library, path, body):
    answer = library.post(path, body)
    assert answer.status_code == 404, (answer.status_code, answer.text[:300])
