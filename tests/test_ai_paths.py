"""The paths of another backend for asking models: /ai/chat/complete, /ai/embeddings, /ai/batch."""
import pytest
from conftest import Server
from mock_provider import MODELS, MockProvider


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    mock = MockProvider(MODELS)
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url]).start()
    started.new_key()
    yield started
    started.stop()
    mock.stop()


def asked(model, text="What is so?"):
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def test_a_completion_has_its_usage_and_cost(server):
    answer = server.post("/ai/chat/complete", asked("good"))
    body = answer.json()
    assert answer.status_code == 200 and body["success"] and body["completion"]
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 0
    priced = server.post("/ai/chat/complete", asked("priced")).json()
    assert priced["cost"] > 0


def test_a_completion_that_names_no_model_is_the_services_first(server):
    body = server.post("/ai/chat/complete", {"messages": asked("")["messages"]}).json()
    assert body["model"] == MODELS[0] and body["completion"] and body["cost"] is None
    results = server.post("/ai/batch", {"requests": [{"messages": asked("")["messages"]}]}).json()["results"]
    assert results[0]["model"] == MODELS[0]


def test_the_database_says_how_it_is(server):
    answer = server.get("/api/v1/database/health")
    body = answer.json()
    assert answer.status_code == 200 and body["status"] == "healthy" and body["took_ms"] >= 0
    assert body["database"]["kind"] == "sqlite"
    assert server.get("/api/v1/database/health", key="lk_wrong").status_code == 401


@pytest.mark.parametrize("path", ["/v1/nothing", "/api/v1/nothing", "/ai/nothing", "/monitoring/nothing"])
def test_a_path_that_is_none_is_no_page(server, path):
    answer = server.get(path)
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("model", ["broken", "cut-late", "error-in-stream"])
def test_a_completion_that_fails_is_an_error(server, model):
    answer = server.post("/ai/chat/complete", asked(model))
    assert answer.status_code >= 500 and "completion" not in answer.json() and answer.json()["error"]["message"]


def test_a_limit_says_when_to_come_again(server):
    owner = server.cli("keys", "add", "o", "--role", "owner").stdout.split()[-1]
    made = server.post("/v1/keys", {"name": "limited", "role": "reader"}, key=owner).json()
    server.call("PUT", f"/v1/keys/{made['id']}/limits", key=owner, json={"requests_per_minute": 1})
    assert server.post("/ai/chat/complete", asked("good"), key=made["key"]).status_code == 200
    for path, body in (("/ai/chat/complete", asked("good")), ("/ai/embeddings", {"texts": ["a"]})):
        refused = server.post(path, body, key=made["key"])
        assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 60, path


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"messages": 3}', b'{"messages": [], "messages": []}'])
def test_what_is_no_request_is_refused(server, body):
    answer = server.call("POST", "/ai/chat/complete", data=body)
    assert answer.status_code == 400, answer.text


def test_a_batch_keeps_its_order_and_its_failures_apart(server):
    models = ["good", "broken", "priced", "cut-late", "good"] * 4
    body = server.post("/ai/batch", {"requests": [asked(m) for m in models] + [{"nonsense": 1}]}).json()
    good = [i for i, m in enumerate(models) if m in ("good", "priced")]
    assert [r["index"] for r in body["results"]] == list(range(21))
    assert [r["index"] for r in body["results"] if r["success"]] == good
    assert sorted(f["index"] for f in body["failures"]) == [i for i in range(21) if i not in good]
    assert body["completed"] == len(good) and body["failed"] == 21 - len(good) and body["cost"] > 0
    for bad in ([], [asked("good")] * 101, 3):
        assert server.post("/ai/batch", {"requests": bad}).status_code == 400


def test_vectors_are_those_of_the_other_path(server):
    texts = ["a kestrel", "granite"]
    body = server.post("/ai/embeddings", {"texts": texts}).json()
    same = server.post("/v1/embeddings", {"input": texts, "model": body["model"]}).json()["data"]
    assert [len(v) for v in body["embeddings"]] == [len(d["embedding"]) for d in same]
    assert all(abs(a - b) < 1e-5 for v, d in zip(body["embeddings"], same) for a, b in zip(v, d["embedding"]))
    assert server.post("/ai/embeddings", {"texts": []}).status_code == 400


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("without") / "library").start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


@pytest.mark.parametrize("model", ["", "good", "openai/gpt-5"])
def test_a_completion_where_there_is_no_service_can_be_had_later(without, model):
    answer = without.post("/ai/chat/complete", asked(model))
    assert answer.status_code == 503 and "there is no model service" in answer.json()["error"]["message"]
    batch = without.post("/ai/batch", {"requests": [asked(model)]}).json()
    assert batch["results"][0]["success"] is False and batch["failures"][0]["code"] == "busy"


def test_content_of_no_type_is_refused_by_the_name_of_the_member(without):
    for body in ({"source": "quarry"}, {"type": "poem", "source": "quarry"}, {"type": 3, "source": "quarry"}):
        answer = without.post("/ai/content", body)
        assert answer.status_code == 400 and answer.json()["error"]["field"] == "type", answer.text
