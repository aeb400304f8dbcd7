"""What runs is seen by those whom it concerns: how far it is, where its result is, and it can be ended."""
import csv
import io
import threading

import pytest
from conftest import Server, wait_until
from mock_provider import MockProvider


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("work") / "data", arguments=["--provider-url", mock.url]).start()
    server.new_key()
    yield server
    server.stop()


def running(library):
    return library.get("/v1/work").json()["items"]


def test_a_batch_that_waits_for_a_model_is_seen_and_ended_with_its_items(library, mock):
    gate = threading.Event()
    assert running(library) == []
    one = library.post("/v1/label-sets", {"name": "Mood", "labels": ["good", "bad"], "asks": "model"}).json()
    mock.answer = lambda body: gate.wait(20) and "good"
    try:
        batch = library.post("/v1/classification-batches", {"label_set": one["id"], "documents": [{"text": f"a day {i}"} for i in range(50)]}).json()
        assert wait_until(lambda: running(library) and running(library)[0]["stage"]), running(library)
        job = running(library)[0]
        assert (job["type"], job["title"], job["about"], job["subject"], job["page"]) == ("label_batch", "Classification", "Mood", batch["id"], f"/labels/{one['id']}")
        assert (job["state"], job["total"], job["can_cancel"], job["can_retry"]) == ("running", 50, True, False)
        assert library.post(f"/v1/work/{job['id']}/cancel").status_code == 200
        ended = library.get(f"/v1/classification-batches/{batch['id']}").json()
        assert ended["state"] == "cancelled" and ended["cancelled"] >= 49
    finally:
        gate.set()
    assert wait_until(lambda: library.get(f"/v1/work/{job['id']}").json()["state"] == "cancelled")
    assert library.post(f"/v1/work/{job['id']}/retry").status_code == 409 and running(library) == []
    assert library.get("/v1/work/nothing").status_code == 404


# --- Runs ---

def over(library, run):
    found = {}
    assert wait_until(lambda: found.update(library.get(f"/v1/runs/{run}").json()) or found["state"] in ("done", "failed", "cancelled"), 20), found
    return found


def test_values_of_a_collection_are_read_by_a_job_and_kept(library):
    collection = library.post("/v1/collections", {"name": "Bills"}).json()["id"]
    assert library.post("/v1/fields/runs", {"schema": "invoice", "collection": collection}).json()["error"]["field"] == "collection"
    documents = library.add(*[(f"bill {n}.txt", f"Invoice number: A-{n}\nTotal: {n}.00 EUR\n".encode()) for n in range(1, 4)], collection=collection)
    asked = library.post("/v1/fields/runs", {"schema": "invoice", "collection": collection, "model": "rules"})
    assert asked.status_code == 202 and (asked.json()["kind"], asked.json()["subject"], asked.json()["total"]) == ("fields", "invoice", 3), asked.text
    assert asked.json()["state"] in ("waiting", "running"), asked.text
    run = over(library, asked.json()["id"])
    assert (run["state"], run["done"], run["failed"]) == ("done", 3, 0)
    results = library.get(f"/v1/runs/{run['id']}/results", params={"limit": 2}).json()
    assert [i["result"]["values"]["number"] for i in results["items"]] and results["total"] == 3 and results["next"]
    rows = list(csv.DictReader(io.StringIO(library.get(f"/v1/runs/{run['id']}/results?format=csv").text)))
    assert sorted(row["number"] for row in rows) == ["A-1", "A-2", "A-3"]
    assert library.get(f"/v1/documents/{documents[0]['id']}/fields").json()["items"][0]["name"] == "invoice"
    assert library.get("/v1/runs", params={"kind": "fields"}).json()["items"][0]["id"] == run["id"]
    assert library.call("DELETE", f"/v1/runs/{run['id']}").status_code == 204 and library.get(f"/v1/runs/{run['id']}").status_code == 404
    assert library.post("/v1/fields/runs", {"schema": "invoice", "documents": ["nowhere"]}).status_code == 404


def test_a_run_goes_on_after_the_server_was_killed_and_asks_nothing_twice(library, mock):
    gate = threading.Event()

    def answer(body):
        text = body["messages"][-1]["content"]
        if text.endswith("3"):
            gate.wait(20)
        return f"seen {text}"

    mock.answer = answer
    prompt = library.post("/v1/prompts", {"name": "Say", "template": "say {{n}}"}).json()["id"]
    run = library.post(f"/v1/prompts/{prompt}/runs", {"rows": [{"n": str(n), "expected": "seen"} for n in range(6)], "versions": [1]}).json()["id"]
    assert wait_until(lambda: library.get(f"/v1/runs/{run}").json()["done"] == 3)
    assert [(j["title"], j["about"], j["page"]) for j in running(library)] == [("Trying out a prompt", "Say", f"/prompts?run={run}")]
    before = len(mock.chats())
    library.kill()
    gate.set()
    library.start()
    assert over(library, run)["done"] == 6
    items = library.get(f"/v1/runs/{run}/results").json()["items"]
    assert [(i["row"], i["version"], i["result"]["text"], i["result"]["matches"]) for i in items] == [(n, 1, f"seen say {n}", True) for n in range(6)]
    assert len(mock.chats()) - before == 3, "only what was waiting is asked"
    assert "seen say 5" in library.get(f"/v1/runs/{run}/results?format=csv").text
    mock.answer = None
