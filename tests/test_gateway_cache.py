"""Answers that are kept: who gets them, in which form, for how long; equal calls at the same time."""
import json
import threading

import pytest

from conftest import Server
from mock_provider import MODELS, MockProvider

USE = {"X-Lectern-Cache": "use"}


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(MODELS, key="sk-secret-of-the-server")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    started.new_key()
    yield started
    started.stop()


def chat(server, words, headers=USE, key=None, model="good", **more):
    body = {"model": model, "messages": [{"role": "user", "content": words}], **more}
    return server.post("/v1/chat/completions", body, headers=headers, key=key)


def asked(mock, words):
    return sum(1 for body in mock.chats() if body["messages"][-1]["content"] == words)


def text_of(answer):
    if answer.headers["Content-Type"].startswith("application/json"):
        return answer.json()["choices"][0]["message"]["content"]
    frames = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert frames.pop() == "[DONE]"
    chunks = [json.loads(frame) for frame in frames]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])


def usage_of(answer):
    if answer.headers["Content-Type"].startswith("application/json"):
        return answer.json()["usage"]["total_tokens"]
    frames = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    found = [frame["usage"]["total_tokens"] for frame in frames if frame.get("usage")]
    return found[0] if found else None


FORMS = {"whole": {}, "stream": {"stream": True},
         "stream-usage": {"stream": True, "stream_options": {"include_usage": True}}}


@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("second", FORMS)
def test_an_answer_kept_in_one_form_is_told_in_any(server, mock, first, second):
    words = f"from {first} to {second}"
    one = chat(server, words, **FORMS[first])
    two = chat(server, words, **FORMS[second])
    assert (one.headers["X-Lectern-Cache"], two.headers["X-Lectern-Cache"]) == ("miss", "hit")
    assert int(two.headers["Age"]) >= 0
    assert text_of(one) == text_of(two) == "It is as you say."
    assert usage_of(two) == (None if second == "stream" else 18)
    assert asked(mock, words) == 1
    if first == second:
        assert one.content == two.content


@pytest.mark.parametrize("headers", [{}, {**USE, "Cache-Control": "no-store"}, {"X-Lectern-Cache": "off"}])
def test_nothing_is_kept_that_nobody_wants_kept(server, mock, headers):
    words = f"not kept {headers}"
    for _ in range(2):
        assert "X-Lectern-Cache" not in chat(server, words, headers=headers).headers
    assert asked(mock, words) == 2


def test_a_client_may_want_a_new_answer(server, mock):
    chat(server, "new")
    again = chat(server, "new", headers={**USE, "Cache-Control": "no-cache"})
    assert again.headers["X-Lectern-Cache"] == "miss" and asked(mock, "new") == 2
    assert chat(server, "new", headers={**USE, "Cache-Control": "max-age=60"}).headers["X-Lectern-Cache"] == "hit"
    stale = chat(server, "new", headers={**USE, "Cache-Control": "max-age=0"})
    assert stale.headers["X-Lectern-Cache"] == "miss"
    only = chat(server, "never asked", headers={"Cache-Control": "only-if-cached"})
    assert only.status_code == 504 and only.json()["error"]["message"] and asked(mock, "never asked") == 0


def test_an_answer_goes_when_what_it_rests_on_changes(server):
    def word(version):
        return chat(server, "version", headers={**USE, "X-Lectern-Cache-Version": version}).headers["X-Lectern-Cache"]

    assert [word("1"), word("1"), word("2"), word("2")] == ["miss", "hit", "miss", "hit"]


def test_keys_and_end_users_do_not_share(server, mock):
    other = server.cli("keys", "add", "other", "--role", "reader").stdout.split()[-1]
    words = "mine"
    assert chat(server, words).headers["X-Lectern-Cache"] == "miss"
    assert chat(server, words, key=other).headers["X-Lectern-Cache"] == "miss"
    assert chat(server, words, user="anna").headers["X-Lectern-Cache"] == "miss"
    assert chat(server, words, user="anna").headers["X-Lectern-Cache"] == "hit"
    assert asked(mock, words) == 3


TOOL = {"type": "function", "function": {"name": "look", "parameters": {}}}


@pytest.mark.parametrize("model, more", [
    ("cut", {"stream": True}), ("cut-late", {"stream": True}), ("error-in-stream", {"stream": True}), ("broken", {}),
    ("good", {"temperature": 1.5}), ("good", {"tools": [TOOL]})])
def test_what_may_not_be_kept_is_not(server, mock, model, more):
    words = f"not kept {model} {more}"
    first, second = (chat(server, words, model=model, **more) for _ in range(2))
    assert "hit" not in (first.headers.get("X-Lectern-Cache"), second.headers.get("X-Lectern-Cache"))
    assert asked(mock, words) >= 2


def at_once(count, call):
    answers = [None] * count
    threads = [threading.Thread(target=lambda i=i: answers.__setitem__(i, call(i))) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("stream", [False, True])
def test_equal_calls_at_the_same_time_share_one(server, mock, stream):
    words = f"together {stream}"
    answers = at_once(8, lambda i: chat(server, words, model="slow", stream=stream))
    assert asked(mock, words) == 1
    assert sorted(a.headers["X-Lectern-Cache"] for a in answers) == ["joined"] * 7 + ["miss"]
    assert {text_of(a) for a in answers} == {"It is as you say."}


def test_when_the_first_fails_another_tries_and_all_end(server, mock):
    answers = at_once(5, lambda i: chat(server, "together broken", model="broken"))
    assert {a.status_code for a in answers} <= {500, 503}  # 503: it has failed too often by now
    assert all(a.json()["error"]["message"] for a in answers)


def test_who_leaves_while_waiting_harms_nobody(server, mock):
    words = "together and gone"

    def call(i):
        if i % 2:
            try:
                server.call("POST", "/v1/chat/completions", headers=USE, stream=True, json={
                    "model": "slow", "stream": True, "messages": [{"role": "user", "content": words}]}).close()
            except Exception:
                return None
            return None
        return chat(server, words, model="slow")

    answers = at_once(6, call)
    assert {text_of(a) for a in answers if a} == {"It is as you say."}
    assert server.get("/health").status_code == 200


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"temperature": 2, "tools": [TOOL]}])
def test_a_request_with_an_idempotency_key_is_answered_once(server, mock, more):
    words, headers = f"once {more}", {"Idempotency-Key": f"k-{more}"}
    one, two = (chat(server, words, headers=headers, **more) for _ in range(2))
    assert one.content == two.content and asked(mock, words) == 1
    clash = chat(server, words + "!", headers=headers, **more)
    assert clash.status_code == 422 and asked(mock, words + "!") == 0
    other = server.cli("keys", "add", "o", "--role", "reader").stdout.split()[-1]
    assert chat(server, words + "?", headers=headers, key=other, **more).status_code == 200


def test_equal_requests_with_an_idempotency_key_join(server, mock):
    answers = at_once(4, lambda i: chat(server, "once together", {"Idempotency-Key": "joined"}, model="slow"))
    assert asked(mock, "once together") == 1 and len({a.content for a in answers}) == 1


def test_a_failure_is_not_the_answer_of_an_idempotency_key(server, mock):
    def call(model):
        return chat(server, "once failed", {"Idempotency-Key": "failed"}, model=model)

    assert call("html").status_code == 502 and call("html").headers["X-Lectern-Cache"] == "miss"
    assert asked(mock, "once failed") >= 2


# --- The same question in other words ---

@pytest.fixture(scope="module")
def reader(mock, tmp_path_factory):
    """A server with an encoder; its policy allows likeness."""
    started = Server(tmp_path_factory.mktemp("data") / "alike", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    started.key = started.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    policy = {"cache": {"use": "on", "semantic": True}}
    assert started.call("PUT", "/v1/gateway/policy", json=policy).status_code == 200
    yield started
    started.stop()


def has_encoder(server):
    return server.post("/v1/embeddings", {"model": "lectern", "input": "x"}).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_the_same_question_in_other_words_has_one_answer(reader, mock, stream):
    if not has_encoder(reader):
        pytest.skip("there is no encoder")
    first = f"What is the capital of Norway ({stream})?"
    asked_as = [f"Please tell me, what is the capital of Norway ({stream})?", f"what's the capital of Norway ({stream})"]
    assert chat(reader, first, stream=stream).headers["X-Lectern-Cache"] == "miss"
    for words in asked_as:
        answer = chat(reader, words, stream=stream)
        assert answer.headers["X-Lectern-Cache"] == "semantic" and text_of(answer) == "It is as you say."
        assert chat(reader, words, stream=stream).headers["X-Lectern-Cache"] == "hit"
        assert asked(mock, words) == 0


@pytest.mark.parametrize("words", ["What is the capital of Sweden?", "What is not the capital of Norway?",
                                   "What was the capital of Norway?", "What is the capital of Norway 2?"])
def test_another_question_has_another_answer(reader, mock, words):
    chat(reader, "What is the capital of Norway?")
    assert chat(reader, words).headers["X-Lectern-Cache"] == "miss" and asked(mock, words) == 1


def test_what_was_said_before_makes_another_question(reader, mock):
    def turn(before, words):
        body = {"model": "good", "messages": [{"role": "user", "content": before},
                                              {"role": "assistant", "content": "Yes."}, {"role": "user", "content": words}]}
        return reader.post("/v1/chat/completions", body).headers["X-Lectern-Cache"]

    assert turn("About Norway.", "How large is it?") == "miss"
    assert turn("About Sweden.", "Please tell me how large is it?") == "miss"


# --- Every front ---

def ask_messages(server, words, stream):
    return server.post("/v1/messages", {"model": "good", "max_tokens": 50, "stream": stream,
                                        "messages": [{"role": "user", "content": words}]}, headers=USE)


def ask_responses(server, words, stream):
    return server.post("/v1/responses", {"model": "good", "stream": stream, "input": words}, headers=USE)


def ask_ollama(server, words, stream):
    return server.post("/api/chat", {"model": "good", "stream": stream,
                                     "messages": [{"role": "user", "content": words}]}, headers=USE)


def said(answer):
    """Pieces of a stream, whatever its dialect; or the whole."""
    pieces = []
    for line in answer.text.splitlines():
        line = line[6:] if line.startswith("data: ") else line
        event = json.loads(line) if line.startswith("{") else {}
        delta = event.get("delta")
        if isinstance(delta, str) and event.get("type") == "response.output_text.delta":
            pieces.append(delta)
        elif isinstance(delta, dict):
            pieces.append(delta.get("text") or "")
        elif "message" in event and "done" in event:
            pieces.append(event["message"]["content"])
        elif event.get("type") == "message":
            pieces += [block["text"] for block in event["content"]]
        elif event.get("object") == "response":
            pieces += [part["text"] for item in event["output"] for part in item["content"]]
    return "".join(pieces)


@pytest.mark.parametrize("ask", [ask_messages, ask_responses, ask_ollama])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_every_front_is_served(server, mock, ask, first, second):
    words = f"{ask.__name__} {first} {second}"
    one, two = ask(server, words, first), ask(server, words, second)
    assert said(one) == said(two) == "It is as you say.", (one.text, two.text)
    told = (one.headers["X-Lectern-Cache"], two.headers["X-Lectern-Cache"])
    # Responses in the other form are not read back: no service of ours speaks them.
    assert told == ("miss", "miss" if ask is ask_responses and first != second else "hit")
