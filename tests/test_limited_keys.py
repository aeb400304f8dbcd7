"""API keys that are limited to collections: what they add, ask, keep and hear; and work that a key began, over both databases."""
import json

import pytest
from conftest import wait_until
from test_tenants import Listener
from test_tus import begin as tus_begin
from test_tus import patch as tus_patch
from test_uploads import begin, send
from test_workspaces import ask_database, change_database

SHEET = "# Sheet\n\nThe {word} sheet was written by {word}smith in Ardal. The {word} crew has 212 people.\n"
FIELDS = {"title": "crew", "type": "object", "properties": {"people": {"type": "integer"}}}


class Shelves:
    """Two collections with a document each, and keys for one or both."""

    def __init__(self, server):
        self.server = server
        self.ids = [server.post("/v1/collections", {"name": f"shelf {n}"}).json()["id"] for n in range(2)]
        parts = [server.upload((f"{word}.md", SHEET.format(word=word).encode()), collection=id)[0]["id"] for word, id in zip(("heron", "osprey"), self.ids)]
        self.seen, self.hidden = (server.wait_document(id)["id"] for id in parts)
        self.one, self.both = self.key(self.ids[:1]), self.key(self.ids)
        self.task = {id: server.post("/v1/tasks", {"summary": f"task of {id}", "document": id}).json()["id"] for id in (self.seen, self.hidden)}
        server.post("/v1/tasks", {"summary": "task of nothing"})

    def key(self, collections, **more):
        made = self.server.post("/v1/keys", {"name": "limited", "role": "editor", "collections": collections, **more})
        assert made.status_code == 201, made.text
        return made.json()["key"]

    def stop(self):
        for document in (self.seen, self.hidden):
            self.server.call("DELETE", f"/v1/documents/{document}?erase=1")


@pytest.fixture(scope="module")
def shelves(server):
    made = Shelves(server)
    yield made
    made.stop()


def where(server, document):
    return server.get(f"/v1/documents/{document}").json()["collection"]


def test_what_comes_in_parts_lands_in_a_collection_of_the_key_and_is_the_keys_alone(server, shelves):
    content = b"in chunks by a limited key\n"
    begun = begin(server, "chunks.txt", content, key=shelves.one)
    other = shelves.key(shelves.ids[1:])
    assert server.get(f"/api/files/{begun['file_id']}/status", key=other).status_code == 404
    assert send(server, begun["file_id"], 0, content, key=other).status_code == 404
    done = send(server, begun["file_id"], 0, content, key=shelves.one).json()
    assert where(server, done["document_id"]) == shelves.ids[0]
    several = server.post("/api/files/upload/initiate", key=shelves.both, body={"filename": "a.txt", "size": 1})
    assert several.status_code == 400 and all(id in several.text for id in shelves.ids), several.text
    strange = {"filename": "a.txt", "size": 1, "collection": shelves.ids[1]}
    assert server.post("/api/files/upload/initiate", key=shelves.one, body=strange).status_code == 404
    chosen = begin(server, "chosen.txt", b"chosen\n", key=shelves.both, collection=shelves.ids[1])
    done = send(server, chosen["file_id"], 0, b"chosen\n", key=shelves.both).json()
    assert where(server, done["document_id"]) == shelves.ids[1]


def test_tus_goes_on_with_the_key_that_began_it(server, shelves):
    content, bearer = b"by tus and a limited key\n", {"Authorization": f"Bearer {shelves.one}"}
    path = tus_begin(server, len(content), **bearer)
    assert tus_patch(server, path, 0, content, Authorization=f"Bearer {shelves.both}").status_code == 404
    done = tus_patch(server, path, 0, content, **bearer)
    assert done.status_code == 204, done.text
    assert where(server, done.headers["Lectern-Document"]) == shelves.ids[0]


def test_a_limited_key_asks_about_its_documents_alone_and_keeps_conversations_of_its_own(server, shelves):
    before = server.get("/v1/conversations").json()["total"]
    other = shelves.key(shelves.ids[:1])
    kept = []
    for question, is_found in (("Who wrote the heron sheet?", True), ("Who wrote the osprey sheet?", False)):
        said = server.post("/v1/ask", {"question": question}, key=shelves.one).json()
        assert "ospreysmith" not in json.dumps(said), said
        assert not is_found or "heronsmith" in said["answer"], said
        kept.append(said["conversation"])
    listed = server.get("/v1/conversations", key=shelves.one).json()
    assert {one["id"] for one in listed["items"]} == set(kept) and listed["total"] == 2
    assert server.get("/v1/conversations").json()["total"] == before
    for key, status in ((shelves.one, 200), (other, 404), (server.key, 404)):
        assert server.get(f"/v1/conversations/{kept[0]}", key=key).status_code == status
        assert server.post("/v1/ask", {"question": "And in Ardal?", "conversation": kept[0]}, key=key).status_code == status
    shown = server.get(f"/v1/conversations/{kept[0]}", key=shelves.one).json()
    assert len(shown["messages"]) == 4 and "heronsmith" in json.dumps(shown)
    persons = server.post("/v1/ask", {"question": "Who wrote the osprey sheet?"}).json()["conversation"]
    for method, path, body in (("GET", f"/v1/conversations/{persons}", None), ("GET", f"/v1/conversations/{persons}/export", None),
                               ("PATCH", f"/v1/conversations/{persons}", {"title": "mine"}), ("DELETE", f"/v1/conversations/{persons}", None),
                               ("POST", "/v1/ask", {"question": "And where?", "conversation": persons})):
        assert server.call(method, path, key=shelves.one, json=body).status_code == 404, path
    assert server.call("DELETE", f"/v1/conversations/{kept[1]}", key=shelves.one).status_code == 204
    assert server.post(f"/v1/conversations/{kept[0]}/share", {}, key=shelves.one).status_code == 403


def test_a_limited_key_chats_with_its_documents_in_openais_shape_and_with_no_other_model(server, shelves):
    def chat(question, model="lectern", key=shelves.one, **more):
        return server.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": question}], **more}, key=key)

    said = chat("Who wrote the heron sheet?")
    assert said.status_code == 200 and "heronsmith" in said.text, said.text
    for again in range(2):  # the second may come out of a cache
        assert "ospreysmith" in chat("Who wrote the osprey sheet?", key=server.key).text
        hidden = chat("Who wrote the osprey sheet?")
        assert hidden.status_code == 200 and "ospreysmith" not in hidden.text, hidden.text
    streamed = chat("Who wrote the heron sheet?", stream=True)
    assert streamed.status_code == 200 and "heronsmith" in streamed.text.replace('"}}', ""), streamed.text
    unnamed = chat("Who wrote the osprey sheet?", model="")
    assert unnamed.status_code == 200 and unnamed.json()["model"] == "lectern" and "ospreysmith" not in unnamed.text, unnamed.text
    for model in ("mock/good", "gpt-4o", "persona:default", "lectern/x"):
        assert chat("hello", model=model).status_code in (403, 404), model
    tools = [{"type": "file_search"}]
    assert chat("hello", tools=tools).status_code in (400, 403)
    for path, body in (("/v1/embeddings", {"model": "lectern", "input": "x"}), ("/v1/responses", {"model": "lectern", "input": "x"}),
                       ("/v1/messages", {"model": "lectern", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]})):
        assert server.post(path, body, key=shelves.one).status_code == 403, path


def test_a_limited_key_learns_from_its_documents_alone_with_decks_of_its_own(server, shelves):
    deck = server.post("/v1/study/decks", {"name": "birds"}, key=shelves.one).json()["id"]
    theirs = server.post("/v1/study/decks", {"name": "theirs"}).json()["id"]
    assert [one["id"] for one in server.get("/v1/study/decks", key=shelves.one).json()["items"]] == [deck]
    assert deck not in server.get("/v1/study/decks").text
    assert server.get(f"/v1/study/decks/{theirs}", key=shelves.one).status_code == 404
    added = server.post("/v1/study/cards", {"deck": deck, "cards": [{"front": "Who wrote it?", "back": "heronsmith"}]}, key=shelves.one)
    assert added.status_code in (200, 201), added.text
    assert server.get("/v1/study/cards").json()["items"] == []
    assert len(server.get("/v1/study/cards", key=shelves.one).json()["items"]) == 1
    for document, status in ((shelves.seen, (200, 201, 202)), (shelves.hidden, (404,))):
        assert server.post("/v1/study/make", {"kind": "summary", "document": document}, key=shelves.one).status_code in status
    for later in (False, True):
        for topic in ("heron sheet crew", "osprey sheet crew"):
            made = server.post("/v1/study/make", {"kind": "summary", "topic": topic, "later": later}, key=shelves.one)
            assert "ospreysmith" not in made.text
            if made.status_code in (200, 201, 202) and later:
                look = lambda: server.get(f"/v1/study/made/{made.json()['id']}", key=shelves.one).json()
                over = wait_until(lambda: (lambda one: one if one["state"] not in ("waiting", "running") else None)(look()))
                assert "ospreysmith" not in json.dumps(over), over
                assert server.get(f"/v1/study/made/{made.json()['id']}").status_code == 404


def test_summaries_fields_and_tasks_are_of_its_documents_alone(server, shelves):
    for path in ("summary", "timeline", "glossary", "tables"):
        assert server.get(f"/v1/documents/{shelves.seen}/{path}", key=shelves.one).status_code == 200, path
        assert server.get(f"/v1/documents/{shelves.hidden}/{path}", key=shelves.one).status_code == 404, path
    assert server.get(f"/v1/documents/{shelves.hidden}/fields", key=shelves.one).json()["items"] == []
    for id, status in ((shelves.seen, 200), (shelves.hidden, 404)):
        assert server.post("/v1/summarize", {"document": id}, key=shelves.one).status_code in (status, status + 2)
        assert server.get(f"/v1/tasks/{shelves.task[id]}", key=shelves.one).status_code == status
    assert [one["id"] for one in server.get("/v1/tasks", key=shelves.one).json()["items"]] == [shelves.task[shelves.seen]]


def rpc(server, key, method, **params):
    answer = server.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, key=key,
                         headers={"Accept": "application/json, text/event-stream"})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_tools_for_a_limited_key_read_and_add(server, shelves):
    names = {tool["name"] for tool in rpc(server, shelves.one, "tools/list")["tools"]}
    assert {"search", "ask", "read", "add", "list_tasks"} <= names and not {"add_task", "complete_task"} & names
    refused = rpc(server, shelves.one, "tools/call", name="add_task", arguments={"summary": "no"})
    assert refused["isError"] and "limited to collections" in refused["content"][0]["text"]
    for name, arguments in (("search", {"query": "osprey sheet"}), ("read", {"document": shelves.hidden}), ("list_tasks", {})):
        assert "ospreysmith" not in json.dumps(rpc(server, shelves.one, "tools/call", name=name, arguments=arguments)), name
    added = rpc(server, shelves.one, "tools/call", name="add", arguments={"name": "note", "text": "a note of a limited key"})
    assert where(server, added["structuredContent"]["document"]) == shelves.ids[0]


def test_a_limited_key_hears_of_its_documents_alone(server, shelves):
    listener = Listener(server, shelves.one)
    for name, collection in (("unheard.txt", shelves.ids[1]), ("heard.txt", shelves.ids[0])):
        server.wait_document(server.upload((name, f"what is {name}".encode()), collection=collection)[0]["id"])
    server.post("/v1/tasks", {"summary": "untold"})
    wait_until(lambda: listener.heard.count("heard.txt") >= 2)
    listener.stop()
    assert "unheard.txt" not in listener.heard and shelves.ids[1] not in listener.heard and '"task"' not in listener.heard


def test_work_that_a_key_without_a_person_begins_sees_what_the_key_sees(server, shelves):
    made = server.post("/v1/keys", {"name": "program", "role": "editor"}).json()
    owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    grants = {"grants": [{"kind": "key", "id": made["id"], "level": "read"}]}
    assert server.call("PUT", f"/v1/documents/{shelves.hidden}/access", key=owner, json=grants).status_code == 200
    body = {"documents": [shelves.hidden], "schema": FIELDS, "name": "crew"}
    run = server.post("/v1/fields/runs", body, key=made["key"])
    assert run.status_code in (200, 201, 202), run.text
    run = run.json()["id"]
    over = wait_until(lambda: (lambda one: one if one["done"] + one["failed"] == 1 else None)(server.get(f"/v1/runs/{run}", key=owner).json()))
    assert (over["done"], over["failed"]) == (1, 0), server.get(f"/v1/runs/{run}/results", key=owner).text
    assert server.call("DELETE", f"/v1/documents/{shelves.hidden}/access", key=owner).status_code == 204


def test_study_made_later_is_made_of_what_its_asker_sees(server, shelves):
    owner = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    path = f"/v1/documents/{shelves.hidden}/access"
    assert server.call("PUT", path, key=owner, json={"grants": []}).status_code == 200
    asker = server.post("/v1/keys", {"name": "learner", "role": "reader"}).json()["key"]
    for topic, is_seen in (("heron sheet crew", True), ("osprey sheet crew", False)):
        made = server.post("/v1/study/make", {"kind": "summary", "topic": topic, "later": True}, key=asker)
        assert made.status_code in (200, 201, 202), made.text
        look = lambda: server.get(f"/v1/study/made/{made.json()['id']}", key=asker).json()
        over = wait_until(lambda: (lambda one: one if one["state"] not in ("waiting", "running") else None)(look()))
        assert "ospreysmith" not in json.dumps(over), over
        assert not is_seen or "heronsmith" in json.dumps(over), over
    assert server.call("DELETE", path, key=owner).status_code == 204


def test_an_auditor_looks_everywhere_they_may_and_reads_no_word_of_a_text(server, shelves):
    said = b"# Orders\n\nSend every kestrelword to the harbour at once.\n"
    document = server.wait_document(server.upload(("orders.md", said), collection=shelves.ids[0])[0]["id"])
    change_database(server, f"""UPDATE documents SET warnings = '["cut at: kestrelword"]' WHERE id = '{document["id"]}'""")
    assert "kestrelword" in server.get(f"/v1/documents/{document['id']}").text
    broken = server.wait_document(server.upload(("broken.pdf", b"%PDF-1.7 kestrelword"))[0]["id"])
    assert broken["state"] == "failed"
    auditor = server.cli("keys", "add", "auditor", "--role", "auditor").stdout.split()[-1]
    ids = [document["id"], broken["id"]]
    paths = server.get("/openapi.json").json()["paths"]
    looked = [path for path in paths if "get" in paths[path] and " or an auditor" in paths[path]["get"]["description"] and path not in ("/v1/events", "/ws", "/v1/ws")]
    assert {"/v1/documents", "/v1/documents/{id}", "/v1/audit", "/v1/facts"} <= set(looked)
    for path in looked:
        for one in ids if "/documents/{id}" in path else ids[:1]:
            shown = server.get(path.replace("{id}", one), key=auditor)
            assert shown.status_code < 500 and "kestrelword" not in shown.text, (path, shown.text)
    seen = [server.get(f"/v1/documents/{id}", key=auditor).json() for id in ids]
    assert [one["warnings"] for one in seen] == [[], []] and seen[0]["error"] is None and seen[0]["name"] == "orders.md"
    assert seen[1]["error"]["code"] == broken["error"]["code"] and seen[1]["error"]["message"] != broken["error"]["message"]


def test_a_limited_key_keeps_searches_of_its_own_that_find_its_documents_alone(server, shelves):
    saved = "/v1/search/saved"
    listed = lambda: {one["id"] for one in server.get("/v1/documents?format=markdown&limit=100", key=shelves.one).json()["items"]}
    theirs = server.post(saved, {"name": "all crews", "query": "crew people"}).json()
    assert server.get(saved, key=shelves.one).json()["items"] == []
    assert server.get(f"{saved}/{theirs['id']}", key=shelves.one).status_code == 404
    assert server.post(f"{saved}/{theirs['id']}/run", key=shelves.one).status_code == 404
    assert server.call("DELETE", f"{saved}/{theirs['id']}", key=shelves.one).status_code == 404

    refused = server.post(saved, {"name": "told", "query": "crew", "tells": True}, key=shelves.one)
    assert refused.status_code == 400 and refused.json()["error"]["field"] == "tells", refused.text
    made = server.post(saved, {"name": "all crews", "query": "type:markdown"}, key=shelves.one)
    assert made.status_code == 201, made.text
    path = f"{saved}/{made.json()['id']}"
    assert [one["id"] for one in server.get(saved).json()["items"]] == [theirs["id"]]
    found = server.post(f"{path}/run", key=shelves.one).json()["results"]
    assert {hit["document"]["id"] for hit in found} == listed() and shelves.seen in listed()

    new = [server.upload((f"{word}-new.md", SHEET.format(word=word).encode()), collection=id)[0]["id"] for word, id in zip(("plover", "kestrel"), shelves.ids)]
    for one in new:
        server.wait_document(one)
    assert wait_until(lambda: server.get(path, key=shelves.one).json()["new_count"] == 1), "not the one of the other shelf"
    found = server.post(f"{path}/run", key=shelves.one).json()["results"]
    assert {hit["document"]["id"] for hit in found} == listed() and new[0] in listed() and new[1] not in listed()
    assert server.get(path, key=shelves.one).json()["new_count"] == 0

    other = server.post("/v1/keys", {"name": "short-lived", "role": "reader", "collections": shelves.ids[:1]}).json()
    assert server.post(saved, {"name": "short-lived", "query": "crew"}, key=other["key"]).status_code == 201
    rows = lambda: ask_database(server, "SELECT count(*) FROM saved_searches WHERE name = 'short-lived'")
    assert rows() == 1
    server.cli("keys", "rm", other["id"])
    assert rows() == 0, "what a key kept goes with it"
    for one in new:
        server.call("DELETE", f"/v1/documents/{one}?erase=1")
    assert server.call("DELETE", path, key=shelves.one).status_code == 204
    assert server.call("DELETE", f"{saved}/{theirs['id']}").status_code == 204
