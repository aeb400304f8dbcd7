"""Another file in the place of a document's, in a real Chromium; a citation stays with the bytes that it was made of."""
import re

import pytest
from test_page import ask, browser, CHROMIUM, expect, keeps_rules, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)
from test_versions import pdf, replace

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")

OLD = b"The harbourmaster of Quillport is Amalia Brenn."
NEW = b"Since the flood of May a new hand keeps the book. The harbourmaster of Quillport is Bertold Quast."


@pytest.fixture
def desk(browser, fresh_server):  # noqa: F811
    shown = owner_desk(browser, fresh_server)
    yield shown
    shown.check()
    shown.context.close()


def open_first_source(page):
    part(page, "answer").first.locator("[data-test=cite-1]").first.click()
    return page.locator("#reader")


def test_a_new_version_is_put_in_place_and_a_citation_of_the_one_before_shows_that(desk, fresh_server):
    [one] = fresh_server.add(("harbour-rules.txt", OLD))
    page = desk.go("/ask")
    ask(page, "Who is the harbourmaster of Quillport?")
    conversation = page.url
    reader = open_first_source(page)
    expect(reader.locator("mark.passage")).to_contain_text("Amalia Brenn")
    assert part(page, "older-version").count() == 0

    page = desk.go(f"/documents/{one['id']}")
    part(page, "new-version-open").click()
    part(page, "new-version").locator("input[type=file]").set_input_files([{"name": "rules-2027.txt", "mimeType": "text/plain", "buffer": NEW}])
    part(page, "new-version-form-submit").click()
    expect(part(page, "document-html")).to_contain_text("Bertold Quast", timeout=30000)  # of itself, once it was read
    assert fresh_server.get(f"/v1/documents/{one['id']}").json()["version"] == 2
    read = part(page, "document-html").element_handle()
    fresh_server.call("PATCH", f"/v1/documents/{one['id']}", json={"name": "rules-renamed.txt"})
    expect(page.locator("h1").first).to_have_text("rules-renamed.txt")
    assert read.evaluate("element => element.isConnected"), "what one reads is not made anew"

    part(page, "show-details").click()
    expect(part(page, "versions").locator("dt")).to_have_count(2)
    keeps_rules(page)
    shot(page, "versions")
    part(page, "versions").get_by_text("Version 1").click()
    expect(part(page, "older-version")).to_contain_text("This is version 1. The newest is 2.")
    expect(part(page, "document-html")).to_contain_text("Amalia Brenn")
    part(page, "older-version").get_by_text("Show the newest").click()
    expect(part(page, "document-html")).to_contain_text("Bertold Quast")

    page = desk.go(re.sub(r"^https?://[^/]+", "", conversation))
    reader = open_first_source(page)
    expect(part(page, "older-version")).to_be_visible()
    expect(reader.locator("mark.passage")).to_contain_text("Amalia Brenn")
    keeps_rules(page)
    shot(page, "version-older")
    page.set_viewport_size(PHONE)
    keeps_rules(page, True)
    shot(page, "version-older-phone")
    part(page, "reader-name").click() if part(page, "reader-name").is_visible() else desk.go(part(page, "reader-name").get_attribute("href"))
    expect(part(page, "older-version")).to_be_visible()
    expect(page.locator("mark.passage").first).to_contain_text("Amalia Brenn")


def test_an_older_version_is_shown_as_its_pages_with_the_passage_marked(desk, fresh_server):
    [one] = fresh_server.add(("The ford (survey).pdf", pdf("The surveyor of the ford is Ottilie Varn.", pages=2)))
    page = desk.go("/ask")
    ask(page, "Who is the surveyor of the ford?")
    conversation = page.url
    assert replace(fresh_server, one["id"], pdf("The surveyor of the weir is Ruprecht Olm.", pages=1)).status_code == 202
    fresh_server.wait_document(one["id"])

    page = desk.go(f"/documents/{one['id']}?version=1")
    expect(part(page, "older-version")).to_contain_text("This is version 1. The newest is 2.")
    expect(part(page, "page")).to_have_count(2)
    expect(part(page, "page").first).to_have_attribute("data-loaded", "yes")
    assert "version=1" in part(page, "page").first.locator("img").get_attribute("src")
    part(page, "older-version").get_by_text("Show the newest").click()
    expect(part(page, "page")).to_have_count(1)

    page = desk.go(re.sub(r"^https?://[^/]+", "", conversation))
    reader = open_first_source(page)
    expect(part(page, "older-version")).to_be_visible()
    expect(reader.locator("[data-test=page]")).to_have_count(2)
    expect(reader.locator("[data-test=page][data-marked='1']").first).to_be_visible()
    keeps_rules(page)
    shot(page, "version-older-pages")
