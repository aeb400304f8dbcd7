"""Settings > Server > Import in a real Chromium: what an export has comes back as `lectern import` brings it."""
import hashlib
import json
import re
import zipfile

import pytest
from test_import import IN_PART, documents_of, export, limits_of, lines, rows_of, rows_that_come, small_export, tables, versions_of, world, zipped  # noqa: F401 (world is a fixture)
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, owner_desk, part, PHONE, RULES, settle, shot, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture
def desk(browser, fresh_server):  # noqa: F811
    shown = owner_desk(browser, fresh_server)
    yield shown
    shown.check(allowed=("Failed to load resource",))
    shown.context.close()


def choose(desk, file, people=False):
    page = desk.go("/settings/server")
    part(page, "import-form").locator("input[type=file]").set_input_files(str(file))
    part(page, "import-form").locator("input[name=people]").set_checked(people)
    part(page, "import-begin").click()
    return page


def came(page):
    rows = part(page, "import-tables").locator("tbody tr").evaluate_all("rows => rows.map(row => [row.dataset.name, ...[...row.querySelectorAll('td')].map(cell => Number(cell.textContent))])")
    return {name: counts for name, *counts in rows}


def test_everything_comes_back_as_by_the_command_and_only_once(desk, fresh_server, world, tmp_path):  # noqa: F811
    out = world("sqlite")
    whole = zipped(tmp_path / "whole.zip", out)
    page = choose(desk, whole, people=True)
    expect(part(page, "import-done")).to_be_visible(timeout=120000)
    first = came(page)
    assert {name for name, (_, _, left) in first.items() if left} <= IN_PART, part(page, "import-tables").text_content()
    for viewport in (None, PHONE):
        if viewport:
            page.set_viewport_size(viewport)
        part(page, "imported").scroll_into_view_if_needed()
        settle(page)
        broken = page.evaluate(RULES, bool(viewport))
        assert not [one for one in broken if not re.search(r'"[\w ]+\.(txt|zip)"', one)], broken  # names of documents look like keys of texts
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
        shot(page, f"import-{'phone' if viewport else 'wide'}")
    page.set_viewport_size(WIDE)
    page = choose(desk, whole, people=True)
    expect(part(page, "import-done")).to_be_visible(timeout=120000)
    assert sum(added for name, (added, _, _) in came(page).items() if name not in ("group_members", "settings")) == 0
    back = export(fresh_server, tmp_path / "back")
    for table, how in tables().items():
        if how == "ROWS" and table not in ("approvals", "approval_groups", "approval_candidates", "approval_decisions"):
            there = rows_that_come(out, table)
            assert [row for row in there if row not in rows_of(back, table)] == [], table
    for table in ("collections", "workspace_groups", "guards", "document_tags"):
        assert rows_of(back, table) == rows_of(out, table), table
    facts = lambda folder: sorted((one["name"], one["title"], one["sha256"], one["collection"], tuple(one["tags"]), one["version"], versions_of(one), bool(one["deleted_at"])) for one in lines(folder, "documents.jsonl"))
    assert facts(back) == facts(out) and rows_of(back, "document_versions") == rows_of(out, "document_versions")
    assert limits_of(fresh_server)[("workspace", "")] == (["good*"], 5000, None, [("month", "12.50")])
    assert limits_of(fresh_server)[("user", "Rea")][3] == [("day", "70"), ("total", "0.000001")]


@pytest.mark.parametrize("name, says", [("text", "not a ZIP file"), ("empty", "not a ZIP file"), ("torn", "not a ZIP file"), ("other", "no manifest.json"), ("format", "reads formats up to 1"),
                                        ("list", "reads formats up to 1"), ("changed", "is damaged"), ("bomb", "times its own size")])
def test_what_is_no_export_is_refused_with_what_to_do_and_changes_nothing(desk, fresh_server, tmp_path, name, says):
    folder = small_export(tmp_path / "out")
    file = tmp_path / "chosen.zip"
    more = {"bomb": [("bomb.bin", bytes(300 << 20))]}.get(name, [])
    if name == "other":
        (folder / "manifest.json").unlink()
    if name in ("format", "list"):
        (folder / "manifest.json").write_text('{"format": 2}' if name == "format" else "[]")
    zipped(file, folder, more)
    whole = file.read_bytes()
    if name == "changed":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as out:
            out.writestr("manifest.json", json.dumps({"format": 1, "kinds": []}))
        whole = file.read_bytes().replace(b'"format"', b'"firmat"', 1)
    file.write_bytes({"text": b"no ZIP " * 100, "empty": b"", "torn": whole[:-300]}.get(name, whole))
    page = choose(desk, file)
    expect(part(page, "import-refused")).to_contain_text(says)
    keeps_rules(page)
    assert documents_of(fresh_server) == []


def test_what_is_damaged_or_no_row_is_left_out_and_named_and_the_rest_comes(desk, fresh_server, tmp_path):
    folder = small_export(tmp_path / "out", tables__study_decks_jsonl="{\n7\nnull\n" + "[" * 100000 + "\n" + json.dumps({"id": "01900000-0000-7000-8000-00000000000b", "user_id": "", "name": "Deck",
                          "name_fold": "deck", "description": "", "created_at": 1, "updated_at": 1}) + "\n", tables__collections_jsonl='{"name": "Good"}\n{"name": 7}\n', people_jsonl="\0\n{}",
                          tables__settings_jsonl='{"name": "alerts", "value": "["}\n')
    first = json.loads((folder / "documents.jsonl").read_text())
    changed = {**first, "id": first["id"][:-1] + "c", "name": "changed.txt", "original": "originals/changed.txt"}
    (folder / "originals/changed.txt").write_bytes(b"Other bytes than they were.")
    missing = {**first, "id": first["id"][:-1] + "d", "name": "missing.txt", "original": "originals/missing.txt"}
    (folder / "documents.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (first, changed, missing)))
    page = choose(desk, zipped(tmp_path / "chosen.zip", folder))
    expect(part(page, "import-done")).to_be_visible(timeout=60000)
    counts = came(page)
    assert counts["documents"] == [1, 0, 2] and counts["study_decks"] == [1, 0, 4] and counts["collections"][0] == 1, counts
    expect(part(page, "import-tables")).to_contain_text("changed.txt has other bytes than when it was exported")
    expect(part(page, "import-tables")).to_contain_text("originals/missing.txt is not in the file")
    assert [one["name"] for one in documents_of(fresh_server)] == ["a.txt"]


def test_it_can_be_stopped_by_a_button_that_stays_goes_on_while_other_views_are_open_and_again_later(desk, fresh_server, tmp_path):
    folder = small_export(tmp_path / "out")
    first = json.loads((folder / "documents.jsonl").read_text())
    for number in range(60):
        content = f"Okapi number {number}.".encode()
        (folder / f"originals/{number}.txt").write_bytes(content)
        line = {**first, "id": first["id"][:-3] + f"{number + 256:03x}", "name": f"{number}.txt", "original": f"originals/{number}.txt", "sha256": hashlib.sha256(content).hexdigest()}
        with open(folder / "documents.jsonl", "a") as list_of_all:
            list_of_all.write(json.dumps(line) + "\n")
    page = choose(desk, zipped(tmp_path / "chosen.zip", folder))
    part(page, "nav-library").click()
    part(page, "nav-settings").click()
    part(page, "tab-server").click()
    pressed, before = part(page, "import-stop").element_handle(), part(page, "import-going").text_content()
    expect(part(page, "import-going")).not_to_have_text(before)
    pressed.click()
    expect(part(page, "import-broken")).to_contain_text("import the same file again")
    some = len(documents_of(fresh_server))
    page = choose(desk, tmp_path / "chosen.zip")
    expect(part(page, "import-done")).to_be_visible(timeout=120000)
    assert some < 61 and came(page)["documents"][0] + came(page)["documents"][1] == 61
    assert fresh_server.get("/v1/documents").json()["total"] == 61


def test_only_owners_are_offered_it(browser, fresh_server):  # noqa: F811
    owner_desk(browser, fresh_server).context.close()
    fresh_server.cli("users", "add", "admin@example.org", "--role", "admin", input="correct horse battery\n")
    desk = Desk(browser, fresh_server.url, viewport=PHONE)
    page = desk.go("/")
    part(page, "field-email").fill("admin@example.org")
    part(page, "field-password").fill("correct horse battery")
    page.keyboard.press("Enter")
    part(page, "nav-library").wait_for()
    desk.go("/settings/server")
    part(page, "server-facts").wait_for()
    assert part(page, "import-form").count() == 0
    desk.context.close()
