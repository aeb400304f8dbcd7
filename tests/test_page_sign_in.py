"""The sign-in page in a real Chromium: by another service, which is somebody else's program (oidc-provider-mock)."""
import json

import oidc_provider_mock
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, part, sign_up  # noqa: F401 (browser is a fixture)

pytestmark = [pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)"),
              pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the provider's own


@pytest.fixture(scope="module")
def provider():
    people = [oidc_provider_mock.User(sub="ada", claims={"email": "ada@example.org", "email_verified": True, "name": "Ada"}),
              oidc_provider_mock.User(sub="eve", claims={"email": "eve@example.org", "email_verified": True, "name": "Eve"})]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as started:
        yield f"http://localhost:{started.server_port}"


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    started = Server(folder / "library")
    (folder / "client").write_text("a secret")
    (folder / "oidc.json").write_text(json.dumps({"providers": [{"name": "staff", "title": "Example Staff", "issuer": provider,
                                                                 "client_id": "lectern", "client_secret_file": str(folder / "client")}]}))
    started.arguments = ["--oidc", str(folder / "oidc.json"), "--public-url", started.url]
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
