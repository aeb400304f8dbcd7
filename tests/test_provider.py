"""Model services: answers written by one, its failures, and OpenAI's API in front of ours."""
import json
import time

import pytest

from conftest import Server
from mock_provider import MODELS, MockProvider

FACTS = {
    "kestrel.txt": "The kestrel hovers above the verge. It feeds mainly on voles and can see ultraviolet light.\n",
    "granite.md": "# Granite\n\nGranite is an intrusive rock. The quarry at Ardal opened in 1874 and employs 212 people.\n",
}
QUESTION = "How many people does the quarry at Ardal employ?"
GOOD = ["good", "slow", "busy", "whole", "crlf", "bytes", "no-done", "plain-only", "no-type"]
BAD = ["cut", "cut-late", "error-in-stream", "limited", "broken", "html", "huge", "silent"]


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(MODELS, key="sk-secret-of-the-server")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    started.new_key()
    started.add(*[(name, text.encode()) for name, text in FACTS.items()])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(library):
    openai = pytest.importorskip("openai")
    return openai.OpenAI(base_url=f"{library.url}/v1", api_key=library.key, max_retries=0)


def key_of(server, role):
    return server.cli("keys", "add", role, "--role", role).stdout.split()[-1]


def events(answer):
    kind = None
    for line in answer.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            yield kind, json.loads(line[6:])


# --- Answers from the library ---

def test_an_answer_is_written_by_the_service_and_cited_by_us(library, mock):
    mock.answer = "The quarry at Ardal employs 212 people."
    answer = library.post("/v1/ask", {"question": QUESTION, "save": False}).json()
    mock.answer = None
    assert answer["mode"] == "generated", answer
    assert answer["model"].endswith("/good")
    assert "212" in answer["answer"] and answer["citations"]
    assert answer["citations"][0]["document"]["name"] == "granite.md"
    assert all(s["supported"] for s in answer["sentences"])
    again = library.post("/v1/ask", {"question": QUESTION, "model": answer["model"], "save": False}).json()
    assert again["mode"] == "generated"


def test_what_the_service_makes_up_is_not_supported(library, mock):
    mock.answer = "The quarry at Ardal employs 212 people. It was bought by the Queen of Denmark in 1990."
    answer = library.post("/v1/ask", {"question": QUESTION, "save": False}).json()
    mock.answer = None
    assert answer["mode"] == "generated", answer
    made_up = [s for s in answer["sentences"] if "Denmark" in s["text"]]
    assert all(not s["supported"] for s in made_up)


def test_a_thought_is_no_part_of_the_answer(library):
    answer = library.post("/v1/ask", {"question": QUESTION, "model": "thinking", "save": False}).json()
    assert answer["mode"] == "generated" and "think" not in answer["answer"] and "212" in answer["answer"]


def test_extractive_answers_never_ask_the_service(library, mock):
    before = len(mock.chats())
    answer = library.post("/v1/ask", {"question": QUESTION, "model": "extractive", "save": False}).json()
    assert answer["mode"] == "extractive" and "212" in answer["answer"]
    assert len(mock.chats()) == before


@pytest.mark.parametrize("model", BAD)
def test_a_failing_service_leaves_the_quoted_answer_and_says_so(library, model):
    body = {"question": QUESTION, "model": model, "stream": True, "save": False}
    got = list(events(library.post("/v1/ask", body, stream=True)))
    done = [data for kind, data in got if kind == "done"]
    assert len(done) == 1 and done[0]["mode"] == "extractive" and "212" in done[0]["answer"]
    starts = [at + 1 for at, (kind, _) in enumerate(got) if kind == "restart"]  # what came before is void
    kept = got[starts[-1]:] if starts else got
    assert "".join(data["text"] for kind, data in kept if kind == "delta") == done[0]["answer"]
    steps = " ".join(data["text"] for kind, data in got if kind == "step")
    assert "service" in steps and "sk-secret" not in steps


# --- OpenAI's API ---

def test_models_are_listed(client):
    names = [m.id for m in client.models.list()]
    assert "lectern" in names and "good" in names and "cut" in names


@pytest.mark.parametrize("model", GOOD)
def test_services_with_manners_of_their_own_are_understood(library, model):
    answer = library.post("/v1/ask", {"question": QUESTION, "model": model, "save": False}).json()
    assert answer["mode"] == "generated" and "212" in answer["answer"], answer


@pytest.mark.parametrize("model", [m for m in GOOD if m not in ("plain-only", "busy")])
def test_another_model_is_handed_on(client, model):
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}],
                                            extra_body={"unknown_field": {"kept": True}})
    assert answer.choices[0].message.content == "It is as you say."
    assert answer.usage.total_tokens == 18


@pytest.mark.parametrize("model", ["good", "crlf", "bytes", "slow", "no-done", "no-type"])
def test_another_model_streams(client, mock, model):
    stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}], stream=True,
                                            stream_options={"include_usage": True}, seed=7)
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "It is as you say."
    assert chunks[-1].usage.total_tokens == 18
    assert mock.chats()[-1]["seed"] == 7


@pytest.mark.parametrize("model", ["cut", "cut-late", "error-in-stream"])
def test_a_cut_stream_is_never_a_short_answer(client, model):
    openai = pytest.importorskip("openai")
    stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hello"}], stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


@pytest.mark.parametrize("model, status", [("limited", 429), ("broken", 500), ("nothing-like-it", 404)])
@pytest.mark.parametrize("stream", [False, True])
def test_refusals_keep_their_status_and_shape(library, model, status, stream):
    answer = library.post("/v1/chat/completions", {"model": model, "stream": stream,
                                                   "messages": [{"role": "user", "content": "hello"}]})
    assert answer.status_code == status
    assert answer.json()["error"]["message"] and set(answer.json()["error"]) == {"message", "type", "param", "code"}
    if model == "limited":
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600


def test_images_by_address_are_not_handed_on(library):
    for url in ("file:///etc/passwd", "http://127.0.0.1/x.png"):
        body = {"model": "good", "messages": [{"role": "user", "content": [
            {"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": url}}]}]}
        answer = library.post("/v1/chat/completions", body)
        assert answer.status_code == 400 and "data:" in answer.json()["error"]["message"]


def test_the_library_answers_as_a_model(client):
    answer = client.chat.completions.create(model="lectern", messages=[
        {"role": "system", "content": "You are kind."}, {"role": "user", "content": QUESTION}], temperature=0.3)
    message = answer.choices[0].message
    assert "212" in message.content and "[1]" in message.content
    note = message.annotations[0]
    note = note if isinstance(note, dict) else note.model_dump()
    assert note["type"] == "file_citation" and note["file_citation"]["filename"] == "granite.md"
    assert answer.usage.total_tokens > 0 and answer.choices[0].finish_reason == "stop"


def test_the_library_streams_as_a_model(client):
    chunks = list(client.chat.completions.create(model="lectern", stream=True, messages=[
        {"role": "user", "content": [{"type": "text", "text": QUESTION}]}], stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "212" in text
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens > 0 and not chunks[-1].choices
    assert len({c.id for c in chunks}) == 1


def test_a_follow_up_knows_what_was_asked_before(client):
    answer = client.chat.completions.create(model="lectern", messages=[
        {"role": "user", "content": "When did the quarry at Ardal open?"},
        {"role": "assistant", "content": "In 1874."},
        {"role": "user", "content": "And how many people does it employ?"}])
    assert "212" in answer.choices[0].message.content


def test_bodies_that_make_no_sense_are_refused(library):
    for body in ({"model": "lectern"}, {"model": "lectern", "messages": []}, {"messages": "hello"},
                 {"model": "lectern", "messages": [{"role": "assistant", "content": "hello"}]},
                 {"model": "lectern", "messages": [{"role": "user", "content": "x" * 9000}]}):
        answer = library.post("/v1/chat/completions", body)
        assert answer.status_code == 400, body
        assert answer.json()["error"]["type"] == "invalid_request_error"


# --- Which service ---

def test_ollama_on_this_machine_is_found_by_itself(tmp_path):
    try:
        ollama = MockProvider(["nomic-embed-text", "good"], port=11434)
    except OSError:
        pytest.skip("something else listens on Ollama's port")
    server = Server(tmp_path / "library", environment={"LECTERN_PROVIDER_URL": ""}).start()
    try:
        server.new_key()
        provider = server.get("/v1/settings", key=key_of(server, "admin")).json()["provider"]
        assert (provider["name"], provider["model"], provider["found"]) == ("ollama", "good", True)
        server.add(("granite.md", FACTS["granite.md"].encode()))
        answer = server.post("/v1/ask", {"question": QUESTION}).json()
        assert answer["mode"] == "generated" and answer["model"] == "ollama/good"
        ollama.stop()
        answer = server.post("/v1/ask", {"question": QUESTION.lower()}).json()
        assert answer["mode"] == "extractive" and "212" in answer["answer"]
        assert server.get("/v1/settings", key=key_of(server, "admin")).json()["provider"] is None
    finally:
        server.stop()
        ollama.stop()


def test_an_address_that_is_none_stops_the_start(tmp_path):
    server = Server(tmp_path / "library", arguments=["--provider-url", "localhost 11434"])
    server.start(wait=False)
    assert server.process.wait(20) == 2
    assert "provider_url" in server.log.read_text()


def test_a_workspace_sets_its_own_service(server):
    mock = MockProvider(["nomic-embed-text", "own-model"], key="sk-own")
    try:
        owner, admin = key_of(server, "owner"), key_of(server, "admin")

        def put(key=owner, **body):
            secret = body.pop("secret", None)
            body.update({"key": secret} if secret else {})
            return server.call("PUT", "/v1/settings/provider", key=key, json=body)

        wrong = put(base_url=mock.url, secret="sk-wrong")
        assert wrong.status_code == 400 and "sk-wrong" not in wrong.text
        assert put(base_url="ftp://127.0.0.1/v1").status_code == 400
        assert put(base_url=f"http://user:pass@127.0.0.1:{mock.port}/v1").status_code == 400
        assert put(base_url="http://169.254.169.254/v1").status_code in (400, 403)
        assert put(base_url="http://127.0.0.1:9/v1").status_code == 400
        assert put(base_url=mock.url, secret=mock.key, model="no-such-model").status_code == 400
        assert put(admin, base_url=mock.url, secret=mock.key).status_code == 403  # of the local network
        assert put(server.key, base_url=mock.url, secret=mock.key).status_code == 403

        # Without /v1, and the first model that is for chat.
        good = put(base_url=f"http://127.0.0.1:{mock.port}/", secret=mock.key)
        assert good.status_code == 200, good.text
        provider = good.json()["provider"]
        assert provider["base_url"] == mock.url and provider["key_set"] and provider["model"] == "own-model"
        assert mock.key not in good.text

        # The key stays when only the model changes, but never goes to another place.
        assert put(base_url=mock.url, model="own-model").json()["provider"]["key_set"]
        other = MockProvider(["own-model"])
        assert put(base_url=other.url, model="own-model").status_code == 200
        assert not any(mock.key in str(headers) for _, headers, _ in other.requests)
        other.stop()

        assert server.call("DELETE", "/v1/settings/provider", key=owner).status_code == 204
        audit = [entry["action"] for entry in server.get("/v1/audit", key=owner).json()["items"]]
        assert "provider.set" in audit and "provider.remove" in audit
    finally:
        mock.stop()


def test_calls_are_counted(library, client):
    client.chat.completions.create(model="good", messages=[{"role": "user", "content": "hello"}])
    admin, end, rows = key_of(library, "admin"), time.monotonic() + 20, []
    while not any(row["name"] == "good" and row["calls"] >= 1 and row["input_tokens"] >= 11 for row in rows):
        assert time.monotonic() < end, rows
        time.sleep(0.1)  # records are written behind the calls
        rows = library.get("/v1/usage?by=model", key=admin).json()["items"]
