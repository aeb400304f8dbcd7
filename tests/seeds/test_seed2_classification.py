"""Classification under the paths of the document workflows: one document or text, and batches of them."""
import time

import pytest

from conftest import Server

INVOICE = ("INVOICE\nInvoice No.: 2026-0042\nInvoice date: 3 March 2026\nBill to: Acme Corp., attn. Mr. Tom Miller\n"
           "IBAN DE89 3704 0044 0532 0130 00\nTotal: EUR 1,190.00\nThank you for the excellent cooperation.\n")
ENHANCED = "/api/v1/ai/classification/enhanced"
BATCH = "/api/v1/ai/classification/batch"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    started.document = started.add(("invoice.txt", INVOICE.encode()))[0]["id"]
    started.has_model = started.post("/v1/classify", {"text": "x", "labels": ["a", "b"]}).status_code != 404
    if started.has_model:
        started.post("/v1/label-sets", {"name": "paper", "labels": ["invoice", "recipe for a meal"], "asks": "encoder"})
        started.post("/v1/label-sets", {"name": "size", "labels": ["large sum", "small sum"], "asks": "encoder"})
        started.post("/v1/classification-workflows", {"name": "intake", "stages": [
            {"name": "kind", "label_set": "paper"}, {"name": "size", "label_set": "size", "when": {"stage": "kind", "label": "invoice"}}]})
    yield started
    started.stop()


def test_without_a_workflow_the_type_of_document_is_the_category(library):
    said = library.post(ENHANCED, {"document": library.document}).json()
    assert said["success"] and said["categories"][0]["label"] == "invoice" and 0 < said["confidence"] <= 1
    assert said["sentiment"]["label"] in ("positive", "neutral", "negative") and said["stages"] == []
    assert {"iban", "person", "invoice_number"} <= {one["kind"] for one in said["entities"]}
    assert library.post(ENHANCED, {"text": INVOICE}).json()["categories"] == said["categories"]


def test_a_workflow_says_its_stages(library):
    if not library.has_model:
        pytest.skip("needs the embedding model (tools/fetch-model)")
    said = library.post(ENHANCED, {"document_id": library.document, "workflow_id": "intake", "options": {"keep": False}}).json()
    assert [stage["name"] for stage in said["stages"]] == ["kind", "size"]
    assert said["categories"][0]["label"] == "invoice" and len(said["categories"]) == 2
    assert said["confidence"] == min(stage["confidence"] for stage in said["stages"])
    given = library.post(ENHANCED, {"text": INVOICE, "options": {"labels": ["invoice", "poem"]}}).json()
    assert [one["label"] for one in given["categories"]] == ["invoice"]


def test_wishes_in_options_that_have_no_meaning_here_do_not_matter(library):
    plain = library.post(ENHANCED, {"text": INVOICE}).json()
    wished = library.post(ENHANCED, {"text": INVOICE, "options": {"include_sentiment": True, "confidence_threshold": 0.7, "keep": False}})
    assert wished.status_code == 200 and wished.json()["categories"] == plain["categories"], wished.text
    assert library.post(ENHANCED, {"text": INVOICE, "options": {"keep": 3}}).status_code == 400


def test_a_text_may_be_called_content_and_a_user_be_named_by_administrators(library):
    said = library.post(ENHANCED, {"content": INVOICE, "user_id": "somebody"})
    assert said.status_code == 200 and said.json()["categories"][0]["label"] == "invoice", said.text
    editor = library.cli("keys", "add", "names another", "--role", "editor").stdout.split()[-1]
    assert library.post(ENHANCED, {"content": INVOICE, "user_id": "somebody"}, key=editor).status_code == 403


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": "x", "document": "y"}, {"text": "x", "options": []}, {"text": "x", "workflow": "a", "options": {"label_set": "b"}}])
def test_what_is_wrong_is_named(library, body):
    answer = library.post(ENHANCED, body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_a_batch_tells_its_progress_and_its_failures_apart(library):
    if not library.has_model:
        pytest.skip("needs the embedding model (tools/fetch-model)")
    started = library.post(BATCH, {"documents": [library.document, {"content": "Peel the onions and fry them."}, "gone"], "workflow": "intake"})
    assert started.status_code == 202 and {"batch_id", "progress", "results", "failures", "status"} <= set(started.json())
    end = time.monotonic() + 60
    while (batch := library.get(f"/v1/classification-batches/{started.json()['batch_id']}").json())["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert [len(batch["results"]), len(batch["failures"]), batch["progress"]] == [2, 1, 1]
    assert [[stage["skipped"] for stage in one["result"]["stages"]] for one in batch["results"]] == [[False, False], [False, True]]


def test_an_administrator_starts_a_workflow_with_the_rights_of_another_person_and_nobody_else_does(library):
    path = "/api/v1/ai/workflows/%s/execute" % library.post(
        "/api/v1/ai/workflows", {"name": "For whom", "steps": [{"name": "a", "type": "compute", "config": {"values": 1}}]}).json()["id"]
    people = {role: library.post("/v1/users", {"email": f"{role}@example.org", "password": "correct horse battery", "name": role,
                                               "role": role}).json()["id"] for role in ("editor", "reader", "owner")}
    admin = library.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    editor = library.cli("keys", "add", "editor", "--role", "editor").stdout.split()[-1]
    started = library.post(path, {"user_id": people["editor"]}, key=admin)
    assert started.status_code == 202 and started.json()["user"] == people["editor"], started.text
    for user, key in ((people["reader"], admin), (people["owner"], admin), ("nobody", admin), (people["editor"], editor)):
        refused = library.post(path, {"user_id": user}, key=key)
        assert refused.status_code == 403, refused.text
    listed = library.get("/api/v1/ai/workflows/executions", params={"user_id": people["editor"]}, key=admin).json()["executions"]
    assert [e["id"] for e in listed] == [started.json()["id"]]
    assert library.get("/api/v1/ai/workflows/executions", params={"user_id": people["editor"]}, key=editor).status_code == 403


def test_what_is_approved_and_told_without_a_title_bears_the_name_of_the_workflow(library):
    made = library.post("/api/v1/ai/workflows", {"name": "Sign the lease", "steps": [{"name": "Ask", "type": "approval", "config": {"roles": ["owner"], "allow_self": True}}, {"name": "Tell", "type": "notification"}]})
    assert made.status_code in (200, 201), made.text
    assert library.post("/v1/users", {"email": "signs@example.org", "password": "correct horse battery", "name": "Signs", "role": "owner"}).status_code == 201
    started = library.post(f"/api/v1/ai/workflows/{made.json()['id']}/execute", {})
    assert started.status_code == 202, started.text
    end = time.monotonic() + 20
    while not (asked := library.get("/v1/approvals").json()["items"]):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert [one["title"] for one in asked] == ["Sign the lease"]
