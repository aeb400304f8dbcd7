"""Files that programs keep here, and batches of calls made from them: clients of OpenAI and Anthropic, unchanged."""
import base64
import json
import shutil
import time

import pytest

from conftest import Server, turns, wait_until

CHAT = "/v1/chat/completions"
OVER = ("completed", "failed", "cancelled", "expired")


@pytest.fixture(scope="module")
def library(mock, database_kind, request, tmp_path_factory):
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    started = Server(tmp_path_factory.mktemp("batches") / "library", database,
                     arguments=["--provider-url", mock.url, "--files-max", "8M"]).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


def openai_of(server, key=None):
    import openai
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key or server.key, max_retries=0)


def anthropic_of(server):
    import anthropic
    return anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)


def chat_line(number, model="echo", text=None, **more):
    return {"custom_id": f"r{number}", "method": "POST", "url": CHAT,
            "body": {"model": model, "messages": [{"role": "user", "content": text or f"word {number}"}], **more}}


def keep(client, lines, purpose="batch"):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return client.files.create(file=("lines.jsonl", text.encode()), purpose=purpose)


def begin(client, lines, endpoint=CHAT, window="24h", **more):
    return client.batches.create(input_file_id=keep(client, lines).id, endpoint=endpoint,
                                 completion_window=window, **more)


def wait_for(client, batch, states=OVER, seconds=60):
    for _ in turns(seconds):
        if (found := client.batches.retrieve(batch.id)).status in states:
            return found
    raise AssertionError(found)


def lines_of(client, file_id):
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()] if file_id else []


def run(client, lines, **more):
    batch = wait_for(client, begin(client, lines, **more))
    return batch, lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)


def limited_key(server, **limits):
    made = server.post("/v1/keys", {"name": "limited", "role": "reader"}).json()
    answer = server.call("PUT", f"/v1/keys/{made['id']}/limits", json=limits)
    assert answer.status_code == 200, answer.text
    return made["id"], made["key"]


# --- Files ---

def test_a_file_is_kept_listed_read_and_removed(library):
    client = openai_of(library)
    before = {f.id for f in client.files.list()}
    made = [client.files.create(file=(f"a/b{i}.txt", b"x" * i), purpose="user_data") for i in (1, 2, 3)]
    other = client.files.create(file=("c.jsonl", b"{}"), purpose="batch",
                                expires_after={"anchor": "created_at", "seconds": 3600})
    assert [(f.filename, f.bytes, f.purpose, f.object) for f in made] == \
        [(f"b{i}.txt", i, "user_data", "file") for i in (1, 2, 3)]
    assert other.expires_at - other.created_at in (3599, 3600, 3601)
    listed = [f.id for f in client.files.list(purpose="user_data") if f.id not in before]
    assert listed == [f.id for f in reversed(made)]
    assert [f.id for f in client.files.list(order="asc", limit=2) if f.id not in before] == [*[f.id for f in made], other.id]
    assert client.files.retrieve(made[1].id).bytes == 2
    assert client.files.content(made[2].id).read() == b"xxx"
    for file in (*made, other):
        assert client.files.delete(file.id).deleted
    assert not {f.id for f in client.files.list()} - before


def test_a_file_shares_its_bytes_with_a_document_and_neither_takes_them_away(library):
    client = openai_of(library)
    text = b"The quarry at Ardal employs 212 people.\n"
    document = library.add(("ardal.txt", text))[0]
    file = client.files.create(file=("ardal.txt", text), purpose="user_data")
    assert client.files.delete(file.id).deleted
    assert library.get(f"/v1/documents/{document['id']}/original").content == text
    file = client.files.create(file=("ardal.txt", text), purpose="user_data")
    assert library.call("DELETE", f"/v1/documents/{document['id']}?erase=1").status_code < 300
    assert client.files.content(file.id).read() == text
    client.files.delete(file.id)


def test_files_that_are_wrong_are_refused_in_openais_shape(library):
    import openai
    client = openai_of(library)
    for purpose in ("", "nonsense", "batch_output"):
        with pytest.raises(openai.BadRequestError) as refused:
            client.files.create(file=("a.txt", b"x"), purpose=purpose)
        assert refused.value.param == "purpose"
    with pytest.raises(openai.APIStatusError) as refused:
        client.files.create(file=("a.txt", b"x" * (9 << 20)), purpose="batch")
    assert refused.value.status_code == 413
    with pytest.raises(openai.BadRequestError):
        client.files.create(file=("a.txt", b"x"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 5})
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            call("file-01900000-0000-7000-8000-000000000000")
    assert library.post("/v1/files").status_code == 415


def test_a_reader_removes_only_own_files(library):
    _, secret = limited_key(library)
    file = openai_of(library).files.create(file=("a.txt", b"x"), purpose="user_data")
    assert library.call("DELETE", f"/v1/files/{file.id}", key=secret).status_code == 403
    assert library.call("GET", f"/v1/files/{file.id}", key=secret).status_code == 200


# --- Files in messages ---

def test_a_file_that_a_message_names_goes_out_as_data(library, mock):
    client = openai_of(library)
    pdf = client.files.create(file=("r.pdf", b"%PDF-1.4 x", "application/pdf"), purpose="user_data")
    png = client.files.create(file=("p.png", b"\x89PNG", "image/png"), purpose="vision")
    data = {k: base64.b64encode(v).decode() for k, v in (("pdf", b"%PDF-1.4 x"), ("png", b"\x89PNG"))}
    client.chat.completions.create(model="good", messages=[{"role": "user", "content": [
        {"type": "text", "text": 'what is "file_id" here?'}, {"type": "file", "file": {"file_id": pdf.id}}]}])
    sent = mock.chats()[-1]["messages"][-1]["content"]
    assert sent[0]["text"] == 'what is "file_id" here?'
    assert sent[1]["file"] == {"filename": "r.pdf", "file_data": f"data:application/pdf;base64,{data['pdf']}"}
    client.responses.create(model="good", input=[{"role": "user", "content": [
        {"type": "input_text", "text": "see"}, {"type": "input_image", "file_id": png.id, "detail": "low"},
        {"type": "input_file", "file_id": pdf.id}]}])
    sent = json.dumps(mock.requests[-1][2])
    assert f"data:image/png;base64,{data['png']}" in sent and data["pdf"] in sent and png.id not in sent
    anthropic_of(library).messages.create(model="good", max_tokens=9, messages=[{"role": "user", "content": [
        {"type": "image", "source": {"type": "file", "file_id": png.id}}, {"type": "text", "text": "see"}]}])
    assert data["png"] in json.dumps(mock.requests[-1][2])


def test_a_file_that_is_not_here_is_not_found_and_a_services_own_goes_on(library, mock):
    import openai
    client = openai_of(library)

    def ask(file_id):
        return client.chat.completions.create(model="good", messages=[{"role": "user", "content": [
            {"type": "file", "file": {"file_id": file_id}}]}])
    with pytest.raises(openai.NotFoundError):
        ask("file-01900000-0000-7000-8000-000000000000")
    ask("file-AbC123services-own")
    assert mock.chats()[-1]["messages"][0]["content"][0]["file"] == {"file_id": "file-AbC123services-own"}


# --- Batches ---

def test_a_batch_of_chats_gives_answers_and_failures_apart(library):
    client = openai_of(library)
    lines = [chat_line(i, "nowhere" if i % 5 == 4 else "echo") for i in range(20)]
    batch, good, bad = run(client, [*lines[:10], "", *lines[10:], ""], metadata={"a": "b"})
    assert batch.status == "completed" and not batch.errors and batch.metadata == {"a": "b"}
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (20, 16, 4)
    assert [line["custom_id"] for line in good] == [f"r{i}" for i in range(20) if i % 5 != 4]
    for line in good:
        body = line["response"]["body"]
        assert line["error"] is None and line["response"]["status_code"] == 200 and line["id"] and line["response"]["request_id"]
        assert body["choices"][0]["message"]["content"] == f"word {line['custom_id'][1:]}"
    assert [line["custom_id"] for line in bad] == [f"r{i}" for i in range(20) if i % 5 == 4]
    assert all(line["response"]["status_code"] == 404 and line["response"]["body"]["error"]["message"] for line in bad)
    assert batch.usage.total_tokens == 16 * 18 and batch.completion_window == "24h"
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert client.batches.list(limit=1).data[0].id == batch.id
    assert client.files.retrieve(batch.output_file_id).purpose == "batch_output"


@pytest.mark.parametrize("endpoint, body, has", [
    ("/v1/embeddings", {"model": "good", "input": ["a", "b"]}, lambda b: len(b["data"]) == 2),
    ("/v1/responses", {"model": "echo", "input": "so"}, lambda b: b["output"][0]["content"][0]["text"] == "so"),
    ("/v1/completions", {"model": "good", "prompt": "so"}, lambda b: b["choices"][0]["text"]),
    ("/v1/moderations", {"model": "good", "input": "so"}, lambda b: b["results"]),
])
def test_a_batch_of_every_endpoint(library, endpoint, body, has):
    client = openai_of(library)
    line = {"custom_id": "one", "method": "POST", "url": endpoint, "body": body}
    batch, good, bad = run(client, [line], endpoint=endpoint)
    assert batch.status == "completed" and not bad and has(good[0]["response"]["body"]), (bad, good)


def test_calls_of_a_batch_are_recorded_as_such(library):
    client = openai_of(library)
    run(client, [chat_line(0)])
    wait_until(lambda: any(c["feature"] == "batch" for c in library.get("/v1/calls?limit=50").json()["items"]))


@pytest.mark.parametrize("lines, code, line", [
    (["nonsense"], "invalid_json_line", 1),
    ([chat_line(0), "", '{"custom_id": "x"'], "invalid_json_line", 3),
    (['["a"]'], "invalid_json_line", 1),
    ([chat_line(0), chat_line(1), chat_line(0)], "duplicate_custom_id", 3),
    ([{**chat_line(0), "url": "/v1/embeddings"}], "mismatched_endpoint", 1),
    ([{**chat_line(0), "method": "GET"}], "invalid_method", 1),
    ([{**chat_line(0), "custom_id": 7}], "invalid_custom_id", 1),
    ([{**chat_line(0), "body": []}], "missing_body", 1),
    (["{" * 3000], "invalid_json_line", 1),
    ([""], "empty_file", None),
])
def test_lines_that_are_wrong_are_told(library, lines, code, line):
    batch, good, bad = run(openai_of(library), lines)
    assert batch.status == "failed" and batch.failed_at and not good and not bad
    assert [(e.code, e.line) for e in batch.errors.data] == [(code, line)]


def test_a_batch_that_is_too_long_is_refused_as_a_whole(library):
    line = json.dumps(chat_line(0))[:-1]
    batch, _, _ = run(openai_of(library), [line.replace("r0", f"{i}")[:60] for i in range(100_001)])
    assert batch.status == "failed" and batch.errors.data[-1].code in ("too_many_lines", "invalid_json_line")
    assert len(batch.errors.data) <= 100


def test_what_is_no_batch_is_refused_at_once(library):
    import openai
    client = openai_of(library)
    good, other = keep(client, [chat_line(0)]), keep(client, [chat_line(0)], "user_data")
    for change, error in [({"endpoint": "/v1/files"}, openai.BadRequestError), ({"completion_window": "1y"}, openai.BadRequestError),
                          ({"input_file_id": other.id}, openai.BadRequestError), ({"metadata": {"a": "x" * 600}}, openai.BadRequestError),
                          ({"input_file_id": "file-none"}, openai.NotFoundError)]:
        with pytest.raises(error):
            client.batches.create(**{"input_file_id": good.id, "endpoint": CHAT, "completion_window": "24h", **change})
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_none")
    streamed, _, bad = run(client, [chat_line(0, stream=True)])
    assert streamed.request_counts.failed == 1 and bad[0]["response"]["status_code"] == 400


def test_a_service_that_stays_down_ends_its_lines_and_no_others(library):
    batch, good, bad = run(openai_of(library), [chat_line(i, "broken" if i % 2 else "echo") for i in range(24)], window="180s")
    assert batch.status == "completed" and len(good) == len(bad) == 12
    assert {line["response"]["status_code"] for line in bad} <= {502, 503}


def test_a_batch_waits_for_limits_rather_than_fail(library):
    _, secret = limited_key(library, requests_per_minute=300, concurrent=2)
    batch, good, bad = run(openai_of(library, secret), [chat_line(i) for i in range(30)])
    assert batch.status == "completed" and len(good) == 30 and not bad


def test_a_budget_that_ends_in_the_middle_ends_the_rest(library):
    _, secret = limited_key(library, budgets=[{"period": "total", "calls": 5}])
    batch, good, bad = run(openai_of(library, secret), [chat_line(i) for i in range(12)], window="20s")
    assert batch.request_counts.completed == len(good) == 5, batch
    assert len(bad) == 7
    for line in bad:
        told = line["response"]["status_code"] if line["response"] else line["error"]["code"]
        assert told in (429, "batch_expired"), line


def test_a_key_that_may_not_use_the_model_gets_that_for_each_line(library):
    _, secret = limited_key(library, models=["goo*"])
    batch, good, bad = run(openai_of(library, secret), [chat_line(0), chat_line(1, "good")])
    assert [line["custom_id"] for line in good] == ["r1"] and bad[0]["response"]["status_code"] == 403


def test_a_cancelled_batch_keeps_what_was_answered(library):
    client = openai_of(library)
    batch = begin(client, [chat_line(i, "slow") for i in range(40)])
    wait_for(client, batch, ("in_progress",))
    wait_until(lambda: client.batches.retrieve(batch.id).request_counts.completed >= 8)
    assert client.batches.cancel(batch.id).status == "cancelling"
    batch = wait_for(client, batch)
    good, bad = lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)
    assert batch.status == "cancelled" and batch.cancelled_at >= batch.cancelling_at
    assert 8 <= len(good) < 40 and len(good) + len(bad) == 40
    assert all(line["error"]["code"] == "batch_cancelled" for line in bad)
    assert client.batches.cancel(batch.id).status == "cancelled"


def test_a_batch_ends_when_its_window_does(library):
    client = openai_of(library)
    batch, good, bad = run(client, [chat_line(i, "slow" if i >= 4 else "echo") for i in range(40)], window="3s")
    assert batch.status == "expired" and good and all(line["error"]["code"] == "batch_expired" for line in bad)
    assert sorted(line["custom_id"] for line in good + bad) == sorted(f"r{i}" for i in range(40))


def test_a_key_that_is_revoked_ends_its_batches(library):
    key_id, secret = limited_key(library)
    client = openai_of(library)
    batch = begin(openai_of(library, secret), [chat_line(i, "limited") for i in range(3)])
    wait_for(client, batch, ("in_progress",))
    assert library.call("DELETE", f"/v1/keys/{key_id}").status_code < 300
    batch = wait_for(client, batch)
    assert batch.status == "failed" and "key" in batch.errors.data[0].message


def test_results_leave_when_their_time_is_over_and_batches_stay(library):
    client = openai_of(library)
    batch, good, _ = run(client, [chat_line(0)], output_expires_after={"anchor": "created_at", "seconds": 3600})
    assert good and client.files.retrieve(batch.output_file_id).expires_at
    client.files.delete(batch.output_file_id)
    assert client.batches.retrieve(batch.id).status == "completed"


def test_a_batch_in_anthropics_shape(library):
    client = anthropic_of(library)
    params = {"model": "echo", "max_tokens": 50}
    batch = client.messages.batches.create(requests=[
        {"custom_id": f"m{i}", "params": {**params, "messages": [{"role": "user", "content": f"word {i}"}]}} for i in range(5)]
        + [{"custom_id": "bad", "params": {**params, "model": "nowhere", "messages": [{"role": "user", "content": "x"}]}}])
    assert batch.processing_status == "in_progress" and batch.request_counts.processing == 6
    batch = wait_until(lambda: (found := client.messages.batches.retrieve(batch.id)).processing_status == "ended" and found, seconds=60)
    assert (batch.request_counts.succeeded, batch.request_counts.errored) == (5, 1)
    results = list(client.messages.batches.results(batch.id))
    assert [r.result.message.content[0].text for r in results if r.result.type == "succeeded"] == [f"word {i}" for i in range(5)]
    assert [r.custom_id for r in results if r.result.type == "errored"] == ["bad"]
    assert [b.id for b in client.messages.batches.list(limit=1).data] == [batch.id]
    assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
    twice = [{"custom_id": "m", "params": params}] * 2
    assert library.post("/v1/messages/batches", {"requests": twice}).json()["error"]["type"] == "invalid_request_error"


def test_a_kill_in_the_middle_asks_nothing_twice_that_was_answered(mock, database_kind, request, tmp_path):
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    server = Server(tmp_path / "library", database, arguments=["--provider-url", mock.url]).start()
    server.new_key()
    client, asked = openai_of(server), len(mock.chats())
    batch = begin(client, [chat_line(i, "slow", f"kill {i}") for i in range(48)])
    wait_for(client, batch, ("in_progress",))
    wait_until(lambda: client.batches.retrieve(batch.id).request_counts.completed >= 16)
    server.kill()
    server.start()
    batch = wait_for(openai_of(server), batch)
    good = lines_of(openai_of(server), batch.output_file_id)
    asked = [c["messages"][-1]["content"] for c in mock.chats()[asked:]]
    server.stop()
    assert batch.status == "completed" and [line["custom_id"] for line in good] == [f"r{i}" for i in range(48)]
    assert set(asked) == {f"kill {i}" for i in range(48)} and len(asked) <= 48 + 8  # those on their way at the kill


def test_nodes_share_a_batch_and_do_each_line_once(mock, postgres, tmp_path):
    database, nodes = postgres.new_database(), []
    for name in ("first", "second"):
        if nodes:
            (tmp_path / name).mkdir(mode=0o700)
            (tmp_path / name / "blobs").symlink_to(nodes[0].data / "blobs")
            shutil.copy(nodes[0].data / "master.key", tmp_path / name / "master.key")
        nodes.append(Server(tmp_path / name, database, arguments=["--provider-url", mock.url]).start())
        nodes[-1].key = nodes[0].cli("keys", "add", name, "--role", "owner").stdout.split()[-1]
    clients, asked = [openai_of(node) for node in nodes], len(mock.chats())
    batches = [begin(client, [chat_line(i, text=f"{turn} {i}") for i in range(100)]) for turn, client in enumerate(clients * 2)]
    done = [wait_for(clients[0], batch) for batch in batches]
    good = [lines_of(clients[1], batch.output_file_id) for batch in done]
    asked = sorted(chat["messages"][-1]["content"] for chat in mock.chats()[asked:])
    for node in nodes:
        node.stop()
    assert all([line["custom_id"] for line in lines] == [f"r{i}" for i in range(100)] for lines in good)
    assert asked == sorted(f"{turn} {i}" for turn in range(4) for i in range(100))


@pytest.mark.timed
def test_live_calls_overtake_a_batch(library, mock):
    """A service that takes four calls at once, and a batch that would keep them busy for half a minute."""
    service = {"base_url": mock.url, "private": True, "models": ["slow", "good"], "limits": {"concurrent": 4}}
    assert library.call("PUT", "/v1/gateway/services/narrow", json=service).status_code < 300
    client = openai_of(library)
    batch = begin(client, [chat_line(i, "narrow/slow") for i in range(80)])
    wait_for(client, batch, ("in_progress",))
    wait_until(lambda: client.batches.retrieve(batch.id).request_counts.completed)
    took = []
    for _ in range(20):
        began = time.monotonic()
        client.chat.completions.create(model="narrow/good", messages=[{"role": "user", "content": "now"}])
        took.append(time.monotonic() - began)
    counts = client.batches.retrieve(batch.id).request_counts
    client.batches.cancel(batch.id)
    library.call("DELETE", "/v1/gateway/services/narrow")
    assert counts.completed + counts.failed < 80, "the batch has to be running still"
    assert max(took) < 1.4, took  # no call has waited for one of the batch's, which take 1.5 s


def test_kills_of_all_nodes_overrun_no_budget(mock, postgres, tmp_path):
    database, nodes = postgres.new_database(), []
    for name in ("first", "second", "third"):
        if nodes:
            (tmp_path / name).mkdir(mode=0o700)
            (tmp_path / name / "blobs").symlink_to(nodes[0].data / "blobs")
            shutil.copy(nodes[0].data / "master.key", tmp_path / name / "master.key")
        nodes.append(Server(tmp_path / name, database, arguments=["--provider-url", mock.url]).start())
    nodes[0].key = nodes[0].cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    key, secret = limited_key(nodes[0], budgets=[{"period": "total", "calls": 40}])
    client, asked = openai_of(nodes[0], secret), len(mock.chats())
    batch = begin(client, [chat_line(i, "slow", f"node {i}") for i in range(60)])
    for i, node in enumerate(nodes):
        # Another node goes on, so there is more each time.
        wait_until(lambda: client.batches.retrieve(batch.id).request_counts.completed >= 8 * (i + 1), seconds=60)
        node.kill()
        node.start()
    batch = wait_for(client, batch, seconds=240)
    good, bad = lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)
    asked = len(mock.chats()) - asked
    budget = nodes[0].get(f"/v1/keys/{key}/limits").json()["budgets"][0]
    for node in nodes:
        node.stop()
    assert batch.status == "completed" and len(good) + len(bad) == 60
    assert len(good) <= asked <= 40 and len(good) > 16, (len(good), asked)
    assert budget["spent"] <= asked and budget["spent"] + budget["held"] <= 40, budget
    assert all("budget in total" in line["response"]["body"]["error"]["message"] for line in bad)
