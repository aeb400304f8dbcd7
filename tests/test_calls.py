"""What is kept of calls of models: one by one, summed, and as figures for monitors."""
import time
from datetime import datetime

import pytest

from conftest import Server, wait_until
from mock_collector import Collector, read
from mock_provider import MODELS, MockProvider


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
    started.admin = started.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    yield started
    started.stop()


def chat(library, model, **more):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
    return library.post("/v1/chat/completions", body)


def calls(library, query=""):
    answer = library.get(f"/v1/calls?{query}", key=library.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_every_call_is_listed_with_what_it_took(library):
    assert chat(library, "good").status_code == 200
    call = wait_until(lambda: calls(library, "model=good"))[0]
    assert call["status"] == "ok" and call["dialect"] .startswith("openai") and call["feature"] == "api", call
    assert call["input_tokens"] == 11 and call["output_tokens"] == 7 and not call["estimated"]
    assert 0 <= call["own_us"] <= call["total_us"] and call["bytes_in"] > 10 and call["tries"] == 1
    assert call["cost_pico"] is None, "a model without a price is not free"


def test_calls_that_failed_are_found_by_their_error(library):
    assert chat(library, "broken").status_code >= 500
    assert wait_until(lambda: calls(library, "model=broken&status=error"))[0]["status"] == "upstream"
    assert chat(library, "cut-late", stream=True).status_code == 200
    cut = wait_until(lambda: calls(library, "model=cut-late"))[0]
    assert cut["truncated"] and cut["stream"] and cut["status"] != "ok", cut


def test_calls_are_listed_in_parts(library):
    for _ in range(5):
        chat(library, "whole")
    wait_until(lambda: len(calls(library, "model=whole")) == 5)
    seen, after = [], ""
    while after is not None:
        part = library.get(f"/v1/calls?model=whole&limit=2&after={after}", key=library.admin).json()
        seen += [call["id"] for call in part["items"]]
        after = part["next"]
    assert len(seen) == len(set(seen)) == 5 and seen == sorted(seen, reverse=True)
    assert library.get("/v1/calls?after=nonsense", key=library.admin).status_code == 400
    assert library.get("/v1/calls").status_code == 403, "a reader's key sees nobody's calls"


@pytest.mark.parametrize("by", ["day", "hour", "minute", "clock", "model", "service", "user", "key", "feature", "task", "status"])
def test_calls_are_summed_by(library, by):
    chat(library, "good")
    rows = wait_until(lambda: library.get(f"/v1/usage?by={by}&model=good", key=library.admin).json()["items"])
    assert len(rows) == 1 and rows[0]["calls"] >= 1 and rows[0]["input_tokens"] == 11 * rows[0]["calls"], rows
    took = sum(count for name, count in rows[0].items() if name.startswith("took_") and name not in ("took_us", "took_ms"))
    assert rows[0]["unpriced"] == took == rows[0]["calls"] and rows[0]["average_us"] > 0


def test_a_sum_by_something_else_is_refused(library):
    answer = library.get("/v1/usage?by=colour", key=library.admin)
    assert answer.status_code == 400 and "clock" in answer.text


def test_what_was_recorded_survives_a_stop(library):
    chat(library, "crlf")
    library.stop()
    library.start()
    assert calls(library, "model=crlf")


# --- Figures for Prometheus ---

def metric(library, line):
    """The value of a series, 0 when it is not there."""
    for found in library.get("/metrics").text.splitlines():
        if found.startswith(line + " "):
            return float(found.rsplit(" ", 1)[1])
    return 0


def test_calls_are_told_to_prometheus(library):
    line = 'lectern_gateway_calls_total{service="openai-compatible",model="bytes",task="chat",status="ok"}'
    assert metric(library, line) == 0
    chat(library, "bytes")
    wait_until(lambda: metric(library, line) == 1)
    assert metric(library, "lectern_gateway_running") == 0
    assert metric(library, 'lectern_gateway_own_seconds_bucket{le="+Inf"}') == metric(library, "lectern_gateway_own_seconds_count") > 0


def test_figures_are_in_the_format_that_prometheus_reads(library):
    chat(library, 'a "quoted"\nmodel\\')
    text = wait_until(lambda: (lambda t: t if "quoted" in t else "")(library.get("/metrics").text))
    seen, kinds = set(), {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in kinds, f"{name} comes twice"
            kinds[name] = kind
        elif not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            assert series not in seen, line
            seen.add(series)
            float(value)
            base = series.split("{")[0]
            assert base in kinds or base.rsplit("_", 1)[0] in kinds, line
    assert 'model="a \\"quoted\\"\\nmodel\\\\"' in text
    assert not [line for line in text.splitlines() if library.key in line]


def test_the_shipped_rules_ask_for_figures_that_exist(library):
    import pathlib
    import re
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    rules, dashboard = (docs / "prometheus-rules.yml").read_text(), (docs / "grafana-dashboard.json").read_text()
    names = set(re.findall(r"lectern_[a-z_]+", re.sub(r"#.*", "", rules) + dashboard))
    text = library.get("/metrics").text
    for name in names:
        assert name in text, f"{name} is in the rules or the dashboard and not in /metrics"
    assert "absent(" in rules


# --- Reports ---

def test_a_report_of_the_last_days(library):
    chat(library, "good")
    report = wait_until(lambda: (lambda r: r if r["totals"]["calls"] else None)(library.get("/v1/usage/report", key=library.admin).json()))
    assert report["totals"]["calls"] == sum(day["calls"] for day in report["days"])
    assert [task["name"] for task in report["tasks"]] == ["chat"]
    assert report["busiest_hours"][0]["calls"] >= report["busiest_hours"][-1]["calls"] and report["clock"]
    assert report["unusual_days"] == [] and report["recommendations"] == []
    assert library.get("/v1/usage/report").status_code == 403


def test_monitors_learn_how_services_do(library):
    chat(library, "good")
    health = wait_until(lambda: (lambda h: h if h["services"] and h["services"][0]["last_success_at"] else None)(
        library.get("/api/v1/ai/health").json()))
    service = health["services"][0]
    assert health["status"] in ("healthy", "degraded") and 0 < service["success_rate"] <= 1, health
    one = library.get(f"/api/v1/ai/health/{service['name']}").json()["services"]
    assert [found["name"] for found in one] == [service["name"]]
    assert library.get("/api/v1/ai/health/none").status_code == 404
    assert library.get("/monitoring/health").json()["services"]
    today = library.get("/monitoring/metrics", key=library.admin).json()["today"]
    assert today and today[0]["service"] == service["name"] and today[0]["calls"] >= 1
    assert set(library.get("/monitoring/dashboard", key=library.admin).json()) == {"status", "services", "today"}


# --- Telemetry ---

def test_calls_go_to_a_collector_and_failures_to_sentry(mock, tmp_path):
    import json
    collector = Collector()
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url],
                    environment={"LECTERN_PROVIDER_KEY": mock.key, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}",
                                 "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b", "SENTRY_DSN": f"http://public@{collector.address}/42"}).start()
    try:
        server.new_key()
        trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        body = {"model": "good", "messages": [{"role": "user", "content": "a secret question"}]}
        assert server.post("/v1/chat/completions", body, headers={"traceparent": f"00-{trace}-{parent}-01"}).status_code == 200
        assert chat(server, "broken").status_code >= 500
        call = wait_until(lambda: collector.spans(trace, "chat good"))[0]
        request = wait_until(lambda: collector.spans(trace, "POST /v1/chat/completions"))[0]
        assert request["parentSpanId"] == parent and request["kind"] == 2
        assert call["parentSpanId"] == request["spanId"] and call["kind"] == 3
        sent = [headers for _, headers, _ in mock.requests if headers.get("traceparent", "").startswith(f"00-{trace}-")]
        assert sent and sent[0]["traceparent"].split("-")[2] == call["spanId"], "the service is told of our span"
        path, headers, data = wait_until(lambda: collector.of("/v1/metrics"))[0]
        assert headers["x-team"] == "a b" and headers["Content-Type"] == "application/x-protobuf"
        duration, tokens = read((path, headers, data)).resource_metrics[0].scope_metrics[0].metrics
        assert (duration.name, duration.unit, tokens.name) == ("gen_ai.client.operation.duration", "s", "gen_ai.client.token.usage")
        assert duration.histogram.aggregation_temporality == 1, "of what came since the figures before"
        for point in duration.histogram.data_points:
            assert point.count == sum(point.bucket_counts) >= 1 and 0 < point.sum < 60
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1 and list(point.explicit_bounds) == sorted(point.explicit_bounds)
            assert point.start_time_unix_nano <= point.time_unix_nano and "gen_ai.request.model" in {one.key for one in point.attributes}
        path, headers, data = wait_until(lambda: collector.of("/api/42/envelope/"))[0]
        assert "sentry_key=public" in headers["X-Sentry-Auth"]
        event = json.loads(data.split(b"\n")[2])
        assert event["tags"]["model"] == "broken" and event["level"] == "error"
        assert abs(datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp() - time.time()) < 5
        everything = b"".join(data for _, _, data in collector.posts)
        assert b"secret question" not in everything and mock.key.encode() not in everything and server.key.encode() not in everything
    finally:
        server.stop()


def test_a_collector_that_is_away_holds_up_nothing(mock, tmp_path):
    server = Server(tmp_path / "library", arguments=["--provider-url", mock.url],
                    environment={"LECTERN_PROVIDER_KEY": mock.key, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "SENTRY_DSN": "http://k@127.0.0.1:9/1"}).start()
    try:
        server.new_key()
        server.admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
        assert chat(server, "good").status_code == 200
        assert wait_until(lambda: calls(server, "model=good"))
    finally:
        server.stop()
