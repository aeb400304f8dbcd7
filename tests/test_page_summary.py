"""Summaries in a real Chromium: a document in short, what happened when, terms, two documents side by side, what is new."""
import json
import re

import pytest
from conftest import Server
from mock_provider import MockProvider
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

HARBOUR = """# The harbour

The Norwegian Coastal Administration (NCA) runs the lights of the harbour. The harbour of Rost was closed by ice from 3 to 19 February 2021.
Ferries from Bodo could not reach Rost while the ice lay in the harbour. A fairlead refers to a ring that guides a rope on a ship.

# Fees

The fee for a berth in the harbour is 40 crowns a night since 3 May 2019. Dogs are kept on a lead.
"""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


class Writer(MockProvider):
    def chat(self, http, body):
        lines = re.findall(r"^\[(\d+)\] (.*)$", body["messages"][-1]["content"], re.M)
        self.answer = json.dumps({"statements": [{"text": text, "sources": [int(n)]} for n, text in lines[:2]]})
        return super().chat(http, body)


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    writer = Writer()
    server = Server(tmp_path_factory.mktemp("page") / "library", arguments=["--provider-url", writer.url]).start()
    shown = owner_desk(browser, server)
    shown.collection = server.post("/v1/collections", {"name": "Ports"}).json()["id"]
    shown.old = server.add(("harbour-2021.md", HARBOUR.encode()), collection=shown.collection)[0]["id"]
    later = HARBOUR.replace("40 crowns", "55 crowns").replace("Dogs are kept on a lead", "Fires are forbidden on all piers")
    shown.new = server.add(("harbour-2022.md", later.encode()), collection=shown.collection)[0]["id"]
    yield shown
    shown.context.close()
    server.stop()
    writer.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check()


def test_a_document_is_summed_up_and_a_statement_opens_its_place(desk, page):
    desk.go(f"/documents/{desk.old}?show=summary")
    expect(part(page, "summary-text")).to_contain_text("closed by ice")
    part(page, "summary-bullets").click()
    expect(part(page, "summary-text").locator("h3").first).to_have_text("The harbour")
    keeps_rules(page)
    shot(page, "summary")
    part(page, "summed-place").first.click()
    expect(page.locator("[data-test=reader-name]")).to_have_text("harbour-2021.md")
    part(page, "summary-write").click()
    expect(part(page, "summary-status")).to_contain_text("Written by good")


def test_dates_and_terms_of_a_document_are_listed(desk, page):
    desk.go(f"/documents/{desk.old}?show=timeline")
    expect(part(page, "timeline").locator("time").first).to_have_text("3 May 2019")
    keeps_rules(page)
    shot(page, "timeline")
    part(page, "show-glossary").click()
    expect(part(page, "glossary")).to_contain_text("Norwegian Coastal Administration")
    keeps_rules(page)
    shot(page, "glossary")


def test_two_documents_stand_side_by_side(desk, page):
    desk.go(f"/documents/{desk.old}")
    part(page, "document-compare").click()
    part(page, "compare-right-find").fill("harbour-2022")
    part(page, "compare-right-option").filter(has_text="2022").click()
    expect(part(page, "difference")).to_have_count(3)
    expect(part(page, "compare-list").locator("ins").first).to_have_text("55 ")
    keeps_rules(page)
    shot(page, "compare")
    part(page, "compare-added").click()
    expect(part(page, "difference")).to_have_count(1)
    part(page, "compare-swap").click()
    expect(part(page, "compare-left-name")).to_have_text("harbour-2022.md")


def test_what_is_new_in_a_collection_is_told(desk, page):
    desk.go(f"/digest/{desk.collection}")
    expect(part(page, "digest-document")).to_have_count(2)
    part(page, "digest-weekly").click()
    expect(part(page, "digest-weekly")).to_have_attribute("aria-pressed", "true")
    keeps_rules(page)
    shot(page, "digest")


def test_it_works_on_a_phone(desk, browser):  # noqa: F811
    phone = Desk(browser, desk.url, viewport=PHONE, is_mobile=True, has_touch=True, storage_state=desk.context.storage_state())
    for path, waits in ((f"/documents/{desk.old}?show=summary", "summary-text"), (f"/documents/{desk.old}?show=timeline", "timeline"),
                        (f"/compare?left={desk.old}&right={desk.new}", "compare-list")):
        phone.go(path)
        part(phone.page, waits).wait_for()
        keeps_rules(phone.page, is_touch=True)
    shot(phone.page, "compare-phone")
    phone.check()
    phone.context.close()
