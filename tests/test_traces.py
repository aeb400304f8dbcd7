"""Requests, jobs and what they ask of others are spans of one trace."""
import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests
from google.protobuf.unknown_fields import UnknownFieldSet
from conftest import Server, wait_until
from mock_collector import Collector, attributes, read

DOCS = Path(__file__).parents[1] / "docs"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def collector():
    started = Collector()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def library(collector, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("traces") / "library",
                     environment={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}", "OTEL_SERVICE_NAME": "our-library",
                                  "LECTERN_LOG_FORMAT": "json", "LECTERN_LOG_LEVEL": "debug"}).start()
    started.new_key()
    yield started
    started.stop()


def headers(library, trace, flags="01", **more):
    return {"Authorization": f"Bearer {library.key}", "traceparent": f"00-{trace}-{PARENT}-{flags}", **more}


def test_a_request_is_a_span_named_by_its_route_with_the_database_below_it(library, collector):
    answer = requests.get(f"{library.url}/v1/documents/{'0' * 8}-0000-7000-8000-{'0' * 12}?q=secret", headers=headers(library, TRACE))
    assert answer.status_code == 404
    assert answer.json()["error"]["trace_id"] == TRACE, "who is refused can say which trace it was"
    span = wait_until(lambda: collector.spans(TRACE, "GET /v1/documents/:id"))[0]
    told = attributes(span)
    assert span["parentSpanId"] == PARENT and span["kind"] == 2 and "status" not in span, "a 404 is no failure of ours"
    assert told["http.route"] == "/v1/documents/:id" and told["http.response.status_code"] == "404"
    assert told["http.request.method"] == "GET" and told["lectern.request_id"] == answer.headers["X-Request-Id"]
    reads = collector.spans(TRACE, "db read")
    assert reads and all(read["parentSpanId"] == span["spanId"] for read in reads)
    assert attributes(reads[0])["db.system.name"] == "sqlite"
    assert all(span["startTimeUnixNano"] <= read["startTimeUnixNano"] <= read["endTimeUnixNano"] for read in reads)
    assert b"secret" not in b"".join(data for _, _, data in collector.posts)


def test_a_document_s_jobs_and_its_worker_go_on_with_the_trace_of_its_upload(library, collector):
    trace = "a" * 32
    answer = requests.post(f"{library.url}/v1/documents", headers=headers(library, trace), files={"file": ("a.txt", b"Words to find.")})
    assert answer.status_code == 202
    job = wait_until(lambda: collector.spans(trace, "job extract"))[0]
    upload = collector.spans(trace, "POST /v1/documents")[0]
    ids = {span["spanId"]: span for span in collector.spans(trace)}
    above = job
    while above["parentSpanId"] in ids:
        above = ids[above["parentSpanId"]]
    assert above is upload or above["spanId"] == upload["spanId"], "the job is below the request that added it"
    assert attributes(job)["lectern.job.type"] == "extract" and job["kind"] == 5
    reading = wait_until(lambda: collector.spans(trace, "read in a worker"))
    assert reading[0]["parentSpanId"] == job["spanId"]


def test_who_began_a_trace_decides_whether_it_is_recorded(library, collector):
    quiet, heard = "b" * 32, "c" * 32
    for trace, flags in ((quiet, "00"), (heard, "01")):
        assert requests.get(f"{library.url}/v1/documents", headers=headers(library, trace, flags)).status_code == 200
    assert requests.get(f"{library.url}/v1/documents", headers={**headers(library, trace), "traceparent": "00-nonsense"}).status_code == 200
    wait_until(lambda: collector.spans(heard))
    assert not collector.spans(quiet)


def test_a_collector_can_read_what_it_is_sent(library, collector):
    posts = wait_until(lambda: collector.of("/v1/traces"))
    for post in posts:
        assert post[1]["Content-Type"] == "application/x-protobuf", "what OpenTelemetry's own exporters send unless they are told otherwise"
        request = read(post)
        check_request(request, "our-library")
        assert not any(unknown_fields(one) for one in walk(request)), "all of it is of the schema"


def check_request(request, name):
    resource = request.resource_spans[0]
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == name
    assert resource.scope_spans[0].scope.name == "lectern" and resource.scope_spans[0].spans
    for span in resource.scope_spans[0].spans:
        assert len(span.trace_id) == 16 and len(span.span_id) == 8 and span.end_time_unix_nano >= span.start_time_unix_nano
        assert abs(span.start_time_unix_nano / 1e9 - time.time()) < 600


def walk(message):
    yield message
    for field, value in message.ListFields():
        if field.message_type:
            for one in value if isinstance(value, Sequence) else [value]:
                yield from walk(one)


def unknown_fields(message):
    return len(UnknownFieldSet(message))


def test_spans_go_as_json_where_the_setting_says_so(tmp_path):
    collector = Collector()
    server = Server(tmp_path / "library", environment={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}",
                                                       "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}).start()
    try:
        server.get("/health")
        for post in wait_until(lambda: collector.of("/v1/traces")):
            assert post[1]["Content-Type"] == "application/json" and json.loads(post[2])["resourceSpans"]
            check_request(read(post), "lectern")
    finally:
        server.stop()
        collector.stop()


def test_lines_of_the_log_name_the_trace(library):
    trace = "d" * 32
    requests.get(f"{library.url}/v1/documents", headers=headers(library, trace))
    lines = wait_until(lambda: [line for line in map(json.loads, library.log.read_text().splitlines()) if line.get("trace_id") == trace])
    assert lines[0]["area"] == "http" and lines[0]["id"]


def test_what_was_sent_and_what_was_not_is_counted(library, collector):
    def figures():
        text = library.get("/metrics").text
        return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line.startswith("lectern_trace_spans_total")}
    counted = wait_until(lambda: figures().get('lectern_trace_spans_total{result="sent"}') and figures())
    assert counted['lectern_trace_spans_total{result="dropped"}'] == 0 and counted['lectern_trace_spans_total{result="lost"}'] == 0


def test_a_program_that_broke_says_so_at_its_next_start(collector, tmp_path):
    server = Server(tmp_path / "library", environment={"SENTRY_DSN": f"http://public@{collector.address}/7"}).start()
    try:
        server.process.send_signal(signal.SIGSEGV)
        assert server.process.wait(20) == -signal.SIGSEGV
        server.start()
        event = wait_until(lambda: [event for event in collector.events() if event["logger"] == "crash"])[0]
        assert event["level"] == "fatal" and "SIGSEGV" in event["message"]["formatted"] and "lectern" in event["extra"]["detail"]
        assert "the program broke when it ran last" in server.log.read_text()
        assert (server.data / "crash").read_text() == "", "it is told once"
    finally:
        server.stop()


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (package prometheus) is not installed")
def test_promtool_finds_nothing_wrong_with_the_figures_and_the_rules(library):
    checked = subprocess.run(["promtool", "check", "metrics"], input=library.get("/metrics").text, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    rules = subprocess.run(["promtool", "check", "rules", str(DOCS / "prometheus-rules.yml")], text=True, capture_output=True)
    assert rules.returncode == 0, rules.stdout + rules.stderr


def test_every_figure_that_the_rules_and_the_dashboard_name_is_told_or_of_model_calls(library):
    told = set(re.findall(r"^# TYPE (\w+)", library.get("/metrics").text, re.M))
    shipped = [(DOCS / name).read_text() for name in ("prometheus-rules.yml", "grafana-dashboard.json")]
    named = set(re.findall(r"\b(?:lectern|process)_\w+", " ".join(shipped)))
    bare = {re.sub(r"_(bucket|count|sum)$", "", name) for name in named}
    assert {name for name in bare if not name.startswith("lectern_gateway_")} <= told
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "lectern_disk_free_bytes",
            "lectern_http_request_duration_seconds", "lectern_jobs_ended_total"} <= told


def test_live_ready_and_health_answer_anybody(library):
    for path in ("/live", "/ready", "/health"):
        assert requests.get(library.url + path).status_code == 200, path
