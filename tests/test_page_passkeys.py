"""Passkeys in a real Chromium with an authenticator of its own (DevTools' WebAuthn), over the real server."""
import json

import pytest
import requests
from conftest import Server
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, part, PASSWORD, PHONE, shot, sign_up, WIDE  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server whose address is one that browsers make keys for."""
    server = Server(tmp_path_factory.mktemp("passkeys") / "library", environment={"LECTERN_VALIDATE": "1"})
    server.there = server.url
    server.url = f"http://localhost:{server.port}"
    server.environment["LECTERN_PUBLIC_URL"] = server.url
    yield server.start()
    server.stop()


# The list of keys that opens under the field is the browser's own; with this authenticator the only key is chosen at once.
CHOSEN_IN_THE_FORM = """
  const get = navigator.credentials.get.bind(navigator.credentials);
  PublicKeyCredential.isConditionalMediationAvailable = async () => true;
  navigator.credentials.get = (asked) => asked.mediation !== 'conditional' ? get(asked)
    : new Promise((chosen) => { window.choose = chosen; }).then(() => get({publicKey: asked.publicKey}));
"""


class Authenticator:
    """One built into the machine of the browser, that knows who is there."""

    def __init__(self, page):
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                   "isUserVerified": True, "automaticPresenceSimulation": True}
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self):
        return self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def forget(self):
        self.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})


def type_password(page):
    form = part(page, "signin")
    form.locator("[name=email]").fill("ada@example.org")
    form.locator("[name=password]").fill(PASSWORD)
    part(page, "signin-submit").click()


def sign_out(page):
    part(page, "sign-out").click()
    expect(part(page, "signin")).to_be_visible()


def test_a_passkey_is_made_signs_in_alone_and_after_the_password_and_is_removed(browser, house):  # noqa: F811
    desk = Desk(browser, house.url)
    page = desk.go("/")
    page.add_init_script(CHOSEN_IN_THE_FORM)
    key = Authenticator(page)
    sign_up(page)
    desk.go("/settings")
    expect(part(page, "passkeys")).to_contain_text("no passkey yet")
    part(page, "passkey-add").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=name]").fill("Work laptop")
    dialog.locator("[name=password]").fill("another password")
    part(page, "passkey-form-submit").click()
    expect(dialog.locator("[data-test=field-problem]")).to_contain_text("password is wrong")
    dialog.locator("[name=password]").fill(PASSWORD)
    part(page, "passkey-form-submit").click()
    codes = part(page, "recovery-codes").locator("code")
    expect(codes).to_have_count(10)
    code = codes.first.inner_text()
    expect(part(page, "passkey-row")).to_contain_text("Work laptop")
    made = key.credentials()
    assert len(made) == 1 and made[0]["rpId"] == "localhost" and "ada" not in json.dumps(made[0].get("userHandle", ""))
    shot(page, "passkeys")
    part(page, "codes-kept").click()

    keeps_rules(page)
    sign_out(page)
    page.set_viewport_size(PHONE)
    keeps_rules(page)
    shot(page, "passkey-sign-in")
    page.set_viewport_size(WIDE)
    with page.expect_request(lambda one: one.url.endswith("/v1/session/passkey")) as sent:
        part(page, "passkey-sign-in").click()
    expect(part(page, "nav-library")).to_be_visible()
    again = requests.post(f"{house.there}/v1/session/passkey", json=sent.value.post_data_json, timeout=10)
    assert again.status_code == 401 and "used already" in again.text
    desk.go("/settings")
    expect(part(page, "session-row").first).to_contain_text("by passkey")

    sign_out(page)
    type_password(page)
    expect(part(page, "code")).to_be_visible()
    part(page, "passkey-sign-in").click()
    expect(part(page, "nav-library")).to_be_visible()
    desk.go("/settings")
    expect(part(page, "session-row").first).to_contain_text("by password and passkey")

    part(page, "passkey-rename").click()
    page.locator("dialog[open] [name=name]").fill("Blue key")
    part(page, "passkey-name-form-submit").click()
    expect(part(page, "passkey-row")).to_contain_text("Blue key")

    sign_out(page)
    assert page.locator("[name=email]").get_attribute("autocomplete") == "username webauthn"
    page.wait_for_function("!!window.choose")
    expect(part(page, "signin")).to_be_visible()
    page.evaluate("choose()")
    expect(part(page, "nav-library")).to_be_visible()

    key.forget()
    sign_out(page)
    part(page, "passkey-sign-in").click()
    expect(part(page, "welcome")).to_contain_text("No passkey was used")
    type_password(page)
    part(page, "code").locator("[name=code]").fill(code)
    part(page, "code-submit").click()
    expect(part(page, "nav-library")).to_be_visible()
    desk.go("/settings")
    part(page, "passkey-remove").click()
    part(page, "field-proof").fill(PASSWORD)
    part(page, "proof-form-submit").click()
    expect(part(page, "passkeys")).to_contain_text("no passkey yet")
    sign_out(page)
    type_password(page)
    expect(part(page, "nav-library")).to_be_visible()
    desk.check(allowed=("status of 400", "status of 401"))
    desk.context.close()


def add_key(page, key, name):
    key.forget()  # two of one person are not on one device
    part(page, "passkey-add").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=name]").fill(name)
    dialog.locator("[name=password]").fill(PASSWORD)
    part(page, "passkey-form-submit").click()
    expect(part(page, "passkey-row").filter(has_text=name)).to_be_visible()


def test_an_administrator_removes_lost_ones_of_somebody_on_the_page_and_in_a_terminal(browser, house):  # noqa: F811
    desk = Desk(browser, house.url)
    page = desk.go("/")
    if requests.get(f"{house.there}/v1/session", timeout=10).json()["setup_needed"]:
        sign_up(page)
    else:
        type_password(page)
    expect(part(page, "nav-library")).to_be_visible()
    house.cli("users", "add", "bo@example.org", "--name", "Bo", input=PASSWORD + "\n")
    away = Desk(browser, house.url)
    away.page.add_init_script(CHOSEN_IN_THE_FORM)
    there = away.go("/")
    part(there, "signin").locator("[name=email]").fill("bo@example.org")
    part(there, "signin").locator("[name=password]").fill(PASSWORD)
    part(there, "signin-submit").click()
    expect(part(there, "nav-library")).to_be_visible()
    away.go("/settings")
    key = Authenticator(there)
    for name in ("Old telephone", "Lost key", "Work laptop"):
        add_key(there, key, name)

    listed = house.cli("users", "passkeys", "bo@example.org").stdout.splitlines()
    assert [line.split("  ")[-1] for line in listed] == ["Old telephone", "Lost key", "Work laptop"]
    house.cli("users", "rm-passkey", "bo@example.org", listed[0].split()[0])
    again = house.cli("users", "rm-passkey", "bo@example.org", listed[0].split()[0], check=False)
    assert again.returncode and "there is no passkey" in again.stderr
    wrong = house.cli("users", "rm-passkey", "bo@example.org", check=False)
    assert wrong.returncode and "use: lectern users rm-passkey EMAIL ID" in wrong.stderr

    desk.go("/settings/people")
    part(page, "person-row").filter(has_text="bo@example.org").locator("[data-test=person-passkeys]").click()
    rows = part(page, "passkey-of-row")
    expect(rows).to_have_count(2)
    page.set_viewport_size(PHONE)
    keeps_rules(page)
    page.set_viewport_size(WIDE)
    shot(page, "passkeys-of")
    rows.filter(has_text="Lost key").get_by_role("button").click()
    part(page, "passkey-of-form-submit").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Work laptop")
    away.go("/settings")
    expect(part(there, "passkey-row")).to_have_count(1)  # sessions go on
    part(page, "dialog-close").click()
    bare = part(page, "person-row").filter(has_text="Ada Keeper").locator("[data-test=person-passkeys]")
    expect(bare).to_have_count(0)  # one's own are under Account

    sign_out(there)
    part(there, "passkey-sign-in").click()
    expect(part(there, "nav-library")).to_be_visible()
    part(page, "person-row").filter(has_text="bo@example.org").locator("[data-test=person-passkeys]").click()
    rows.get_by_role("button").click()
    part(page, "field-ends").check()
    part(page, "passkey-of-form-submit").click()
    expect(rows).to_have_count(0)
    away.go("/settings")
    expect(part(there, "passkey-sign-in")).to_be_visible()  # signed out
    away.complaints.clear()  # the 401 that said so
    desk.check()
    away.check()
    desk.context.close()
    away.context.close()
