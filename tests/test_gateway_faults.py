"""The fault matrix: each way in which a service misbehaves has one outcome. Before the first word another target answers, or
the official client raises; after it the client raises too. Nothing ends in silence."""
import functools
import itertools
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conftest import Server, wait_until
from mock_faults import DONE, FAULTS, GOOD_ONES, LATE_FAULTS, TEXT, WORDS, MockFaults

FRONTS = ["openai", "anthropic"]
BOTH = [False, True]
STREAM_ONLY = {"error-first", "error-second", "ends-with-role", "bad-json", "huge-line", "cut-role", "cut-in-frame"}
TIMES = {"connect_ms": 1000, "first_byte_ms": 600, "idle_ms": 600, "try_ms": 900, "total_ms": 4000}
NAMES = itertools.count()


def service(mock, **more):
    return {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True, "times": TIMES,
            "models": ["good"], **more}


def routes():
    """Each fault with a good second target; names of their own keep the states of targets apart."""
    made = {f"then-good-{name}-{front}-{stream}": {"steps": [{"model": f"mock/{name}~r{front}{stream}"},
                                                             {"model": "second/good"}]}
            for name in {**FAULTS, **LATE_FAULTS} for front in FRONTS for stream in BOTH}
    made["unreachable"] = {"steps": [{"model": "nowhere/good"}, {"model": "second/good"}]}
    made["hedged"] = {"steps": [{"model": "patient/after-9000"}, {"model": "second/good~hedge"}], "hedge_ms": 100}
    made["not-hedged"] = {"steps": [{"model": "patient/after-50"}, {"model": "second/good~spare"}], "hedge_ms": 1000}
    made["small"] = {"steps": [{"model": "mock/context"}, {"model": "mock/good~wrong"}], "larger": "large"}
    made["large"] = {"steps": [{"model": "second/good~large"}]}
    made["by-tag"] = {"steps": [{"model": "mock/good~night", "when": {"tag": "night"}},
                                {"model": "mock/good~clerk", "when": {"persona": "clerk"}}, {"model": "mock/good~day"}]}
    made["thrifty"] = {"steps": [{"model": "mock/good~dear"}], "cheaper": "cheap"}
    made["cheap"] = {"steps": [{"model": "mock/good~cheap"}]}
    made["shares"] = {"strategy": "weighted", "steps": [{"model": "mock/good~nine", "weight": 9}, {"model": "mock/good~one"}]}
    made["no-retry"] = {"steps": [{"model": "mock/status-500~once"}], "retries": 0}
    made["patient-enough"] = {"steps": [{"model": "brief/hang~total"}], "retries": 9}
    made["moved"] = {"steps": [{"model": "moving/refused-400"}, {"model": "second/good~moved"}]}
    return made


@pytest.fixture(scope="module")
def mock():
    started = MockFaults()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(mock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    closed = socket.create_server(("127.0.0.1", 0))
    nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    closed.close()
    setup = {"services": {"mock": service(mock), "second": service(mock), "nowhere": service(mock, base_url=nowhere),
                          "patient": service(mock, times={}), "moving": service(mock, moves_on="400"),
                          "keys": service(mock, key=None, keys=["sk-first", "sk-second"]),
                          "wordy": service(mock, key="status"),
                          "brief": service(mock, times={"try_ms": 250, "total_ms": 600}),
                          "narrow": service(mock, times={}, limits={"concurrent": 1}),
                          "probed": service(mock, probe=True),
                          "rare": service(mock, limits={"requests_per_minute": 2})},
             "routes": routes()}
    setup["services"]["keys"].pop("key")
    (folder / "gateway.json").write_text(json.dumps(setup))
    started = Server(folder / "library", environment={"LECTERN_GATEWAY": str(folder / "gateway.json")}).start()
    started.key = started.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    yield started
    started.stop()


def fresh(fault):
    """A model of this fault that nobody has asked yet."""
    return f"mock/{fault}~{next(NAMES)}"


@functools.cache
def client_of(front, url, key):
    maker, base = (("OpenAI", f"{url}/v1") if front == "openai" else ("Anthropic", url))
    return getattr(pytest.importorskip(front), maker)(base_url=base, api_key=key, max_retries=0)


def ask(library, front, model, stream):
    """The text of an answer, by the official client; raises as it does."""
    said = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream, "max_tokens": 100}
    words = []
    client = client_of(front, library.url, library.key)
    if front == "openai":
        answer = client.chat.completions.create(**said)
        if not stream:
            return answer.choices[0].message.content
        for piece in answer:
            if piece.choices and piece.choices[0].delta.content:
                words.append(piece.choices[0].delta.content)
    else:
        answer = client.messages.create(**said)
        if not stream:
            return "".join(part.text for part in answer.content)
        ends = False
        for event in answer:
            if event.type == "content_block_delta":
                words.append(event.delta.text)
            ends = ends or event.type == "message_stop"
        assert ends, "the stream ended without message_stop"
    return "".join(words)


def errors_of(front):
    return pytest.importorskip(front).APIError


def raw(library, model, stream=True, **headers):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    headers = {"Authorization": f"Bearer {library.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return requests.post(f"{library.url}/v1/chat/completions", json=body, headers=headers, stream=stream, timeout=30)


def is_answer(text):
    return text.strip() == TEXT


def cases():
    return [(fault, front, stream) for fault in FAULTS for front in FRONTS for stream in BOTH
            if stream or fault not in STREAM_ONLY]


def alone(fault, front, stream):
    # Only what never answers meets a short limit; the others have time, however busy the machine is.
    service = "mock" if FAULTS[fault][1] == 504 else "patient"
    return f"{service}/{fault}~a{front}{stream}"


def with_second(fault, front, stream):
    return f"then-good-{fault}-{front}-{stream}"


@pytest.fixture(scope="module")
def outcome(library):
    """The answer to one of the cases, or its error raised. All are asked at the start, some at a time: most of them wait."""
    def get(asked):
        try:
            return ask(library, *asked)
        except Exception as error:
            return error
    asked = [(front, model(fault, front, stream), stream) for fault, front, stream in cases() for model in (alone, with_second)]
    bulky = [one for one in asked if "huge-line" in one[1]]  # beside others it would take longer than a service may
    waiting = [one for one in asked if one not in bulky]
    with ThreadPoolExecutor(6) as pool:
        outcomes = dict(zip(waiting, pool.map(get, waiting)))
    outcomes.update((one, get(one)) for one in bulky)

    def outcome(*asked):
        if isinstance(outcomes[asked], Exception):
            raise outcomes[asked]
        return outcomes[asked]
    return outcome


# --- Before the first word ---

@pytest.mark.parametrize("fault, front, stream", cases())
def test_a_fault_before_the_first_word_is_raised_by_the_client(outcome, mock, fault, front, stream):
    model = alone(fault, front, stream)
    with pytest.raises(errors_of(front)) as caught:
        outcome(front, model, stream)
    expected = 400 if fault == "refused-422" and front == "anthropic" else FAULTS[fault][1]
    status = caught.value.status_code
    # What a service of the client's own dialect says is handed on as it is.
    passed = front == "openai" and fault.startswith("status-") and fault != "status-502"
    assert status == (int(fault[7:]) if passed else expected), caught.value
    tried = mock.count(model.split("/")[1])
    # A kept connection that dies before a byte came counts as dead before, and the call is sent again on a new one. A try has one client and
    # that keeps one connection to a service, so it is sent twice at most; the second try may be given a client that another call just used.
    most = 4 if fault == "reset" else 2
    assert tried <= most and (tried == 1 or expected in (502, 504) or fault == "limit-in-200"), tried
    if status >= 500:
        assert caught.value.response.headers["x-should-retry"] == "false"
    if fault.startswith("busy-"):
        assert int(caught.value.response.headers["retry-after"]) > 3500


@pytest.mark.parametrize("fault, front, stream", cases())
def test_before_the_first_word_another_target_answers(outcome, mock, fault, front, stream):
    model = with_second(fault, front, stream)
    if fault.startswith("refused-") or fault == "policy":
        with pytest.raises(errors_of(front)):  # the client's mistake is one everywhere
            outcome(front, model, stream)
        return
    assert is_answer(outcome(front, model, stream))
    assert mock.count(f"{fault}~r{front}{stream}") >= 1


@pytest.mark.parametrize("stream", BOTH)
def test_a_service_that_is_not_there_is_passed_over(library, stream):
    assert is_answer(ask(library, "openai", "unreachable", stream))


@pytest.mark.timed
@pytest.mark.parametrize("front", FRONTS)
def test_a_stream_of_comments_alone_ends(library, front):
    start = time.monotonic()
    with pytest.raises(errors_of(front)) as caught:
        ask(library, front, fresh("pings"), True)
    assert caught.value.status_code == 504 and time.monotonic() - start < 30  # the comments go on for a minute


# --- After the first word ---

@pytest.mark.parametrize("fault, front", [(fault, front) for fault in LATE_FAULTS for front in FRONTS])
def test_a_fault_after_the_first_word_is_raised_and_hidden_by_nobody(library, mock, fault, front):
    before = mock.count("good")
    with pytest.raises(errors_of(front)):
        ask(library, front, f"then-good-{fault}-{front}-True", True)
    assert mock.count("good") == before, "what was begun is not begun again elsewhere"
    assert mock.count(f"{fault}~r{front}True") == 1


@pytest.mark.parametrize("fault", LATE_FAULTS)
def test_a_cut_stream_has_its_words_an_error_and_no_end_mark(library, fault):
    with raw(library, fresh(fault)) as answer:
        data = b"".join(answer.iter_content(None))
    assert WORDS[0].encode() in data and b'"error"' in data and DONE.strip() not in data
    for line in data.decode().splitlines():
        assert not line.startswith("data: {") or json.loads(line[6:]), "no half frame is handed on"


def test_a_cut_stream_is_recorded_as_such_with_what_it_used(library):
    model = fresh("late-cut")
    raw(library, model).content
    rows = wait_until(lambda: [c for c in library.get("/v1/calls").json()["items"] if c["model"] == model.split("/")[1]])
    assert rows[0]["truncated"] and rows[0]["status"] == "upstream" and rows[0]["output_tokens"] > 0, rows


# --- Odd, but whole ---

@pytest.mark.parametrize("kind, front", [(kind, front) for kind in GOOD_ONES for front in FRONTS])
def test_odd_streams_that_are_whole_are_answers(library, kind, front):
    assert is_answer(ask(library, front, fresh(kind), True))


@pytest.mark.parametrize("kind", ["close-after", "long-length"])
def test_connections_that_die_between_calls_are_replaced(library, mock, kind):
    for _ in range(4):
        assert is_answer(ask(library, "openai", fresh(kind), False))


@pytest.mark.parametrize("stream", BOTH)
@pytest.mark.parametrize("fault", ["status-503", "reset", "html", "cut-head"])
def test_what_passes_by_itself_is_tried_again(library, fault, stream):
    assert is_answer(ask(library, "openai", fresh(fault + "@1"), stream))


def test_a_route_without_retries_asks_once(library, mock):
    with pytest.raises(errors_of("openai")):
        ask(library, "openai", "no-retry", False)
    assert mock.count("status-500~once") == 1


def test_a_word_that_is_used_for_a_key_hides_no_reason(library):
    assert "status 400" in raw(library, "wordy/refused-400", stream=False).text


# --- Waiting ---

@pytest.mark.timed
def test_no_pause_is_made_that_the_time_limit_does_not_leave_room_for(library):
    for _ in range(3):
        start = time.monotonic()
        answer = raw(library, "patient-enough", stream=False)
        assert answer.status_code == 504, answer.text
        assert time.monotonic() - start < 0.9


@pytest.mark.timed
def test_a_short_wait_is_waited_for_and_never_cut_short(library, mock):
    start = time.monotonic()
    assert is_answer(ask(library, "openai", "patient/busy-for-600", False))
    assert 0.6 <= time.monotonic() - start < 5
    assert mock.count("busy-for-600") == 2


def test_a_target_that_asked_to_wait_is_not_asked_meanwhile(library, mock):
    model = fresh("busy-429")
    for _ in range(3):
        answer = raw(library, model, stream=False)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 3500, answer.text
    assert mock.count(model.split("/")[1]) == 1


def test_a_limit_is_kept_to_before_the_service_refuses(library, mock):
    model = fresh("last-one")
    assert is_answer(ask(library, "openai", model, False))
    answer = raw(library, model, stream=False)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 200
    assert mock.count(model.split("/")[1]) == 1


def test_limits_that_were_set_hold_for_the_whole_service(library):
    answers = [raw(library, f"rare/good~{i}", stream=False) for i in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429] and int(answers[2].headers["Retry-After"]) <= 61
    with raw(library, "narrow/slow-words") as first:
        words = first.iter_content(None)  # once it is forgotten the connection is closed
        assert next(words)
        second = raw(library, "narrow/good", stream=False)
        assert second.status_code == 503 and "as many calls" in second.text
    assert wait_until(lambda: raw(library, "narrow/good", stream=False).status_code == 200)


@pytest.mark.timed
def test_the_clients_own_deadline_is_kept(library):
    start = time.monotonic()
    answer = raw(library, "patient/hang~deadline", stream=False, X_Lectern_Timeout_Ms="300")
    assert answer.status_code == 504 and 0.29 <= time.monotonic() - start < 5
    start = time.monotonic()
    answer = raw(library, "patient/hang~deadline", X_Stainless_Read_Timeout="0.3")
    assert answer.status_code == 504 and 0.29 <= time.monotonic() - start < 5


# --- Keys, breaker, routes ---

@pytest.mark.parametrize("model", ["one-key", "spent-key"])
def test_another_key_answers_where_one_is_refused(library, mock, model):
    for _ in range(3):
        assert is_answer(ask(library, "openai", f"keys/{model}", False))
    keys = [headers["authorization"] for name, headers in mock.calls if name == model]
    assert keys.count("Bearer sk-second") == 3 and keys.count("Bearer sk-first") <= 1


def test_a_target_that_fails_all_the_time_is_left_alone(library, mock):
    model = fresh("status-500")
    answers = [raw(library, model, stream=False) for _ in range(12)]
    assert answers[0].status_code == 500 and answers[-1].status_code == 503, [a.status_code for a in answers]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 5 and "failed too often" in answers[-1].text
    assert mock.count(model.split("/")[1]) == 10
    mock_name = model.split("/")[1]
    wait_until(lambda: raw(library, model, stream=False).status_code == 500)  # after 5 s
    assert mock.count(mock_name) == 11, "one probe"
    assert raw(library, model, stream=False).status_code == 503


def test_a_service_is_probed_while_it_is_left_alone(library, mock):
    model, name = "probed/status-500~probed", "status-500~probed"
    mock.is_down, lists = True, mock.lists
    try:
        while raw(library, model, stream=False).status_code == 500:
            assert mock.count(name) <= 10
        wait_until(lambda: mock.lists - lists >= 2)
        assert raw(library, model, stream=False).status_code == 503, "no call is spent on trying"
    finally:
        mock.is_down = False
    wait_until(lambda: raw(library, model, stream=False).status_code == 500)
    assert mock.count(name) == 11, "the list was good, so one call tries"
    lists = mock.lists
    wait_until(lambda: mock.lists > lists)  # it fails still: the list is asked for again


@pytest.mark.timed
@pytest.mark.parametrize("stream", BOTH)
def test_a_hedged_call_takes_the_first_answer(library, mock, stream):
    start = time.monotonic()
    assert is_answer(ask(library, "openai", "hedged", stream))
    assert time.monotonic() - start < 7  # the first takes nine seconds
    assert is_answer(ask(library, "openai", "not-hedged", stream)) and mock.count("good~spare") == 0


def test_a_call_that_is_too_long_goes_to_a_larger_model(library, mock):
    assert is_answer(ask(library, "openai", "small", False))
    assert mock.count("context") == 1 and mock.count("good~wrong") == 0 and mock.count("good~large") == 1


def test_a_refusal_that_a_service_is_known_for_moves_on(library, mock):
    assert is_answer(ask(library, "openai", "moved", False)) and mock.count("good~moved") == 1


def test_a_tag_or_a_persona_chooses_the_step(library, mock):
    assert raw(library, "by-tag", stream=False, X_Lectern_Tag="night").ok
    assert raw(library, "by-tag", stream=False, X_Lectern_Persona="clerk").ok
    assert raw(library, "by-tag", stream=False).ok
    assert mock.count("good~night") == 1 and mock.count("good~clerk") == 1 and mock.count("good~day") == 1


def test_weights_are_shares_of_the_calls(library, mock):
    for _ in range(60):
        assert raw(library, "shares", stream=False).ok
    assert mock.count("good~nine") + mock.count("good~one") == 60
    assert mock.count("good~nine") > 40, "of 60 calls 54, give or take six standard deviations"


def test_a_cheaper_route_serves_when_the_budget_is_near_its_end(library, mock):
    made = library.call("POST", "/v1/keys", json={"name": "thrifty", "role": "reader"}).json()
    assert library.call("PUT", f"/v1/keys/{made['id']}/limits", json={"budgets": [{"period": "day", "calls": 20}]}).ok
    said = {"model": "thrifty", "messages": [{"role": "user", "content": "hello"}]}
    statuses = [requests.post(f"{library.url}/v1/chat/completions", json=said, timeout=30,
                              headers={"Authorization": f"Bearer {made['key']}"}).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert mock.count("good~dear") >= 15 and 1 <= mock.count("good~cheap") <= 5


# --- Clients ---

@pytest.mark.timed
def test_a_client_that_leaves_ends_the_call_at_once(library, mock):
    model = fresh("slow-words").replace("mock/", "patient/")
    answer, name = raw(library, model), model.split("/")[1]
    words = answer.iter_content(None)  # once it is forgotten the connection is closed
    assert next(words)
    time.sleep(0.2)
    assert name not in mock.left
    start = time.monotonic()
    answer.close()
    while name not in mock.left and time.monotonic() - start < 9:
        time.sleep(0.005)
    assert time.monotonic() - start < 8, "the service, which waits for ten seconds, hears of it"


def test_a_client_that_reads_slowly_makes_the_service_slow(library, mock):
    model = fresh("flood").replace("mock/", "patient/")
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": "hello"}]})
    with socket.create_connection(("127.0.0.1", library.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {library.key}\r\n"
                       f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        name, start = model.split("/")[1], time.monotonic()
        while name not in mock.left and time.monotonic() - start < 10:
            time.sleep(0.05)
    assert mock.left[name] < 16 << 20, "it was not read into memory"


def test_no_fault_has_harmed_the_others(library):
    assert is_answer(ask(library, "openai", "mock/good", True)) and library.process.poll() is None
