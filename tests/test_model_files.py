"""Model files of this machine: each has a llama.cpp server that we start when it is called, watch, and stop. Here a script
that misbehaves as a real one can stands in its place."""
import concurrent.futures
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from openai import APIError, OpenAI

from conftest import Server, wait_until
from mock_provider import MODELS, MockProvider

FAKE = Path(__file__).parent / "fake_llama_server.py"
NAMES = ["good", "other", "slow-3", "slow-60", "crash", "dies", "hangs", "eater", "stubborn", "busy-a", "busy-b"]


def make_folder(folder):
    (folder / "models").mkdir()
    for name in NAMES:
        (folder / "models" / f"{name}.gguf").write_bytes(b"GGUF")
    for other in ("mmproj-good.gguf", "notes.txt", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf"):
        (folder / "models" / other).write_bytes(b"GGUF")
    (folder / "bin").mkdir()
    shutil.copy(FAKE, folder / "bin" / "llama-server")
    (folder / "bin" / "llama-server").chmod(0o755)
    return folder


def open_server(folder, *arguments, path=None):
    environment = {"PATH": path or f"{folder / 'bin'}:{os.environ['PATH']}", "GROQ_API_KEY": "gsk-none-of-its-business"}
    server = Server(folder / "library", environment=environment, arguments=[
        "--provider-url", "off", "--model-files", str(folder / "models"), *arguments]).start()
    server.new_key()
    server.admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    return server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def server(folder):
    routes = {"routes": {"sure": {"steps": [{"model": "local/crash"}, {"model": "local/good"}]}}}
    (folder / "gateway.json").write_text(json.dumps(routes))
    started = open_server(folder, "--gateway", str(folder / "gateway.json"))
    yield started
    started.stop()


def chat(server, model, words="hello", **more):
    return server.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": words}], **more})


def starts(folder, what="start"):
    log = folder / "models" / "starts.log"
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(line[1], int(line[2]), line[3:]) for line in lines if line[0] == what]


def state(server, name):
    files = server.get("/health").json()["model_files"]
    return next(file for file in files if file["name"] == name)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_files_are_models_by_their_names(server):
    names = [model["id"] for model in server.get("/v1/models").json()["data"]]
    assert {f"local/{name}" for name in NAMES} | {"local/big", "good"} <= set(names)
    assert not [name for name in names if "mmproj" in name or "of-0000" in name or "notes" in name]


def test_a_call_starts_the_server_and_the_next_ones_find_it(server, folder):
    answers = [chat(server, "local/good"), chat(server, "good", stream=True)]
    assert answers[0].json()["choices"][0]["message"]["content"] == "good says hello", answers[0].text
    assert "good says hello" in answers[1].text and answers[1].text.rstrip().endswith("[DONE]")
    mine = [start for start in starts(folder) if start[0] == "good"]
    assert len(mine) == 1
    assert mine[0][2] == ["LLAMA_API_KEY"]  # and no key of anybody else
    shown = state(server, "good")
    assert shown["state"] == "ready" and shown["reason"] is None and shown["memory"] > 0


def test_it_can_be_tried_and_told_a_price_like_any_model(server):
    tried = server.post("/v1/gateway/services/local/test", {"model": "good"}, key=server.admin).json()
    assert tried["good"] and not tried["problem"], tried
    own = server.post("/v1/gateway/services/local/test", {}, key=server.admin).json()
    assert own["model"] == "lectern" and own["good"], own
    priced = {"name": "local/good", "prices": {"input": "1", "output": "2"}, "context": 4096}
    assert server.call("PUT", "/v1/gateway/models", json=priced, key=server.admin).status_code == 204
    assert "good says" in chat(server, "local/good").text
    models = server.get("/v1/gateway/models?limit=1000", key=server.admin).json()["items"]
    good = next(model for model in models if model["name"] == "local/good")
    assert good["file"]["state"] == "ready" and good["context"] == 4096
    assert next(model for model in models if model["name"] == "local/lectern")["file"] is None


def test_calls_that_come_while_it_loads_wait_for_the_one_server(server, folder):
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda i: chat(server, "other", str(i), stream=bool(i % 2)), range(12)))
    assert all(f"other says {i}" in answer.text for i, answer in enumerate(answers))
    assert len([start for start in starts(folder) if start[0] == "other"]) == 1
    assert state(server, "good")["state"] == "asleep"  # one runs at a time


@pytest.mark.timed
def test_a_stream_hears_heartbeats_while_its_model_loads(server):
    began = time.monotonic()
    answer = server.post("/v1/chat/completions", {"model": "slow-3", "stream": True, "messages": [
        {"role": "user", "content": "hello"}]}, stream=True)
    opened = time.monotonic() - began
    text = b"".join(answer.iter_content(None)).decode()
    assert opened < 2.9 < time.monotonic() - began
    assert "slow-3 says hello" in text and text.rstrip().endswith("[DONE]")


def test_a_server_that_ends_while_it_loads_is_told_with_its_last_words(server):
    refused = chat(server, "crash")
    assert refused.status_code == 503 and "wrong shape" in refused.json()["error"]["message"], refused.text
    shown = state(server, "crash")
    assert shown["state"] == "broken" and "wrong shape" in shown["reason"]


def test_a_route_goes_on_to_the_next_model(server):
    assert "good says" in chat(server, "sure").text
    assert "good says" in chat(server, "sure", stream=True).text


def test_a_model_that_crashes_is_left_alone_for_longer_each_time(server, folder):
    before = len([start for start in starts(folder) if start[0] == "crash"])
    end = time.monotonic() + 4
    while time.monotonic() < end:
        assert chat(server, "crash").status_code == 503
        time.sleep(0.05)
    assert len([start for start in starts(folder) if start[0] == "crash"]) - before <= 3


def test_a_server_that_dies_at_a_call_is_an_error_and_starts_again(server, folder):
    openai = OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)
    with pytest.raises(APIError):
        openai.chat.completions.create(model="dies", messages=[{"role": "user", "content": "hello"}])
    with pytest.raises(APIError):
        for _ in openai.chat.completions.create(model="dies", stream=True, messages=[{"role": "user", "content": "hello"}]):
            pass
    wait_until(lambda: state(server, "dies")["state"] == "broken")
    assert "status 134: GGML_ASSERT failed" in state(server, "dies")["reason"]


def test_a_client_that_leaves_while_a_model_loads_does_no_harm(server):
    for _ in range(5):
        with pytest.raises(Exception):
            server.call("POST", "/v1/chat/completions", json={"model": "slow-60", "messages": [
                {"role": "user", "content": "hello"}]}, headers={"X-Lectern-Timeout-Ms": "1"}).raise_for_status()
    assert state(server, "slow-60")["state"] == "loading"
    late = server.call("POST", "/v1/chat/completions", headers={"X-Lectern-Timeout-Ms": "500"}, json={
        "model": "slow-60", "messages": [{"role": "user", "content": "x"}]})
    assert late.status_code == 504, late.text


def test_servers_end_with_ours_however_that_ends(folder, tmp_path):
    own = make_folder(tmp_path)
    server = open_server(own, "--model-files-at-once", "3")
    for name in ("good", "stubborn", "other"):
        assert chat(server, name).status_code == 200
    pids = [pid for _, pid, _ in starts(own)]
    assert len(pids) == 3 and all(map(is_alive, pids))
    server.kill()
    wait_until(lambda: not any(map(is_alive, pids)))
    server.start()
    assert chat(server, "good").status_code == 200
    pid = starts(own)[-1][1]
    server.stop()
    assert not is_alive(pid)
    assert ("good", pid) in [end[:2] for end in starts(own, "end")]  # it was asked to, first


def test_what_hangs_or_grows_is_ended(tmp_path):
    own = make_folder(tmp_path)
    server = open_server(own, "--model-files-memory", "100M", "--model-files-at-once", "2")
    try:
        chat(server, "eater")
        wait_until(lambda: "memory" in (state(server, "eater")["reason"] or ""))
        assert chat(server, "hangs").status_code == 200
        wait_until(lambda: "hung" in (state(server, "hangs")["reason"] or ""), 40)
        assert not any(is_alive(pid) for _, pid, _ in starts(own))
    finally:
        server.stop()


def test_one_that_answers_is_never_stopped_for_another(tmp_path):
    own = make_folder(tmp_path)
    server = open_server(own)
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: chat(server, f"busy-{'ab'[i % 2]}", str(i)), range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8, [answer.text for answer in answers]
        assert len(starts(own)) == 2
    finally:
        server.stop()


def test_one_can_be_loaded_at_the_start(tmp_path):
    own = make_folder(tmp_path)
    server = open_server(own, "--model-files-warm", "good", "--llama-arguments", "--ctx-size 512")
    try:
        wait_until(lambda: state(server, "good")["state"] == "ready")
    finally:
        server.stop()


def test_without_llama_cpp_the_reason_is_told_and_routes_go_on(tmp_path):
    own = make_folder(tmp_path)
    mock = MockProvider(MODELS, key="sk-x")
    (own / "gateway.json").write_text(json.dumps({
        "services": {"mock": {"base_url": mock.url, "key": mock.key}},
        "routes": {"chain": {"steps": [{"model": "local/good"}, {"model": "mock/good"}]}}}))
    server = open_server(own, "--gateway", str(own / "gateway.json"), path="/usr/bin:/bin")
    try:
        refused = chat(server, "local/good")
        assert refused.status_code == 400 and "llama_server" in refused.json()["error"]["message"], refused.text
        assert chat(server, "chain").status_code == 200
        assert "not installed" in state(server, "good")["reason"]
        doctor = server.cli("doctor", "--json", check=False).stdout
        assert "good: llama.cpp's llama-server is not installed" in doctor, doctor
        services = server.get("/v1/gateway/services", key=server.admin).json()["items"]
        assert "not installed" in str(next(s for s in services if s["name"] == "local")["problems"])
    finally:
        server.stop()
        mock.stop()
