"""The sign-in page in a real Chromium: by another service, which is somebody else's program (oidc-provider-mock)."""
import json

import pytest
from conftest import Late, Server
from test_notices import serve_mail
from test_account_mail import mail_to
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, part, sign_up  # noqa: F401 (browser is a fixture)

oidc_provider_mock = Late("oidc_provider_mock")
pytestmark = [pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)"),
              pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the provider's own


@pytest.fixture(scope="module")
def provider():
    people = [oidc_provider_mock.User(sub="ada", claims={"email": "ada@example.org", "email_verified": True, "name": "Ada"}),
              oidc_provider_mock.User(sub="eve", claims={"email": "eve@example.org", "email_verified": True, "name": "Eve"})]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as started:
        yield f"http://localhost:{started.server_port}"


@pytest.fixture(scope="module")
def box():
    kept, controller = serve_mail()
    kept.url = f"smtp+plain://127.0.0.1:{controller.port}"
    yield kept
    controller.stop()


@pytest.fixture(scope="module")
def server(provider, box, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    started = Server(folder / "library")
    (folder / "client").write_text("a secret")
    (folder / "oidc.json").write_text(json.dumps({"providers": [{"name": "staff", "title": "Example Staff", "issuer": provider,
                                                                 "client_id": "lectern", "client_secret_file": str(folder / "client")}]}))
    started.arguments = ["--oidc", str(folder / "oidc.json"), "--public-url", started.url,
                         "--smtp-url", box.url, "--smtp-from", "lectern@example.org"]
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, server):  # noqa: F811
    shown = Desk(browser, server.url)
    sign_up(shown.go("/") or shown.page)
    part(shown.page, "nav-settings").click()
    part(shown.page, "sign-out").click()
    part(shown.page, "signin").wait_for()
    yield shown
    shown.context.close()


def test_a_person_signs_in_by_clicking_and_is_where_they_wanted_to_be(desk):
    page = desk.page
    page.goto(desk.url + "/library")
    keeps_rules(page)
    part(page, "signin-by").click()
    page.get_by_role("button", name="ada", exact=True).click()
    expect(part(page, "nav-library")).to_be_visible()
    assert page.url == desk.url + "/library"
    part(page, "nav-settings").click()
    expect(page.locator(".facts")).to_contain_text("ada@example.org")
    part(page, "sign-out").click()
    page.wait_for_url("**/oauth2/end_session**")
    page.goto(desk.url)
    expect(part(page, "signin")).to_be_visible()


def test_who_is_not_let_in_reads_why_once(desk):
    page = desk.page
    page.goto(desk.url)
    part(page, "signin-by").click()
    page.get_by_role("button", name="eve", exact=True).click()
    expect(part(page, "problem")).to_contain_text("Nobody here has the e-mail address eve@example.org")
    keeps_rules(page)
    page.reload()
    expect(part(page, "signin")).to_be_visible()
    expect(part(page, "problem")).to_have_count(0)


def test_a_forgotten_password_is_set_anew_by_a_link_from_a_mail(desk, box):
    page = desk.page
    page.goto(desk.url)
    part(page, "forgot-open").click()
    part(page, "field-email").fill("ada@example.org")
    page.keyboard.press("Enter")
    expect(part(page, "forgot-done")).to_contain_text("is on its way")
    _, kind, token = mail_to(box, "ada@example.org")
    page.goto(f"{desk.url}/account/{kind}#{token}")
    keeps_rules(page)
    part(page, "field-password").fill("another horse entirely")
    page.keyboard.press("Enter")
    part(page, "link-done").wait_for()
    part(page, "link-sign-in").click()
    part(page, "field-email").fill("ada@example.org")
    part(page, "field-password").fill("another horse entirely")
    page.keyboard.press("Enter")
    expect(part(page, "nav-library")).to_be_visible()


def test_people_change_their_name_and_their_address(desk, box):
    page = desk.page
    part(page, "nav-settings").click()
    keeps_rules(page)
    name = part(page, "profile-name")
    part(name, "field-name").fill("Ada Gray")
    part(name, "profile-name-submit").click()
    expect(page.get_by_text("Name changed")).to_be_visible()
    form = part(page, "profile-email")
    part(form, "field-email").fill("ada@new.example")
    part(form, "field-password").fill("another horse entirely")
    part(form, "profile-email-submit").click()
    expect(part(page, "profile-email-done")).to_contain_text("new address")
    page.goto(f"{desk.url}/account/email#{mail_to(box, 'ada@new.example')[2]}")
    part(page, "link-submit").click()
    part(page, "link-done").wait_for()
    part(page, "link-sign-in").click()
    part(page, "nav-settings").click()
    expect(page.locator(".facts")).to_contain_text("ada@new.example")
    expect(page.locator(".facts")).to_contain_text("Ada Gray")
