"""The gateway's services, models and routes: set, tried, checked and changed while it runs."""
import json
import shutil
import signal

import pytest

from conftest import Server, wait_until
from mock_provider import MockProvider

KEY = "sk-secret-of-the-workspace"


def key_of(server, role):
    return server.cli("keys", "add", role, "--role", role).stdout.split()[-1]


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "broken", "whole"], key=KEY)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("data") / "library").start()
    started.key = key_of(started, "owner")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def service(server, mock):
    answer = server.call("PUT", "/v1/gateway/services/mine",
                         json={"base_url": mock.url, "key": KEY, "private": True})
    assert answer.status_code == 200, answer.text
    return "mine"


def chat(server, model, **more):
    return server.post("/v1/chat/completions",
                       {"model": model, "messages": [{"role": "user", "content": "Say yes."}], **more})


def services(server):
    return {s["name"]: s for s in server.get("/v1/gateway/services").json()["items"]}


# --- Services ---

def test_a_service_lists_its_models_and_answers_by_its_name(server, service, mock):
    shown = services(server)[service]
    assert shown["models"] == ["good", "broken", "whole"]
    assert shown["from"] == "workspace" and shown["key_set"] and not shown["problems"]
    mock.models.append("newer")
    for model in ("mine/good", "good", "mine/newer"):
        answer = chat(server, model)
        assert answer.status_code == 200, answer.text
    assert [c["model"] for c in mock.chats()[-3:]] == ["good", "good", "newer"]


def test_a_local_address_needs_the_owner_and_his_word(server, service, mock):
    without = server.call("PUT", "/v1/gateway/services/other", json={"base_url": mock.url})
    assert without.status_code == 403 and "private" in without.text
    admin = server.call("PUT", "/v1/gateway/services/other", key=key_of(server, "admin"),
                        json={"base_url": mock.url, "private": True})
    assert admin.status_code == 403 and "owner" in admin.text
    for role in ("reader", "editor"):
        key = key_of(server, role)
        assert server.get("/v1/gateway/services", key=key).status_code == 403
        assert server.call("PUT", "/v1/gateway/services/x", key=key, json={"provider": "groq"}).status_code == 403
    metadata = server.call("PUT", "/v1/gateway/services/other",
                           json={"base_url": "http://169.254.169.254/v1", "private": True})
    assert metadata.status_code == 403, "link-local is never allowed"


@pytest.mark.parametrize("document, field", [
    ({}, "base_url"), ({"provider": "nobody"}, "provider"), ({"base_url": "ftp://h/v1"}, "base_url"), ({"base_url": "https://h.example/v1#x"}, "base_url"),
    ({"provider": "groq", "colour": "red"}, "colour"), ({"provider": "groq", "key": "a\nb"}, "keys"),
    ({"provider": "groq", "key_env": "HOME"}, "key_env"),
    ({"provider": "groq", "headers": {"Authorization": "x"}}, "headers"),
    ({"provider": "groq", "headers": {"X-A": "a\r\nb: c"}}, "headers"),
    ({"provider": "groq", "limits": {"concurrent": -1}}, "concurrent"),
])
def test_what_is_wrong_with_a_service_is_said_by_its_member(server, document, field):
    answer = server.call("PUT", "/v1/gateway/services/wrong", json=document)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["field"] == field, answer.text
    assert "wrong" not in services(server)


def test_a_key_is_never_shown_and_lies_sealed(server, service):
    server.post("/v1/gateway/services/mine/test", {})
    texts = [server.get(p).text for p in ("/v1/gateway/services", "/v1/gateway/models", "/v1/gateway/status",
                                          "/v1/gateway/routes")]
    assert not any(KEY in text for text in texts)
    assert KEY not in server.log.read_text()
    for file in server.data.glob("lectern.db*"):
        assert KEY.encode() not in file.read_bytes(), file


def test_a_key_does_not_go_to_another_address(server, service):
    elsewhere = MockProvider(["good"])
    try:
        kept = {"base_url": "http://127.0.0.1:%d/v1" % elsewhere.port, "private": True}
        server.call("PUT", "/v1/gateway/services/moved", json={**kept, "key": KEY})
        assert services(server)["moved"]["key_set"]
        again = server.call("PUT", "/v1/gateway/services/moved", json={**kept, "limits": {"concurrent": 3}})
        assert again.status_code == 200 and services(server)["moved"]["key_set"], "the same place keeps its key"
        other = MockProvider(["good"])
        server.call("PUT", "/v1/gateway/services/moved", json={**kept, "base_url": other.url})
        assert not services(server)["moved"]["key_set"]
        assert not any(KEY in str(headers) for _, headers, _ in other.requests)
        other.stop()
    finally:
        server.call("DELETE", "/v1/gateway/services/moved")
        elsewhere.stop()


def test_values_of_headers_are_not_shown_and_stay_where_they_were_given_for(server, mock):
    elsewhere = MockProvider(["good"])
    wish = {"base_url": mock.url, "key": KEY, "headers": {"X-Account": "secret account"}, "private": True}
    try:
        assert server.call("PUT", "/v1/gateway/services/headed", json=wish).status_code == 200
        shown = services(server)["headed"]["document"]
        assert shown["headers"] == {"X-Account": "***"}
        assert server.call("PUT", "/v1/gateway/services/headed", json={**shown, "limits": {"concurrent": 3}}).status_code == 200
        assert chat(server, "headed/good").status_code == 200
        assert mock.requests[-1][1]["X-Account"] == "secret account"
        moved = server.call("PUT", "/v1/gateway/services/headed", json={**shown, "base_url": elsewhere.url})
        assert moved.status_code == 400 and "X-Account" in moved.text and not elsewhere.requests
    finally:
        server.call("DELETE", "/v1/gateway/services/headed")
        elsewhere.stop()


def test_a_test_says_what_fails_without_the_key(server, service, mock):
    good = server.post("/v1/gateway/services/mine/test", {}).json()
    assert good["good"] and good["lists"] and good["model"] == "good"
    bad = server.post("/v1/gateway/services/mine/test", {"model": "broken"}).json()
    assert not bad["good"] and bad["problem"] and KEY not in json.dumps(bad)
    server.call("PUT", "/v1/gateway/services/wrong-key", json={"base_url": mock.url, "key": "sk-no", "private": True})
    refused = server.post("/v1/gateway/services/wrong-key/test", {}).json()
    assert not refused["good"] and "refuses the key" in refused["problem"] and "sk-no" not in json.dumps(refused)
    server.call("DELETE", "/v1/gateway/services/wrong-key")
    assert server.post("/v1/gateway/services/nobody/test", {}).status_code == 404


def test_a_service_that_is_switched_off_is_not_asked(server, service, mock):
    extra = MockProvider(["only-here"])
    document = {"base_url": extra.url, "private": True}
    server.call("PUT", "/v1/gateway/services/extra", json=document)
    assert chat(server, "only-here").status_code == 200
    server.call("PUT", "/v1/gateway/services/extra", json={**document, "enabled": False})
    asked = len(extra.chats())
    chat(server, "extra/only-here")
    assert len(extra.chats()) == asked
    assert services(server)["extra"]["state"] == "off"
    server.call("DELETE", "/v1/gateway/services/extra")
    assert "extra" not in services(server)
    extra.stop()


# --- Routes ---

def test_a_route_falls_back_and_a_change_counts_at_once(server, service, mock):
    put = server.call("PUT", "/v1/gateway/routes/quick", json={"steps": ["mine/broken", "mine/good"], "retries": 0})
    assert put.status_code == 200, put.text
    answer = chat(server, "quick")
    assert answer.status_code == 200, answer.text
    assert mock.chats()[-1]["model"] == "good" and mock.chats()[-2]["model"] == "broken"
    server.call("PUT", "/v1/gateway/routes/quick", json={"steps": ["mine/whole"]})
    assert wait_until(lambda: chat(server, "quick").status_code == 200 and mock.chats()[-1]["model"] == "whole")
    server.call("DELETE", "/v1/gateway/routes/quick")
    assert server.call("DELETE", "/v1/gateway/routes/quick").status_code == 404


def test_the_route_standard_writes_the_librarys_answers(server, service, mock):
    server.add(("ardal.md", b"# Granite\n\nThe quarry at Ardal employs 212 people.\n"))
    server.call("PUT", "/v1/gateway/routes/standard", json={"steps": ["mine/broken", "mine/whole"], "retries": 0})
    mock.answer = "The quarry at Ardal employs 212 people."
    answer = server.post("/v1/ask", {"question": "How many people does the quarry at Ardal employ?", "save": False})
    mock.answer = None
    server.call("DELETE", "/v1/gateway/routes/standard")
    assert answer.json()["mode"] == "generated", answer.text
    assert mock.chats()[-1]["model"] == "whole"


@pytest.mark.parametrize("document, field", [
    ({}, "steps"), ({"steps": []}, "steps"), ({"steps": ["nobody/m"]}, "steps"), ({"steps": ["good"]}, "steps"),
    ({"steps": ["mine/good"], "strategy": "best"}, "strategy"),
    ({"steps": ["mine/good"], "fallback": "nothing"}, "fallback"),
    ({"steps": ["mine/good"], "fallback": "wrong"}, "fallback"),
    ({"steps": [{"model": "mine/good", "when": {"abilities": ["flying"]}}]}, "abilities"),
    ({"steps": [{"model": "mine/good", "when": {"share": 100}}]}, "share"),
])
def test_what_is_wrong_with_a_route_is_said_by_its_member(server, service, document, field):
    answer = server.call("PUT", "/v1/gateway/routes/wrong", json=document)
    assert answer.status_code == 400 and answer.json()["error"]["field"] == field, answer.text


def test_a_dry_run_shows_the_order_the_cost_and_what_is_passed_over(server, service, mock):
    server.call("PUT", "/v1/gateway/models", json={"name": "mine/good", "context": 8000,
                                                   "prices": {"input": "0.15", "output": "0.6"}})
    server.call("PUT", "/v1/gateway/routes/sized", json={"steps": [
        {"model": "mine/whole", "when": {"input_max": 500}}, "mine/good"]})
    asked = len(mock.chats())
    run = server.post("/v1/gateway/check", {"model": "sized", "input_tokens": 2000, "output_tokens": 1000}).json()
    assert [t["model"] for t in run["targets"]] == ["good"]
    assert run["targets"][0]["cost_at_most"] == "$0.000900"
    assert run["passed_over"] == [{"service": "mine", "model": "whole",
                                   "why": "the call is larger than this step is for"}]
    small = server.post("/v1/gateway/check", {"model": "sized", "input_tokens": 100}).json()
    assert [t["model"] for t in small["targets"]] == ["whole", "good"]
    assert len(mock.chats()) == asked, "nobody is asked"
    shown = {m["name"]: m for m in server.get("/v1/gateway/models").json()["items"]}
    assert shown["mine/good"]["prices"]["input"] == "0.15" and shown["mine/good"]["context"] == 8000
    assert server.call("DELETE", "/v1/gateway/models?name=mine/good").status_code == 204
    server.call("DELETE", "/v1/gateway/routes/sized")


def test_a_route_is_tried_on_a_share_of_conversations_and_its_sides_are_compared(server, service, mock):
    server.call("PUT", "/v1/gateway/routes/trial", json={"steps": [
        {"model": "mine/whole", "when": {"share": 30, "share_by": "conversation"}}, "mine/good"]})
    names = [f"conversation {i}" for i in range(60)]
    sides = {}
    for name in names * 2:
        assert server.post("/v1/chat/completions", {"model": "trial", "messages": [{"role": "user", "content": "x"}]},
                           headers={"X-Lectern-Conversation": name}).status_code == 200
        sides.setdefault(name, set()).add(mock.chats()[-1]["model"])
    assert all(len(seen) == 1 for seen in sides.values()), "a conversation stays on its side"
    on_trial = sum(seen == {"whole"} for seen in sides.values())
    assert 8 <= on_trial <= 30
    wait_until(lambda: sum(s["calls"] for s in server.get("/v1/gateway/routes/trial/sides").json()["items"]) == 120)
    shown = {s["side"]: s for s in server.get("/v1/gateway/routes/trial/sides").json()["items"]}
    assert shown["mine/whole"]["calls"] == 2 * on_trial and shown["rest"]["calls"] == 120 - 2 * on_trial
    assert all(s["failures"] == 0 and s["took_ms"] > 0 and s["output_tokens"] > 0 for s in shown.values())
    assert {c["side"] for c in server.get("/v1/calls?limit=200").json()["items"] if c["route"] == "trial"} == set(shown)
    of = next(n for n in names if sides[n] == {"whole"})
    run = server.post("/v1/gateway/check", {"model": "trial", "as": of}).json()
    assert run["side"] == "mine/whole" and [t["model"] for t in run["targets"]] == ["whole", "good"]
    other = next(n for n in names if sides[n] == {"good"})
    lines = server.cli("gateway", "check", "--model", "trial", "--as", other).stdout.splitlines()
    assert "side: rest" in lines and any("mine/whole" in line and "calls" in line for line in lines)
    server.call("DELETE", "/v1/gateway/routes/trial")


def test_a_route_whose_service_is_gone_says_so(server, service, mock):
    extra = {"base_url": mock.url, "key": KEY, "private": True}
    server.call("PUT", "/v1/gateway/services/soon-gone", json=extra)
    server.call("PUT", "/v1/gateway/routes/half", json={"steps": ["soon-gone/good", "mine/good"]})
    server.call("DELETE", "/v1/gateway/services/soon-gone")
    shown = {r["name"]: r for r in server.get("/v1/gateway/routes").json()["items"]}["half"]
    assert "soon-gone/good" in shown["problems"][0]
    assert chat(server, "half").status_code == 200
    server.call("DELETE", "/v1/gateway/routes/half")


def test_the_state_of_a_service_follows_its_traffic(server, service):
    chat(server, "mine/good")
    targets = {t["name"]: t for t in server.get("/v1/gateway/status").json()["items"]}
    assert targets["mine/good"]["calls"] >= 1 and targets["mine/good"]["breaker"] == "closed"
    assert services(server)["mine"]["calls"] >= 1


# --- The file ---

def test_the_servers_file_is_read_again_when_it_changes(tmp_path, mock):
    file = tmp_path / "gateway.json"
    document = {"services": {"house": {"base_url": mock.url, "key_env": "HOUSE_KEY", "models": ["good"]}},
                "routes": {"talk": {"steps": ["house/good"]}}}
    file.write_text(json.dumps(document))
    server = Server(tmp_path / "library", arguments=["--gateway", str(file)], environment={"HOUSE_KEY": KEY}).start()
    try:
        server.key = key_of(server, "owner")
        assert chat(server, "talk").status_code == 200
        shown = services(server)["house"]
        assert shown["from"] == "file" and shown["key_set"]
        assert server.call("DELETE", "/v1/gateway/services/house").status_code == 404
        document["routes"]["talk"]["steps"] = ["house/whole"]
        file.write_text(json.dumps(document))
        assert wait_until(lambda: chat(server, "talk").status_code == 200 and mock.chats()[-1]["model"] == "whole")
        file.write_text('{"services": {"house": {"colour": 1}}}')
        assert wait_until(lambda: "colour" in server.log.read_text())
        assert chat(server, "talk").status_code == 200, "what was there goes on"
        document["routes"]["talk"]["steps"] = ["house/good"]
        file.write_text(json.dumps(document))
        server.process.send_signal(signal.SIGHUP)
        assert wait_until(lambda: chat(server, "talk").status_code == 200 and mock.chats()[-1]["model"] == "good")
        assert KEY not in server.log.read_text()
    finally:
        server.stop()


def test_a_server_does_not_start_with_a_wrong_file(tmp_path):
    file = tmp_path / "gateway.json"
    file.write_text('{"routes": {"talk": {"steps": ["nobody/m"]}}}')
    server = Server(tmp_path / "library", arguments=["--gateway", str(file)]).start(wait=False)
    assert server.process.wait(30) != 0
    assert "nobody/m" in server.log.read_text()


def test_a_usual_variable_makes_a_service(tmp_path):
    server = Server(tmp_path / "library", environment={"GROQ_API_KEY": "gsk-of-the-environment"}).start()
    try:
        server.key = key_of(server, "owner")
        shown = services(server)["groq"]
        assert shown["from"] == "environment" and shown["key_set"] and shown["state"] == "idle"
        assert "gsk-of" not in server.get("/v1/gateway/services").text
        route = server.post("/v1/gateway/check", {"model": "groq/llama-3.3-70b-versatile"}).json()
        assert route["targets"][0]["service"] == "groq"
    finally:
        server.stop()


# --- The command ---

def test_the_command_lists_checks_and_runs_dry(server, service, tmp_path):
    listed = server.cli("gateway", "ls").stdout
    assert "mine" in listed and KEY not in listed
    server.call("PUT", "/v1/gateway/routes/shown", json={"steps": ["mine/good", "mine/whole"], "fallback": "mine/broken"})
    assert "mine/good, mine/whole; then mine/broken" in server.cli("gateway", "ls").stdout
    plan = server.cli("gateway", "check", "--model", "shown").stdout.splitlines()
    assert [line.split()[1] for line in plan] == ["mine/good", "mine/whole", "mine/broken"]
    server.call("DELETE", "/v1/gateway/routes/shown")
    file = tmp_path / "gateway.json"
    file.write_text('{"services": {"groq": {"key": "sk-of-the-file"}}, "routes": {"r": {"steps": ["groq/m"]}}}')
    assert "is right" in server.cli("gateway", "check", str(file)).stdout
    assert "1. groq/m" in server.cli("gateway", "check", str(file), "--model", "r").stdout
    assert server.cli("gateway", "check", str(file), "--model", "nobody", check=False).returncode
    file.write_text('{"services": {"groq": {"key": "sk-of-the-file"}}, "routes": {"r": {"steps": ["grok/m"]}}}')
    wrong = server.cli("gateway", "check", str(file), check=False)
    assert wrong.returncode and "grok/m" in wrong.stderr and "sk-of-the-file" not in wrong.stderr


# --- Several servers ---

def test_a_change_counts_on_every_node_within_a_second(tmp_path, postgres, mock):
    database = postgres.new_database()
    first = Server(tmp_path / "first", database).start()
    second = Server(tmp_path / "second", database)
    try:
        first.key = second.key = key_of(first, "owner")
        second.data.mkdir(mode=0o700)
        shutil.copy(first.data / "master.key", second.data / "master.key")
        second.start()
        first.call("PUT", "/v1/gateway/services/mine", json={"base_url": mock.url, "key": KEY, "private": True})
        for model in ("good", "whole", "good"):
            first.call("PUT", "/v1/gateway/routes/talk", json={"steps": [f"mine/{model}"]})
            assert wait_until(lambda: chat(second, "talk").status_code == 200 and mock.chats()[-1]["model"] == model)
        first.call("DELETE", "/v1/gateway/services/mine")
        assert wait_until(lambda: chat(second, "talk").status_code != 200)
    finally:
        first.stop()
        second.stop()
