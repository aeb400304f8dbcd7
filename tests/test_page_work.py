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
