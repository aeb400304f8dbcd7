"""The page of tasks in a real Chromium: board, list, suggestions, undo."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, expect, keeps_rules, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

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


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE, {"width": 360, "height": 740}])
def test_the_page_keeps_the_rules(desk, page, size):
    add(desk, "Sweep the yard")
    page.set_viewport_size(size)
    page.wait_for_load_state("networkidle")
    shot(page, f"tasks-{size['width']}")
    keeps_rules(page)
    assert part(page, "title").evaluate("title => title.scrollWidth <= title.clientWidth"), "the view's name is cut off"
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    shot(page, f"tasks-{size['width']}-dark")
    page.emulate_media(color_scheme="light")


def test_a_calendar_address_is_made(desk, page):
    part(page, "task-feed").click()
    assert "/v1/task_feeds/" in part(page, "task-feed-url").input_value()
    page.keyboard.press("Escape")


def test_the_link_of_a_reminder_opens_its_task(desk, page):
    task = add(desk, "Ring the bell")
    desk.go(f"/tasks?task={task['number']}")
    expect(part(page, "field-summary")).to_have_value("Ring the bell")
    page.keyboard.press("Escape")


def test_a_suggestion_opens_the_place_it_was_found_in(desk, page):
    document = desk.server.add(("harbour.txt", b"The harbour is old.\n\nPlease paint the lighthouse by 3 March 2035.\n"))[0]
    drawn = desk.server.post("/v1/tasks/draw", {"document": document["id"], "save": True}).json()["items"][0]
    card = part(page, "task-tray").locator(f"[data-id='{drawn['id']}']")
    expect(card).to_contain_text("Paint the lighthouse")
    card.locator("[data-test=task-source]").click()
    reader = page.locator("#reader")
    expect(reader).to_contain_text("harbour.txt")
    expect(reader.locator("mark").first).to_contain_text("paint the lighthouse")
    shot(page, "tasks-reader")
    page.keyboard.press("Escape")
    expect(reader).to_be_hidden()
    desk.server.post(f"/v1/tasks/{drawn['id']}/dismiss")


def test_time_reminders_and_collection_are_changed_by_hand(desk, page):
    collection = desk.server.post("/v1/collections", {"name": "House"}).json()
    task = add(desk, "Call the plumber")
    desk.go("/tasks")
    page.reload()
    page.locator(f"[data-id='{task['id']}'] [data-test=task-edit]").click()
    part(page, "field-due").fill("2035-05-06")
    part(page, "field-hour").fill("14:30")
    part(page, "field-reminders").fill("2035-05-05 09:00, 2035-05-06 08:00")
    part(page, "field-collection").select_option(collection["id"])
    shot(page, "tasks-form")
    part(page, "task-change-form-submit").click()
    expect(part(page, "task-change")).to_have_count(0)
    changed = desk.server.get(f"/v1/tasks/{task['id']}").json()
    assert changed["deadline"]["is_all_day"] is False and changed["collection"] == collection["id"] and len(changed["reminders"]) == 2
    shown = page.evaluate("(iso) => new Date(iso).getHours() * 60 + new Date(iso).getMinutes()", changed["deadline"]["end"])
    assert shown == 14 * 60 + 30
    page.locator(f"[data-id='{task['id']}'] [data-test=task-edit]").click()
    expect(part(page, "field-hour")).to_have_value("14:30")
    expect(part(page, "field-reminders")).to_have_value("2035-05-05 09:00, 2035-05-06 08:00")
    part(page, "field-hour").fill("")
    part(page, "task-change-form-submit").click()
    expect(part(page, "task-change")).to_have_count(0)
    assert desk.server.get(f"/v1/tasks/{task['id']}").json()["deadline"]["is_all_day"] is True


def test_what_was_removed_comes_back_from_the_trash(desk, page):
    task = add(desk, "Empty the attic")
    desk.server.call("DELETE", f"/v1/tasks/{task['id']}")
    part(page, "task-as").select_option("trash")
    card = part(page, "task-trash").locator(f"[data-id='{task['id']}']")
    expect(card).to_contain_text("Empty the attic")
    shot(page, "tasks-trash")
    card.locator("[data-test=task-restore]").click()
    expect(card).to_have_count(0)
    assert status_of(desk, task) == "pending"


def test_a_calendar_file_is_added(desk, page):
    calendar = b"BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:x\r\nSUMMARY:From the phone\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:y\r\nDUE:never\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    part(page, "task-import").click()
    part(page, "field-file").set_input_files({"name": "tasks.ics", "mimeType": "text/calendar", "buffer": calendar})
    part(page, "task-import-file-form-submit").click()
    expect(part(page, "column-pending")).to_contain_text("From the phone")
    part(page, "task-import").click()
    part(page, "field-file").set_input_files({"name": "tasks.ics", "mimeType": "text/calendar", "buffer": b"no calendar"})
    part(page, "task-import-file-form-submit").click()
    expect(part(page, "task-import-file")).to_contain_text("This is no calendar")
    page.keyboard.press("Escape")
    desk.check(allowed=["400"])


def test_a_task_is_moved_up_and_down_by_key(desk, page):
    one, two = add(desk, "Sort key one"), add(desk, "Sort key two")
    part(page, "task-find").fill("sort key")
    column = part(page, "column-pending")
    expect(column.locator("[data-test=task]")).to_have_count(2)
    column.locator(f"[data-id='{one['id']}']").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == two["id"]
    page.keyboard.press("Shift+ArrowUp")
    expect(column.locator("[data-test=task]").first).to_contain_text("Sort key two")
    page.wait_for_function("(id) => document.activeElement.dataset.id === id", arg=two["id"])
    page.keyboard.press("Shift+ArrowDown")
    expect(column.locator("[data-test=task]").first).to_contain_text("Sort key one")


def test_the_board_that_is_read_anew_leaves_the_focus_where_it_is(desk, page):
    task = add(desk, "Focus stays")
    card = page.locator(f"[data-id='{task['id']}']")
    card.focus()
    added = add(desk, "Comes from elsewhere")  # an event tells the page
    expect(page.locator(f"[data-id='{added['id']}']")).to_be_visible()
    expect(card).to_be_focused()


def test_a_tab_asks_for_each_thing_once_as_it_opens_and_one_of_two_listens(desk, page):
    second = desk.context.new_page()
    for tab in (page, second):
        page.wait_for_load_state("networkidle")
        desk.requests.clear()
        tab.goto(desk.url + "/tasks")
        tab.wait_for_load_state("networkidle")
        asked = [url.removeprefix(desk.url) for url in desk.requests if "/v1/" in url]
        assert len(asked) == len(set(asked)) and {"/v1/work", "/v1/notices?limit=1"} < set(asked), asked
        assert ("/v1/events" in asked) == (tab is page)
    second.close()


def test_a_collection_says_that_its_documents_are_drawn_from(desk, page):
    collection = desk.server.post("/v1/collections", {"name": "Letters"}).json()
    assert desk.server.call("PATCH", f"/v1/collections/{collection['id']}", json={"draws_tasks": True}).json()["draws_tasks"] is True
