"""Inviting somebody on the page, and where the link of that mail leads, in a real Chromium."""
import pytest
from conftest import Server
from test_account_mail import box, mail_to, NEW  # noqa: F401 (box is a fixture)
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
DESK = {"width": 1280, "height": 800}


def invite(page, email):
    form = part(page, "person")
    part(form, "field-email").fill(email)
    part(page, "person-submit").click()


def answer(page, password=NEW):
    part(page, "field-password").fill(password)
    part(page, "link-submit").click()


@pytest.fixture
def mailing(box, tmp_path):  # noqa: F811
    started = Server(tmp_path / "library")
    started.arguments = ["--smtp-url", box.url, "--smtp-from", "lectern@example.org", "--public-url", started.url]
    yield started.start()
    started.stop()


def test_somebody_is_invited_and_comes_in_by_the_link_of_the_mail(browser, mailing, box):  # noqa: F811
    desk = owner_desk(browser, mailing)
    page = desk.go("/settings/people")
    keeps_rules(page)
    submit = part(page, "person-submit")
    expect(submit).to_have_text("Invite")
    part(part(page, "person"), "field-password").fill("some words")
    expect(submit).to_have_text("Add")
    part(part(page, "person"), "field-password").fill("")
    expect(submit).to_have_text("Invite")
    invite(page, "nonsense")
    expect(part(page, "field-problem")).to_contain_text("address")
    invite(page, "ivy@example.org")
    expect(page.get_by_text("Invited ivy@example.org by mail")).to_be_visible()
    row = part(page, "person-row").filter(has_text="ivy@example.org")
    expect(row).to_contain_text("no password yet")
    keeps_rules(page)
    with page.expect_response(lambda answer: answer.url.endswith("/v1/users/invitations")) as again:
        part(row, "person-again").click()
    assert again.value.status == 201
    desk.check(allowed=["400"])

    token = mail_to(box, "ivy@example.org")[2]
    for size, is_touch in ((DESK, False), (PHONE, True)):
        guest = Desk(browser, mailing.url, viewport=size, has_touch=is_touch)
        there = guest.go("/account/invitation")  # a mail program has cut it
        expect(part(there, "link-cut")).to_contain_text("in the mail again")
        keeps_rules(there, is_touch)
        expect(part(there, "link")).to_have_count(0)
        there.goto("about:blank")
        guest.go(f"/account/invitation#{token}")
        keeps_rules(there, is_touch)
        answer(there, "short")
        expect(part(there, "field-problem")).to_be_visible()
        keeps_rules(there, is_touch)
        if is_touch:
            answer(there)
            expect(part(there, "problem")).to_contain_text("used already")
            keeps_rules(there, is_touch)
            shot(there, "invitation-used")
        else:
            part(there, "field-name").fill("Ivy Ash")
            answer(there)
            expect(part(there, "link-done")).to_contain_text("ready")
            keeps_rules(there)
        part(there, "link-sign-in").click()
        part(there, "field-email").fill("ivy@example.org")
        part(there, "field-password").fill(NEW)
        part(there, "signin-submit").click()
        expect(part(there, "nav-library")).to_be_visible()
        guest.check(allowed=["400", "403", "401"])
        guest.context.close()
    desk.go("/settings/people")
    expect(part(page, "person-row").filter(has_text="Ivy Ash")).not_to_contain_text("no password yet")
    desk.context.close()


def test_without_a_mail_server_the_page_says_what_to_do_instead(browser, fresh_server):  # noqa: F811
    desk = owner_desk(browser, fresh_server)
    page = desk.go("/settings/people")
    invite(page, "ivy@example.org")
    expect(part(page, "problem")).to_contain_text("first password")
    for name, value in (("name", "Ivy Ash"), ("password", NEW)):
        part(part(page, "person"), f"field-{name}").fill(value)
    part(page, "person-submit").click()
    expect(part(page, "person-row").filter(has_text="ivy@example.org")).to_be_visible()
    desk.check(allowed=["409"])
    desk.context.close()
