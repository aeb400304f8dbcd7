"""Settings > Models in a real Chromium: services, routes, prices and a dry run, set by hand."""
import pytest
from conftest import Server
from mock_provider import MockProvider
from test_page import browser, CHROMIUM, Desk, expect, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

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
    shown = owner_desk(browser, server)
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
    part(dialog, "route-tool-library").check()
    part(dialog, "route-form-submit").click()
    expect(dialog).to_have_count(0)
    row = page.locator("[data-test=route-row][data-name=quick]")
    expect(row.locator("ol li")).to_have_text(["mine/broken", "mine/good"])
    expect(row).to_contain_text("then mine/whole")
    expect(row).to_contain_text("with search of the library")
    part(row, "route-change").click()
    expect(part(dialog, "route-tool-library")).to_be_checked()
    part(dialog, "route-tool-library").uncheck()
    part(dialog, "route-form-submit").click()
    expect(part(row, "route-tools")).to_have_count(0)


def document_of(server, kind, name):
    return next(one["document"] for one in server.call("GET", f"/v1/gateway/{kind}").json()["items"] if one["name"] == name)


def test_a_services_limits_and_times_are_typed_kept_and_taken_away(desk, page, mock):
    desk.go("/settings/models")
    row = page.locator("[data-test=service-row][data-name=mine]")
    part(row, "service-change").click()
    dialog = part(page, "service")
    expect(part(dialog, "field-requests_per_minute")).to_be_hidden()
    part(dialog, "service-limits").locator("summary").click()
    part(dialog, "field-requests_per_minute").fill("many")
    part(dialog, "field-tokens_per_day").fill("500000")
    part(dialog, "service-limits").locator("summary").click()
    part(dialog, "service-form-submit").click()
    expect(part(dialog, "field-requests_per_minute")).to_be_focused()  # its fold opens by itself
    part(dialog, "field-requests_per_minute").fill("60")
    part(dialog, "service-times").locator("summary").click()
    part(dialog, "field-first_byte_ms").fill("2.5")
    part(dialog, "service-form-submit").click()
    expect(dialog).to_have_count(0)
    kept = document_of(desk.server, "services", "mine")
    assert (kept["limits"], kept["times"]) == ({"requests_per_minute": 60, "tokens_per_day": 500000}, {"first_byte_ms": 2500})
    assert len(kept["models"]) == 3
    part(row, "service-change").click()
    expect(part(dialog, "field-requests_per_minute")).to_have_value("60")
    expect(part(dialog, "field-first_byte_ms")).to_have_value("2.5")
    shot(page, "service-form")
    for name in ("requests_per_minute", "tokens_per_day", "first_byte_ms"):
        part(dialog, f"field-{name}").fill("")
    part(dialog, "service-form-submit").click()
    expect(dialog).to_have_count(0)
    kept = document_of(desk.server, "services", "mine")
    assert "limits" not in kept and "times" not in kept


def test_a_route_says_for_which_calls_its_models_are_and_what_comes_after_them(desk, page):
    desk.go("/settings/models")
    row = page.locator("[data-test=route-row][data-name=quick]")
    part(row, "route-change").click()
    dialog = part(page, "route")
    part(dialog, "step-when").first.locator("summary").click()
    part(dialog, "step-share").first.fill("120")
    part(dialog, "route-form-submit").click()
    expect(part(dialog, "field-problem")).to_contain_text("from 1 to 99")
    part(dialog, "step-share").first.fill("10")
    part(dialog, "step-share_by").first.select_option("user")
    part(dialog, "step-input_max").first.fill("4000")
    part(dialog, "step-tools").first.check()
    part(dialog, "field-larger").fill("mine/whole")
    part(dialog, "field-cheaper").fill("mine/good")
    part(dialog, "route-more").locator("summary").click()
    part(dialog, "field-retries").fill("0")
    part(dialog, "field-hedge").fill("1.5")
    shot(page, "route-form")
    part(dialog, "route-form-submit").click()
    expect(dialog).to_have_count(0)
    kept = document_of(desk.server, "routes", "quick")
    assert kept["steps"][0] == {"model": "mine/broken", "weight": 1, "when": {"share": 10, "share_by": "user", "input_max": 4000, "abilities": ["tools"]}}
    assert [kept[name] for name in ("larger", "cheaper", "retries", "hedge_ms", "fallback")] == ["mine/whole", "mine/good", 0, 1500, "mine/whole"]
    expect(row.locator("ol li").first).to_contain_text("for 10 % of those who call · up to 4,000 tokens · with tools")
    expect(row).to_contain_text("then mine/whole · too long: mine/whole · budget nearly used: mine/good · a second one after 1.5 s · 0 more tries of each")
    part(row, "route-change").click()
    expect(part(dialog, "step-share").first).to_have_value("10")
    part(dialog, "step-share").first.fill("")
    for name in ("step-input_max", "field-larger", "field-cheaper", "field-retries", "field-hedge"):
        part(dialog, name).first.fill("")
    part(dialog, "step-tools").first.uncheck()
    part(dialog, "route-form-submit").click()
    expect(dialog).to_have_count(0)
    kept = document_of(desk.server, "routes", "quick")
    assert set(kept) == {"strategy", "steps", "fallback"} and "when" not in kept["steps"][0]


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
