"""Limits and budgets of keys, people and workspaces: exact at any concurrency, on several nodes, after any cut."""
import asyncio
import http.client
import json
import random
import shutil
import threading
import time
from decimal import Decimal

import pytest
import requests

from conftest import Server, wait_until

CHAT = "/v1/chat/completions"


def open_server(folder, mock, database="", **environment):
    server = Server(folder, database, arguments=["--provider-url", mock.url, "--connections", "4000"],
                    environment=environment).start()
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    return server


@pytest.fixture(scope="module")
def library(mock, database_kind, request, tmp_path_factory):
    """Over a database of its own: services and documents that are set here are no other test's."""
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    started = open_server(tmp_path_factory.mktemp("data") / "library", mock, database)
    yield started
    started.stop()


def add_key(server, **limits):
    """A key with these limits: its id and its secret."""
    made = server.post("/v1/keys", {"name": "limited", "role": "reader"}).json()
    answer = server.call("PUT", f"/v1/keys/{made['id']}/limits", json=limits)
    assert answer.status_code == 200, answer.text
    return made["id"], made["key"]


def body(model="good", **more):
    return {"model": model, "messages": [{"role": "user", "content": "Say it."}], **more}


def chat(server, secret, model="good", **more):
    return server.post(CHAT, body(model, **more), key=secret)


def budget_of(server, key_id, period=None):
    budgets = server.get(f"/v1/keys/{key_id}/limits").json()["budgets"]
    return next(b for b in budgets if period in (None, b["period"]))


def at_once(urls, secret, count, request=None):
    """So many calls at the same time, spread over the nodes: their statuses."""
    content = json.dumps(request or body()).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n" \
           f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()

    async def call(url, i):  # an address may have 512 connections
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]),
                                                       local_addr=(f"127.0.0.{2 + i % 4}", 0))
        writer.write(head + content)
        answer = await reader.read()
        writer.close()
        status = int(answer.split(b" ", 2)[1])
        assert status in (200, 429), answer
        return status

    async def run():
        return await asyncio.gather(*[call(urls[i % len(urls)], i) for i in range(count)])
    return asyncio.run(run())


# --- Limits ---

def test_a_key_uses_only_its_models(library):
    _, secret = add_key(library, models=["goo*", "whole"])
    assert chat(library, secret).status_code == 200
    assert chat(library, secret, "whole").status_code == 200
    refused = chat(library, secret, "bytes")
    assert refused.status_code == 403 and "bytes" in refused.json()["error"]["message"]


def test_requests_a_minute(library):
    _, secret = add_key(library, requests_per_minute=3)
    assert [chat(library, secret).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = chat(library, secret)
    error, headers = refused.json()["error"], refused.headers
    assert "3 requests a minute" in error["message"], error
    assert headers["x-ratelimit-limit-requests"] == "3" and headers["x-ratelimit-remaining-requests"] == "0"
    assert 0 < int(headers["retry-after"]) <= 20 and 0 < int(headers["retry-after-ms"]) <= 20000
    assert headers["x-ratelimit-reset-requests"].endswith("s")


def test_tokens_a_minute_count_what_was_used(library):
    _, secret = add_key(library, tokens_per_minute=100)
    assert chat(library, secret, max_tokens=60).status_code == 200  # 18 were used: the rest is there again
    assert chat(library, secret, max_tokens=50).status_code == 200
    refused = chat(library, secret, max_tokens=70)
    assert refused.status_code == 429 and refused.headers["x-ratelimit-limit-tokens"] == "100"


def test_everybody_who_has_limits_is_listed(library):
    key, secret = add_key(library, requests_per_minute=7, models=["good"], budgets=[{"period": "day", "dollars": "2.5"}])
    gone, _ = add_key(library, concurrent=1)
    freed, _ = add_key(library, concurrent=1)
    assert library.call("DELETE", f"/v1/keys/{gone}").status_code < 300
    assert library.call("PUT", f"/v1/keys/{freed}/limits", json={}).status_code == 200
    listed = {one["subject"]: one for one in library.get("/v1/limits").json()["items"]}
    one = listed[key]
    assert (one["of"], one["name"], one["requests_per_minute"], one["models"]) == ("key", "limited", 7, ["good"])
    assert one["budgets"] == library.get(f"/v1/keys/{key}/limits").json()["budgets"] and one["budgets"][0]["dollars"] == "2.50"
    assert gone not in listed and freed not in listed
    assert library.get("/v1/limits", key=secret).status_code == 403


def test_requests_at_the_same_time(library):
    _, secret = add_key(library, concurrent=2)
    statuses = at_once([library.url], secret, 12, body("slow"))
    assert statuses.count(200) == 2 and statuses.count(429) == 10, statuses
    assert [chat(library, secret).status_code for _ in range(3)] == [200] * 3, "places are given back"


def test_a_change_resets_nothing(library):
    key, secret = add_key(library, requests_per_minute=2, budgets=[{"period": "day", "calls": 3}])
    assert [chat(library, secret).status_code for _ in range(3)] == [200, 200, 429]
    library.call("PUT", f"/v1/keys/{key}/limits",
                 json={"requests_per_minute": 100, "budgets": [{"period": "day", "calls": 3}]})
    wait_until(lambda: chat(library, secret).status_code == 200)
    assert chat(library, secret).status_code == 429, "two calls were made before the change"
    wait_until(lambda: budget_of(library, key)["spent"] == 3)
    library.call("PUT", f"/v1/keys/{key}/limits", json={"budgets": [{"period": "day", "calls": 4}]})
    wait_until(lambda: chat(library, secret).status_code == 200)
    assert chat(library, secret).status_code == 429


def test_limits_are_checked_and_shown(library):
    key, secret = add_key(library, models=["a*"], tokens_per_minute=5, budgets=[
        {"period": "month", "dollars": "12.50"}, {"period": "total", "dollars": 0.0000025}])
    shown = library.call("GET", f"/v1/keys/{key}/limits", key=secret).json()
    assert shown["models"] == ["a*"] and shown["tokens_per_minute"] == 5 and shown["concurrent"] is None
    month, total = shown["budgets"]
    assert month["dollars"] == "12.50" and month["left"] == "12.50" and month["resets_at"].endswith("-01T00:00:00.000Z")
    assert total["dollars"] == "0.0000025" and total["resets_at"] is None
    other, _ = add_key(library)
    assert library.call("GET", f"/v1/keys/{other}/limits", key=secret).status_code == 403
    assert library.call("PUT", f"/v1/keys/{key}/limits", key=secret, json={}).status_code == 403
    for wrong in ({"budgets": [{"period": "week", "calls": 1}]}, {"budgets": [{"period": "day"}]},
                  {"budgets": [{"period": "day", "calls": 1, "dollars": "1"}]}, {"concurrent": -1},
                  {"budgets": [{"period": "day", "dollars": "-1"}]}, {"budgets": [{"period": "day", "dollars": "1e9"}]},
                  {"budgets": [{"period": "day", "calls": 1}, {"period": "day", "calls": 2}]}, {"models": [""]},
                  {"budgets": {}}, {"budgets": [7]}, {"unknown": 1}):
        assert library.call("PUT", f"/v1/keys/{key}/limits", json=wrong).status_code == 400, wrong
    assert library.call("PUT", "/v1/keys/none/limits", json={}).status_code == 404
    assert {b["id"] for b in library.get("/v1/budgets").json()["items"]} >= {month["id"], total["id"]}


def test_a_model_without_a_price_is_refused_where_money_counts(library):
    _, secret = add_key(library, budgets=[{"period": "day", "dollars": "0"}])
    answer = chat(library, secret)
    assert answer.status_code == 200, "a local service costs nothing"


def test_the_workspace_and_its_keys_share_a_budget(library):
    one, two = add_key(library), add_key(library)
    set_to = lambda budgets: library.call("PUT", "/v1/workspace/limits", json={"budgets": budgets})
    assert set_to([{"period": "total", "calls": 4}]).status_code == 200
    statuses = [chat(library, secret).status_code for secret in (one[1], two[1]) * 3]
    assert set_to([]).status_code == 200
    assert statuses == [200] * 4 + [429] * 2
    wait_until(lambda: chat(library, one[1]).status_code == 200)


def test_questions_to_the_library_count_too(library):
    key, secret = add_key(library, budgets=[{"period": "day", "calls": 1}])
    library.add(("quarry.txt", b"The quarry at Ardal opened in 1874 and employs 212 people."))
    ask = {"question": "How many people does the quarry at Ardal employ?", "save": False}
    assert library.post("/v1/ask", ask, key=secret).json()["mode"] == "generated"
    assert library.post("/v1/ask", ask, key=secret).json()["mode"] == "generated", "an answer that is kept costs nothing"
    other = {**ask, "question": "When did the quarry at Ardal open?"}
    assert library.post("/v1/ask", other, key=secret).json()["mode"] != "generated", "passages instead"
    wait_until(lambda: budget_of(library, key)["spent"] == 1)


# --- Budgets ---

def test_a_thousand_calls_at_once_against_a_budget_of_a_hundred(library):
    key, secret = add_key(library, budgets=[{"period": "day", "calls": 100}])
    statuses = at_once([library.url], secret, 1000)
    assert statuses.count(200) == 100 and statuses.count(429) == 900, {s: statuses.count(s) for s in set(statuses)}
    wait_until(lambda: budget_of(library, key)["spent"] == 100)
    refused = chat(library, secret)
    assert "budget of the day" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) > 0 and refused.headers["x-should-retry"] == "false"


def set_price(server, mock, model, **prices):
    """The mock as a service of its own, whose model has this price: its name."""
    service = {"base_url": mock.url, "private": True}
    assert server.call("PUT", "/v1/gateway/services/mock", json=service).status_code < 300
    answer = server.call("PUT", "/v1/gateway/models", json={"name": f"mock/{model}", "prices": prices})
    assert answer.status_code < 300, answer.text
    return f"mock/{model}"


def test_a_budget_of_money_for_a_hundred_calls_of_a_fixed_price(library, mock):
    model = set_price(library, mock, "good", call="0.01", input="0", output="0")
    key, secret = add_key(library, budgets=[{"period": "month", "dollars": "1"}])
    statuses = at_once([library.url], secret, 1000, body(model))
    assert statuses.count(200) == 100 and statuses.count(429) == 900
    wait_until(lambda: budget_of(library, key)["reached"] == 100)  # told once it is spent
    budget = budget_of(library, key)
    assert budget["spent"] == "1.00" and budget["left"] == "0.00" and budget["held"] == "0.00"


def test_what_is_reserved_and_not_used_is_given_back(library, mock):
    """Each call may cost 0.22 and costs 0.07: one after the other, 14 fit into a dollar."""
    model = set_price(library, mock, "crlf", input="0", output="10000")
    key, secret = add_key(library, budgets=[{"period": "month", "dollars": "1"}])
    ask = lambda: chat(library, secret, model, max_tokens=22).status_code
    assert [ask() for _ in range(12)] == [200] * 12  # 0.16 are left: too little for the longest answer
    assert ask() == 429
    assert chat(library, secret, model, max_tokens=10).status_code == 200
    wait_until(lambda: budget_of(library, key)["spent"] == "0.91")


def test_a_stream_that_is_cut_costs_what_was_sent(library, mock):
    model = set_price(library, mock, "cut", input="0", output="1000000")
    key, secret = add_key(library, budgets=[{"period": "month", "dollars": "100"}])
    assert "error" in chat(library, secret, model, stream=True, max_tokens=50).text
    wait_until(lambda: budget_of(library, key)["spent"] != "0.00")
    assert 0 < Decimal(budget_of(library, key)["spent"]) <= 5


def test_who_leaves_before_the_first_word_pays_for_the_question(library, mock):
    model = set_price(library, mock, "slow", input="1000", output="0", call="0.5")
    key, secret = add_key(library, budgets=[{"period": "month", "dollars": "100"}])
    asked_before = len(mock.chats())
    client = http.client.HTTPConnection("127.0.0.1", library.port)
    client.request("POST", CHAT, json.dumps(body(model)), {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"})
    wait_until(lambda: len(mock.chats()) > asked_before)
    client.close()
    wait_until(lambda: Decimal(budget_of(library, key)["spent"]) > Decimal("0.5"))


def test_a_picture_that_was_not_made_is_not_paid_for(library, mock):
    model = set_price(library, mock, "broken", call="0.5", input="0", output="0")
    key, secret = add_key(library, budgets=[{"period": "month", "dollars": "100"}])
    assert chat(library, secret, model).status_code >= 500
    wait_until(lambda: budget_of(library, key)["held"] == "0.00")
    assert budget_of(library, key)["spent"] == "0.00"


def test_a_call_that_fails_costs_nothing(library):
    key, secret = add_key(library, budgets=[{"period": "day", "calls": 2}])
    assert chat(library, secret, "broken").status_code >= 500
    assert [chat(library, secret).status_code for _ in range(3)] == [200, 200, 429]
    wait_until(lambda: budget_of(library, key)["spent"] == 2)


def test_shares_that_are_reached_are_noted_once(library):
    key, secret = add_key(library, budgets=[{"period": "total", "calls": 10}])
    budget = budget_of(library, key)["id"]
    noted = lambda: sum(e["action"] == "budget.reached" and e["subject"] == budget for e in
                        library.get("/v1/audit", params={"limit": 1000}).json()["items"])
    for calls, share, times in ((4, 0, 0), (1, 50, 1), (2, 50, 1), (1, 80, 2), (3, 100, 3)):
        for _ in range(calls):
            chat(library, secret)
        wait_until(lambda: budget_of(library, key)["reached"] == share and noted() == times)


@pytest.fixture
def three_nodes(mock, tmp_path, postgres):
    database = postgres.new_database()
    first = open_server(tmp_path / "first", mock, database)
    nodes = [first]
    for name in ("second", "third"):
        (tmp_path / name).mkdir(mode=0o700)
        (tmp_path / name / "blobs").symlink_to(first.data / "blobs")
        shutil.copy(first.data / "master.key", tmp_path / name / "master.key")
        nodes.append(open_server(tmp_path / name, mock, database))
        nodes[-1].key = first.key
    yield nodes
    for node in nodes:
        node.stop()


def test_never_one_too_many_on_three_nodes(three_nodes):
    first = three_nodes[0]
    key, secret = add_key(first, budgets=[{"period": "day", "calls": 100}])
    statuses = at_once([node.url for node in three_nodes], secret, 1000)
    admitted = statuses.count(200)
    assert 90 <= admitted <= 100 and statuses.count(429) == 1000 - admitted, admitted
    wait_until(lambda: budget_of(first, key)["spent"] == admitted)
    for node in three_nodes[1:]:
        node.stop()
    held = budget_of(first, key)["held"]
    assert held + admitted <= 100, "what the others had left is back"


def test_what_a_dead_node_held_is_given_back_only_by_a_person(three_nodes):
    first, second, _ = three_nodes
    key, secret = add_key(first, budgets=[{"period": "day", "calls": 1000}])
    at_once([second.url], secret, 60)
    wait_until(lambda: budget_of(first, key)["spent"] == 60)
    held = budget_of(first, key)["held"]
    second.kill()
    if held:
        assert budget_of(first, key)["held"] == held
    answer = first.post(f"/v1/budgets/{budget_of(first, key)['id']}/reclaim")
    assert answer.status_code == 200, answer.text
    assert budget_of(first, key)["held"] == held, "it was seen a moment ago"


def test_the_books_balance_after_random_cuts(mock, tmp_path):
    """Clients leave, the service is cut, the server is killed: what was spent is what the rows say."""
    server = open_server(tmp_path / "library", mock)
    models = ["broken", "mock/priced", "mock/priced-cut", "mock/priced-slow", "mock/good", "mock/cut", "mock/bytes"]
    for name in models[1:]:
        set_price(server, mock, name[5:], input="1000", output="1000")
    # A call may cost 0.05 and costs up to 0.03: the limit is reached.
    key, secret = add_key(server, budgets=[{"period": "day", "dollars": "3"}, {"period": "total", "calls": 100000}])
    rng = random.Random(7)

    def one_call():
        model = rng.choice(models)
        try:
            with requests.post(server.url + CHAT, json=body(model, stream=True, max_tokens=20), timeout=10, stream=True,
                               headers={"Authorization": f"Bearer {secret}"}) as answer:
                for _ in answer.iter_content(64):
                    if rng.random() < 0.1:
                        return  # the client leaves
        except requests.RequestException:
            time.sleep(0.02)

    def some_calls():
        for _ in range(63):
            one_call()

    threads = [threading.Thread(target=some_calls) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.5)
        server.kill()
        server.start()
    for thread in threads:
        thread.join()

    def books():
        rows = server.get("/v1/usage", params={"by": "key"}).json()["items"]
        row = next((r for r in rows if r["name"] == key), None)
        dollars, calls = budget_of(server, key, "day"), budget_of(server, key, "total")
        return row, dollars, calls

    server.stop()
    server.start()
    row, dollars, calls = books()
    server.stop()
    spent = int(Decimal(dollars["spent"]) * 10**12)
    assert 0 < spent == row["cost_pico"], (row, dollars)
    assert Decimal(dollars["held"]) + Decimal(dollars["spent"]) <= 3
    assert Decimal(dollars["spent"]) > 1 and 0 < calls["spent"] <= row["calls"]


def test_every_route_has_the_general_limits(mock, tmp_path):
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url, "--user-rate", "5"],
                    environment={"LECTERN_ADDRESS_RATE": "60"}).start()
    try:
        server.new_key()
        assert [server.get("/v1/documents").status_code for _ in range(6)] == [200] * 5 + [429]
        refused = server.get("/v1/documents")
        assert refused.json()["error"]["code"] == "rate_limited" and 0 < int(refused.headers["retry-after"]) <= 12
        assert [chat(server, server.key).status_code for _ in range(6)] == [200] * 5 + [429]
        statuses = [requests.get(server.url + "/nothing-here").status_code for _ in range(80)]
        assert statuses[-1] == 429 and 429 not in statuses[:10], statuses
    finally:
        server.stop()


def test_a_key_that_is_revoked_is_refused_at_once(library):
    key, secret = add_key(library)
    assert chat(library, secret).status_code == 200
    assert library.call("DELETE", f"/v1/keys/{key}").status_code == 204
    wait_until(lambda: chat(library, secret).status_code == 401)
