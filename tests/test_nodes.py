"""Two servers over one PostgreSQL and one folder of originals: any takes any request."""
import shutil

import pytest

from conftest import Server, index_files, wait_until
from test_models import TEXTS, found, state, write_model


def names(server, query, **more):
    answer = server.post("/v1/search", {"query": query, "mode": "keyword", **more})
    assert answer.status_code == 200, answer.text
    return sorted(r["document"]["name"] for r in answer.json()["results"])


@pytest.fixture
def nodes(tmp_path, postgres):
    database = postgres.new_database()
    first = Server(tmp_path / "first", database).start()
    first.new_key()
    (tmp_path / "second").mkdir(mode=0o700)
    (tmp_path / "second" / "blobs").symlink_to(first.data / "blobs")
    shutil.copy(first.data / "master.key", tmp_path / "second" / "master.key")
    second = Server(tmp_path / "second", database).start()
    second.key = first.key
    yield first, second
    for server in (first, second):
        server.stop()


def test_what_one_node_takes_the_other_finds(nodes):
    for here, there, word in ((*nodes, "capercaillie"), (*reversed(nodes), "ptarmigan")):
        here.add((f"{word}.txt", f"A {word} in the birch wood.".encode()))
        wait_until(lambda: names(there, word) == [f"{word}.txt"])
        (document,) = here.get("/v1/documents", params={"q": word}).json()["items"]
        assert there.get(f"/v1/documents/{document['id']}/original").content.startswith(b"A ")


def test_what_one_node_deletes_is_gone_on_the_other(nodes):
    first, second = nodes
    kept, trashed, erased = first.add(*[(f"{n}.txt", f"The bittern booms, note {n}.".encode()) for n in "abc"])
    wait_until(lambda: len(names(second, "bittern", copies=True)) == 3)
    assert second.call("DELETE", f"/v1/documents/{trashed['id']}").status_code < 300
    wait_until(lambda: names(first, "bittern", copies=True) == ["a.txt", "c.txt"])
    assert first.call("DELETE", f"/v1/documents/{erased['id']}?erase=true").status_code < 300
    wait_until(lambda: names(second, "bittern", copies=True) == ["a.txt"])
    assert second.post(f"/v1/documents/{trashed['id']}/restore").status_code < 300
    wait_until(lambda: names(first, "bittern", copies=True) == ["a.txt", "b.txt"])
    assert kept["state"] == "ready"


def test_a_node_that_was_down_catches_up(nodes):
    first, second = nodes
    first.add(("early.txt", b"The dunlin runs along the water."))
    wait_until(lambda: names(second, "dunlin") == ["early.txt"])
    wait_until(lambda: index_files(second))
    second.stop()
    (early,) = first.get("/v1/documents").json()["items"]
    first.add(("late.txt", b"The knot flies in a flock."))
    assert first.call("DELETE", f"/v1/documents/{early['id']}").status_code < 300
    second.start()
    assert names(second, "knot") == ["late.txt"]
    assert names(second, "dunlin") == []
    second.kill()
    first.add(("last.txt", b"The sanderling follows each wave."))
    second.start()
    assert names(second, "sanderling") == ["last.txt"]


def test_a_node_that_starts_leaves_the_others_uploads_alone(nodes):
    """An upload is half sent while the other node starts."""
    first, second = nodes
    second.stop()
    text = b"The redshank calls from the post. " * 40000

    def body():
        yield b'--edge\r\nContent-Disposition: form-data; name="file"; filename="redshank.txt"\r\n\r\n' + text[:len(text) // 2]
        wait_until(lambda: [f for f in (first.data / "blobs" / "incoming").glob("*/upload-*")])
        second.start()
        yield text[len(text) // 2:] + b"\r\n--edge--\r\n"
    answer = first.call("POST", "/v1/documents", data=body(), headers={"Content-Type": "multipart/form-data; boundary=edge"})
    assert answer.status_code == 202, answer.text
    (document,) = answer.json()["documents"]
    assert first.get(f"/v1/documents/{document['id']}/original").content == text


def test_jobs_of_one_node_are_done_by_any(nodes):
    first, second = nodes
    sent = [document for n in range(12)
            for document in nodes[n % 2].upload((f"w{n}.txt", f"Whimbrel number {n}, seen at dawn.".encode()))]
    for n, document in enumerate(sent):
        assert nodes[(n + 1) % 2].wait_document(document["id"])["state"] == "ready"
    everything = sorted(f"w{n}.txt" for n in range(12))
    for node in nodes:
        wait_until(lambda node=node: names(node, "whimbrel", copies=True, limit=50) == everything)


def test_a_node_with_another_master_key_does_not_start(nodes, tmp_path):
    third = Server(tmp_path / "third", nodes[0].database)
    refused = third.cli("status", check=False)
    assert refused.returncode and "another master key" in refused.stderr and "forget-key" in refused.stderr
    shutil.copy(nodes[0].data / "master.key", tmp_path / "third" / "master.key")
    assert third.cli("status").returncode == 0


# --- The embedding model ---

@pytest.fixture
def changing(nodes, tmp_path):
    """Both nodes have the models `first` and `second`; `first` is used."""
    for seed, name in enumerate(("first", "second")):
        folder = write_model(tmp_path / "models" / name, seed)
        for node in nodes:
            node.cli("models", "add", str(folder))
    nodes[0].cli("models", "use", "first")
    nodes[0].add(*TEXTS)
    for node in nodes:
        wait_until(lambda: used(node) == "first" and found(node))
    return nodes


def used(server):
    now = state(server)
    return next((m["name"] for m in now["models"] if m["used"]), None) if now["change"] is None else None


def test_what_one_node_changes_the_model_to_the_other_uses(changing):
    first, second = changing
    wait_until(lambda: found(first) == found(second))
    old = found(first)
    first.cli("models", "use", "second")
    wait_until(lambda: used(first) == used(second) == "second", 60)
    wait_until(lambda: found(first) == found(second) not in ([], old))
    first.add(("here.txt", b"The late ferry.\n"))
    second.add(("there.txt", b"The late pump.\n"))
    for node in changing:
        wait_until(lambda: {"here.txt", "there.txt"} <= set(names(node, "late", mode="semantic", limit=100)))
    second.cli("models", "use", "first")
    wait_until(lambda: used(first) == used(second) == "first", 60)
    wait_until(lambda: found(first) == found(second) not in ([], old))


def test_a_node_that_lacks_the_model_says_so_and_searches_by_words(changing, tmp_path):
    first, second = changing
    third = write_model(tmp_path / "models" / "third", 2)
    first.cli("models", "add", str(third))
    first.cli("models", "use", "third")
    wait_until(lambda: used(first) == "third", 60)
    wait_until(lambda: second.get("/ready").json()["notices"])
    says = "this server lacks the model third/"
    for path in ("/health", "/ready"):
        answer = second.get(path)
        assert answer.status_code == 200 and any(says in notice for notice in answer.json()["notices"]), answer.text
        assert first.get(path).json()["notices"] == []
    assert second.get("/health").json()["model"] is None
    assert says in second.cli("doctor", check=False).stdout
    # What it takes is read and found by its words, and nothing is embedded with a model of before.
    second.add(("osprey.txt", b"An osprey over the pump.\n"))
    answer = second.post("/v1/search", {"query": "osprey", "mode": "hybrid"}).json()
    assert [r["document"]["name"] for r in answer["results"]] == ["osprey.txt"] and "lacks" in answer["notice"]
    assert second.post("/v1/search", {"query": "osprey", "mode": "semantic"}).status_code >= 400
    wait_until(lambda: "osprey.txt" in names(first, "osprey", mode="semantic", limit=100))
    many = [f"hobby{n}.txt" for n in range(20)]
    second.add(*[(name, f"A hobby and the pump, {name}.\n".encode()) for name in many])
    wait_until(lambda: set(many) <= set(names(first, "hobby", mode="semantic", copies=True, limit=100)))
    assert "jobs: embed" not in second.log.read_text().split("this server lacks the model third/")[1], "it leaves that work to the other"
    assert used(first) == "third", "a node without the model does not change it for all"
    # The folder comes: no restart.
    second.cli("models", "add", str(third))
    wait_until(lambda: found(first) == found(second) != [], 180)
    assert second.get("/ready").json()["notices"] == []


def test_what_no_node_can_embed_is_found_by_words_until_a_model_comes(changing, tmp_path):
    first, second = changing
    third = write_model(tmp_path / "models" / "third", 2)
    first.cli("models", "add", str(third))
    first.cli("models", "use", "third")
    wait_until(lambda: used(first) == "third", 60)
    wait_until(lambda: second.get("/ready").json()["notices"])
    first.kill()
    second.add(("merlin.txt", b"A merlin over the pump.\n"))
    assert names(second, "merlin") == ["merlin.txt"]
    first.start()
    wait_until(lambda: "merlin.txt" in names(first, "merlin", mode="semantic", limit=100))


def test_a_model_that_comes_again_under_its_name_is_another_one(changing, tmp_path):
    first, second = changing
    old = found(first)
    for round, seed in enumerate((11, 12)):
        folder = write_model(tmp_path / "again" / str(seed) / "other", seed)
        for node in changing:
            node.cli("models", "add", str(folder), *["--replace"] * bool(round))
        (second if round else first).cli("models", "use", "other")
        wait_until(lambda: used(first) == used(second) == "other", 60)
        wait_until(lambda: found(first) == found(second) not in ([], old))
        old = found(first)
    # One node has another folder of that name than the library uses.
    other = write_model(tmp_path / "wrong" / "other", 13)
    second.cli("models", "add", str(other), "--replace")
    second.stop()
    second.start()
    assert second.post("/v1/search", {"query": "pump", "mode": "hybrid"}).json()["notice"]
    assert any("this server has other/" in notice for notice in second.get("/health").json()["notices"])
    assert found(first) == old


def test_every_node_tells_how_long_a_change_takes(changing):
    first, second = changing
    first.add(*[(f"{n}.txt", f"The pump number {n}. ".encode() * 200) for n in range(8)])
    first.cli("models", "use", "second")
    seen = {first: [], second: []}
    while used(first) != "second":
        for node in seen:
            seen[node].append(node.get("/health").json()["model_change"])
    for node in seen:
        assert any(change and change["seconds_left"] is not None for change in seen[node]), seen


def test_a_change_goes_on_on_the_other_node_when_one_is_killed(changing):
    first, second = changing
    old = found(second)
    first.cli("models", "use", "second")
    first.kill()
    wait_until(lambda: used(second) == "second", 90)
    wait_until(lambda: found(second) not in ([], old))
