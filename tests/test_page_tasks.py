"""The page of tasks in a real Chromium: board, list, suggestions, undo."""
import pytest
from conftest import ROOT, Server
from test_page import browser, CHROMIUM, expect, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page_tasks") / "data").start()
    yield owner_desk(browser, server)
    server.stop()


@pytest.fixture
def page(desk):
    desk.page.set_viewport_size({"width": 1440, "height": 900})
    yield desk.go("/tasks")
    desk.check()


def add(desk, summary, **fields):
    answer = desk.server.post("/v1/tasks", {"summary": summary, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def status_of(desk, task):
    return desk.server.get(f"/v1/tasks/{task['id']}").json()["status"]


def test_a_task_is_added_moved_by_key_and_taken_back(desk, page):
    part(page, "task-new").fill("Paint the door")
    page.keyboard.press("Enter")
    card = part(page, "column-pending").locator("[data-test=task]", has_text="Paint the door")
    card.focus()
    page.keyboard.press("ArrowRight")
    expect(part(page, "column-in_progress")).to_contain_text("Paint the door")
    part(page, "undo").click()
    expect(part(page, "column-pending")).to_contain_text("Paint the door")


def test_a_task_is_dragged_and_done_and_removed_with_undo(desk, page):
    task = add(desk, "Oil the hinges", priority="urgent", deadline="2024-01-01")
    card = page.locator(f"[data-id='{task['id']}']")
    expect(card).to_contain_text("Urgent")
    card.drag_to(part(page, "column-in_progress"))
    expect(part(page, "column-in_progress")).to_contain_text("Oil the hinges")
    card.locator("[data-test=task-done]").check()
    expect(part(page, "column-done")).to_contain_text("Oil the hinges")
    card.locator("[data-test=task-remove]").click()
    expect(card).to_have_count(0)
    part(page, "undo").last.click()
    expect(card).to_have_count(1)
    assert status_of(desk, task) == "done"


def test_a_suggestion_is_accepted_or_dismissed(desk, page):
    one, two = add(desk, "Call the smith", status="suggested"), add(desk, "Buy a horse", status="suggested")
    tray = part(page, "task-tray")
    expect(tray).to_contain_text("Buy a horse")
    shot(page, "tasks-board")
    tray.locator(f"[data-id='{one['id']}'] [data-test=task-accept]").click()
    expect(part(page, "column-pending")).to_contain_text("Call the smith")
    tray.locator(f"[data-id='{two['id']}'] [data-test=task-dismiss]").click()
    expect(tray).to_be_hidden()
    assert (status_of(desk, one), status_of(desk, two)) == ("pending", "cancelled")


def test_a_task_is_changed_in_a_dialog_and_filters_find_it(desk, page):
    first, task = add(desk, "Measure the wall"), add(desk, "Hang the picture")
    page.locator(f"[data-id='{task['id']}'] [data-test=task-edit]").click()
    part(page, "field-due").fill("2035-05-06")
    part(page, "field-category").fill("house")
    part(page, "field-needs").fill(str(first["number"]))
    part(page, "field-parent").select_option(first["id"])
    part(page, "task-change-form-submit").click()
    card = page.locator(f"[data-id='{task['id']}']")
    expect(card).to_contain_text("Waits for another")
    expect(card).to_contain_text("Part of Measure the wall")
    changed = desk.server.get(f"/v1/tasks/{task['id']}").json()
    assert changed["deadline"]["end"] == "2035-05-06" and changed["needs"] == [first["id"]]
    part(page, "task-as").select_option("list")
    part(page, "task-find").fill("hang the")
    expect(page.locator("[data-test=task-list] [data-test=task]")).to_have_count(1)


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE])
def test_the_page_keeps_the_rules(desk, page, size):
    add(desk, "Sweep the yard")
    page.set_viewport_size(size)
    page.wait_for_load_state("networkidle")
    shot(page, f"tasks-{size['width']}")
    assert page.evaluate((ROOT / "tests" / "page_rules.js").read_text(), False) == []


def test_a_calendar_address_is_made(desk, page):
    part(page, "task-feed").click()
    assert "/v1/task_feeds/" in part(page, "task-feed-url").input_value()
    page.keyboard.press("Escape")


def test_the_link_of_a_reminder_opens_its_task(desk, page):
    task = add(desk, "Ring the bell")
    desk.go(f"/tasks?task={task['number']}")
    expect(part(page, "field-summary")).to_have_value("Ring the bell")
    page.keyboard.press("Escape")
