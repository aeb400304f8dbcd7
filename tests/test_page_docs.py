"""/docs in a real Chromium: a route is found, its form filled and sent, and its answer shown."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, expect, owner_desk, shot, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("docs") / "library").start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def page(browser, server):  # noqa: F811
    desk = owner_desk(browser, server)
    desk.page.goto(server.url + "/docs")
    expect(desk.page.locator("#tools")).to_be_visible()
    yield desk.page
    desk.context.close()


def opened(page, method, path):
    call = page.locator(f'details.call[data-method="{method}"][data-path="{path}"]')
    call.locator("summary").first.press("Enter")
    expect(call.locator("form")).to_be_visible()
    return call


def sent(call):
    call.get_by_role("button", name="Send").press("Enter")
    status = call.get_by_role("status")
    expect(status).to_contain_text(" after ")
    return status.inner_text()


def test_a_session_calls_with_what_the_form_has(page, server):
    call = opened(page, "POST", "/v1/collections")
    call.locator("textarea").fill('{"name": "Tried"}')
    call.get_by_label("Idempotency-Key").fill("tried")
    assert sent(call).startswith("201")
    assert "Tried" in call.get_by_label("Body of the answer").inner_text()
    assert "--data-binary '{\"name\": \"Tried\"}'" in call.get_by_label("The same with curl").inner_text()
    assert sent(call).startswith("201")
    call.get_by_text("Headers of the answer").click()
    expect(call.locator(".answer")).to_contain_text("idempotency-replayed: true")
    assert "Tried" in [c["name"] for c in server.get("/v1/collections").json()["items"]]
    shot(page, "docs-call")
    page.set_viewport_size({"width": 390, "height": 800})
    shot(page, "docs-call-phone")
    page.set_viewport_size(WIDE)


def test_a_key_calls_alone_and_a_refusal_is_shown(page, server):
    page.get_by_label("API key").fill("lk_wrong")
    call = opened(page, "GET", "/v1/documents")
    assert sent(call).startswith("401")
    page.get_by_label("API key").fill(server.cli("keys", "add", "docs", "--role", "reader").stdout.split()[-1])
    call.get_by_label("limit").fill("1")
    assert sent(call).startswith("200") and '"items"' in call.get_by_label("Body of the answer").inner_text()
    page.get_by_label("API key").fill("")


def test_a_stream_is_shown_as_it_comes(page):
    call = opened(page, "GET", "/v1/events")
    assert sent(call).startswith("200")
    expect(call.get_by_label("Body of the answer")).to_contain_text("event: hello")


def test_routes_are_found_by_words_and_by_the_keyboard(page):
    page.get_by_label("Find a route").fill("tasks draw")
    shown = page.locator("details.call:visible > summary")
    assert 1 <= shown.count() < 10 and "/v1/tasks/draw" in shown.all_inner_texts()[0]
    page.get_by_label("Find a route").fill("")
    assert page.locator("details.call:visible").count() > 400
