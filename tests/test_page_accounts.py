"""The second factor and sessions in a real Chromium."""
import pytest
import requests
from conftest import code_of
from test_page import browser, CHROMIUM, Desk, expect, part, PASSWORD, shot, sign_up  # noqa: F401 (browser is a fixture)
from test_workspaces import change_database

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


def set_up(page):
    """From the password to the recovery codes; answers the secret and the codes."""
    part(page, "factor").locator("[name=password]").fill(PASSWORD)
    part(page, "factor-submit").click()
    expect(part(page, "factor-qr")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-test=factor-qr]').naturalWidth") > 0
    secret = part(page, "factor-secret").input_value()
    # The step before, which is good too: the codes of now and later are for signing in.
    part(page, "factor-confirm").locator("[name=code]").fill(code_of(secret, -1))
    part(page, "factor-confirm-submit").click()
    shown = part(page, "recovery-codes").locator("code")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    assert len(set(codes)) == 10
    part(page, "codes-kept").click()
    return secret, codes


def type_password(page, wanted="code"):
    form = part(page, "signin")  # a page that is being left may have fields of these names too
    form.locator("[name=email]").fill("ada@example.org")
    form.locator("[name=password]").fill(PASSWORD)
    part(page, "signin-submit").click()
    expect(part(page, wanted)).to_be_visible()


def type_code(page, code):
    part(page, "code").locator("[name=code]").fill(code)
    part(page, "code-submit").click()


def test_a_second_factor_is_set_up_asked_for_and_taken_away(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    desk.go("/settings")
    secret, codes = set_up(page)
    expect(part(page, "factor-on")).to_contain_text("10 recovery codes")
    shot(page, "second-factor")
    part(page, "sign-out").click()
    type_password(page)
    type_code(page, "000000")
    expect(part(page, "field-problem")).to_contain_text("code is wrong")
    type_code(page, code_of(secret))
    expect(part(page, "nav-library")).to_be_visible()
    part(page, "nav-settings").click()
    part(page, "sign-out").click()
    type_password(page)
    type_code(page, codes[0])
    expect(part(page, "nav-library")).to_be_visible()
    desk.go("/settings")
    expect(part(page, "factor-on")).to_contain_text("9 recovery codes")
    part(page, "factor-off").click()
    part(page, "field-proof").fill(codes[1])
    part(page, "proof-form-submit").click()
    expect(part(page, "factor")).to_be_visible()
    desk.check(allowed=("status of 400",))
    desk.context.close()


def test_where_everybody_needs_one_it_is_set_up_before_anything_else(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    desk.go("/settings/people")
    page.wait_for_load_state("networkidle")  # what is still asked then would be refused
    part(page, "field-factor_required").check()
    expect(part(page, "toast")).to_contain_text("needs a second factor")
    cookies = {one["name"]: one["value"] for one in desk.context.cookies()}
    assert requests.get(f"{fresh_server.url}/v1/documents", cookies=cookies, timeout=10).status_code == 403
    desk.go("/library")
    expect(part(page, "factor-needed")).to_be_visible()
    set_up(page)
    expect(part(page, "nav-library")).to_be_visible()
    assert requests.get(f"{fresh_server.url}/v1/documents", cookies=cookies, timeout=10).status_code == 200
    desk.check()
    desk.context.close()


def test_other_browsers_are_seen_and_signed_out(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    there = []
    for agent in ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "feeder/2.1", "feeder/2.2"):
        there.append(requests.Session())
        assert there[-1].post(f"{fresh_server.url}/v1/session", json={"email": "ada@example.org", "password": PASSWORD},
                              headers={"User-Agent": agent}, timeout=10).status_code == 200
    desk.go("/settings")
    rows = part(page, "session-row")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="this browser")).to_have_count(1)
    rows.filter(has_text="Firefox, Linux").get_by_role("button").click()
    expect(rows).to_have_count(3)
    codes = [one.get(f"{fresh_server.url}/v1/documents", timeout=10).status_code for one in there]
    assert codes == [401, 200, 200]
    part(page, "sessions-end-others").click()
    expect(rows).to_have_count(1)
    assert there[1].get(f"{fresh_server.url}/v1/documents", timeout=10).status_code == 401
    desk.check()
    desk.context.close()


def test_a_service_account_gets_a_key_that_only_looks(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    desk.go("/settings/people")
    service = part(page, "service")
    service.locator("[name=name]").fill("Nightly import")
    service.locator("[name=role]").select_option("editor")
    part(page, "service-submit").click()
    expect(part(page, "person-row").filter(has_text="Nightly import")).to_contain_text("service account")
    desk.go("/settings/keys")
    form = part(page, "key")
    form.locator("[name=user]").select_option(label="Nightly import")
    form.locator("[name=name]").fill("nightly")
    part(page, "key-scopes").locator("summary").click()
    part(page, "field-scope_read").check()
    shot(page, "key-scopes")
    part(page, "key-submit").click()
    key = part(page, "key-value").input_value()
    expect(part(page, "key-row").filter(has_text="nightly")).to_contain_text("read")
    assert fresh_server.get("/v1/documents", key=key).status_code == 200
    assert fresh_server.post("/v1/collections", {"name": "x"}, key=key).status_code == 403
    desk.go("/settings/people")
    page.locator("[data-test=person-row]", has_text="Nightly import").locator("[data-test=person-disable]").click()
    expect(part(page, "person-row").filter(has_text="Nightly import")).to_contain_text("shut out")
    assert fresh_server.get("/v1/documents", key=key).status_code == 401
    desk.check()
    desk.context.close()


def ask_for_the_end(desk):
    page = desk.go("/settings/people")
    part(page, "ending-begin").click()
    form = part(page, "ending-form")
    form.locator("[name=name]").fill("Wrong")
    form.locator("[name=proof]").fill(PASSWORD)
    part(page, "ending-form-submit").click()
    expect(form.get_by_text("this is not the workspace")).to_be_visible()
    form.locator("[name=name]").fill(page.evaluate("fetch('/v1/session').then((answer) => answer.json()).then((one) => one.workspace.name)"))
    part(page, "ending-form-submit").click()
    return form


def test_an_owner_removes_the_workspace_and_keeps_it_after_all(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    fresh_server.cli("workspaces", "add", "Second", "--owner", "ada@example.org")
    expect(ask_for_the_end(desk).get_by_text("only whoever is at its machine")).to_be_visible()
    first = page.evaluate("fetch('/v1/session').then((answer) => answer.json()).then((one) => one.workspace.id)")
    change_database(fresh_server, f"DELETE FROM memberships WHERE workspace = '{first}'")
    desk.context.clear_cookies()
    desk.go("/")
    type_password(page, "nav-library")
    ask_for_the_end(desk)
    expect(part(page, "ending-due")).to_be_visible()
    desk.go("/settings")
    expect(part(page, "ending-due")).to_be_visible()
    desk.go("/settings/people")
    part(page, "ending-keep").click()
    expect(part(page, "ending-begin")).to_be_visible()


def test_a_person_is_erased_on_the_page_unless_it_is_taken_back_and_the_last_owner_stays(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    for name in ("bert", "cara"):
        fresh_server.cli("users", "add", f"{name}@example.org", "--name", name.title(), input=PASSWORD + "\n")
    desk.go("/settings/people")
    page.locator("[data-test=person-row]", has_text="Bert").locator("[data-test=person-erase]").click()
    assert part(page, "erasing-data").get_attribute("href").endswith("/data")
    part(page, "erasing-form-submit").click()
    expect(part(page, "erasure-row")).to_contain_text("begins on")
    shot(page, "erasing")
    part(page, "erasure-keep").click()
    expect(part(page, "erasure-row")).to_have_count(0)
    fresh_server.cli("users", "erase", "cara@example.org")
    desk.go("/settings/people")
    expect(part(page, "erasure-row")).to_contain_text("erased on")
    assert page.request.get(fresh_server.url + part(page, "erasure-proof").get_attribute("href")).json()["account_erased"]
    expect(part(page, "person-row").filter(has_text="Bert")).to_be_visible()
    desk.go("/settings")
    assert page.request.get(fresh_server.url + part(page, "own-data").get_attribute("href")).json()["account"]["email"] == "ada@example.org"
    part(page, "leaving-begin").click()
    form = part(page, "leaving-form")
    form.locator("[name=proof]").fill(PASSWORD)
    part(page, "leaving-form-submit").click()
    expect(form.get_by_text("last owner")).to_be_visible()
    fresh_server.cli("users", "add", "dora@example.org", "--name", "Dora", "--role", "owner", input=PASSWORD + "\n")
    part(page, "leaving-form-submit").click()
    expect(part(page, "leaving-due")).to_be_visible()
    link = part(page, "leaving-proof").locator("a").get_attribute("href")
    with page.context.expect_page() as opened:
        part(page, "leaving-proof").locator("a").click()
    proof = opened.value
    assert link.startswith("/account/erasure#erasure_")
    expect(part(proof, "erased")).to_contain_text("Begins on")
    proof.close()
    part(page, "leaving-keep").click()
    expect(part(page, "leaving-begin")).to_be_visible()
    desk.context.close()


def test_a_person_of_two_workspaces_changes_between_them_and_other_tabs_follow(browser, fresh_server):  # noqa: F811
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    where = "fetch('/v1/session').then((answer) => answer.json()).then((one) => one.workspace.name)"
    first = page.evaluate(where)
    desk.go("/settings")
    expect(part(page, "sessions").get_by_role("listitem").first).to_be_visible()
    expect(part(page, "workspaces-of-mine")).to_be_empty()  # there is but one
    fresh_server.cli("workspaces", "add", "Second", "--owner", "ada@example.org")
    desk.go("/library")
    other = desk.context.new_page()
    other.goto(f"{fresh_server.url}/library")
    expect(part(other, "who")).to_contain_text(first)
    menu = part(page, "workspaces-menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(part(menu, "workspace-here")).to_contain_text(first)
    expect(part(menu, "workspace-here")).to_have_attribute("aria-current", "true")
    shot(page, "workspaces")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Change to Second")).to_be_focused()
    page.keyboard.press("Enter")
    expect(part(page, "who")).to_contain_text("Second")
    assert page.evaluate(where) == "Second"
    expect(part(other, "who")).to_contain_text("Second", timeout=15000)
    desk.go("/settings")
    part(page, "workspaces-of-mine").get_by_role("button", name=f"Change to {first}").click()
    expect(part(page, "who")).to_contain_text(first)
    desk.check()
    desk.context.close()
