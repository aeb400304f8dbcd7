"""What runs is seen by those whom it concerns: how far it is, where its result is, and it can be ended."""
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
