"""Tasks: adding, changing, order, trash, dependencies, what recurs."""
import time

import pytest
import requests
from conftest import wait_until
from test_notices import add_person


@pytest.fixture(scope="module")
def library(server):
    return server


def add(library, summary="Pay the bill", **fields):
    answer = library.post("/v1/tasks", {"summary": summary, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(library, task, **fields):
    answer = library.call("PATCH", f"/v1/tasks/{task['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_task_is_added_changed_and_shown(library):
    task = add(library, deadline={"end": "2027-03-01T12:00:00+01:00", "time_zone": "Europe/Berlin"}, priority="high")
    assert task["deadline"] == {"start": None, "end": "2027-03-01T11:00:00.000Z", "time_zone": "Europe/Berlin",
                                "is_all_day": False}
    assert (task["category"], task["status"], task["made_by"], task["confidence"]) == ("general", "pending", "person", 1)
    changed = change(library, task, status="in_progress", deadline=None, assignee="Ann")
    assert changed["deadline"] is None and changed["priority"] == "high" and changed["next"] is None
    assert change(library, task, assignee=None)["assignee"] is None
    by_number = library.get(f"/v1/tasks/{task['number']}").json()
    assert by_number["id"] == task["id"] and by_number["status"] == "in_progress"
    history = library.get(f"/v1/tasks/{task['id']}/history").json()["items"]
    assert [h["action"] for h in history] == ["task.change", "task.change", "task.add"]
    assert history[1]["changes"]["status"] == {"from": "pending", "to": "in_progress"}


@pytest.mark.parametrize("body, field", [
    ({}, "summary"), ({"summary": "  "}, "summary"), ({"summary": "a", "status": "open"}, "status"),
    ({"summary": "a", "priority": "huge"}, "priority"), ({"summary": "a", "deadline": "soon"}, "deadline"),
    ({"summary": "a" * 501}, "summary"), ({"summary": "a", "recurrence": "FREQ=WEEKLY"}, "recurrence"),
    ({"summary": "a", "deadline": "2027-01-01", "recurrence": "FREQ=HOURLY"}, "recurrence"),
    ({"summary": "a", "deadline": {"start": "2027-01-02", "end": "2027-01-01"}}, "deadline"),
    ({"summary": "a", "reminders": ["never"]}, "reminders"), ({"summary": "a", "colour": "red"}, "colour"),
])
def test_what_makes_no_sense_is_refused_by_its_field(library, body, field):
    answer = library.post("/v1/tasks", body)
    assert answer.status_code == 400 and answer.json()["error"].get("field") == field, answer.text


def test_filters_and_orders(library):
    first = add(library, "Sort the red files", category="sorting", priority="low", deadline="2027-05-02")
    second = add(library, "Sort the blue files", category="sorting", priority="urgent", deadline="2027-05-01")
    third = add(library, "Sort nothing", category="sorting", status="done")

    def found(**query):
        page = library.get("/v1/tasks", params={"category": "sorting", **query}).json()
        assert page["total"] == len(page["items"])
        return [t["id"] for t in page["items"]]

    assert found() == [first["id"], second["id"], third["id"]]
    assert found(sort="due")[:2] == [second["id"], first["id"]]
    assert found(sort="priority")[0] == second["id"]
    assert found(q="BLUE") == [second["id"]]
    assert found(status="done") == [third["id"]]
    assert found(priority="low,urgent") == [first["id"], second["id"]]
    assert found(due_before="2027-05-02") == [second["id"]]
    assert library.get("/v1/tasks", params={"status": "open"}).status_code == 400
    part = library.get("/v1/tasks", params={"category": "sorting", "limit": 2}).json()
    rest = library.get("/v1/tasks", params={"category": "sorting", "limit": 2, "after": part["next"]}).json()
    assert [t["id"] for t in rest["items"]] == [third["id"]] and rest["next"] is None


def test_dependencies_make_no_circle(library):
    a, b = add(library, "a"), add(library, "b")
    assert change(library, a, needs=[b["id"]])["is_blocked"] is True
    for other in (a, b):
        circle = library.call("PATCH", f"/v1/tasks/{b['id']}", json={"needs": [other["id"]]})
        assert circle.status_code == 409, circle.text
    change(library, b, status="done")
    shown = library.get(f"/v1/tasks/{a['id']}").json()
    assert shown["is_blocked"] is False and shown["needs"] == [b["id"]]
    assert change(library, a, needs=[])["needs"] == []


def test_subtasks_go_to_the_trash_with_their_task_and_come_back(library):
    top = add(library, "top")
    child = add(library, "child", parent=str(top["number"]))
    grandchild = add(library, "grandchild", parent=child["id"])
    assert child["parent"] == top["id"]
    below = library.call("PATCH", f"/v1/tasks/{top['id']}", json={"parent": grandchild["id"]})
    assert below.status_code == 409
    assert library.call("DELETE", f"/v1/tasks/{top['id']}").status_code == 204
    assert library.call("DELETE", f"/v1/tasks/{top['id']}").status_code == 404
    assert library.get(f"/v1/tasks/{grandchild['id']}").json()["deleted_at"]
    trash = [t["id"] for t in library.get("/v1/tasks", params={"trash": "1"}).json()["items"]]
    assert {top["id"], child["id"], grandchild["id"]} <= set(trash)
    alone = library.post(f"/v1/tasks/{grandchild['id']}/restore").json()
    assert alone["parent"] is None and alone["deleted_at"] is None
    library.post(f"/v1/tasks/{top['id']}/restore")
    assert library.get(f"/v1/tasks/{child['id']}").json()["deleted_at"] is None


def test_what_recurs_comes_again_when_it_is_done(library):
    task = add(library, "Water the plants", recurrence="FREQ=WEEKLY;COUNT=2",
               deadline={"start": "2035-01-01T08:00:00Z", "end": "2035-01-01T09:00:00Z"})
    done = change(library, task, status="done")
    assert done["completed_at"] and done["next"]["status"] == "pending"
    assert done["next"]["deadline"]["start"] == "2035-01-08T08:00:00.000Z"
    assert done["next"]["recurrence"] == "FREQ=WEEKLY;COUNT=1" and done["next"]["number"] > task["number"]
    assert change(library, task, status="done")["next"] is None
    assert change(library, done["next"], status="done")["next"] is None


def test_what_recurs_keeps_its_time_of_day_when_the_clocks_change(library):
    task = add(library, "Morning", recurrence="FREQ=WEEKLY",
               deadline={"end": "2035-03-23T09:00:00+01:00", "time_zone": "Europe/Berlin"})
    assert change(library, task, status="done")["next"]["deadline"]["end"] == "2035-03-30T07:00:00.000Z"
    nowhere = library.post("/v1/tasks", {"summary": "a", "deadline": {"end": "2035-01-01", "time_zone": "Nowhere/At"}})
    assert nowhere.status_code == 400 and nowhere.json()["error"]["field"] == "time_zone"


def test_a_suggested_task_is_accepted_or_dismissed_once(library):
    one, two = add(library, "one", status="suggested"), add(library, "two", status="suggested")
    assert library.post(f"/v1/tasks/{one['id']}/accept").json()["status"] == "pending"
    assert library.post(f"/v1/tasks/{two['id']}/dismiss").json()["status"] == "cancelled"
    assert library.post(f"/v1/tasks/{one['id']}/dismiss").status_code == 409


def test_a_task_is_moved_below_another_and_into_a_status(library):
    tasks = [add(library, f"move {n}", category="moving") for n in range(3)]
    moved = library.post(f"/v1/tasks/{tasks[2]['id']}/move", {"after": tasks[0]["id"], "status": "in_progress"})
    assert moved.status_code == 200 and moved.json()["status"] == "in_progress", moved.text

    def order():
        return [t["summary"] for t in library.get("/v1/tasks", params={"category": "moving"}).json()["items"]]

    assert order() == ["move 0", "move 2", "move 1"]
    library.post(f"/v1/tasks/{tasks[1]['id']}/move", {"after": None})
    assert order() == ["move 1", "move 0", "move 2"]


def test_many_at_once_fail_each_for_itself(library):
    old, gone = add(library, "old"), add(library, "gone")
    answer = library.post("/v1/tasks/bulk", {
        "create": [{"summary": "new"}, {"summary": ""}, 7],
        "update": [{"id": old["id"], "priority": "urgent"}, {"id": "0190aaaa-0000-7000-8000-000000000000"}],
        "complete": [old["id"], "nothing"], "remove": [gone["id"]]}).json()
    assert (answer["done"], answer["failed"]) == (4, 4)
    assert [r["ok"] for r in answer["results"]] == [True, False, False, True, False, True, False, True]
    assert answer["results"][1]["error"]["field"] == "summary"
    shown = library.get(f"/v1/tasks/{old['id']}").json()
    assert (shown["priority"], shown["status"]) == ("urgent", "done")
    assert library.post("/v1/tasks/bulk", {"delete": []}).status_code == 400
    assert library.post("/v1/tasks/bulk", {"complete": ["x"] * 201}).status_code == 413


def test_a_reader_sees_tasks_and_changes_none(library):
    key = library.cli("keys", "add", "reader", "--role", "reader").stdout.split()[-1]
    task = add(library, "seen")
    assert library.get(f"/v1/tasks/{task['id']}", key=key).status_code == 200
    assert library.call("PATCH", f"/v1/tasks/{task['id']}", key=key, json={"status": "done"}).status_code == 403
    assert library.post("/v1/tasks", {"summary": "a"}, key=key).status_code == 403


def test_what_came_of_a_document_goes_with_it_unless_it_was_accepted(library):
    [document] = library.add(("tasks-of.txt", b"Please call the harbour office.\n"))
    kept, dropped = (add(library, "Call", document=document["id"], status=s) for s in ("pending", "suggested"))
    found = library.get("/v1/tasks", params={"document": document["id"]}).json()
    assert found["total"] == 2
    library.call("DELETE", f"/v1/documents/{document['id']}?erase=1")
    assert library.get(f"/v1/tasks/{kept['id']}").json()["document"] is None
    assert library.get(f"/v1/tasks/{dropped['id']}").status_code == 404
    assert library.post("/v1/tasks", {"summary": "a", "document": document["id"]}).status_code == 404


def test_tasks_go_to_calendar_programs_and_come_from_them(library):
    task = add(library, "Grüße, alle; zusammen", deadline="2035-03-01", category="ics")
    hidden = add(library, "only suggested", status="suggested")
    calendar = library.get("/v1/tasks.ics")
    assert calendar.headers["Content-Type"].startswith("text/calendar")
    text = calendar.content.decode().replace("\r\n ", "")
    assert f"UID:{task['id']}\r\n" in text and "SUMMARY:Grüße\\, alle\\; zusammen\r\n" in text
    assert "DUE;VALUE=DATE:20350301\r\n" in text and hidden["id"] not in text
    assert library.call("POST", "/v1/tasks.ics", data=calendar.content).json()["added"] == 0
    foreign = ("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:abc\r\nSUMMARY:From a phone\r\nPRIORITY:1\r\nCATEGORIES:phone\r\n"
               "DUE:20350301T110000Z\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:d\r\nDUE:never\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    answer = library.call("POST", "/v1/tasks.ics", data=foreign).json()
    assert answer["added"] == 1 and len(answer["failures"]) == 1
    [found] = library.get("/v1/tasks", params={"category": "phone"}).json()["items"]
    assert (found["priority"], found["deadline"]["end"]) == ("urgent", "2035-03-01T11:00:00.000Z")
    assert library.call("POST", "/v1/tasks.ics", data="no calendar").status_code == 400


def test_a_feed_needs_only_its_address_until_it_is_revoked(library):
    task = add(library, "In the feed")
    feed = library.post("/v1/task_feeds", {"name": "Phone"}).json()
    path = feed["url"][feed["url"].index("/v1/"):]
    shown = requests.get(library.url + path, timeout=10)
    assert shown.status_code == 200 and task["id"] in shown.text and "X-WR-CALNAME:Phone" in shown.text
    assert requests.get(library.url + path.replace("/tasks.ics", "x/tasks.ics"), timeout=10).status_code == 404
    secret = path.split("/")[3]
    assert requests.get(library.url + "/v1/tasks", headers={"Authorization": f"Bearer {secret}"}, timeout=10).status_code == 401
    assert "url" not in library.get("/v1/task_feeds").json()["items"][0]
    assert library.call("DELETE", f"/v1/task_feeds/{feed['id']}").status_code == 204
    assert requests.get(library.url + path, timeout=10).status_code == 404


def test_tasks_from_the_command_line(library):
    number = library.cli("tasks", "add", "Empty", "the", "bin", "--priority", "high", "--due", "2035-02-01",
                         "--category", "shell").stdout.strip()
    listed = library.cli("tasks", "ls", "--category", "shell").stdout
    assert listed.split() == [number, "pending", "high", "2035-02-01", "Empty", "the", "bin"]
    library.cli("tasks", "done", number)
    assert library.cli("tasks", "ls", "--category", "shell").stdout == ""
    library.cli("tasks", "rm", number)
    assert library.cli("tasks", "done", number, check=False).returncode == 4
    assert library.cli("tasks", "add", check=False).returncode == 2


def test_a_reminder_is_told_once_and_not_of_what_is_done(fresh_server):
    fresh_server.key = fresh_server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    fresh_server.key = add_person(fresh_server)
    soon, done = add(fresh_server, "Remind me", reminders=["2035-01-01T08:00:00Z"]), add(fresh_server, "Done already", reminders=["2035-01-01T08:00:00Z"])
    change(fresh_server, done, status="done")

    def told():
        return [n["title"] for n in fresh_server.get("/v1/notices").json()["items"] if n["kind"] == "task_reminder"]

    fresh_server.run_recurring("task_remind")
    time.sleep(1)
    assert not told(), "it is not yet time"
    # The hour of the reminders has come.
    fresh_server.change_database("UPDATE task_reminders SET at = 1")
    fresh_server.run_recurring("task_remind")
    assert wait_until(told) and told() == ["Reminder: Remind me"], told()
    fresh_server.run_recurring("task_remind")
    time.sleep(1)
    assert len(told()) == 1
    # Named again it stays fired; a new time is a new reminder.
    assert fresh_server.get(f"/v1/tasks/{soon['id']}").json()["reminders"] == ["1970-01-01T00:00:00.001Z"]


def test_the_trash_is_emptied_after_30_days(fresh_server):
    old, young = add(fresh_server, "old"), add(fresh_server, "young")
    child = add(fresh_server, "child", parent=old["id"])
    for task in (old, young):
        assert fresh_server.call("DELETE", f"/v1/tasks/{task['id']}").status_code == 204
    day = 86400000
    fresh_server.change_database(f"UPDATE tasks SET deleted_at = deleted_at - CASE summary WHEN 'young' THEN 29 ELSE 31 END * {day}"
                                 " WHERE deleted_at > 0")
    fresh_server.run_recurring("retention")
    assert wait_until(lambda: fresh_server.get(f"/v1/tasks/{old['id']}").status_code == 404)
    assert fresh_server.get(f"/v1/tasks/{child['id']}").status_code == 404
    assert fresh_server.post(f"/v1/tasks/{young['id']}/restore").status_code == 200
    assert fresh_server.get("/v1/tasks", params={"trash": 1}).json()["total"] == 0
