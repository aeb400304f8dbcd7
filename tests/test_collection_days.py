"""A collection that keeps its documents for a number of days: what goes is told before, and goes to the trash."""
import time

from conftest import wait_until

DAY = 24 * 3600 * 1000


def test_what_is_over_goes_to_the_trash_and_is_told_before(fresh_server):
    server = fresh_server
    server.key = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    made = server.post("/v1/collections", {"name": "Applications", "keep_days": 180})
    assert made.status_code == 201 and made.json()["keep_days"] == 180, made.text
    collection = made.json()["id"]
    server.add(("old.txt", b"An application of long ago."), ("young.txt", b"An application of today."), collection=collection)
    server.add(("elsewhere.txt", b"No application at all."))
    due = f"/v1/collections/{collection}/due"
    assert server.get(due).json()["items"] == []

    long_ago = int(time.time() * 1000) - 400 * DAY
    server.change_database("UPDATE documents SET created_at = ?, updated_at = ? WHERE name IN ('old.txt', 'elsewhere.txt')", (long_ago, long_ago))
    told = server.get(due).json()
    assert [one["name"] for one in told["items"]] == ["old.txt"] and told["total"] == 1
    names = lambda path: {one["name"] for one in server.get(path).json()["items"]}
    server.run_recurring("purge")
    wait_until(lambda: server.get("/v1/jobs?state=running").json()["items"] == [])
    assert "old.txt" in names("/v1/documents"), "nothing goes within a day of the days being set"

    server.change_database("UPDATE collections SET keep_since = ?", (long_ago,))
    server.run_recurring("purge")
    wait_until(lambda: names("/v1/documents") == {"young.txt", "elsewhere.txt"})
    assert names("/v1/documents?trash=1") == {"old.txt"}
    assert any(one["action"] == "document.let_go" for one in server.get("/v1/audit").json()["items"])

    [gone] = server.get("/v1/documents?trash=1").json()["items"]
    assert server.post(f"/v1/documents/{gone['id']}/restore").status_code == 200
    server.run_recurring("purge")
    time.sleep(1)
    assert "old.txt" in names("/v1/documents"), "what somebody brings back stays for the days again"


def test_only_administrators_say_how_long_documents_are_kept(server):
    admin = server.cli("keys", "add", "days-admin", "--role", "admin").stdout.split()[-1]
    editor = server.cli("keys", "add", "days-editor", "--role", "editor").stdout.split()[-1]
    made = server.post("/v1/collections", {"name": "Kept"}, key=editor).json()
    path = f"/v1/collections/{made['id']}"
    assert made["keep_days"] is None
    assert server.call("PATCH", path, key=editor, json={"keep_days": 1}).status_code == 403
    assert server.call("PATCH", path, key=editor, json={"description": "ours"}).status_code == 200
    assert server.call("PATCH", path, key=admin, json={"keep_days": -1}).status_code == 400
    assert server.call("PATCH", path, key=admin, json={"keep_days": 30}).json()["keep_days"] == 30
    assert server.call("PATCH", path, key=editor, json={"description": "theirs"}).json()["keep_days"] == 30
    assert server.call("PATCH", path, key=admin, json={"keep_days": 0}).json()["keep_days"] is None
