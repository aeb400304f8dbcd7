"""Background work: tasks of models as jobs, schedules, dead letters, how it goes."""
import json
import threading
import time

import pytest

from conftest import Server, wait_until
from mock_provider import MockProvider


@pytest.fixture(scope="module")
def admin(server):
    return server.cli("keys", "add", "jobs", "--role", "admin").stdout.split()[-1]


def wait_for(server, path, states, key=None):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = server.get(path, key=key or server.key).json()
        if found["state"] in states:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it is {found}")


def start(server, kind, payload, **rest):
    answer = server.post("/v1/ai-tasks", {"type": kind, "payload": payload, **rest})
    assert answer.status_code == 202, answer.text
    return f"/v1/ai-tasks/{answer.json()['id']}"


def test_a_task_answers_as_its_route_does(server):
    text = "Invoice 4711 of Example Ltd. Total due: 120 euros, payable until 3 May."
    task = start(server, "ai.classify_document_enhanced", {"text": text})
    kept = wait_for(server, task, ["done", "dead"])
    assert kept["state"] == "done", kept
    now = server.post("/api/v1/ai/classification/enhanced", {"text": text}).json()
    assert kept["result"]["categories"] == now["categories"] and kept["result"]["success"]


def test_many_tasks_are_routed_and_come_back_together(server):
    task = start(server, "ai.route_ai_tasks", {"tasks": [
        {"task_type": "sentiment", "payload": {"text": "What a wonderful day!", "analysis_type": "sentiment"}},
        {"type": "workflow", "payload": {}},
        {"task_type": "bot_configuration", "payload": {"meeting": {"title": "Weekly review"}}}]})
    done = wait_for(server, task, ["done", "dead"])
    states = [(t["type"], t["state"]) for t in done["result"]["tasks"]]
    assert states == [("ai.process_ai_analysis", "done"), ("ai.execute_document_workflow", "dead"),
                      ("ai.generate_bot_configuration", "done")]
    assert "workflow_id" in done["result"]["tasks"][1]["error"]
    assert done["result"]["tasks"][2]["result"]["made_by"] == "rules"


def test_the_same_key_starts_one_task_and_another_payload_is_refused(server):
    first = start(server, "analysis", {"text": "one"}, key="k1")
    assert start(server, "analysis", {"text": "one"}, key="k1") == first
    assert server.post("/v1/ai-tasks", {"type": "analysis", "payload": {"text": "two"}, "key": "k1"}).status_code == 409
    assert server.post("/v1/ai-tasks", {"type": "nothing"}).status_code == 400


def test_dead_letters_are_listed_retried_and_thrown_away(server, admin):
    task = start(server, "ai.execute_document_workflow", {})
    wait_for(server, task, ["dead"])
    job = task.rsplit("/", 1)[1]
    dead = {j["id"]: j for j in server.get("/v1/jobs?state=dead&type=ai.execute_document_workflow", key=admin).json()["items"]}
    assert dead[job]["error_code"] == "invalid" and "workflow_id" in dead[job]["error"]
    counts = {c["type"]: c for c in server.get("/v1/job-counts", key=admin).json()["items"]}
    assert counts["ai.execute_document_workflow"]["dead"] == len(dead)
    assert server.post("/v1/dead-jobs/retry", {"type": "ai.execute_document_workflow"}, key=admin).json()["count"] == len(dead)
    wait_for(server, task, ["dead"])
    assert server.call("DELETE", f"/v1/jobs/{job}", key=admin).status_code == 204
    assert server.get(f"/v1/jobs/{job}", key=admin).status_code == 404
    removed = server.post("/v1/dead-jobs/remove", {"type": "ai.execute_document_workflow"}, key=admin).json()["count"]
    assert removed == len(dead) - 1
    reader = server.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    assert server.get("/v1/jobs", key=reader).status_code == 403
    assert server.post("/v1/ai-tasks", {"type": "analysis"}, key=reader).status_code == 403


def test_a_schedule_starts_its_job_now_and_when_its_time_has_come(server, admin):
    types = [t["type"] for t in server.get("/v1/schedule-types").json()["items"]]
    assert "ai.monitor_ai_processing" in types
    wish = {"name": "figures", "type": "ai.process_ai_analysis", "payload": {"text": "A fine day."},
            "cron": "30 2 * * *", "zone": "Europe/Berlin"}
    made = server.post("/v1/schedules", wish)
    assert made.status_code == 201, made.text
    schedule = f"/v1/schedules/{made.json()['id']}"
    assert made.json()["catch_up"] == "one" and len(made.json()["next_times"]) == 5
    assert server.post("/v1/schedules", wish).status_code == 409
    for wrong, field in (({"cron": "61 * * * *"}, "cron"), ({"zone": "Berlin"}, "zone"), ({"type": "purge"}, "type"),
                         ({"every_s": 60}, "cron"), ({"catch_up": "some"}, "catch_up"),
                         ({"payload": {"text": 7}}, "payload.text"), ({"payload": {"txt": "A day."}}, "payload.txt"), ({"payload": {}}, "payload"),
                         ({"type": "workflow_start", "payload": {}}, "payload.workflow"),
                         ({"type": "workflow_start", "payload": {"workflow": "none"}}, "payload.workflow"),
                         ({"type": "ai.execute_document_workflow", "payload": {"workflow_id": "none"}}, "payload.workflow_id"),
                         ({"payload": {"text": "A day.", "workflow": "none"}}, "payload.workflow"),
                         ({"type": "ai.route_ai_tasks", "payload": {"tasks": [{"type": "nothing"}]}}, "payload.tasks")):
        refused = server.post("/v1/schedules", {**wish, "name": "other", **wrong})
        assert refused.status_code == 400 and refused.json()["error"]["field"] == field, refused.text
    job = server.post(f"{schedule}/run").json()["job"]
    assert wait_for(server, f"/v1/jobs/{job}", ["done", "dead"], admin)["state"] == "done"
    assert server.get(schedule).json()["last_job"] == job
    paused = server.call("PATCH", schedule, json={"paused": True}).json()
    assert paused["next_at"] is None and paused["cron"] == "30 2 * * *"
    changed = server.call("PATCH", schedule, json={"paused": False, "every_s": 3600}).json()
    assert changed["cron"] is None and changed["every_s"] == 3600
    assert server.call("PATCH", schedule, json={"payload": {"hours": 3}}).json()["error"]["field"] == "payload.hours"
    other = server.call("PATCH", schedule, json={"type": "ai.auto_schedule_user_bots", "payload": {"hours": 3}}).json()
    assert (other["type"], other["payload"]) == ("ai.auto_schedule_user_bots", {"hours": 3})
    preview = server.post("/v1/schedules/preview", {"cron": "0 0 29 2 *", "count": 2}).json()["next_times"]
    assert [t[4:10] for t in preview] == ["-02-29", "-02-29"]
    assert server.call("DELETE", schedule).status_code == 204 and server.get(schedule).status_code == 404


def test_a_schedule_says_that_its_workflow_was_removed(server, admin):
    workflow = server.post("/v1/workflows", {"name": "short-lived", "definition": {"steps": [{"id": "a", "type": "compute", "with": {"values": 1}}]}}).json()
    made = server.post("/v1/schedules", {"name": "lost", "type": "workflow_start", "payload": {"workflow": "short-lived"}, "every_s": 86400}).json()
    schedule = f"/v1/schedules/{made['id']}"
    assert made["last_error"] is None
    assert server.call("DELETE", f"/v1/workflows/{workflow['id']}").status_code == 204
    assert server.post(f"{schedule}/run", {}, key=admin).status_code < 300
    assert wait_until(lambda: "short-lived" in (server.get(schedule).json()["last_error"] or ""))
    assert server.call("PATCH", schedule, json={"paused": True}).status_code == 200
    assert server.call("DELETE", schedule).status_code == 204


def test_two_schedules_are_there_from_the_beginning_and_stay_as_they_are_left(fresh_server):
    fresh_server.key = fresh_server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]

    def usual():
        return {one["type"]: one for one in fresh_server.get("/v1/schedules").json()["items"]}
    first = usual()
    assert {kind: one["every_s"] for kind, one in first.items()} == {"ai.monitor_ai_processing": 900, "ai.cleanup_expired_workflows": 60}
    cleanup, monitor = (f"/v1/schedules/{first[kind]['id']}" for kind in ("ai.cleanup_expired_workflows", "ai.monitor_ai_processing"))
    assert fresh_server.call("PATCH", cleanup, json={"paused": True}).json()["next_at"] is None
    assert fresh_server.call("DELETE", monitor).status_code == 204
    fresh_server.stop()
    fresh_server.start()
    assert {kind: one["paused"] for kind, one in usual().items()} == {"ai.cleanup_expired_workflows": True}


@pytest.mark.parametrize("kind", ["ai.monitor_ai_processing", "ai.cleanup_expired_workflows", "feedback"])
def test_what_needs_nothing_is_done_for_the_workspace_that_schedules_it(server, admin, kind):
    made = server.post("/v1/schedules", {"name": f"my {kind}", "type": kind, "every_s": 86400}, key=admin).json()
    job = server.post(f"/v1/schedules/{made['id']}/run", {}, key=admin).json()["job"]
    assert wait_for(server, f"/v1/jobs/{job}", ["done", "dead"], admin)["state"] == "done"


def test_tasks_killed_in_the_middle_end_once_with_one_result_and_one_bill(database_kind, request, tmp_path):
    """Of three, one has ended and two wait for the model when the node is killed: those are asked again, and nothing else."""
    gate, birds = threading.Event(), ["wren", "robin", "owl"]

    def answer(body):
        if "wren" not in str(body["messages"]):
            gate.wait(20)
        return json.dumps({"statements": [{"text": "It sings at dawn.", "sources": [1]}]})

    def asked():
        return [sum(bird in str(body["messages"]) for body in mock.chats()) for bird in birds]

    def listed(path):
        return server.get(path).json()["items"]

    mock = MockProvider(["good"], answer=answer)
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    server = Server(tmp_path / "library", database).start()
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    try:
        assert server.call("PUT", "/v1/gateway/services/mock", json={"base_url": mock.url, "private": True}).status_code < 300
        assert server.call("PUT", "/v1/gateway/models", json={"name": "mock/good", "prices": {"call": "0.01"}}).status_code < 300
        assert server.call("PUT", "/v1/workspace/limits", json={"budgets": [{"period": "total", "dollars": "5"}]}).status_code == 200
        task = start(server, "ai.route_ai_tasks", {"tasks": [
            {"type": "summary", "payload": {"text": f"The {bird} sings at dawn.", "analysis_type": "summary", "model": "mock/good"}}
            for bird in birds]})
        wait_until(lambda: asked() == [1, 1, 1] and listed("/v1/jobs?state=done&type=ai.process_ai_analysis") and listed("/v1/calls"))
        server.kill()
        gate.set()
        server.start()
        done = wait_for(server, task, ["done", "dead"])
        assert [(t["state"], t["result"]["summary"], t["result"]["model"]) for t in done["result"]["tasks"]] == [("done", "It sings at dawn.", "good")] * 3
        assert asked() == [1, 2, 2], "what had ended is not asked again"
        calls = wait_until(lambda: listed("/v1/calls")[2:] and listed("/v1/calls"))
        assert [(call["status"], call["cost_pico"]) for call in calls] == [("ok", 10 ** 10)] * 3
        wait_until(lambda: [(row["calls"], row["cost_pico"]) for row in listed("/v1/usage?by=model")] == [(3, 3 * 10 ** 10)])
        wait_until(lambda: server.get("/v1/workspace/limits").json()["budgets"][0]["spent"] == "0.03")
        jobs = listed("/v1/jobs?type=ai.process_ai_analysis")
        assert sorted((job["state"], job["attempt"]) for job in jobs) == [("done", 1), ("done", 2), ("done", 2)], jobs
    finally:
        gate.set()
        server.stop()
        mock.stop()
