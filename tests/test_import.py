"""What an export has comes back: into another server, over another database, and only once."""
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from conftest import Server, wait_until
from tenant_world import Around, Person, fill

WORD = "okapi"
# What an import cannot keep: what is found again of the originals, what another server gives anew, and times of its own.
GIVEN_ANEW = {
    "documents": {"created_at", "updated_at", "source", "warnings", "document_date", "vector_model", "vector_count", "indexed_version", "tasks_drawn"},
    "collections": {"created_at", "draws_tasks_since"},
    "memberships": {"created_at", "entered_at", "external_id"},
    "workspace_groups": {"created_at"}, "group_members": {"created_at"}, "grants": {"given_at", "given_by"},
    "document_versions": {"created_at", "created_by", "media_type"},
    "document_tags": {"created_at"}, "document_fields": set(),
    "saved_searches": {"seen_number", "told_number"},
    "label_sets": {"trained_revision"}, "study_made": {"job"}, "summaries": {"job"}, "meetings": {"calendar"},
    "settings": {"updated_at"},
}
ROW = re.compile(r'IMPORT_TABLE\("(\w+)",\s+(\w+)')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def tables():
    text = open(os.path.join(os.path.dirname(__file__), "..", "src", "store", "import_tables.def")).read()
    return {name: how for name, how in ROW.findall(text)}


def lines(folder, name):
    path = folder / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ids_by_name(folder):
    """Names of what gets another id, so that two exports can be compared."""
    named = {}
    for row in lines(folder, "people.jsonl"):
        named[row["id"]] = "person " + (row["email"] or row["name"])
    for row in lines(folder, "tables/collections.jsonl"):
        named[row["id"]] = "collection " + row["name"]
    for row in lines(folder, "tables/workspace_groups.jsonl"):
        named[row["id"]] = "group " + row["name"]
    for row in lines(folder, "documents.jsonl"):
        named[row["id"]] = "document " + row["name"]
    named[json.loads((folder / "manifest.json").read_text())["workspace"]] = "the workspace"
    return named


def rows_of(folder, table):
    named = ids_by_name(folder)
    rows = []
    for row in lines(folder, f"tables/{table}.jsonl"):
        kept = {name: value for name, value in row.items() if name not in GIVEN_ANEW.get(table, ())}
        rows.append(ID.sub(lambda found: named.get(found[0], found[0]), json.dumps(kept, sort_keys=True)))
    return sorted(rows)


def versions_of(line):
    return tuple((one["version"], one["name"], one["sha256"]) for one in line["earlier"])


ENDED = ("done", "failed", "cancelled")
# What runs or is of a key stays out.
IN_PART = {"approvals", "approval_candidates", "approval_groups", "grants", "workflow_executions", "workflow_frames", "workflow_steps", "key_limits", "budgets"}


def rows_that_come(folder, table):
    """Of executions those that are over."""
    ended = {row["id"] for row in lines(folder, "tables/workflow_executions.jsonl") if row["state"] in ENDED}
    of = {"workflow_executions": "id", "workflow_frames": "execution", "workflow_steps": "execution"}.get(table)
    return [row for row in rows_of(folder, table) if not of or json.loads(row)[of] in ended]


def limits_of(server):
    """Of the workspace and of people, by their names."""
    key = server.cli("keys", "add", "limits", "--role", "owner").stdout.split()[-1]
    budgets = lambda one: sorted((budget["period"], str(budget.get("dollars", budget.get("calls")))) for budget in one["budgets"])
    return {(one["of"], one["name"] if one["of"] == "user" else ""): (one["models"], one["requests_per_minute"], one["concurrent"], budgets(one))
            for one in server.get("/v1/limits", key=key).json()["items"] if one["of"] != "key"}


def export(server, folder, *words):
    server.cli("export", str(folder), *words)
    return folder


def imported(server, folder, *words, check=True):
    done = server.cli("import", str(folder), "--people", "--json", *words, check=check)
    return {table["name"]: table for table in json.loads(done.stdout)["tables"]} if done.stdout else done


@pytest.fixture(scope="module")
def world(tmp_path_factory, postgres):
    """A workspace with everything, exported, once over each database."""
    made = {}

    def make(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp(f"world-{kind}")
            (folder / "around").mkdir()
            around = Around(folder / "around")
            database = postgres.new_database() if kind == "postgresql" else ""
            server = Server(folder / "library", database, environment=around.environment()).start()
            server.new_key()
            owner = first_owner(server)
            fill(owner, WORD, around)
            share(owner)
            made[kind] = (server, around, export(server, folder / "out"))
        return made[kind][2]

    yield make
    for server, around, _ in made.values():
        server.stop()
        around.stop()


def first_owner(server):
    workspace = json.loads(server.cli("workspaces", "ls", "--json").stdout)["items"][0]["id"]
    return Person(server, "zoe", "owner", workspace)


def replace(owner, document, name, text):
    """A new version, read."""
    answer = owner.server.call("PUT", f"/v1/documents/{document}/original", key=owner.key, data=text, headers={"File-Name": name})
    assert answer.status_code == 202, answer.text
    assert owner.server.wait_document(document, key=owner.key)["state"] == "ready"


def share(owner):
    """What is restricted, with a list of its own, and a document within an archive."""
    reader = owner.made("/v1/users", {"email": "reader@example.org", "name": "Rea", "password": "correct horse battery", "role": "reader"})["id"]
    group = owner.made("/v1/groups", {"name": "Readers", "add": [reader]})["id"]
    closed = owner.made("/v1/collections", {"name": "Closed"})["id"]
    owner.made(f"/v1/collections/{closed}/access", {"grants": [{"kind": "group", "id": group, "level": "read"}]}, method="PUT")
    closed_document = owner.upload("closed.txt", "Nobody else reads of the okapi.", collection=closed)
    own = owner.upload("own.txt", "A list of its own, says the okapi.")
    owner.made(f"/v1/documents/{own}/access", {"grants": [{"kind": "user", "id": reader, "level": "edit"}]}, method="PUT")
    owner.made(f"/v1/documents/{own}", {"title": "A title that a person gave"}, method="PATCH")
    owner.made("/v1/alerts/rules", {"many_errors": {"limit": 7, "hold_seconds": 60}}, method="PUT")
    owner.made("/v1/workspace/limits", {"requests_per_minute": 5000, "models": ["good*"], "budgets": [{"period": "month", "dollars": "12.5"}]}, method="PUT")
    owner.made(f"/v1/users/{reader}/limits", {"concurrent": 3, "budgets": [{"period": "day", "calls": 70}, {"period": "total", "dollars": "0.000001"}]}, method="PUT")
    finished = owner.made("/v1/workflows", {"name": "Over soon", "definition": {"steps": [{"id": "n", "type": "notification", "with": {"title": "Over"}}]}})["id"]
    run = owner.made(f"/v1/workflows/{finished}/start", {"input": {"by": WORD}})["id"]
    assert wait_until(lambda: owner.get(f"/v1/workflow-executions/{run}")["state"] in ENDED)
    for name, text in (("closed-2.txt", b"Somebody else reads of the okapi now."), ("closed-3.txt", b"The okapi was moved once more.")):
        replace(owner, closed_document, name, text)
    gone = owner.upload("gone.txt", "What was thrown away, the okapi says.")
    assert owner.server.call("DELETE", f"/v1/documents/{gone}", key=owner.key).status_code == 204
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("inside.txt", "The okapi inside of an archive.")
    archive = owner.server.upload(("whole.zip", whole.getvalue()), key=owner.key)[0]["id"]
    assert owner.server.wait_document(archive, key=owner.key)["state"] == "ready"
    wait_until(lambda: all(one["state"] == "ready" for one in owner.get(f"/v1/documents?parent={archive}")["items"]))


@pytest.mark.parametrize("kinds", [("sqlite", "postgresql"), ("postgresql", "sqlite")], ids="-to-".join)
def test_everything_comes_back_over_another_database_once_and_is_exported_alike(kinds, world, postgres, tmp_path):
    out = world(kinds[0])
    database = postgres.new_database() if kinds[1] == "postgresql" else ""
    there = Server(tmp_path / "there", database).start()
    try:
        there.new_key()
        first = imported(there, out)
        assert not [(name, one["reasons"]) for name, one in first.items() if one["left_out"] and name not in IN_PART], first
        again = imported(there, out)
        assert sum(one["added"] for name, one in again.items() if name not in ("group_members", "settings")) == 0, again
        assert limits_of(there) == {("workspace", ""): (["good*"], 5000, None, [("month", "12.50")]),
                                    ("user", "Rea"): ([], None, 3, [("day", "70"), ("total", "0.000001")])}
        back = export(there, tmp_path / "back")
    finally:
        there.stop()
    for table, how in tables().items():
        if how == "ROWS":
            assert rows_of(back, table) == rows_that_come(out, table) or table.startswith("approval"), table
    assert lines(back, "tables/workflow_executions.jsonl") and lines(back, "tables/workflow_steps.jsonl"), "what is over comes"
    for table in ("collections", "workspace_groups", "group_members", "guards", "document_tags"):
        assert rows_of(back, table) == rows_of(out, table), table
    facts = lambda folder: sorted((one["name"], one["title"], one["sha256"], one["collection"], tuple(one["tags"]), one["version"], versions_of(one), bool(one["deleted_at"])) for one in lines(folder, "documents.jsonl"))
    assert [one for one in facts(back) if one[5] == 3] and rows_of(back, "document_versions") == rows_of(out, "document_versions")
    assert facts(back) == facts(out) and [one[0] for one in facts(back) if one[-1]] == ["gone.txt"], "what was in the trash is there again"
    people = lambda folder: {(one["email"], one["name"], one["role"]) for one in lines(folder, "people.jsonl")}
    assert people(back) >= people(out)


# --- Exports that are not what they should be ---

DOCUMENT = "01900000-0000-7000-8000-00000000000a"


def small_export(folder, **files):
    """An export by hand: one document, and whatever else is given."""
    content = b"The okapi was here."
    (folder / "originals").mkdir(parents=True)
    (folder / "originals/a.txt").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "workspace": "w"}))
    line = {"id": DOCUMENT, "name": "a.txt", "original": "originals/a.txt", "tags": [], "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "documents.jsonl").write_text(json.dumps(line) + "\n")
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_jsonl", ".jsonl")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def documents_of(server):
    return server.get("/v1/documents").json()["items"]


def change_line(folder, **members):
    line = json.loads((folder / "documents.jsonl").read_text())
    (folder / "documents.jsonl").write_text(json.dumps({**line, **members}) + "\n")


def test_an_export_that_leads_elsewhere_brings_nothing_from_there(fresh_server, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"The okapi was here.")  # even with the right digest
    for number, original in enumerate(["../secret.txt", str(secret), "originals/../../secret.txt", "originals/link.txt", "originals", "missing.txt", "linked/secret.txt"]):
        folder = small_export(tmp_path / f"out{number}")
        (folder / "originals/link.txt").symlink_to(secret)
        (folder / "linked").symlink_to(tmp_path)
        change_line(folder, original=original)
        done = fresh_server.cli("import", str(folder), check=False)
        assert done.returncode and "could not be brought back" in done.stderr, (original, done.stderr)
    assert documents_of(fresh_server) == []


def test_lines_that_are_no_rows_are_left_out_and_the_rest_comes(fresh_server, tmp_path):
    deck = {"id": "01900000-0000-7000-8000-00000000000b", "user_id": "", "name": "Deck", "name_fold": "deck", "description": "", "created_at": 1, "updated_at": 1}
    folder = small_export(tmp_path / "out", tables__study_decks_jsonl="\n".join(["{", "7", "null", "[" * 100000, '{"id": "' + "x" * 100000 + '"}', json.dumps({**deck, "name": 7}),
                                                                                json.dumps(deck), json.dumps({**deck, "workspace": "another"}), ""]),
                          tables__study_cards_jsonl=json.dumps({"deck": DOCUMENT}), tables__audit_jsonl=json.dumps({"action": "forged"}), people_jsonl="\0\n{}",
                          tables__guards_jsonl="{}\n[]", tables__grants_jsonl='{"guard": 7}\n', tables__settings_jsonl='{"name": "alerts", "value": "["}\n{"name": "provider", "value": "{}"}\n',
                          tables__collections_jsonl='{"name": "Good"}\n{"name": 7}\n')
    fresh_server.key = fresh_server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    done = fresh_server.cli("import", str(folder), "--json", check=False)
    tables = {one["name"]: one for one in json.loads(done.stdout)["tables"]} if done.stdout else pytest.fail(done.stderr)
    assert (tables["study_decks"]["added"], tables["study_decks"]["there"], tables["study_decks"]["left_out"]) == (1, 1, 6)
    assert tables["documents"]["added"] == 1 and "audit" not in tables and tables["study_cards"]["left_out"] == 1
    assert fresh_server.get("/v1/study/decks").status_code == 200
    assert "forged" not in fresh_server.call("GET", "/v1/audit", key=fresh_server.key).text


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"format": 2}', '{"format": "1"}', "{}"])
def test_what_is_no_whole_export_of_a_known_format_is_refused(manifest, fresh_server, tmp_path):
    folder = small_export(tmp_path / "out")
    (folder / "manifest.json").write_text(manifest)
    assert fresh_server.cli("import", str(folder), check=False).returncode
    (folder / "manifest.json").unlink()
    assert fresh_server.cli("import", str(folder), check=False).returncode
    assert documents_of(fresh_server) == []


def zipped(path, folder, more=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(folder))
        for name, content in more:
            out.writestr(name, content)
    return path


def test_a_zip_file_is_imported_and_one_that_is_a_trap_is_not(fresh_server, tmp_path):
    link = zipfile.ZipInfo("originals/link.txt")
    link.external_attr = 0o120777 << 16
    traps = [("../escaped.txt", b"x"), ("/tmp/portable-escaped.txt", b"x"), ("a/../../escaped.txt", b"x"), (link, b"/etc/passwd"), ("bomb.bin", bytes(200 << 20))]
    folder = small_export(tmp_path / "out")
    for number, trap in enumerate(traps):
        done = fresh_server.cli("import", str(zipped(tmp_path / f"trap{number}.zip", folder, [trap])), check=False)
        assert done.returncode and documents_of(fresh_server) == [], trap[0]
    (tmp_path / "torn.zip").write_bytes(zipped(tmp_path / "whole.zip", folder).read_bytes()[:-300])
    assert fresh_server.cli("import", str(tmp_path / "torn.zip"), check=False).returncode
    fresh_server.cli("import", str(tmp_path / "whole.zip"))
    assert [one["name"] for one in documents_of(fresh_server)] == ["a.txt"]
    assert not (tmp_path / "escaped.txt").exists() and not list(Path(tempfile.gettempdir()).glob("lectern-import-*"))


def test_an_import_that_is_killed_goes_on_and_doubles_nothing(fresh_server, tmp_path):
    fresh_server.add(*[(f"{n}.txt", f"The okapi number {n} sings.".encode()) for n in range(40)])
    for number in range(20):
        fresh_server.post("/v1/tasks", {"summary": f"Task {number}"})
    owner = fresh_server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    out = export(fresh_server, tmp_path / "out")
    there = Server(tmp_path / "there").start()
    try:
        there.new_key()
        for delay in (0.05, 0.2, 0.6):
            begun = subprocess.Popen(there.command("import", str(out)), stderr=subprocess.DEVNULL, env=there.environment)
            time.sleep(delay)
            begun.send_signal(signal.SIGKILL)
            begun.wait()
        there.cli("import", str(out))
        back = export(there, tmp_path / "back")
    finally:
        there.stop()
    assert owner and len(lines(back, "documents.jsonl")) == 40
    assert sorted(one["number"] for one in lines(back, "tables/tasks.jsonl")) == list(range(1, 21))


# --- Earlier versions ---

LETTERS = [b"The okapi sleeps.", b"The okapi wakes.", b"The okapi walks."]


def with_versions(folder):
    """One document by hand, which was another file twice before."""
    small_export(folder)
    (folder / f"versions/{DOCUMENT}").mkdir(parents=True)
    earlier = []
    for number, text in enumerate(LETTERS, 1):
        (folder / f"versions/{DOCUMENT}/{number} a.txt").write_bytes(text)
        earlier.append({"version": number, "name": f"a{number}.txt", "sha256": hashlib.sha256(text).hexdigest(), "original": f"versions/{DOCUMENT}/{number} a.txt"})
    change_line(folder, earlier=earlier, version=4)
    return folder


def came_of(server, folder):
    tables = imported(server, folder, check=False)
    counts = tables["document_versions"]
    return counts["added"], counts["there"], counts["left_out"]


def texts_of(server, document):
    versions = server.get(f"/v1/documents/{document}/versions").json()["items"][::-1]
    return [(one["name"], server.get(f"/v1/documents/{document}/text?version={one['version']}").text.strip()) for one in versions]


WHOLE = [("a1.txt", "The okapi sleeps."), ("a2.txt", "The okapi wakes."), ("a3.txt", "The okapi walks."), ("a.txt", "The okapi was here.")]


def test_an_import_that_broke_off_between_two_versions_goes_on_there(fresh_server, tmp_path):
    folder = with_versions(tmp_path / "out")
    [begun] = fresh_server.add(("a1.txt", LETTERS[0]))
    fresh_server.call("PUT", f"/v1/documents/{begun['id']}/original", data=LETTERS[1], headers={"File-Name": "a2.txt"})
    fresh_server.wait_document(begun["id"])
    assert came_of(fresh_server, folder) == (1, 2, 0)
    [one] = documents_of(fresh_server)
    assert one["id"] == begun["id"] and texts_of(fresh_server, one["id"]) == WHOLE
    assert came_of(fresh_server, folder) == (0, 3, 0) and len(texts_of(fresh_server, one["id"])) == 4, "and once"


def test_versions_never_go_onto_a_document_that_is_another(fresh_server, tmp_path):
    [other] = fresh_server.add(("mine.txt", LETTERS[0]))
    assert came_of(fresh_server, with_versions(tmp_path / "out")) == (2, 0, 1)
    assert texts_of(fresh_server, other["id"]) == [("mine.txt", "The okapi sleeps.")]
    [one] = [one for one in documents_of(fresh_server) if one["id"] != other["id"]]
    assert texts_of(fresh_server, one["id"]) == WHOLE[1:]


def test_a_version_that_is_damaged_missing_or_elsewhere_is_left_out_and_the_others_come(fresh_server, tmp_path):
    folder = with_versions(tmp_path / "out")
    (folder / f"versions/{DOCUMENT}/1 a.txt").write_bytes(b"forged")
    (folder / f"versions/{DOCUMENT}/2 a.txt").unlink()
    line = json.loads((folder / "documents.jsonl").read_text())
    change_line(folder, earlier=[7, {"version": 9, "name": "x", "sha256": "0" * 64, "original": "../../secret"}, *line["earlier"]])
    assert came_of(fresh_server, folder) == (1, 0, 4)
    [one] = documents_of(fresh_server)
    assert texts_of(fresh_server, one["id"]) == WHOLE[2:]
