"""The first system's POST /api/v1/ai/generate-response (message, documents, chat_history, agent) and summarize-document."""
import pytest


@pytest.fixture(scope="module")
def document(server):
    return server.add(("ferry.txt", b"The ferry to Rost leaves Bodo at 16:45 from quay seven.\n"))[0]


def generate(server, **body):
    return server.post("/api/v1/ai/generate-response", body)


def test_a_message_is_answered_from_documents_by_an_agent(server, document):
    answer = generate(server, message="When does the ferry to Rost leave Bodo?", documents=[{"id": document["id"]}],
                      chat_history=[{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],
                      agent={"name": "Clerk", "instructions": "Be brief."})
    assert answer.status_code == 200, answer.text
    one = answer.json()
    assert one["success"] is True and "16:45" in one["response"] and one["agent"] == "Clerk"
    assert one["sources"][0]["document"]["id"] == document["id"] and one["model"] and "total_tokens" in one["usage"]


def test_ids_alone_and_an_agent_that_is_a_persona(server, document):
    persona = server.post("/v1/personas", {"name": "Harbour master"}).json()
    for agent in ({"id": persona["id"]}, "harbour master"):
        one = generate(server, message="From which quay does the ferry to Rost leave?", document_ids=[document["id"]], agent=agent)
        assert one.json()["agent"] == "Harbour master" and "quay seven" in one.json()["response"], one.text
    server.call("DELETE", f"/v1/personas/{persona['id']}")
    assert generate(server, message="x", agent={"id": persona["id"]}).status_code == 404


def test_a_document_may_come_as_its_text(server):
    """As clients send it that hold the text themselves, under ids of their own."""
    text = "The tram to Ulsrud leaves Majorstuen at 07:20 from platform nine.\n"
    found = set()
    for one in ({"name": "tram.pdf", "content": text}, {"id": "of-the-client", "name": "tram.pdf", "type": "application/pdf", "text": text}):
        answer = generate(server, message="When does the tram to Ulsrud leave Majorstuen?", documents=[one])
        assert answer.status_code == 200 and "07:20" in answer.json()["response"], answer.text
        source = answer.json()["sources"][0]["document"]
        assert source["name"] == "tram.pdf.txt"
        found.add(source["id"])
    assert len(found) == 1
    reader = server.cli("keys", "add", "reads only", "--role", "reader").stdout.split()[-1]
    asker = server.post("/v1/keys", {"name": "asks only", "role": "editor", "scopes": ["read", "ask"]}).json()["key"]
    for key in (reader, asker):
        refused = server.post("/api/v1/ai/generate-response", {"message": "x", "documents": [{"text": "never seen"}]}, key=key)
        assert refused.status_code == 403 and refused.json()["success"] is False, refused.text


def test_what_is_wrong_is_said_in_the_paths_own_shape(server):
    for body in ({}, {"message": " "}, {"message": "x", "documents": [{"name": "a"}]}, {"message": "x", "agent": 3}):
        answer = generate(server, **body)
        assert answer.status_code == 400 and answer.json()["success"] is False and answer.json()["error"], answer.text


def test_a_document_is_summed_up(server, document):
    """POST /api/v1/ai/summarize-document: a document by its id, or a text; length."""
    for body in ({"document_id": document["id"]}, {"document": {"id": document["id"]}, "length": "short"},
                 {"text": "The ferry to Rost leaves Bodo at 16:45 from quay seven."}):
        answer = server.post("/api/v1/ai/summarize-document", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["success"] is True and "16:45" in answer.json()["summary"] and answer.json()["sources"], answer.text


def test_what_cannot_be_summed_up_is_said(server):
    for body, status in (({}, 400), ({"document_id": "none"}, 404), ({"text": "x", "length": "epic"}, 400), ({"document": 3}, 400)):
        answer = server.post("/api/v1/ai/summarize-document", body)
        assert answer.status_code == status and answer.json()["success"] is False and answer.json()["error"], answer.text
