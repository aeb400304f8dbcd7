"""An export is everything of a workspace in plain files, and its documents can be brought back."""
import hashlib
import io
import json
import zipfile

from conftest import Server, wait_until

SECRET = "whale-song-secret"


def sums(folder):
    return {line[66:]: line[:64] for line in (folder / "SHA256SUMS").read_text().splitlines()}


def lines(folder, name):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def made(server, path, body, key=None):
    answer = server.call("POST", path, key=key, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json()


def owner(server):
    return server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]


def fill(server):
    server.key = owner(server)
    collection = made(server, "/v1/collections", {"name": "Seas: north/south"})["id"]
    server.add(("in/whales.txt", b"Whales are mammals and sing."), collection=collection, tags="sea,song")
    server.add(("in/CON.txt", b"A name that Windows refuses."))
    server.add(("other/con.TXT", b"Another one, in capitals."))
    made(server, "/v1/ask", {"question": "What sings?", "stream": False})
    made(server, "/v1/tasks", {"summary": "Listen to whales"})
    made(server, "/v1/webhooks", {"url": f"https://1.1.1.1/{SECRET}"})
    return server


def check_whole(folder):
    listed = sums(folder)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == set(listed) | {"SHA256SUMS", "manifest.json", ".lectern-export"}
    for name, digest in listed.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest and SECRET.encode() not in content, name
    kinds = {kind["name"]: kind["files"] for kind in json.loads((folder / "manifest.json").read_text())["kinds"]}
    assert sum(kinds.values()) == len(listed)
    return kinds


def test_an_export_is_whole_goes_on_and_comes_back_as_the_same_documents(fresh_server, tmp_path):
    fill(fresh_server)
    out, back, again = tmp_path / "out", tmp_path / "back", tmp_path / "again"
    fresh_server.cli("export", str(out))
    kinds = check_whole(out)
    assert (kinds["originals"], kinds["texts"], kinds["conversations"], kinds["tasks"]) == (3, 3, 1, 1)
    assert (out / "originals/Seas_ north_south/in/whales.txt").read_text() == "Whales are mammals and sing."
    assert "What sings?" in next((out / "conversations").iterdir()).read_text() and "Listen to whales" in (out / "tasks/tasks.ics").read_text()

    # Once more into it: what is there stays, what has broken or is gone from the library does not.
    kept = out / "originals/Seas_ north_south/in/whales.txt"
    broken = next(path for path in out.rglob("*.TXT") if "originals" in path.parts)
    broken.write_text("Another one, in capital:.")
    before = kept.stat().st_mtime_ns
    gone = next(one for one in lines(out, "documents.jsonl") if one["name"].endswith("CON.txt"))
    fresh_server.call("DELETE", f"/v1/documents/{gone['id']}", params={"erase": "1"})
    (out / "mine.txt").write_text("somebody's own")
    fresh_server.cli("export", str(out))
    assert kept.stat().st_mtime_ns == before and (out / "mine.txt").read_text() == "somebody's own"
    (out / "mine.txt").unlink()
    assert check_whole(out)["originals"] == 2

    library = Server(back)
    library.cli("import", str(out))
    library.cli("export", str(again))
    facts = lambda folder: sorted((one["name"], one["sha256"], one["collection"], tuple(one["tags"])) for one in lines(folder, "documents.jsonl"))
    originals = lambda folder: {name: digest for name, digest in sums(folder).items() if name.startswith("originals/")}
    assert facts(again) == facts(out) and originals(again) == originals(out)

    foreign = fresh_server.cli("export", str(back), check=False)
    assert foreign.returncode and "something else than an export" in foreign.stderr


def test_an_owner_fetches_an_export_as_a_file_that_nobody_else_sees(server):
    server.add(("whales.txt", b"Whales are mammals and sing."))
    key = owner(server)
    job = made(server, "/v1/exports", {}, key)["job"]
    wait_until(lambda: server.call("GET", f"/v1/work/{job}", key=key).json()["state"] == "done")
    one = server.call("GET", "/v1/exports", key=key).json()["items"][0]
    content = server.call("GET", f"/v1/exports/{one['id']}/content", key=key).content
    assert hashlib.sha256(content).hexdigest() == one["sha256"] and len(content) == one["bytes"]
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        assert whole.testzip() is None and whole.read("originals/No collection/whales.txt").startswith(b"Whales")
        for line in whole.read("SHA256SUMS").decode().splitlines():
            assert hashlib.sha256(whole.read(line[66:])).hexdigest() == line[:64]

    assert server.get(f"/v1/files/{one['id']}").status_code == 404 and not server.get("/v1/files").json()["data"]
    assert server.call("POST", "/v1/exports", key=key, json={"path": "/tmp/anywhere"}).status_code == 403
    assert server.call("POST", "/v1/backup", key=key, json={}).status_code == 403, "the whole server is no workspace's"
    admin = server.cli("keys", "add", "admin", "--role", "admin").stdout.split()[-1]
    assert server.call("GET", f"/v1/exports/{one['id']}/content", key=admin).status_code == 403
    assert server.call("DELETE", f"/v1/exports/{one['id']}", key=key).status_code == 204
    assert not server.call("GET", "/v1/exports", key=key).json()["items"]
