"""What a workspace's rule keeps from leaving, and what comes back; that nothing of it is told elsewhere."""
import json
import time

import pytest

from conftest import Server
from mock_provider import MODELS, MockProvider

SECRET = "Write to ann@example.com from 203.0.113.7 with sk-proj-abcDEF0123456789ghijKLMN, not to bob@example.com."
MASKED = "Write to <EMAIL_1> from <IP_1> with <API_KEY_1>, not to <EMAIL_2>."
ALL = {"kinds": ["all"], "local": True}


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(MODELS, key="sk-secret-of-the-server")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library", arguments=["--provider-url", mock.url],
                     environment={"LECTERN_PROVIDER_KEY": mock.key}).start()
    started.key = started.cli("keys", "add", "tests", "--role", "admin").stdout.split()[-1]
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def default_policy(server):
    yield
    assert set_policy(server, {}).status_code == 200


def set_policy(server, policy, **options):
    return server.call("PUT", "/v1/gateway/policy", json=policy, **options)


def chat(server, words, **more):
    body = {"model": "echo", "messages": [{"role": "user", "content": words}], **more}
    return server.post("/v1/chat/completions", body)


def text_of(answer):
    if answer.headers["Content-Type"].startswith("application/json"):
        return answer.json()["choices"][0]["message"]["content"]
    chunks = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])


def test_without_a_rule_everything_goes_as_it_is(server, mock):
    assert text_of(chat(server, SECRET)) == SECRET
    assert mock.chats()[-1]["messages"][0]["content"] == SECRET


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_masked_does_not_leave_and_comes_back(server, mock, stream):
    set_policy(server, {"masks": ALL})
    answer = chat(server, SECRET, stream=stream)
    assert mock.chats()[-1]["messages"][0]["content"] == MASKED
    assert text_of(answer) == SECRET


@pytest.mark.parametrize("stream", [False, True])
def test_names_stay_when_the_rule_says_so(server, stream):
    set_policy(server, {"masks": {**ALL, "restore": False}})
    assert text_of(chat(server, SECRET, stream=stream)) == MASKED


def test_services_of_this_machine_are_exempt_unless_the_rule_says_otherwise(server, mock):
    set_policy(server, {"masks": {"kinds": ["all"]}})
    chat(server, SECRET)
    assert mock.chats()[-1]["messages"][0]["content"] == SECRET


def test_only_the_kinds_of_the_rule_are_masked(server, mock):
    set_policy(server, {"masks": {"kinds": ["secrets", "ip"], "local": True}})
    chat(server, SECRET)
    sent = mock.chats()[-1]["messages"][0]["content"]
    assert "ann@example.com" in sent and "<IP_1>" in sent and "<API_KEY_1>" in sent


def test_every_text_of_a_request_is_masked(server, mock):
    set_policy(server, {"masks": ALL})
    body = {"model": "good", "user": "ann@example.com", "messages": [
        {"role": "system", "content": "You serve ann@example.com."},
        {"role": "user", "content": [{"type": "text", "text": "I am a\\u006en@example.com"}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"to":"ann@example.com"}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "sent to ann@example.com"}]}
    assert server.post("/v1/chat/completions", body).status_code == 200
    sent = json.dumps(mock.chats()[-1])
    assert "ann@example.com" not in sent and sent.count("<EMAIL_1>") >= 3


def test_what_tools_and_names_tell_is_masked_too(server, mock):
    set_policy(server, {"masks": ALL})
    tool = {"type": "function", "function": {
        "name": "mail", "description": "Writes to ann@example.com",
        "parameters": {"type": "object", "properties": {"to": {"enum": ["ann@example.com", "bob@example.com"]}}}}}
    body = {"model": "echo", "tools": [tool], "messages": [
        {"role": "user", "name": "eve@example.com", "content": "for bob@example.com"}]}
    answer = server.post("/v1/chat/completions", body)
    sent = mock.chats()[-1]
    assert "example.com" not in json.dumps(sent) and "name" not in sent["messages"][0]
    names = sent["tools"][0]["function"]["parameters"]["properties"]["to"]["enum"]
    assert sent["tools"][0]["function"]["description"] == f"Writes to {names[0]}"
    assert sent["messages"][0]["content"] == f"for {names[1]}" and text_of(answer) == "for bob@example.com"


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_torn_between_two_parts_is_masked_too(server, mock, stream):
    set_policy(server, {"masks": ALL})
    parts = [{"type": "text", "text": "Write to ann@exa"}, {"type": "text", "text": "mple.com now."}]
    body = {"model": "good", "stream": stream, "messages": [{"role": "user", "content": parts}]}
    assert server.post("/v1/chat/completions", body).status_code == 200
    sent = mock.chats()[-1]["messages"][0]["content"]
    text = sent if isinstance(sent, str) else "".join(part["text"] for part in sent)
    assert text == "Write to <EMAIL_1> now.", sent


def test_an_escaped_address_is_masked_too(server, mock):
    set_policy(server, {"masks": ALL})
    raw = '{"model":"echo","messages":[{"role":"user","content":"to \\u0061nn\\u0040example.com"}]}'
    answer = server.call("POST", "/v1/chat/completions", data=raw, headers={"Content-Type": "application/json"})
    assert mock.chats()[-1]["messages"][0]["content"] == "to <EMAIL_1>"
    assert text_of(answer) == "to ann@example.com"


def test_a_clean_request_passes_as_it_is(server, mock):
    set_policy(server, {"masks": ALL})
    assert text_of(chat(server, "hello", unknown_field={"kept": True})) == "hello"
    assert mock.chats()[-1]["unknown_field"] == {"kept": True}


def test_masked_answers_are_kept_and_told_apart(server, mock):
    set_policy(server, {"masks": ALL, "cache": {"use": "on"}})
    first, second = (chat(server, SECRET + " kept") for _ in range(2))
    other = chat(server, SECRET.replace("ann", "eve") + " kept")
    assert second.headers["X-Lectern-Cache"] == "hit" and text_of(second) == text_of(first) == SECRET + " kept"
    assert other.headers["X-Lectern-Cache"] == "miss" and "eve@example.com" in text_of(other)


def test_nothing_that_was_masked_is_in_the_log(server):
    set_policy(server, {"masks": ALL})
    chat(server, SECRET)
    log = server.log.read_text()
    assert "ann@example.com" not in log and "sk-proj-abc" not in log


def test_a_policy_is_shown_checked_and_audited(server):
    policy = {"cache": {"use": "on", "seconds": 60, "routes": ["fast"]}, "masks": {"kinds": ["personal"]}, "prompts": "hashed"}
    shown = set_policy(server, policy).json()
    assert shown["cache"]["use"] == "on" and shown["cache"]["seconds"] == 60 and shown["cache"]["routes"] == ["fast"]
    assert "email" in shown["masks"]["kinds"] and "jwt" not in shown["masks"]["kinds"] and shown["prompts"] == "hashed"
    assert server.get("/v1/gateway/policy").json() == shown
    row = next(r for r in server.get("/v1/audit").json()["items"] if r["action"] == "gateway.policy")
    assert row["key"] in [k["id"] for k in server.get("/v1/keys").json()["items"] if k["name"] == "tests"], "who did it"
    reader = server.cli("keys", "add", "r", "--role", "reader").stdout.split()[-1]
    assert set_policy(server, policy, key=reader).status_code == 403


def test_times_of_the_policy_hold_for_services_that_have_none_of_their_own(server):
    body = {"model": "slow", "messages": [{"role": "user", "content": "Say it."}]}
    assert server.post("/v1/chat/completions", body).status_code == 200
    assert set_policy(server, {"times": {"total_ms": 20}}).json()["times"]["total_ms"] == 20
    late = server.post("/v1/chat/completions", body)
    assert late.status_code >= 500 and "time" in late.json()["error"]["message"], late.text
    assert set_policy(server, {"times": {"total_ms": -1}}).json()["error"]["field"] == "total_ms"


@pytest.mark.parametrize("policy", [
    {"masks": {"kinds": ["everything"]}}, {"cache": {"use": "maybe"}}, {"cache": {"temperature_max": 3}},
    {"prompts": "some"}, {"unknown": 1}, {"cache": {"seconds": -1}}, []])
def test_a_policy_that_is_wrong_is_refused(server, policy):
    assert set_policy(server, policy).status_code == 400


def test_a_policy_counts_at_once(server):
    words = "at once"
    set_policy(server, {"cache": {"use": "on"}})
    assert [chat(server, words).headers.get("X-Lectern-Cache") for _ in range(2)] == ["miss", "hit"]
    counts = server.get("/v1/gateway/cache").json()
    assert counts["answers"] >= 1 and counts["hits"] >= 1
    assert server.call("DELETE", "/v1/gateway/cache").status_code in (200, 204)
    assert chat(server, words).headers["X-Lectern-Cache"] == "miss"
    set_policy(server, {"cache": {"use": "off"}})
    assert "X-Lectern-Cache" not in chat(server, words).headers


# --- Logs of prompts ---

def logged(server, count=1, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = server.get("/v1/gateway/prompts").json()["items"]
        if len(rows) >= count:
            return rows
        time.sleep(0.05)
    return rows


@pytest.fixture
def no_logs(server):
    assert server.call("DELETE", "/v1/gateway/prompts").status_code in (200, 204)


def test_prompts_are_not_logged_unless_the_rule_says_so(server, no_logs):
    chat(server, "not logged")
    assert logged(server, seconds=0.5) == []


@pytest.mark.parametrize("stream", [False, True])
def test_prompts_and_replies_are_logged_whole(server, no_logs, stream):
    set_policy(server, {"prompts": "full"})
    chat(server, "logged words", stream=stream)
    row = logged(server)[0]
    assert "logged words" in row["prompt"] and "log" in row["reply"] and not row["hashed"]
    assert row["model"] == "echo" and row["status"] == "ok" and row["feature"] == "api"


def test_only_hashes_are_logged(server, no_logs):
    set_policy(server, {"prompts": "hashed"})
    for words in ("one", "one", "two"):
        chat(server, words)
    rows = logged(server, 3)
    assert all(len(row["prompt"]) == 64 and "one" not in row["prompt"] and row["hashed"] for row in rows)
    assert len({row["prompt"] for row in rows}) == 2


def test_what_is_masked_is_masked_in_logs_too(server, no_logs):
    set_policy(server, {"prompts": "full", "masks": ALL})
    chat(server, SECRET)
    row = logged(server)[0]
    assert "<EMAIL_1>" in row["prompt"] and "example.com" not in json.dumps(row)


def test_a_failure_and_a_kept_answer_are_logged(server, no_logs):
    set_policy(server, {"prompts": "full", "cache": {"use": "on"}})
    chat(server, "fails", model="html")
    for _ in range(2):
        chat(server, "kept and logged", stream=True)
    rows = logged(server, 3)
    assert [row["status"] for row in rows] == ["ok", "ok", "upstream"]
    assert rows[0]["reply"] == rows[1]["reply"]


def test_only_administrators_read_logs(server):
    reader = server.cli("keys", "add", "r2", "--role", "editor").stdout.split()[-1]
    assert server.get("/v1/gateway/prompts", key=reader).status_code == 403
