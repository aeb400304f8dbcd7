"""Settings > Limits, Privacy and cache, Usage, Notices in a real Chromium, with calls of a program in between."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import Server, wait_until
from mock_provider import MockProvider
from test_notices import signed
from test_page import browser, CHROMIUM, Desk, expect, owner_desk, part, PHONE, shot, sign_up  # noqa: F401 (browser is a fixture)
from test_workspaces import change_database

SECTIONS = ["limits", "policy", "usage", "notices", "keys", "people", "tools", "batches"]

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["good", "slow", "broken"], key="sk-mock")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("page") / "library").start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, server, mock):  # noqa: F811
    shown = owner_desk(browser, server)
    document = {"provider": "openai-compatible", "base_url": mock.url, "key": "sk-mock", "private": True}
    assert server.call("PUT", "/v1/gateway/services/mine", json=document).status_code == 200
    server.call("PUT", "/v1/gateway/models", json={"name": "mine/good", "prices": {"input": "1000", "output": "2000"}})
    yield shown
    shown.context.close()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check(allowed=("Failed to load resource",))


def chat(server, model="mine/good", **options):
    body = {"model": model, "messages": [{"role": "user", "content": "Say it."}], "max_tokens": 20}
    return server.post("/v1/chat/completions", body, **options)


def of(page, name):
    return page.locator(f'[data-test=limits-row][data-name="{name}"]')


def save(dialog):
    part(dialog, "limits-form-submit").click()


# --- Limits ---


def test_a_key_gets_a_budget_uses_it_up_and_the_page_and_a_notice_say_so(desk, page, server):
    desk.go("/settings/keys")
    part(page, "field-name").fill("reports")
    part(page, "field-role").select_option("reader")
    part(page, "key-submit").click()
    secret = part(page, "key-value").input_value()
    page.locator("[data-test=key-row]", has_text="reports").locator("[data-test=key-limits]").click()
    dialog = part(page, "limits")
    part(dialog, "field-total").fill("many")
    save(dialog)
    expect(part(dialog, "field-problem")).to_contain_text("An amount is a number")
    expect(part(dialog, "field-total")).to_be_focused()
    said = part(dialog, "field-total").get_attribute("aria-describedby")
    assert page.locator(f"#{said.split()[0]}").inner_text().startswith("An amount")
    part(dialog, "field-total").fill("2")
    part(dialog, "field-total_unit").select_option("calls")
    part(dialog, "field-day").fill("7.50")
    part(dialog, "field-requests_per_minute").fill("0")
    save(dialog)
    expect(part(dialog, "field-problem")).to_contain_text("whole number")
    part(dialog, "field-requests_per_minute").fill("60")
    part(dialog, "field-models").fill("mine/*\n\nlocal")
    save(dialog)
    expect(dialog).to_have_count(0)
    assert [chat(server, key=secret).status_code for _ in range(3)] == [200, 200, 429]
    assert chat(server, "gpt-5", key=secret).status_code == 403
    desk.go("/settings/limits")
    row = of(page, "reports")
    expect(row.locator("[data-period=total]")).to_contain_text("2 calls of 2 calls", timeout=15000)
    expect(row.locator("[data-period=total]")).to_contain_text("used up")
    expect(row.locator("[data-period=total] [role=meter]")).to_have_attribute("aria-valuenow", "100")
    expect(row.locator("[data-period=day]")).to_contain_text("$0.05 of $7.50")
    expect(row).to_contain_text("60 requests a minute")
    expect(row).to_contain_text("only mine/* and local")
    shot(page, "limits")
    desk.go("/settings/notices")
    expect(part(page, "told-list")).to_contain_text("has used 100 % of its budget", timeout=15000)


def test_a_change_keeps_what_it_does_not_touch_and_empty_fields_take_limits_away(desk, page):
    desk.go("/settings/limits")
    part(of(page, "reports"), "limits-change").click()
    dialog = part(page, "limits")
    expect(part(dialog, "field-day")).to_have_value("7.50")
    expect(part(dialog, "field-total_unit")).to_have_value("calls")
    part(dialog, "field-day").fill("")
    part(dialog, "field-total").fill("5")
    save(dialog)
    expect(dialog).to_have_count(0)
    row = of(page, "reports")
    expect(row).to_contain_text("2 calls of 5 calls")
    expect(row.locator("[data-period=day]")).to_have_count(0)
    expect(row).to_contain_text("60 requests a minute")


def test_the_workspace_and_a_person_are_limited_from_the_keyboard(desk, page):
    desk.go("/settings/limits")
    button = page.locator("[data-test=limits-row][data-of=workspace] button").first
    button.focus()
    page.keyboard.press("Enter")
    expect(part(page, "field-day")).to_be_focused()
    page.keyboard.press("Escape")
    expect(part(page, "limits")).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(part(page, "field-day")).to_be_focused()
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=limits-row][data-of=workspace]")).to_contain_text("of $100.00")
    part(page, "field-whom").select_option(label="Ada Keeper (Person)")
    part(page, "limit-add-submit").click()
    part(page, "field-concurrent").fill("3")
    save(page)
    expect(of(page, "Ada Keeper")).to_contain_text("3 at the same time")


# --- Privacy and cache ---


def test_the_policy_is_set_by_hand_and_holds(desk, page, server, mock):
    desk.go("/settings/policy")
    expect(part(page, "warning-semantic")).to_be_hidden()
    part(page, "field-semantic").check()
    expect(part(page, "warning-semantic")).to_be_visible()
    part(page, "field-semantic").uncheck()
    part(page, "field-cache_use").select_option("on")
    part(page, "field-minutes").fill("0.3")
    part(page, "policy-submit").click()
    expect(part(page, "field-problem")).to_contain_text("whole number of minutes")
    part(page, "field-minutes").fill("5")
    part(page, "field-shared").check()
    part(page, "field-mask_email").check()
    part(page, "field-local").check()
    part(page, "field-prompts").select_option("full")
    expect(part(page, "warning-prompts")).to_be_visible()
    part(page, "field-total_ms").fill("20.5")
    part(page, "policy-submit").click()
    expect(part(page, "toast")).to_contain_text("Saved")
    policy = server.get("/v1/gateway/policy").json()
    assert policy["cache"]["use"] == "on" and policy["cache"]["seconds"] == 300 and policy["cache"]["shared"] is True
    assert policy["masks"]["kinds"] == ["email"] and policy["masks"]["restore"] is True
    assert policy["times"]["total_ms"] == 20500 and policy["times"]["idle_ms"] == 0
    body = {"model": "mine/good", "messages": [{"role": "user", "content": "Write to ann@example.com."}]}
    answers = [server.post("/v1/chat/completions", body) for _ in range(2)]
    assert answers[1].headers["X-Lectern-Cache"] == "hit"
    assert "ann@example.com" not in str([sent for _, _, sent in mock.requests])
    wait_until(lambda: server.get("/v1/gateway/prompts").json()["items"])
    desk.go("/settings/policy")
    expect(part(page, "field-minutes")).to_have_value("5")
    part(page, "prompt-log").first.locator("summary").click()
    expect(part(page, "prompt-log").first).to_contain_text("<EMAIL_1>")
    part(page, "cache-forget").click()
    expect(part(page, "cache-forget")).to_have_count(0)
    shot(page, "policy")


# --- Notices ---


def test_limits_of_alerts_are_set_and_a_wrong_one_is_told_at_its_field(desk, page, server):
    desk.go("/settings/notices")
    part(page, "field-many_errors").fill("lots")
    part(page, "alert-rules-submit").click()
    expect(part(page, "field-problem")).to_contain_text("number from 0 on")
    part(page, "field-many_errors").fill("12.5")
    part(page, "field-high_cost").fill("")
    part(page, "field-provider_down").uncheck()
    part(page, "alert-rules-submit").click()
    expect(part(page, "toast")).to_contain_text("Saved")
    rules = {one["rule"]: one["limit"] for one in server.get("/v1/alerts/rules").json()["items"]}
    assert rules.items() > {"slow_answers": 10, "many_errors": 12.5, "high_cost": 0, "provider_down": 0}.items()


def test_an_alert_is_silenced_where_it_is_shown_and_its_rule_says_when_it_is_told(desk, page, server):
    workspace = server.get("/v1/session").json()["workspace"]["id"]
    change_database(server, "INSERT INTO alerts (workspace, id, rule, subject, is_open, value, threshold, calm_count, opened_at, closed_at, acknowledged_at, fired_at,"
                            f" told_at, told_count, acknowledged_by) VALUES ('{workspace}', 'a', 'full_disk', 'node-2', 1, 95, 90, 0, 1, 0, 0, 1, 1, 1, '')")
    desk.go("/settings/notices")
    expect(part(page, "alert")).to_contain_text("The disk of node-2 is nearly full")
    part(page, "alert-quiet").click()
    expect(part(page, "silence")).to_contain_text("node-2")
    part(page, "silence-end").click()
    expect(part(page, "silence")).to_have_count(0)
    part(page, "timing-full_disk").click()
    part(page, "field-full_disk-hold").fill("5")
    part(page, "field-full_disk-repeat").fill("")
    part(page, "alert-rules-submit").click()
    expect(part(page, "toast").last).to_contain_text("Saved")
    rule = next(one for one in server.get("/v1/alerts/rules").json()["items"] if one["rule"] == "full_disk")
    assert (rule["limit"], rule["hold_seconds"], rule["repeat_seconds"]) == (90, 300, 0)


def test_the_server_looks_at_itself_when_its_owner_asks(desk, page):
    desk.go("/settings/server")
    part(page, "doctor-submit").click()
    expect(part(page, "doctor-sum")).to_contain_text("well")
    expect(part(page, "found").filter(has_text="SQLite")).to_be_visible()


@pytest.fixture
def hook():
    """A program that keeps what it is told: (headers, body)."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    listening.told = told
    yield listening
    listening.shutdown()


def test_a_webhook_is_added_its_secret_shown_once_and_a_test_is_read(desk, page, server, hook):
    desk.go("/settings/notices")
    part(page, "field-url").fill("ftp://example.org/")
    part(page, "hook-submit").click()
    expect(part(page, "field-problem").or_(part(page, "problem"))).to_be_visible()
    part(page, "field-url").fill(f"http://127.0.0.1:{hook.server_address[1]}/told")
    part(page, "field-kind").select_option("test")
    part(page, "hook-submit").click()
    secret = part(page, "hook-secret").input_value()
    assert len(secret) >= 32
    row = part(page, "hook-row")
    expect(row).to_contain_text("Tests · not called yet")
    part(page, "told-test").click()
    expect(part(page, "toast").last).to_contain_text("smtp_url")
    told = page.locator("[data-test=told][data-unread=yes]", has_text="A test")
    expect(told).to_have_count(1)
    part(told, "told-read").click()
    expect(told).to_have_count(0)
    wait_until(lambda: hook.told)
    headers, body = hook.told[0]
    assert headers["webhook-signature"] == signed(secret, headers, body)
    wait_until(lambda: server.get("/v1/webhooks").json()["items"][0]["last_result"])
    desk.go("/settings/notices")
    expect(part(page, "hook-row")).to_contain_text(": 204")
    assert secret not in page.content()
    part(page, "hook-switch").click()
    expect(part(page, "hook-switch")).to_have_text("Switch on")
    shot(page, "notices")


# --- Usage ---


def test_usage_without_calls_tells_the_next_step(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    desk.go("/settings/usage")
    expect(part(page, "usage-empty")).to_contain_text("Add a model service")
    expect(part(page, "usage-empty")).to_contain_text(f"curl {fresh_server.url}/v1/chat/completions")
    desk.check()
    desk.context.close()


def test_usage_shows_costs_by_what_is_asked_and_each_call(desk, page, server):
    assert chat(server).status_code == 200 and chat(server, "mine/broken").status_code >= 500
    wait_until(lambda: any(one["status"] != "ok" and one["model"] == "broken" for one in server.get("/v1/calls").json()["items"]))
    desk.go("/settings/usage?by=key&days=7")
    expect(part(page, "usage-by")).to_have_value("key")
    expect(part(page, "usage-time")).to_have_value("7")
    table = part(page, "usage-table")
    expect(table).to_contain_text("owner")
    part(page, "usage-by").select_option("feature")
    expect(table.locator("thead")).to_contain_text("Feature")
    part(page, "usage-by").select_option("status")
    expect(table).to_contain_text("the service failed")
    assert "by=status" in page.url
    expect(part(page, "usage-facts")).to_contain_text("Cost")
    expect(part(page, "usage-days").locator("rect")).to_have_count(7)
    expect(part(page, "usage-hours").locator("rect")).to_have_count(24)
    calls = part(page, "usage-calls")
    expect(calls.locator("[data-status=ok]").first).to_contain_text("answered")
    part(page, "usage-outcome").select_option("error")
    expect(calls.locator("[data-status=ok]")).to_have_count(0)
    expect(calls.locator("[data-status=upstream]").first).to_contain_text("2 tries")
    shot(page, "usage")
    part(page, "usage-days-table").locator("summary").click()
    expect(part(page, "usage-days-table").locator("tbody tr")).to_have_count(1)
    part(page, "usage-outcome").select_option("")
    page.mouse.move(5, 5)
    expect(calls.locator("[data-status=ok]").first).to_be_visible()
    count = calls.locator("[data-test=usage-call]").count()
    assert chat(server).status_code == 200
    expect(calls.locator("[data-test=usage-call]")).to_have_count(count + 1, timeout=15000)  # by itself


def test_sides_of_a_route_are_compared(desk, page, server):
    route = {"steps": [{"model": "mine/good", "when": {"share": 99}}, "mine/slow"]}
    answer = server.call("PUT", "/v1/gateway/routes/trial", json=route)
    assert answer.status_code == 200, answer.text
    assert chat(server, "trial").status_code == 200
    wait_until(lambda: server.get("/v1/gateway/routes/trial/sides").json()["items"])
    desk.go("/settings/models")
    row = page.locator("[data-test=route-row][data-name=trial]")
    expect(row).to_contain_text("for 99 % of those who call")
    row.locator("summary").click()
    expect(part(row, "sides")).to_contain_text("0%")


# --- Every width ---


@pytest.fixture(scope="module")
def phone(browser, desk):  # noqa: F811
    """One for all sections: in a new window everything is fetched and compiled anew."""
    shown = Desk(browser, desk.url, viewport=PHONE, is_mobile=True, has_touch=True, storage_state=desk.context.storage_state())
    yield shown
    shown.context.close()


@pytest.mark.parametrize("section", SECTIONS)
def test_on_a_phone_it_does_not_move_sideways(phone, section):
    page = phone.go(f"/settings/{section}")
    part(page, f"settings-{section}").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    box = part(page, f"tab-{section}").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] + 1, "the tab that is open can be seen"
    shot(page, f"{section}-phone")


def test_the_tab_that_is_open_is_seen_after_the_window_was_made_narrow(browser, desk):  # noqa: F811
    window = Desk(browser, desk.url, storage_state=desk.context.storage_state())
    page = window.go(f"/settings/{SECTIONS[-1]}")
    tab = part(page, f"tab-{SECTIONS[-1]}")
    tab.wait_for()
    page.set_viewport_size(PHONE)
    page.wait_for_function("() => document.querySelector('.tabs').scrollWidth > document.querySelector('.tabs').clientWidth")
    expect(tab).to_be_in_viewport(ratio=0.99)
    window.context.close()


def test_an_owner_exports_everything_from_the_page(desk, page):
    desk.go("/settings/server")
    part(page, "export-begin").click()
    expect(part(page, "export-row")).to_have_count(1, timeout=30000)
    with page.expect_download() as download:
        part(page, "export-download").click()
    assert download.value.suggested_filename.endswith(".zip")
    part(page, "export-remove").click()
    expect(part(page, "export-row")).to_have_count(0)
    desk.check()
