"""The task assistant's paths for tasks, as its clients call them."""
import pytest
import requests


def add(server, **fields):
    answer = server.post("/api/v1/tasks", {"summary": "Review the project proposal", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_task_has_what_the_client_leaves_out(server):
    task = add(server)
    assert isinstance(task["id"], int)
    assert (task["category"], task["priority"], task["status"]) == ("general", "medium", "pending")
    assert {"summary", "description", "deadline", "user_id", "created_at", "updated_at"} <= set(task)


def test_tasks_are_listed_changed_and_removed_by_number(server):
    task = add(server, category="seed", priority="high", deadline="2027-01-05T10:00:00Z")
    listed = server.get("/api/v1/tasks", params={"category": "seed", "priority": "high"}).json()
    assert [t["id"] for t in listed["tasks"]] == [task["id"]] and listed["count"] == 1
    changed = server.call("PUT", f"/api/v1/tasks/{task['id']}", json={"status": "done", "description": "by Ann"})
    assert changed.status_code == 200 and changed.json()["status"] == "done", changed.text
    removed = server.call("DELETE", f"/api/v1/tasks/{task['id']}")
    assert removed.status_code == 200 and removed.json()["deleted"] is True
    assert server.get("/api/v1/tasks", params={"category": "seed"}).json()["count"] == 0
    back = server.post(f"/v1/tasks/{task['id']}/restore")
    assert back.status_code == 200 and back.json()["number"] == task["id"]


def test_states_may_be_written_as_clients_write_them(server):
    task = add(server, category="words", status="in-progress")
    assert task["status"] == "in_progress"
    changed = server.call("PUT", f"/api/v1/tasks/{task['id']}", json={"status": "completed"})
    assert changed.status_code == 200 and changed.json()["status"] == "done", changed.text
    assert [t["id"] for t in server.get("/api/v1/tasks", params={"category": "words", "status": "completed"}).json()["tasks"]] == [task["id"]]


def test_suggested_tasks_are_listed_with_their_status(server):
    task = add(server, category="found", status="suggested")
    listed = server.get("/api/v1/tasks", params={"category": "found"}).json()["tasks"]
    assert [(t["id"], t["status"]) for t in listed] == [(task["id"], "suggested")]


@pytest.mark.parametrize("method, path, body, status", [
    ("POST", "/api/v1/tasks", {}, 400), ("POST", "/api/v1/tasks", {"summary": "a", "priority": "x"}, 400),
    ("PUT", "/api/v1/tasks/99999", {"status": "done"}, 404), ("PUT", "/api/v1/tasks/abc", {"status": "done"}, 400),
    ("DELETE", "/api/v1/tasks/99999", None, 404),
])
def test_failures_have_the_clients_shape(server, method, path, body, status):
    answer = server.call(method, path, json=body)
    assert answer.status_code == status, answer.text
    failure = answer.json()
    assert set(failure) == {"error", "message", "details", "status_code", "timestamp"}
    assert failure["status_code"] == status and failure["message"]


def test_nobody_without_a_token_comes_in(server):
    answer = requests.get(server.url + "/api/v1/tasks", timeout=10)
    assert answer.status_code == 401 and answer.json()["status_code"] == 401


def test_the_tasks_of_somebody_else_are_for_administrators(server):
    add(server)
    editor = server.cli("keys", "add", "an editor").stdout.split()[-1]
    admin = server.cli("keys", "add", "an admin", "--role", "admin").stdout.split()[-1]
    assert server.get("/api/v1/tasks", params={"user_id": "somebody"}, key=editor).status_code == 403
    assert server.post("/api/v1/tasks", {"summary": "a", "user_id": "somebody"}, key=editor).status_code == 403
    assert server.post("/api/v1/tasks", {"summary": "a", "user_id": "somebody"}, key=admin).status_code == 200
    listed = server.get("/api/v1/tasks", params={"user_id": "somebody"}, key=admin).json()
    assert [t["user_id"] for t in listed["tasks"]] == ["somebody"]


def test_clearing_puts_all_of_a_person_into_the_trash(server):
    admin = server.cli("keys", "add", "another admin", "--role", "admin").stdout.split()[-1]
    for _ in range(3):
        server.post("/api/v1/tasks", {"summary": "a", "user_id": "clearing"}, key=admin)
    cleared = server.call("DELETE", "/api/v1/tasks", params={"user_id": "clearing"}, key=admin)
    assert cleared.status_code == 200 and cleared.json()["cleared"] == 3, cleared.text
    assert server.get("/api/v1/tasks", params={"user_id": "clearing"}, key=admin).json()["count"] == 0


def test_more_tasks_than_a_list_shows_come_in_parts_and_are_cleared_together(server):
    admin = server.cli("keys", "add", "an admin of many", "--role", "admin").stdout.split()[-1]
    with requests.Session() as session:
        for number in range(1010):
            made = session.post(server.url + "/api/v1/tasks", json={"summary": f"task {number}", "user_id": "many"}, headers={"Authorization": f"Bearer {admin}"}, timeout=10)
            assert made.status_code == 200, made.text
    first = server.get("/api/v1/tasks", params={"user_id": "many"}, key=admin).json()
    rest = server.get("/api/v1/tasks", params={"user_id": "many", "after": first["next"]}, key=admin).json()
    assert (first["count"], rest["count"], rest["next"]) == (1000, 10, None)
    assert len({task["id"] for task in first["tasks"] + rest["tasks"]}) == 1010
    assert server.get("/api/v1/tasks", params={"user_id": "many", "limit": 7}, key=admin).json()["count"] == 7
    cleared = server.call("DELETE", "/api/v1/tasks", params={"user_id": "many"}, key=admin).json()
    assert (cleared["cleared"], cleared["has_more"]) == (1010, False), cleared
    assert server.get("/api/v1/tasks", params={"user_id": "many"}, key=admin).json()["count"] == 0


def test_a_key_of_the_workspace_clears_what_it_may_remove_one_by_one(server):
    """clear_all_tasks() of the assistant's clients names nobody."""
    editor = server.cli("keys", "add", "clears its own").stdout.split()[-1]
    admin = server.cli("keys", "add", "clears all", "--role", "admin").stdout.split()[-1]
    server.call("DELETE", "/api/v1/tasks", key=admin)
    server.post("/api/v1/tasks", {"summary": "a", "user_id": "somebody else"}, key=admin)
    server.post("/api/v1/tasks", {"summary": "b"}, key=editor)
    for key, cleared, left in ((editor, 1, 1), (admin, 1, 0)):
        answer = server.call("DELETE", "/api/v1/tasks", key=key)
        assert answer.status_code == 200 and answer.json()["cleared"] == cleared, answer.text
        assert server.get("/api/v1/tasks", key=admin).json()["count"] == left
