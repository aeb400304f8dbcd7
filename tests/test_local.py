"""The service local: what answers when nobody else does, through the same gateway as every other model."""
import concurrent.futures
import json
import time

import pytest

from conftest import Late, Server
from mock_provider import MODELS, MockProvider

anthropic, openai = Late("anthropic"), Late("openai")

QUESTION = "How tall is the lighthouse of Havn?"
QUOTE = "The lighthouse of Havn is 41 metres tall."


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(MODELS, key="sk-secret-of-the-server")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    setup = {
        "services": {"away": {"base_url": "http://127.0.0.1:9/v1"}, "mock": {"base_url": mock.url, "key": mock.key, "models": MODELS}},
        "routes": {
            "chain": {"steps": [{"model": "mock/broken"}, {"model": "mock/limited"}, {"model": "local/extractive"}],
                      "retries": 0},
            "vectors": {"steps": [{"model": "away/encoder"}, {"model": "local/lectern"}], "retries": 0},
            "standard": {"steps": [{"model": "mock/broken"}, {"model": "local/lectern"}], "retries": 0},
        },
    }
    (folder / "gateway.json").write_text(json.dumps(setup))
    started = Server(folder / "library", arguments=["--gateway", str(folder / "gateway.json"), "--provider-url", "off"])
    started.start()
    started.new_key()
    started.admin = started.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    started.add(("havn.txt", f"About Havn. {QUOTE} It was built in 1871 of grey granite. Ferries leave.\n".encode()),
                key=started.admin)
    yield started
    started.stop()


def chat(library, model="chain", words=QUESTION, headers=None, key=None, **more):
    body = {"model": model, "messages": [{"role": "user", "content": words}], **more}
    return library.post("/v1/chat/completions", body, headers=headers, key=key)


def calls(library, feature="api"):
    items = library.get("/v1/calls?limit=20", key=library.admin).json()["items"]
    return [call for call in items if call["feature"] == feature]


def newest(library, is_it, seconds=10):
    """What is recorded is written a moment after the call."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [call for call in calls(library) if is_it(call)]
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_a_chain_ends_at_the_library_in_the_clients_own_shape(library):
    client = openai.OpenAI(base_url=f"{library.url}/v1", api_key=library.key, max_retries=0)
    claude = anthropic.Anthropic(base_url=library.url, api_key=library.key, max_retries=0)
    messages = [{"role": "user", "content": QUESTION}]
    whole = client.chat.completions.create(model="chain", messages=messages)
    pieces = client.chat.completions.create(model="chain", messages=messages, stream=True)
    told = claude.messages.create(model="chain", max_tokens=500, messages=messages)
    with claude.messages.stream(model="chain", max_tokens=500, messages=messages) as stream:
        streamed = "".join(stream.text_stream)
    lines = library.post("/api/chat", {"model": "chain", "messages": messages}).text.splitlines()
    texts = [whole.choices[0].message.content,
             "".join(c.choices[0].delta.content or "" for c in pieces if c.choices),
             told.content[0].text, streamed,
             "".join(json.loads(line)["message"]["content"] for line in lines)]
    assert all("41 metres" in text for text in texts), texts
    assert len(set(texts)) == 1
    assert whole.model == "chain" and whole.usage.completion_tokens > 0
    assert json.loads(lines[-1])["done"] is True


def test_its_calls_are_recorded_and_cost_nothing(library):
    answer = chat(library)
    assert answer.status_code == 200
    call = newest(library, lambda c: c["id"] == answer.headers["X-Request-Id"])
    assert (call["service"], call["model"], call["status"]) == ("local", "extractive", "ok"), call
    assert call["fallbacks"] >= 1 and call["cost_pico"] == 0, call


def test_a_call_that_names_no_model_is_answered_here(library):
    body = {"messages": [{"role": "user", "content": QUESTION}]}
    answer = library.post("/v1/chat/completions", body)
    assert answer.status_code == 200 and "41 metres" in answer.text and answer.json()["model"] == "lectern"


def test_the_library_never_asks_itself(library):
    """The standard route ends at it: its own question goes nowhere, and the quotes are the answer."""
    answer = chat(library, "lectern")
    assert answer.status_code == 200 and "41 metres" in answer.text
    asked = library.post("/v1/ask", {"question": QUESTION}).json()
    assert "41 metres" in asked["answer"]


def test_vectors_come_from_our_own_encoder_when_the_service_has_none(library):
    by_route = library.post("/v1/embeddings", {"model": "vectors", "input": ["granite", "sea"]}).json()
    own = library.post("/v1/embeddings", {"model": "lectern", "input": ["granite", "sea"]}).json()
    assert [v["embedding"] for v in by_route["data"]] == [v["embedding"] for v in own["data"]]
    assert by_route["usage"]["prompt_tokens"] == own["usage"]["prompt_tokens"] > 0


def test_its_models_are_listed_and_can_be_allowed_by_key(library):
    names = [model["id"] for model in library.get("/v1/models").json()["data"]]
    assert {"lectern", "extractive", "local/lectern", "local/extractive", "chain"} <= set(names)
    listed = library.get("/v1/gateway/services", key=library.admin).json()["items"]
    local = next(service for service in listed if service["name"] == "local")
    assert local["from"] == "itself" and local["provider"] == "local"


def test_its_answers_are_kept_like_those_of_any_model(library):
    headers = {"X-Lectern-Cache": "use"}
    one, two = (chat(library, "extractive", "Who built the lighthouse?", headers) for _ in range(2))
    assert (one.headers["X-Lectern-Cache"], two.headers["X-Lectern-Cache"]) == ("miss", "hit")
    assert one.json()["choices"] == two.json()["choices"]


def test_a_route_can_leave_it_out_of_moderation(library):
    refused = library.post("/v1/moderations", {"model": "lectern", "input": "words"})
    assert refused.status_code == 400 and "not for this task" in refused.json()["error"]["message"]


def test_what_is_wrong_with_a_question_is_the_clients_to_know(library):
    wrong = chat(library, words="x" * 9000)
    assert wrong.status_code == 400 and "8192 bytes" in wrong.json()["error"]["message"]


def test_many_at_once_with_clients_that_leave(library):
    def one(i):
        if i % 3 == 0:
            try:
                library.post("/v1/chat/completions", {"model": "lectern", "stream": True, "messages": [
                    {"role": "user", "content": f"{QUESTION} {i}"}]}, timeout=0.001)
            except Exception:
                return True
            return True
        return "41 metres" in chat(library, "chain", QUESTION, stream=bool(i % 2)).text
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(120)))


def test_a_limit_counts_an_answer_of_the_library_once(mock, tmp_path):
    """The service that writes it is asked within the call, on the place that the call has."""
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url, "--provider-model", "good"],
                    environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    try:
        server.new_key()
        admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
        made = server.post("/v1/keys", {"name": "narrow", "role": "reader"}, key=admin).json()
        limits = {"concurrent": 1, "budgets": [{"period": "total", "calls": 2}]}
        put = server.call("PUT", f"/v1/keys/{made['id']}/limits", json=limits, key=admin)
        assert put.status_code == 200, put.text
        server.add(("havn.txt", f"About Havn. {QUOTE}\n".encode()), key=admin)
        before = len(mock.chats())
        answers = [chat(server, "lectern", f"{QUESTION} {i}", key=made["key"]) for i in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429], answers[-1].text
        assert len(mock.chats()) - before == 2
    finally:
        server.stop()


def wait_for_change(server, words, is_told):
    end = time.monotonic() + 15
    while time.monotonic() < end:
        answer = chat(server, "extractive", words, {"X-Lectern-Cache": "use"})
        if is_told(answer):
            return answer
        time.sleep(0.05)
    raise AssertionError(answer.text)


def test_answers_go_when_the_documents_change(library):
    words = "How many bridges does Tarn have?"
    one, two = (chat(library, "extractive", words, {"X-Lectern-Cache": "use"}) for _ in range(2))
    assert two.headers["X-Lectern-Cache"] == "hit" and "nine bridges" not in two.text
    added = library.add(("tarn.txt", b"Tarn has nine bridges. The oldest is of wood.\n"), key=library.admin)
    answer = wait_for_change(library, words, lambda a: "nine bridges" in a.text)
    assert chat(library, "extractive", words, {"X-Lectern-Cache": "use"}).headers["X-Lectern-Cache"] == "hit"
    assert library.call("DELETE", f"/v1/documents/{added[0]['id']}", key=library.admin).status_code < 300
    wait_for_change(library, words, lambda a: "nine bridges" not in a.text)


def test_an_erased_document_stands_in_no_kept_answer(library):
    kept = lambda: library.get("/v1/gateway/cache", key=library.admin).json()["answers"]
    added = library.add(("wells.txt", b"Wells has three mills.\n"), key=library.admin)
    chat(library, "extractive", "How many mills does Wells have?", {"X-Lectern-Cache": "use"})
    assert kept() > 0
    erased = library.call("DELETE", f"/v1/documents/{added[0]['id']}?erase=1", key=library.admin)
    assert erased.status_code == 204 and kept() == 0


@pytest.fixture(scope="module")
def writer(mock, tmp_path_factory):
    """A library whose answers a service writes."""
    server = Server(tmp_path_factory.mktemp("writer") / "library", environment={"LECTERN_PROVIDER_KEY": mock.key},
                    arguments=["--provider-url", mock.url, "--provider-model", "slow"]).start()
    server.new_key()
    server.admin = server.cli("keys", "add", "admin", "--role", "owner").stdout.split()[-1]
    server.add(("havn.txt", f"About Havn. {QUOTE} It was built in 1871.\n".encode()), key=server.admin)
    yield server
    server.stop()


def ask(server, words, key=None):
    answer = server.post("/v1/ask", {"question": words}, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()["answer"]


def test_the_librarys_own_questions_are_kept_and_asked_once(writer, mock):
    words = "When was the lighthouse of Havn built?"
    before = len(mock.chats())
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(writer, words), range(6)))
    assert len(set(answers)) == 1
    assert ask(writer, words) == answers[0]
    assert len(mock.chats()) - before == 1
    ask(writer, words + " Exactly?")
    assert len(mock.chats()) - before == 2
    other = writer.cli("keys", "add", "other").stdout.split()[-1]
    ask(writer, words, key=other)
    assert len(mock.chats()) - before == 3  # nobody gets what another one asked for
    calls = writer.get("/v1/calls?limit=50", key=writer.admin).json()["items"]
    assert {"hit", "miss", "joined"} >= {call["cache"] for call in calls if call["cache"]}


def test_the_librarys_own_answers_go_with_what_they_rest_on(writer, mock):
    words = "How tall is the lighthouse?"
    asked = lambda: (len(mock.chats()), ask(writer, words), len(mock.chats()))
    asked()
    before, _, after = asked()
    assert before == after
    writer.add(("note.txt", b"The lighthouse of Havn was measured again: it is 42 metres tall.\n"), key=writer.admin)
    before, _, after = asked()
    assert after == before + 1  # the passages are others
    before, _, after = asked()
    assert before == after
    assert writer.call("PUT", "/v1/gateway/routes/standard", json={"steps": ["openai-compatible/good"]},
                       key=writer.admin).status_code < 300
    before, _, after = asked()
    assert after == before + 1  # another model
    assert writer.call("PUT", "/v1/gateway/policy", json={"cache": {"use": "off"}}, key=writer.admin).status_code < 300
    for _ in range(2):
        before, _, after = asked()
        assert after == before + 1
