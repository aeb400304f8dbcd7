"""A collection that keeps its documents for a number of days: what goes is told before, and goes to the trash."""
import time

from conftest import Server, wait_until
from test_notices import add_person, mail, own  # noqa: F401 (mail is a fixture)
from test_workspaces import ask_database, change_database

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


def told(server, key):
    return [(one["title"], one["text"], one["link"]) for one in server.get("/v1/notices", key=key).json()["items"] if one["kind"] == "documents_go"]


def run_job(server, name):
    """Over any database; until it has ended."""
    server.stop()
    change_database(server, f"UPDATE schedules SET next_at = 1 WHERE name = '{name}'")
    server.start()
    wait_until(lambda: ask_database(server, f"SELECT count(*) FROM schedules WHERE name = '{name}' AND next_at > 1") == 1)
    wait_until(lambda: ask_database(server, f"SELECT count(*) FROM jobs WHERE type = '{name}' AND state IN (0, 1, 5)") == 0)


def test_who_brought_documents_is_told_once_some_days_before_they_go(database_kind, request, tmp_path, mail):  # noqa: F811
    database = "" if database_kind == "sqlite" else request.getfixturevalue("postgres").new_database()
    server = Server(tmp_path / "library", database, environment={"LECTERN_SMTP_URL": mail.url, "LECTERN_SMTP_FROM": "lectern@example.org"}).start()
    own(server)
    try:
        ann, bob, eve = (add_person(server, role, f"{name}@example.org") for name, role in (("ann", "admin"), ("bob", "editor"), ("eve", "editor")))
        shelf, closed = (server.post("/v1/collections", {"name": name, "keep_days": 30}, key=ann).json()["id"] for name in ("Applications", "Closed"))
        brought = (("soon-1", shelf, bob), ("soon-2", shelf, bob), ("later", shelf, bob), ("eves", shelf, eve), ("own-list", shelf, eve),
                   ("scanner", shelf, server.key), ("eves-soon-hidden", closed, eve))
        ids = {}
        for name, collection, key in brought:
            ids[name] = server.upload((f"{name}.txt", f"An application, {name}.".encode()), collection=collection, key=key)[0]["id"]
        for id in ids.values():
            server.wait_document(id)
        bobs = next(one["id"] for one in server.get("/v1/users").json()["items"] if one["email"] == "bob@example.org")
        only_bob = {"grants": [{"kind": "user", "id": bobs, "level": "read"}]}
        assert server.call("PUT", f"/v1/documents/{ids['own-list']}/access", json=only_bob).status_code == 200
        assert server.call("PUT", f"/v1/collections/{closed}/access", json=only_bob).status_code == 200
        now = int(time.time() * 1000)
        change_database(server, f"UPDATE collections SET keep_since = {now - 400 * DAY}")
        for pattern, days in (("%", 5), ("%soon%", 27), ("own-list%", 27), ("scanner%", 27)):
            change_database(server, f"UPDATE documents SET created_at = {now - days * DAY}, updated_at = {now - days * DAY} WHERE name LIKE '{pattern}'")

        run_job(server, "tell_kept")
        day = time.strftime("%Y-%m-%d", time.gmtime(now / 1000 + 3 * 24 * 3600))
        [(title, text, link)] = told(server, bob)
        assert title == f"2 documents go to the trash on {day}" and link == f"/library?collection={shelf}"
        assert text.startswith("They are in Applications, which keeps documents for 30 days")
        assert told(server, eve) == [], "neither of what stays longer, nor of what has a list of its own, nor of what she does not see"
        assert sorted((title, text.split(",")[0]) for title, text, _ in told(server, ann)) == [
            (f"1 document goes to the trash on {day}", "It is in Applications"), (f"1 document goes to the trash on {day}", "It is in Closed")]
        mails = mail.wait(2)
        assert {str(one["To"]) for one in mails} == {"ann@example.org", "bob@example.org"}
        [to_bob] = [one for one in mails if one["To"] == "bob@example.org"]
        assert title in str(to_bob["Subject"]) and "Applications" in to_bob.get_content()

        run_job(server, "tell_kept")
        assert len(told(server, bob)) == 1 and len(told(server, ann)) == 2, "once"
        change_database(server, f"UPDATE documents SET created_at = {now - 26 * DAY}, updated_at = {now - 26 * DAY} WHERE name LIKE 'eves.%'")
        run_job(server, "tell_kept")
        assert len(told(server, eve)) == 1, "each day on which some go is told of by itself"
        assert server.get(f"/v1/documents/{ids['soon-1']}", key=bob).json()["deleted_at"] is None, "told, not gone"
    finally:
        server.stop()
