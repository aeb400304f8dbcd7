"""Settings > Models in a real Chromium: services, routes, prices and a dry run, set by hand."""
import pytest
from conftest import Server
from mock_provider import MockProvider
from test_page import CHROMIUM, PHONE, Desk, browser, expect, part, shot, sign_up  # noqa: F401 (browser is a fixture)

KEY = "sk-secret-of-the-page"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "whole", "broken"], key=KEY)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    shown = Desk(browser, server.url)
    shown.go("/")
    sign_up(shown.page)
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check(allowed=("Failed to load resource",))


def add_service(page, mock, key):
    part(page, "service-add").click()
    dialog = part(page, "service")
    part(dialog, "field-provider").select_option("openai-compatible")
    part(dialog, "field-name").fill("mine")
    part(dialog, "field-base_url").fill(mock.url)
    part(dialog, "field-key").fill(key)
    part(dialog, "service-form-submit").click()
    return dialog


def test_a_service_is_added_with_its_key_and_tried(desk, page, mock):
    desk.go("/settings/models")
    expect(part(page, "service-rows")).to_contain_text("None yet")
    dialog = add_service(page, mock, "sk-wrong")
    expect(dialog).to_contain_text("refuses the key")
    part(dialog, "field-key").fill(KEY)
    part(dialog, "service-form-submit").click()
    expect(dialog).to_have_count(0)
    row = page.locator("[data-test=service-row][data-name=mine]")
    expect(row).to_contain_text("3 models")
    expect(row).to_contain_text("first choice")
    assert KEY not in page.content()
    part(row, "service-test").click()
    expect(row.locator(".light")).to_have_attribute("data-state", "green", timeout=15000)


def test_a_route_is_made_of_models_in_an_order(desk, page, mock):
    desk.go("/settings/models")
    part(page, "route-add").click()
    dialog = part(page, "route")
    part(dialog, "field-name").fill("quick")
    part(dialog, "step-model").fill("mine/good")
    part(dialog, "step-add").click()
    part(dialog, "step-model").nth(1).fill("mine/broken")
    part(dialog, "step-up").nth(1).click()
    part(dialog, "field-fallback").fill("nowhere")
    part(dialog, "route-form-submit").click()
    expect(dialog).to_contain_text("nowhere")
    part(dialog, "field-fallback").fill("mine/whole")
    part(dialog, "route-form-submit").click()
    expect(dialog).to_have_count(0)
    row = page.locator("[data-test=route-row][data-name=quick]")
    expect(row.locator("ol li")).to_have_text(["mine/broken", "mine/good"])
    expect(row).to_contain_text("then mine/whole")


def test_a_price_is_told_and_a_dry_run_uses_it(desk, page, mock):
    desk.go("/settings/models")
    part(page, "models-known").locator("summary").click()
    line = page.locator('[data-test=model-line][data-name="mine/good"]')
    part(line, "model-price").click()
    dialog = part(page, "price")
    part(dialog, "field-input").fill("0.15")
    part(dialog, "field-output").fill("0,6")
    part(dialog, "price-form-submit").click()
    expect(dialog).to_contain_text("decimal number")
    part(dialog, "field-output").fill("0.6")
    part(dialog, "price-form-submit").click()
    expect(dialog).to_have_count(0)
    expect(line).to_contain_text("$0.15 in, $0.6 out")
    part(page, "field-model").fill("quick")
    part(page, "dry-submit").click()
    steps = part(page, "dry-result").locator("li")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("mine/good")
    expect(steps.nth(1)).to_contain_text("at most $0.000450")
    page.evaluate("document.querySelector('.scroll').scrollTo(0, 0)")
    shot(page, "gateway")
    part(page, "field-model").fill("")
    part(page, "dry-submit").click()


def test_on_a_phone_it_does_not_move_sideways(browser, desk):  # noqa: F811
    phone = Desk(browser, desk.url, viewport=PHONE, is_mobile=True, has_touch=True, storage_state=desk.context.storage_state())
    page = phone.go("/settings/models")
    part(page, "service-row").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    shot(page, "gateway-phone")
    phone.context.close()
