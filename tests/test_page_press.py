"""What is pressed while the page tells how far something is: the press begins before the numbers change and ends behind, and counts."""
import itertools

import pytest
from conftest import Server
from test_page import browser, CHROMIUM, expect, module, owner_desk, part  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")

EXECUTION = {"id": "e1", "workflow": {"id": "w1", "name": "Filing", "version": 1}, "state": "running", "started_by": {"kind": "user", "name": "Ada"},
             "created_at": 1790000000000, "started_at": 1790000000000, "ended_at": None, "dry_run": False, "document": None, "input": {"tide": "low"},
             "output": None, "error": None, "waits": [], "frames": [], "more_steps": False}
STEP = {"frame": 0, "step": "read", "type": "set", "state": "done", "attempt": 1, "error": None, "input": None, "output": None, "tokens": 0,
        "cost_pico": 0, "duration_ms": 3, "started_at": 1790000000000}


@pytest.fixture(scope="module")
def window(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("press") / "library").start()
    shown = owner_desk(browser, server)
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def desk(window):
    yield window
    window.page.unroute_all()
    window.check()


@pytest.fixture
def asked(desk):
    """The paths of what the page asked to be done. desk.begin(path, answer): work that is a little further each time it is read."""
    paths, counts = [], itertools.count(1)

    def going(route, answer):
        if route.request.method == "POST":
            paths.append(route.request.url.removeprefix(desk.url))
        route.fulfill(json=answer(next(counts)))

    def begin(path, answer):
        desk.page.route(desk.url + path, lambda route: going(route, answer))

    desk.begin = begin
    return paths


def presses_across(page, name, shown):
    """The mouse goes down on the button, and up once what `shown` says is another."""
    button = part(page, name)
    expect(button).to_be_visible()
    page.mouse.move(*middle(button))
    before = shown.text_content()
    page.mouse.down()
    expect(shown).not_to_have_text(before)
    page.mouse.up()


def middle(button):
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def was_asked(page, asked, *paths):
    page.wait_for_timeout(300)  # what would be asked twice
    assert asked == [*paths]


def test_an_export_is_stopped_while_it_goes_on(desk, asked):
    desk.begin("/v1/work", lambda done: {"items": [{"id": "j1", "type": "export"}]})
    desk.begin("/v1/work/j1", lambda done: {"id": "j1", "type": "export", "state": "running", "done": 100 + done, "total": 900})
    desk.begin("/v1/work/j1/cancel", lambda done: {})
    page = desk.go("/settings/server")
    presses_across(page, "export-cancel", part(page, "export-going"))
    was_asked(page, asked, "/v1/work/j1/cancel")


def test_a_run_over_a_collection_is_stopped_while_it_goes_on(desk, asked):
    run = {"id": "r1", "subject": "invoice", "state": "running", "failed": 0, "total": 900, "seconds_left": None}
    desk.begin("/v1/runs/r1", lambda done: {**run, "done": 100 + done})
    desk.begin("/v1/runs/r1/results?*", lambda done: {"items": [], "has_more": False})
    desk.begin("/v1/runs/r1/cancel", lambda done: {})
    page = desk.go("/fields?run=r1")
    presses_across(page, "fields-cancel", part(page, "fields-cancel").locator("xpath=.."))
    was_asked(page, asked, "/v1/runs/r1/cancel")


def test_labelling_a_collection_is_stopped_while_it_goes_on(desk, asked):
    batch = {"id": "b1", "state": "running", "failed": 0, "cancelled": 0, "total": 900, "error": None}
    made = desk.server.post("/v1/label-sets", {"name": "Letters", "labels": ["invoice", "complaint"], "asks": "encoder"}).json()["id"]
    desk.begin("/v1/classification-batches", lambda done: {**batch, "done": done})
    desk.begin("/v1/classification-batches/b1", lambda done: {**batch, "done": 100 + done})
    desk.begin("/v1/classification-batches/b1/cancel", lambda done: {})
    page = desk.go(f"/labels/{made}")
    part(page, "label-run").click()
    part(page, "run-form-form-submit").click()
    presses_across(page, "label-run-cancel", part(page, "label-running"))
    was_asked(page, asked, "/v1/classification-batches", "/v1/classification-batches/b1/cancel")


def test_a_workflow_is_stopped_while_its_steps_come_in_and_what_was_unfolded_stays_so(desk, asked):
    desk.begin("/v1/workflow-executions/e1", lambda done: {**EXECUTION, "steps": [{**STEP, "number": each} for each in range(done)]})
    desk.begin("/v1/workflow-executions/e1/cancel", lambda done: {**EXECUTION, "state": "cancelled", "steps": []})
    page = desk.go("/executions/e1")
    part(page, "execution-input").locator("summary").click()
    page.evaluate(f"{module('state.js')}.then(({{emit}}) => {{ window.coming = setInterval(() => emit('event:workflow', {{id: 'e1'}}), 50); }})")
    presses_across(page, "execution-cancel", part(page, "execution-steps"))
    page.evaluate("clearInterval(window.coming)")
    was_asked(page, asked, "/v1/workflow-executions/e1/cancel")
    expect(part(page, "execution-input")).to_have_attribute("open", "")
