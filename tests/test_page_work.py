"""The views of work in a real Chromium: connections, workflows, approvals, schedules, meetings."""
import pytest
from conftest import ROOT, Server
from mock_places import Places
from test_page import browser, CHROMIUM, expect, owner_desk, part, PHONE, shot, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
RULES = (ROOT / "tests" / "page_rules.js").read_text()


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page_work") / "data").start()
    yield owner_desk(browser, server)
    server.stop()


@pytest.fixture
def page(desk):
    desk.page.set_viewport_size(WIDE)
    yield desk.page
    desk.check(allowed=("Failed to load resource",))


def rules_kept(page, name):
    """At both widths, with a picture of each."""
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.wait_for_function("() => !document.querySelector('.bone, [aria-busy=true]')")
        shot(page, f"work-{name}-{size['width']}")
        assert page.evaluate(RULES, size is PHONE) == []
    page.set_viewport_size(WIDE)


@pytest.fixture(scope="module")
def places():
    started = Places()
    yield started
    started.stop()


def test_a_feed_is_connected_looked_at_and_paused(desk, page, places):
    places.feed = {"1": ("The lamp", "<p>The lamp of the tower was cleaned.</p>"), "2": ("The oil", "<p>Oil was brought.</p>")}
    desk.go("/connections")
    expect(part(page, "connections-empty")).to_be_visible()
    part(page, "connection-add").click()
    part(page, "kind-feed").click()
    part(page, "field-name").fill("News of the tower")
    part(page, "field-settings_url").fill(f"{places.url}/feed.xml")
    part(page, "connection-try").click()
    expect(part(page, "connection-said")).to_contain_text("2")
    shot(page, "work-connection-form")
    part(page, "connection-form-submit").click()
    expect(part(page, "connection-facts")).to_contain_text("News of the tower")
    part(page, "connection-facts").locator("[data-test=connection-sync]").click()
    expect(part(page, "connection-item")).to_have_count(2)
    rules_kept(page, "connection")
    part(page, "connection-switch").click()
    expect(part(page, "connection-state")).to_contain_text("Paused")
    part(page, "work-connections").click()
    expect(part(page, "connection-row")).to_contain_text("2 here")
    rules_kept(page, "connections")


def test_what_a_connection_lacks_is_said_at_its_field(desk, page):
    desk.go("/connections")
    part(page, "connection-add").click()
    part(page, "kind-imap").click()
    part(page, "connection-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("needed")
    expect(part(page, "field-settings_host")).to_be_focused()
    page.keyboard.press("Escape")


def test_a_workflow_is_made_of_a_template_changed_checked_and_saved(desk, page):
    desk.go("/workflows")
    expect(part(page, "workflows-empty")).to_be_visible()
    part(page, "workflow-add").click()
    part(page, "template-inbox").click()
    part(page, "workflow-name-form-submit").click()
    card = page.locator("[data-test=step-card][data-id=marked]")
    expect(card).to_contain_text("steps.kind.label")
    expect(page.locator("[data-test=step-card][data-id=where]")).to_contain_text("→ invoices")
    rules_kept(page, "workflow")
    card.locator("[data-test=step-edit]").click()
    part(page, "field-with_add").fill("{{ steps.nothing.label }}")
    part(page, "step-form-submit").click()
    expect(card.locator("[data-test=step-wrong]")).to_contain_text("nothing")
    card.locator("[data-test=step-edit]").click()
    part(page, "field-id").fill("tagged")
    part(page, "field-with_add").fill("{{ steps.kind.label }}\nseen")
    part(page, "step-form-submit").click()
    expect(page.locator("[data-test=step-card][data-id=where]")).to_contain_text("→ tagged")
    part(page, "step-add").last.click()
    part(page, "step-kind-notification").click()
    part(page, "field-with_title").fill("Sorted: {{ document.name }}")
    shot(page, "work-step-form")
    part(page, "step-form-submit").click()
    part(page, "workflow-save").click()
    expect(part(page, "toast").last).to_contain_text("Version 2")
    part(page, "workflow-json-show").click()
    assert '"tagged"' in part(page, "workflow-json").input_value()
    shot(page, "work-workflow-json")
    part(page, "workflow-json-show").click()
    part(page, "flow-tab-versions").click()
    expect(part(page, "version-row")).to_have_count(2)


def add_workflow(desk, name, *steps, **more):
    answer = desk.server.post("/v1/workflows", {"name": name, "definition": {"steps": list(steps), **more}})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_run_is_seen_step_by_step_paused_cancelled_and_gone_on_with(desk, page):
    branch = {"steps": [{"id": "sum", "type": "compute", "with": {"values": {"two": "{{ 1 + 1 }}"}}}]}
    flow = add_workflow(desk, "Harbour dues", {"id": "both", "type": "parallel", "branches": [branch, {"steps": [{"id": "rest", "type": "wait", "for_s": 0.1}]}]},
                        {"id": "each", "type": "for_each", "items": "[1, 2, 3]", "steps": [{"id": "twice", "type": "compute", "with": {"values": "{{ item * 2 }}"}}]},
                        {"id": "pilot", "type": "wait", "event": "pilot"}, {"id": "wrong", "type": "fail", "with": {"message": "The pilot did not come."}})
    desk.go("/workflows")
    row = page.locator(f"[data-id='{flow}']")
    row.locator("[data-test=workflow-run]").click()
    part(page, "run-form-submit").click()
    expect(part(page, "execution")).to_contain_text("Waits at pilot")
    expect(part(page, "execution-steps").locator("[data-step=each]").first).to_contain_text("Item 3")
    rules_kept(page, "execution-running")
    part(page, "execution-pause").click()
    expect(part(page, "execution").locator("[data-test=run-state]")).to_have_text("Paused")
    part(page, "execution-resume").click()
    expect(part(page, "execution-pause")).to_be_visible()
    desk.server.post("/v1/workflow-events", {"event": "pilot"})
    expect(part(page, "execution-error")).to_contain_text("The pilot did not come.")
    both = part(page, "execution-steps").locator("[data-step=both]").first
    both.locator("[data-test=execution-part] summary").first.click()
    both.locator("[data-step=sum] summary").click()
    expect(both).to_contain_text('"two": 2')
    rules_kept(page, "execution")
    page.locator("[data-step=pilot] summary").click()
    page.locator("[data-step=pilot] [data-test=step-retry]").click()
    part(page, "execution-cancel").click()
    expect(part(page, "execution").locator("[data-test=run-state]")).to_have_text("Cancelled")
    desk.go("/workflows")
    expect(row).to_contain_text("one run in 30 days")
    rules_kept(page, "workflows")
    desk.go("/executions")
    expect(part(page, "execution-row")).to_contain_text("Harbour dues")
    rules_kept(page, "executions")
    desk.go(f"/workflows/{flow}?tab=figures")
    expect(part(page, "figures-steps")).to_contain_text("pilot")
    rules_kept(page, "figures")
