"""The page in a real Chromium, over the real server: the first five minutes of a person with a library."""
import base64
import io
import json
import math
import os
import re
import shutil
import struct
import time
import zipfile
from urllib.parse import parse_qs, urlparse

import pytest
import requests
from conftest import ROOT, SAMPLES, Server

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

# The one that has no windows takes little more than half the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery"
SHOTS = ROOT / "build" / "screenshots"
RULES = (ROOT / "tests" / "page_rules.js").read_text()
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
BROKEN = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\nnot really a document"}

expect.set_options(timeout=20000)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


def part(page, name):
    return page.locator(f"[data-test={name}]")


def shot(page, name):
    """For who looks at the page: a picture costs more processor time than most tests."""
    if not os.environ.get("LECTERN_SHOTS"):
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def settle(page):
    page.wait_for_function("() => document.querySelector('h1') && !document.querySelector('.bone, [aria-busy=true]')")
    page.wait_for_timeout(150)  # what fades in has come


def keeps_rules(page, is_touch=False):
    settle(page)
    broken = page.evaluate(RULES, is_touch)
    assert not broken, broken


def module(name):
    """In a page: the module that it runs itself, with what it knows; files have other names below /assets/."""
    return f"import(document.querySelector('script[type=module]').src.replace(/app.js$/, '{name}'))"


class Desk:
    """A signed-in browser window that notes every request and every complaint of the page."""

    def __init__(self, browser, url, **options):
        self.url = url
        self.requests, self.complaints = [], []
        self.context = browser.new_context(**{"viewport": WIDE, **options})
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page = self.context.new_page()
        self.page.set_default_timeout(15000)
        self.page.on("console", lambda m: self.complaints.append(f"{m.text} {m.location}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path):
        self.page.goto(self.url + path)
        return self.page

    def check(self, allowed=()):
        foreign = [u for u in self.requests if not u.startswith((self.url + "/", "blob:", "data:"))]
        assert not foreign, f"the page asked elsewhere: {foreign}"
        complaints = [c for c in self.complaints if not any(a in c for a in allowed)]
        self.complaints.clear()
        assert not complaints, complaints


def sign_up(page):
    part(page, "field-name").fill("Ada Keeper")
    part(page, "field-email").fill("ada@example.org")
    part(page, "field-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    part(page, "nav-library").wait_for()


def owner_desk(browser, server):
    """A window in which the first account was made; the server's key is an owner's too."""
    desk = Desk(browser, server.url)
    desk.go("/")
    sign_up(desk.page)
    server.key = server.cli("keys", "add", "owner", "--role", "owner").stdout.split()[-1]
    desk.server = server
    return desk


def row_of(page, name):
    return page.locator(f'[data-test=tray-row][data-name="{name}"]')


def add_by_picker(page, files):
    with page.expect_file_chooser() as chooser:
        part(page, "add-files").click()
    chooser.value.set_files(files)


# What the tray says comes and goes in milliseconds, so the page itself keeps it.
KEEP_STAGES = """() => {
  window.stages = [];
  new MutationObserver(() => document.querySelectorAll('[data-test=tray-row]').forEach((row) => window.stages.push(
    [row.dataset.name, row.querySelector('.tray-stage').textContent, row.querySelector('.tray-percent').textContent]
  ))).observe(document.getElementById('tray'), {subtree: true, childList: true, characterData: true});
}"""

YELLOW = """(image) => {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
  let yellow = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] > 200 && data[i + 1] > 180 && data[i + 2] < 150) yellow++;
  return yellow;
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=[
            "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def library(browser, tmp_path_factory):
    """A server whose first account was made on the page, and the samples added with the picker."""
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    desk = Desk(browser, server.url)
    page = desk.go("/")
    sign_up(page)
    page.evaluate(KEEP_STAGES)
    add_by_picker(page, [*sorted(p for p in SAMPLES.iterdir() if p.name != "README.txt")])
    page.wait_for_function("""() => {
      const rows = [...document.querySelectorAll('[data-test=tray-row]')];
      return rows.length >= 14 && rows.every((row) => ['ready', 'failed'].includes(row.dataset.state));
    }""", timeout=60000)
    server.stages = page.evaluate("window.stages")
    server.new_key()
    server.desk = desk
    yield server
    desk.context.close()
    server.stop()


@pytest.fixture
def desk(library):
    yield library.desk
    library.desk.page.unroute_all()  # answers that a test made up are not for the next one, even when it failed
    library.desk.check()


@pytest.fixture
def page(desk):
    return desk.page


def ask(page, question):
    part(page, "ask-input").fill(question)
    page.keyboard.press("Enter")
    answer = part(page, "answer").last
    expect(answer).to_have_attribute("data-done", "yes", timeout=30000)
    return answer


# --- The first minute ---


def test_the_first_account_is_made_on_the_page_and_signs_in_again(browser, fresh_server):
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/library")
    part(page, "field-name").fill("Ada")
    part(page, "field-email").fill("ada@example.org")
    part(page, "field-password").fill("short")
    part(page, "setup-submit").click()
    expect(part(page, "field-problem")).to_contain_text("password")
    part(page, "field-password").fill(PASSWORD)
    part(page, "setup-submit").click()
    expect(part(page, "invite")).to_be_visible()
    expect(part(page, "title")).to_have_text("Library")
    shot(page, "empty-library")
    part(page, "nav-settings").click()
    part(page, "sign-out").click()
    expect(part(page, "signin")).to_be_visible()
    part(page, "field-email").fill("ada@example.org")
    part(page, "field-password").fill("not the password")
    part(page, "signin-submit").click()
    expect(part(page, "problem")).to_be_visible()
    part(page, "field-password").fill(PASSWORD)
    part(page, "signin-submit").click()
    expect(part(page, "nav-library")).to_be_visible()
    desk.check(allowed=("status of 400", "status of 401"))
    desk.context.close()


def test_the_sample_library_is_one_press_away_and_answers(browser, fresh_server):
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    part(page, "add-sample").click()
    expect(part(page, "tray-summary")).to_contain_text("3 searchable", timeout=30000)
    part(page, "nav-ask").click()
    part(page, "example-question").first.click()
    answer = part(page, "answer")
    expect(answer).to_have_attribute("data-done", "yes")
    assert answer.get_attribute("data-refused") is None
    expect(part(page, "source-1")).to_be_visible()
    desk.check()
    desk.context.close()


def test_the_tray_told_what_was_happening_and_says_searchable(library, page):
    kept = [stage for _, stage, _ in library.stages]
    assert any(stage.startswith(("reading", "waiting its turn", "sending")) for stage in kept)
    expect(row_of(page, "report.pdf").locator(".tray-stage")).to_have_text("searchable")
    expect(part(page, "tray-summary")).to_contain_text("searchable")
    expect(page.locator("[data-test=nav-library] b")).not_to_be_empty()


def test_a_locked_file_opens_with_its_password_in_the_tray(page):
    row = row_of(page, "locked.xlsx")
    expect(row.locator(".tray-stage")).to_have_text("needs its password")
    shot(page, "tray-locked")
    row.locator("[data-test=unlock-password]").fill("tallow")
    row.locator("[data-test=unlock-send]").click()
    expect(row.locator(".tray-stage")).to_have_text("that password does not open it")
    row.locator("[data-test=unlock-password]").fill("wick")
    row.locator("[data-test=unlock-send]").click()
    expect(row.locator(".tray-stage")).to_have_text("searchable")


def test_dropped_files_are_added_and_a_broken_one_says_why(browser, fresh_server):
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    drop = page.evaluate_handle("""(text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['%PDF-1.4\\nnot really a document'], 'broken.pdf', {type: 'application/pdf'}));
      transfer.items.add(new File(['MZ', new Uint8Array(9000).map((_, i) => i * 7)], 'tool.exe'));
      transfer.items.add(new File([text], 'dropped words.txt', {type: 'text/plain'}));
      return transfer;
    }""", "The cormorant dries its wings on the breakwater.\n")
    page.dispatch_event("#main", "dragenter", {"dataTransfer": drop})
    expect(part(page, "drop-veil")).to_be_visible()
    page.dispatch_event("#main", "drop", {"dataTransfer": drop})
    expect(part(page, "drop-veil")).to_be_hidden()
    expect(row_of(page, "dropped words.txt").locator(".tray-stage")).to_have_text("searchable")
    row = row_of(page, "broken.pdf")
    expect(row).to_have_attribute("data-state", "failed")
    expect(row.locator(".tray-stage")).to_contain_text(re.compile("broken|damaged"))
    expect(row_of(page, "tool.exe").locator(".tray-stage")).to_contain_text("not read")
    expect(row_of(page, "tool.exe").locator("button")).to_have_count(0)
    expect(part(page, "tray-failures")).to_have_text("2 failed")
    shot(page, "tray")
    row.locator("[data-test=tray-retry]").click()
    expect(row).to_have_attribute("data-state", "failed")
    expect(row.locator("[data-test=tray-retry]")).to_be_visible()
    desk.check(allowed=("status of 415",))
    desk.context.close()


def test_a_long_text_is_searchable_before_it_is_embedded_and_can_be_cancelled(library, page):
    if not (library.get("/health").json()["model"] or {}).get("ready"):
        pytest.skip("needs the embedding model")
    words = "".join(f"Entry {i}: the watch saw {i * 7} gulls, logged the swell and trimmed the lamp.\n" for i in range(20000))
    page.evaluate(KEEP_STAGES)
    add_by_picker(page, [{"name": "gulls.txt", "mimeType": "text/plain", "buffer": words.encode()}])
    row = row_of(page, "gulls.txt")
    expect(row.locator(".tray-stage")).to_contain_text("searchable · ", timeout=30000)
    expect(row.locator(".tray-percent")).to_have_text(re.compile(r"\d+%"), timeout=30000)
    row.locator("[data-test=tray-cancel]").click()
    expect(row).to_have_attribute("data-state", re.compile("cancelled|ready"))
    assert any(re.fullmatch(r"\d+%", percent) for _, _, percent in page.evaluate("window.stages"))
    [found] = library.get("/v1/documents?q=gulls.txt").json()["items"]
    assert library.call("DELETE", f"/v1/documents/{found['id']}?erase=1").status_code == 204
    expect(row).to_have_count(0)


# --- Searching ---


def test_results_come_while_typing_with_marks_and_scores(desk, page):
    part(page, "nav-search").click()
    part(page, "search-input").press_sequentially("gannet reef", delay=15)
    first = part(page, "result").first
    expect(first.locator("mark").first).to_have_text(re.compile("gannet|reef", re.I))
    expect(first.locator(".score")).to_have_attribute("aria-label", re.compile(r"\d+%"))
    expect(first.locator("[data-test=legs]")).to_contain_text("words")
    page.wait_for_url(re.compile(r"q=gannet(\+|%20)reef"))
    expect(part(page, "search-status")).to_contain_text("ms")


def test_a_result_opens_its_page_with_the_passage_marked(desk, page):
    desk.go("/search?q=gannet%20reef")
    part(page, "result").filter(has_text="page 1").first.click()
    frame = page.locator("#reader [data-marked]")
    frame.wait_for()
    assert int(frame.get_attribute("data-marked")) > 0
    assert frame.locator("img").evaluate(YELLOW) > 500
    expect(part(page, "reader-name")).to_have_text("report.pdf")
    expect(part(page, "reader-place")).to_have_text("page 1 of 4")
    shot(page, "search")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()


def test_a_row_of_a_sheet_is_marked_in_its_table(desk, page):
    desk.go("/search?mode=keyword&q=storm%20petrel")
    part(page, "result").filter(has_text="numbers.xlsx").click()
    row = page.locator("#reader tr", has=page.locator("mark.passage"))
    expect(row.locator("td")).to_have_text(["storm petrel", "TRUE"])
    expect(row).to_be_in_viewport()
    expect(page.locator("#reader mark")).to_have_count(2)
    expect(page.locator("#reader [data-test=sheet-tab][aria-selected=true]")).to_have_text("Night notes")


def test_words_that_are_nowhere_say_what_to_try(desk, page):
    desk.go('/search?q="zyzzyva quagga"')
    expect(part(page, "nothing")).to_contain_text("Try")
    desk.go("/search?mode=keyword&q=kaleidoscopes")
    expect(part(page, "result")).to_have_count(1)


def test_an_error_in_a_query_is_marked_at_its_characters(desk, page):
    desk.go("/search")
    part(page, "search-input").fill("gannet tipe:pdf reef")
    page.keyboard.press("Enter")
    expect(part(page, "query-wrong")).to_contain_text("type")
    expect(part(page, "wrong-part")).to_have_text(re.compile("tipe"))
    expect(part(page, "search-input")).to_have_attribute("aria-invalid", "true")
    shot(page, "search-wrong")
    part(page, "search-input").fill("gannet type:pdf -\"no such words\"")
    page.keyboard.press("Enter")
    expect(part(page, "query-wrong")).to_be_hidden()
    expect(part(page, "understood")).to_have_count(2)
    expect(part(page, "result").first).to_contain_text("report.pdf")
    desk.check(allowed=("status of 400",))


def test_operators_and_their_values_are_completed_by_the_keyboard(desk, page):
    desk.go("/search")
    field = part(page, "search-input")
    field.press_sequentially("gannet ty", delay=15)
    expect(part(page, "complete-option").first).to_contain_text("type:")
    field.press("Tab")
    expect(field).to_have_value("gannet type:")
    field.press_sequentially("pd", delay=15)
    expect(part(page, "complete-option").first).to_contain_text("pdf")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("gannet type:pdf ")
    expect(part(page, "complete")).to_be_hidden()
    expect(part(page, "understood")).to_have_text("Type: pdf")
    field.press("Enter")
    expect(part(page, "result").first).to_contain_text("report.pdf")


def test_why_a_result_stands_there_adds_up_to_its_score(desk, page):
    desk.go("/search?q=gannet%20reef")
    first = part(page, "result").first
    first.locator("[data-test=why-open]").click()
    shares = first.locator("[data-test=why-share] .number").all_text_contents()
    total = first.locator("[data-test=why-sum] .number").text_content()
    assert len(shares) >= 2 and abs(sum(map(float, shares)) - float(total)) <= 0.005 * len(shares) + 0.005
    leg = first.locator("[data-test=why-legs] tbody tr").first.locator("td").all_text_contents()
    normal, weight, kept, share = (float(re.sub("[^0-9.]", "", cell)) for cell in leg[-4:])
    assert normal * weight * kept / 10000 == pytest.approx(share, abs=0.015)
    terms = first.locator("[data-test=why-terms] tbody tr")
    assert terms.count() == 2 and sum(float(row.locator("td").last.text_content()) for row in terms.all()) == pytest.approx(share, abs=0.015)
    shot(page, "search-why")
    page.locator("body").press("w")
    expect(first.locator("[data-test=why]")).to_have_count(0)


def test_what_is_like_a_result_or_a_source_is_one_press_away(desk, page):
    desk.go("/search?q=gannet%20reef")
    name = page.locator(".result-name").first.text_content()
    part(page, "like").first.click()
    expect(part(page, "like-of")).to_have_text(f"Like this passage of {name}")
    expect(page.locator(".result-name", has_text=name)).to_have_count(0)
    expect(part(page, "search-input")).to_have_value("")
    part(page, "search-input").fill("type:docx")
    page.keyboard.press("Enter")
    expect(page.locator(".result-name").first).to_have_text("letter.docx")
    expect(part(page, "like-of")).to_be_visible()
    shot(page, "search-like")
    page.go_back()
    with page.expect_request("**/v1/search/*/opened") as told:
        part(page, "result").filter(has_text="report.pdf").first.click()
    assert told.value.post_data_json["rank"] >= 1 and told.value.post_data_json["document"]
    part(page, "reader-like").click()
    expect(part(page, "like-of")).to_contain_text("report.pdf")
    expect(page.locator("#reader")).to_be_hidden()
    part(page, "like-of").click()
    expect(part(page, "like-of")).to_have_count(0)


def test_a_search_is_saved_says_what_is_new_and_is_forgotten(library, desk, page):
    desk.go("/search?q=cormorant")
    part(page, "save-search").click()
    part(page, "field-name").fill("Cormorants")
    part(page, "saved-form-submit").click()
    expect(part(page, "rail-saved").filter(has_text="Cormorants")).to_have_count(1)
    expect(part(page, "save-search")).to_be_hidden()
    assert "saved=" in page.url
    added = library.add(("cormorant.txt", b"A cormorant dries its wings on the mole.\n"))[0]
    desk.go("/search")
    row = part(page, "saved-row").filter(has_text="Cormorants")
    expect(row.locator("[data-test=saved-new]")).to_have_text("1 new")
    shot(page, "search-saved")
    row.locator("[data-test=saved-rename]").click()
    part(page, "field-name").fill("Sea birds")
    part(page, "saved-form-submit").click()
    row = part(page, "saved-row").filter(has_text="Sea birds")
    with page.expect_response("**/v1/search/saved/*/run"):
        row.locator("[data-test=saved-run]").click()
    expect(part(page, "result").first).to_contain_text("cormorant.txt")
    expect(part(page, "search-input")).to_have_value("cormorant")
    expect(part(page, "rail-saved").locator(".fresh-count")).to_have_count(0)
    part(page, "search-input").fill("cormorant wings")
    page.keyboard.press("Enter")
    expect(part(page, "save-search")).to_be_visible()
    assert "saved=" not in page.url
    part(page, "filter-format").select_option("text")
    expect(part(page, "replace-search")).to_have_text("Update “Sea birds”")
    part(page, "replace-search").click()
    expect(part(page, "replace-search")).to_be_hidden()
    kept = page.evaluate("fetch('/v1/search/saved').then((answer) => answer.json())")["items"][0]
    assert (kept["name"], kept["query"], kept["filters"]["formats"]) == ("Sea birds", "cormorant wings", ["text"])
    assert f"saved={kept['id']}" in page.url and "was=" not in page.url
    part(page, "undo").last.click()
    page.wait_for_function("fetch('/v1/search/saved').then((answer) => answer.json()).then((page) => page.items[0].query === 'cormorant')")
    asked = len(desk.requests)
    desk.go("/search?q=cormorant&saved=../../lab/runs/x/cancel%3F")
    part(page, "result").first.wait_for()
    assert not [url for url in desk.requests[asked:] if "/v1/lab/runs" in url]
    desk.check(allowed=("status of 404",))
    desk.go("/search")
    row.locator("[data-test=saved-remove]").click()
    part(page, "undo").click()
    expect(row).to_have_count(1)
    row.locator("[data-test=saved-remove]").click()
    part(page, "nav-library").click()
    with page.expect_event("requestfinished", lambda request: request.method == "DELETE"):
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.reload()
    part(page, "row").first.wait_for()
    expect(part(page, "rail-saved")).to_have_count(0)
    library.call("DELETE", f"/v1/documents/{added['id']}", params={"erase": 1})


def test_conditions_alone_list_documents_page_by_page(library, desk, page):
    desk.go("/search?q=size%3C1MB")
    expect(part(page, "search-status")).to_contain_text("documents, the newest first")
    first = part(page, "result").first
    expect(first.locator(".score")).to_have_count(0)
    expect(first.locator("[data-test=why-open]")).to_have_count(0)
    expect(part(page, "judge-good")).to_have_count(0)
    expect(part(page, "more-results")).to_be_hidden()
    added = library.add(*[(f"log {i}.txt", f"The light of day {i} was clear.\n".encode()) for i in range(35)])
    page.reload()
    expect(part(page, "result")).to_have_count(30)
    part(page, "more-results").click()
    expect(part(page, "result").nth(30)).to_be_focused()
    names = page.locator(".result-name").all_text_contents()
    assert len(names) == len(set(names)) > 45
    shot(page, "search-listed")
    for one in added:
        library.call("DELETE", f"/v1/documents/{one['id']}", params={"erase": 1})


def test_results_are_grouped_by_document(desk, page):
    desk.go("/search?q=tower")
    part(page, "result").first.wait_for()
    part(page, "toggle-group").click()
    expect(part(page, "passage").first).to_be_visible()
    names = page.locator(".result-name").all_text_contents()
    assert len(names) == len(set(names)) and "group=document" in page.url
    part(page, "passage").first.click()
    expect(part(page, "reader-name")).to_be_visible()
    shot(page, "search-grouped")
    page.keyboard.press("Escape")
    part(page, "toggle-fresh").click()
    expect(part(page, "result").first).to_be_visible()
    assert "fresh=1" in page.url


def test_facets_narrow_down_and_a_slip_is_understood(desk, page):
    desk.go("/search?q=tower")
    expect(part(page, "facets").locator("summary")).to_contain_text(re.compile(r"Narrow down \d+ documents"))
    page.locator("[data-facet=type] [data-test=facet-more]").click()
    page.locator("[data-facet=type] [data-test=facet-value][data-value=pdf]").click()
    expect(part(page, "search-input")).to_have_value("tower type:pdf")
    expect(part(page, "understood")).to_have_text("Type: pdf")
    expect(page.locator(".result-name").first).to_have_text("report.pdf")
    shot(page, "search-facets")
    page.locator("[data-test=facet-value][aria-pressed=true]").first.click()
    expect(part(page, "search-input")).to_have_value("tower")
    desk.go("/search?mode=keyword&q=kaleidoscpes")
    part(page, "meant-do").click()
    expect(part(page, "search-input")).to_have_value("kaleidoscopes")
    expect(part(page, "result").first).to_contain_text("report.pdf")


def test_what_was_searched_can_be_searched_again_or_forgotten(desk, page):
    desk.go("/search?q=gannet")
    part(page, "result").first.wait_for()
    desk.go("/search?mode=keyword&q=zyzzyva%20nowhere")
    expect(part(page, "nothing")).to_be_visible()
    desk.go("/search")
    row = part(page, "recent-row").filter(has_text="zyzzyva nowhere")
    expect(row).to_have_count(1)
    desk.go("/search/measure")
    expect(part(page, "missed-row").filter(has_text="zyzzyva nowhere")).to_have_count(1)
    desk.go("/search")
    with page.expect_response("**/v1/search/history/*"):
        row.locator("[data-test=recent-forget]").click()
    page.reload()
    part(page, "recent").wait_for()
    expect(row).to_have_count(0)


def test_judged_results_are_measured_and_other_settings_compared(desk, page):
    for query in ("gannet reef", "storm petrel", "feathered creature"):
        desk.go("/search?q=" + query.replace(" ", "%20"))
        with page.expect_response("**/v1/lab/judgements"):
            part(page, "judge-good").first.click()
        expect(part(page, "judge-good").first).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/v1/lab/judgements"):
        part(page, "judge-bad").nth(1).click()
    page.reload()
    expect(part(page, "judge-good").first).to_have_attribute("aria-pressed", "true")
    expect(part(page, "judge-bad").nth(1)).to_have_attribute("aria-pressed", "true")
    part(page, "measure").click()
    expect(part(page, "title")).to_have_text("Measure")
    part(page, "field-against").select_option("mode=keyword")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-verdict")).to_contain_text("3 queries:", timeout=30000)
    expect(part(page, "lab-leg")).to_have_count(4)
    expect(part(page, "lab-leg").nth(2).locator("td").first).to_have_text("1.0000")
    expect(part(page, "lab-query")).to_have_count(3)
    expect(part(page, "lab-differences")).to_be_visible()
    shot(page, "lab")
    address = page.url
    page.reload()
    expect(part(page, "lab-verdict")).to_be_visible()
    assert "run=" in address
    part(page, "lab-query-open").first.click()
    expect(part(page, "lab-found").first).to_contain_text(re.compile("right|wrong|not judged"))
    part(page, "lab-why").first.click()
    expect(part(page, "why-legs")).to_be_visible()
    shot(page, "lab-query")
    part(page, "field-settings").select_option("other")
    part(page, "field-settings_other").fill("mode=nonsense")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-run").first.locator(".problem, .wrong").or_(page.locator("form .problem"))).to_contain_text("nonsense")
    part(page, "field-settings_other").fill("mode=semantic")
    part(page, "field-against").select_option("")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-leg")).to_have_count(1)
    part(page, "lab-compare").first.click()
    expect(part(page, "lab-side").locator("tbody th")).to_have_text(["Meaning", "Meaning → Words and meaning"])
    shot(page, "lab-side")
    page.reload()
    expect(part(page, "lab-side")).to_be_visible()
    part(page, "lab-one").click()
    expect(part(page, "lab-side")).to_have_count(0)
    part(page, "lab-import-open").click()
    part(page, "field-name").fill("By hand")
    part(page, "field-tsv").fill("gannet\treport.pdf\t2\nno tabs")
    part(page, "lab-import-form-submit").click()
    expect(part(page, "field-problem")).to_contain_text("Line 2")
    part(page, "field-tsv").fill("gannet\treport.pdf\t2\n")
    part(page, "lab-import-form-submit").click()
    expect(part(page, "field-set")).to_contain_text("By hand (1)")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-query")).to_have_count(1)
    desk.check(allowed=("status of 400",))


def test_the_filters_fit_a_desk_and_what_does_not_fit_is_reached_by_the_wheel(browser, library):
    desk = Desk(browser, library.url, viewport={"width": 1280, "height": 800}, storage_state=library.desk.context.storage_state())
    page = desk.go("/search?q=gannet%20reef")
    part(page, "result").first.wait_for()
    beyond = lambda: page.evaluate("() => { const row = document.querySelector('.filters'); return [row.scrollWidth - row.clientWidth, row.scrollLeft, row.dataset.beyond || '']; }")
    assert beyond() == [0, 0, ""], beyond()
    cut = page.evaluate("() => [...document.querySelectorAll('.filters > *')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.dataset.test)")
    assert not cut
    part(page, "result").first.click()
    expect(page.locator(".filters")).to_have_attribute("data-beyond", "after")
    page.locator(".filters").hover()
    page.mouse.wheel(0, 2000)
    expect(page.locator(".filters")).to_have_attribute("data-beyond", "before")
    desk.check()


def test_rows_stay_where_they_are_when_the_thumbs_come(desk, page):
    page.route("**/v1/lab/sets", lambda route: (time.sleep(0.3), route.continue_()))
    desk.go("/search?q=gannet%20reef")
    part(page, "result").first.wait_for()
    tops = lambda: page.evaluate("() => [...document.querySelectorAll('[data-test=result]')].map((one) => one.getBoundingClientRect().top)")
    before = tops()
    part(page, "judge-good").first.wait_for()
    assert tops() == before
    page.unroute_all()
    desk.check()


def test_a_text_runs_as_its_script_does(desk, page, library):
    library.add(("manara.txt", "المنارة تقف على الصخور والحارس يعتني بالمصباح كل ليلة.".encode()))
    desk.go("/search?q=" + "المنارة")
    result = part(page, "result").filter(has_text="manara.txt")
    right = lambda: page.evaluate("""() => { const box = document.querySelector('[data-test=result] .snippet'), range = document.createRange(); range.selectNodeContents(box);
        const words = range.getBoundingClientRect(), all = box.getBoundingClientRect(); return words.right > all.right - 2 && words.left > all.left + 50; }""")
    expect(result).to_have_count(1)
    assert right()
    desk.check()


def test_runs_of_several_values_say_how_far_they_are_and_are_stopped_together(desk, page, library):
    queries = "".join(f"gannet reef {i} storm petrel lens\treport.pdf\n" for i in range(8000))
    judged = library.post("/v1/lab/sets", {"name": "Many questions", "tsv": queries}).json()["id"]
    desk.go(f"/search/measure?set={judged}")
    part(page, "field-settings").select_option("other")
    part(page, "field-settings_other").fill("vector_weight=0.3,0.6")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-working")).to_contain_text(re.compile(r"Query [\d,]+ of 16,000"))
    part(page, "lab-cancel").focus()
    page.wait_for_timeout(1000)
    expect(part(page, "lab-cancel")).to_be_focused()  # it stays the same while the figures change
    part(page, "lab-cancel").click()
    expect(part(page, "lab-sweep-row").first).to_contain_text("stopped", timeout=20000)
    expect(part(page, "lab-sweep-row").last).to_contain_text("stopped")
    expect(part(page, "lab-working")).to_have_count(0)
    part(page, "lab-sweep-open").first.click()
    expect(part(page, "lab-failed")).to_have_text("The run was stopped.")
    library.call("DELETE", f"/v1/lab/sets/{judged}")
    desk.check()


def test_what_the_server_has_to_tell_is_read_again_in_its_settings(desk, page):
    def answer(route):
        found = route.fetch()
        body = found.json()
        body["server"]["notices"] = ["Search is by words only: the folder of the model is not on this server."]
        route.fulfill(response=found, json=body)

    desk.go("/settings")
    page.route("**/v1/session", answer)
    part(page, "tab-server").click()
    expect(part(page, "notice")).to_contain_text("the folder of the model is not on this server")
    page.unroute_all()
    desk.go("/settings/server")
    expect(part(page, "server-facts")).to_contain_text("Version")
    expect(part(page, "notice").filter(has_text="the folder of the model")).to_have_count(0)
    desk.check()


def test_neighbours_that_show_nearly_the_same_are_folded_under_the_best(desk, page):
    def answer(route):
        found = route.fetch()
        body = found.json()
        if body.get("results"):
            first = body["results"][0]
            beside = {**first, "ordinal": first["ordinal"] + 1, "start": first["start"] + 40, "place": "page 9", "snippet": first["snippet"] + " and more"}
            other = {**first, "ordinal": first["ordinal"] + 1, "snippet": "quite different words", "text": "quite different words"}
            body["results"][1:1] = [beside, other]
        route.fulfill(response=found, json=body)

    page.route("**/v1/search", answer)
    desk.go("/search?q=gannet%20reef")
    rows = part(page, "result")
    expect(rows.nth(1)).to_contain_text("quite different words")
    folded = rows.first.locator("[data-test=alike]")
    expect(folded).to_contain_text("one more in this document")
    folded.locator("summary").click()
    with page.expect_request("**/pages/**"):
        folded.locator("[data-test=passage]").click()
    expect(page.locator("#reader")).to_be_visible()
    page.unroute_all()
    desk.check()


def test_a_passage_of_a_paged_document_is_marked_in_its_own_view_too(desk, page):
    desk.go("/search?q=oil%20used%20by%20each%20tower&format=pdf&at=1")
    page.locator("#reader [data-marked]").wait_for()
    address = part(page, "reader-name").get_attribute("href")
    assert "start=" in address and "end=" in address
    desk.go(address)
    frame = part(page, "document-body").locator("[data-marked]")
    frame.wait_for()
    assert int(frame.get_attribute("data-marked")) > 0 and frame.get_attribute("data-page") == "3"
    expect(frame).to_be_in_viewport()
    expect(part(page, "document-place")).to_have_text("page 3 of 4")
    assert "start=" in page.url
    part(page, "document-body").focus()
    page.keyboard.press("k")
    expect(part(page, "document-place")).to_have_text("page 2 of 4")
    assert "start=" not in page.url and "page=2" in page.url
    desk.check()


def test_ten_thousand_documents_are_walked_to_the_end_and_only_those_in_sight_laid_out(desk, page):
    most = 10000

    def answer(route):
        query = parse_qs(urlparse(route.request.url).query)
        first, limit = int(query.get("after", ["0"])[0]), int(query["limit"][0])
        items = [{"id": f"d{i}", "name": f"note-{i}.txt", "state": "ready", "searchable": True, "size": 90, "tags": [], "format": "text",
                  "created_at": "2026-01-01T00:00:00Z"} for i in range(first, min(first + limit, most))]
        route.fulfill(json={"items": items, "total": most, "next": str(first + limit) if first + limit < most else None})

    page.route(re.compile(r"/v1/documents\?.*limit=(50|100)\b"), answer)
    desk.go("/library")
    expect(part(page, "library-status")).to_have_text("10,000 documents")
    page.evaluate("""async () => { const box = document.querySelector('.scroll');
        for (let i = 0; i < 3000 && box.querySelectorAll('.doc').length < 10000; i++) { box.scrollTop = 1e9; await new Promise((d) => setTimeout(d, 10)); } }""")
    expect(part(page, "row")).to_have_count(most)
    seen = "(row) => row.checkVisibility({contentVisibilityAuto: true})"
    assert not part(page, "row").first.evaluate(seen) and part(page, "row").last.evaluate(seen)
    part(page, "row").first.focus()
    page.keyboard.press("End")
    expect(part(page, "row").last).to_be_in_viewport()
    page.keyboard.press("k")
    expect(part(page, "row").nth(most - 2)).to_be_focused()
    page.keyboard.press("Home")
    expect(part(page, "row").first).to_be_focused()
    expect(part(page, "row").first).to_be_in_viewport()
    page.unroute_all()
    desk.check()


def test_a_setting_with_several_values_is_a_row_for_each_and_two_are_compared(desk, page, library):
    library.post("/v1/lab/sets", {"name": "Two questions", "tsv": "gannet reef\treport.pdf\nstorm petrel\tnumbers.xlsx\n"})
    desk.go("/search/measure")
    part(page, "field-settings").select_option("other")
    wrong = {"vector_weight=0.2,0.4 fresh=0.1,0.2": "One setting", "vector_weight=" + ",".join(f"0.{i}" for i in range(11, 22)): "At most 10",
             "vector_weight=0.3,9": "vector_weight"}
    for settings, said in wrong.items():
        part(page, "field-settings_other").fill(settings)
        part(page, "lab-run-submit").click()
        expect(page.locator("form .problem, form .wrong")).to_contain_text(said)
    part(page, "field-settings_other").fill("mode=hybrid vector_weight=0.2,0.5,0.8")
    part(page, "lab-run-submit").click()
    expect(part(page, "lab-sweep-row")).to_have_count(3)
    expect(part(page, "lab-sweep-choose")).to_have_count(3, timeout=30000)
    expect(part(page, "lab-sweep-row").nth(1)).to_contain_text("vector_weight=0.5")
    page.reload()
    expect(part(page, "lab-sweep-compare")).to_be_disabled()
    part(page, "lab-sweep-choose").nth(0).check()
    part(page, "lab-sweep-choose").nth(2).check()
    shot(page, "lab-sweep")
    part(page, "lab-sweep-compare").click()
    expect(part(page, "lab-result")).to_contain_text("mode=hybrid vector_weight=0.8")
    expect(part(page, "lab-side")).to_be_visible()
    part(page, "lab-sweep-back").click()
    part(page, "lab-sweep-open").nth(1).click()
    expect(part(page, "lab-leg")).to_have_count(3)
    desk.check(allowed=("status of 400", "status of 409"))  # 409: what is stopped was over already


def test_the_lab_fits_a_phone(browser, library):
    desk = Desk(browser, library.url, viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark",
                storage_state=library.desk.context.storage_state())
    judged = library.post("/v1/lab/sets", {"name": "On a phone", "tsv": "gannet\treport.pdf\n"}).json()["id"]
    library.post("/v1/lab/runs", {"set": judged})
    desk.go("/search/measure")
    part(desk.page, "lab-run").first.locator("button").click()
    part(desk.page, "lab-queries").wait_for()
    part(desk.page, "lab-query-open").first.tap()
    part(desk.page, "lab-why").first.tap()
    part(desk.page, "why-legs").wait_for()
    assert overflow(desk.page) == 0
    assert desk.page.locator(".lab").evaluate("(box) => box.scrollWidth - box.clientWidth") == 0
    shot(desk.page, "phone-lab")
    desk.go("/search?q=gannet%20type:pdf")
    part(desk.page, "why-open").first.tap()
    assert overflow(desk.page) == 0
    shot(desk.page, "phone-search")
    desk.check()
    desk.context.close()


# --- Asking ---


def test_an_answer_streams_and_its_chip_opens_the_marked_page(desk, page):
    desk.go("/ask")
    with page.expect_response("**/v1/ask") as asked:
        answer = ask(page, "How many vessels were guided past the Gannet reef?")
    assert asked.value.headers["content-type"].startswith("text/event-stream")
    expect(answer.locator("[data-test=answer-text]")).to_contain_text("4,210 vessels")
    expect(answer.locator("[data-test=steps]")).to_contain_text("searched")
    answer.locator("[data-test=cite-1]").first.click()
    expect(answer.locator("[data-test=source-1]")).to_have_attribute("aria-current", "true")
    expect(answer.locator("[data-test=cite-1]").first).to_have_attribute("aria-pressed", "true")
    frame = page.locator("#reader [data-marked]")
    frame.wait_for()
    assert frame.locator("img").evaluate(YELLOW) > 500
    shot(page, "ask")


def test_a_source_without_pages_opens_at_its_marked_passage(desk, page):
    desk.go("/ask")
    answer = ask(page, "What cracked in February?")
    answer.locator("[data-test=cite-1]").first.click()
    expect(page.locator("#reader mark.passage").first).to_contain_text("cracked on 3 February")
    expect(part(page, "reader-name")).to_have_text("letter.docx")


def test_arrows_walk_the_sources_and_the_address_keeps_the_place(desk, page):
    desk.go("/ask")
    answer = ask(page, "Which towers used oil, and how many litres?")
    answer.locator(".read summary").click()
    answer.locator(".source").first.click()
    expect(answer.locator(".source").first).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowDown")
    expect(answer.locator(".source").nth(1)).to_have_attribute("aria-current", "true")
    assert "n=2" in page.url
    page.keyboard.press("ArrowUp")
    expect(answer.locator(".source").first).to_have_attribute("aria-current", "true")


def test_a_rated_conversation_comes_back_with_its_chips(library, desk, page):
    desk.go("/ask")
    answer = ask(page, "How much oil did the Gannet tower use?")
    text = answer.locator("[data-test=answer-text]").inner_text()
    part(page, "thumb-down").click()
    part(page, "feedback-reason").fill("I asked for barrels")
    part(page, "feedback-send").click()
    expect(part(page, "toast")).to_be_visible()
    page.reload()
    answer = part(page, "answer")
    expect(answer.locator("[data-test=answer-text]")).to_have_text(text)
    expect(answer.locator("[data-test=source-1]")).to_contain_text("report.pdf")
    expect(answer.locator("[data-test=source-1]")).to_contain_text("page 3")
    expect(part(page, "thumb-down")).to_have_attribute("aria-pressed", "true")
    answer.locator("[data-test=cite-1]").first.click()
    frame = page.locator("#reader [data-marked]")
    frame.wait_for()
    assert int(frame.get_attribute("data-marked")) > 0
    kept = page.evaluate("fetch('/v1/conversations/' + location.pathname.split('/')[2]).then((r) => r.json())")
    assert kept["messages"][-1]["feedback"] == {"rating": -1, "reason": "I asked for barrels"}


def test_what_the_library_does_not_say_is_said(library, desk, page):
    made = page.evaluate("""async () => {
      const {csrf} = await (await fetch('/v1/session')).json();
      return (await fetch('/v1/collections', {method: 'POST', body: '{"name": "Empty shelf"}',
        headers: {'X-CSRF-Token': csrf, 'Content-Type': 'application/json'}})).json();
    }""")
    desk.go("/ask")
    part(page, "ask-collection").select_option(made["id"])
    answer = ask(page, "How many vessels were guided past the Gannet reef?")
    expect(answer).to_have_attribute("data-refused", "yes")
    expect(answer).to_contain_text("The library does not say")
    part(page, "ask-collection").select_option("")


# --- Keeping house ---


def test_a_key_is_shown_once_works_and_is_revoked(library, desk, page):
    desk.go("/settings/keys")
    part(page, "field-name").fill("robot")
    part(page, "key-submit").click()
    key = part(page, "key-value").input_value()
    assert requests.get(f"{library.url}/v1/documents", headers={"Authorization": f"Bearer {key}"}, timeout=10).ok
    page.reload()
    expect(part(page, "key-row").filter(has_text="robot")).to_be_visible()
    assert key not in page.content()
    revoke = part(page, "key-row").filter(has_text="robot").locator("[data-test=key-revoke]")
    revoke.click()
    part(page, "undo").click()
    expect(part(page, "key-row").filter(has_text="robot")).to_be_visible()
    revoke.click()
    desk.go("/ask")
    end = time.monotonic() + 10
    while requests.get(f"{library.url}/v1/documents", headers={"Authorization": f"Bearer {key}"}, timeout=10).ok:
        assert time.monotonic() < end, "the key still works"
        time.sleep(0.05)


MODELS = {"model": "first/1", "kernels": "avx2", "vectors": 90, "models": [
    {"name": name, "kind": kind, "family": "bert", "pooling": "mean", "dims": 384, "tokens": 256, "bytes": 90868376,
     "used": name == "first", "coming": name == "second", "error": None}
    for name, kind in (("first", "embedding"), ("second", "embedding"), ("pairs", "reranker"))],
    "change": {"name": "second", "done": 45, "total": 100, "percent": 44, "seconds_left": 130}}


def test_a_change_of_the_model_is_watched_and_ended(desk, page):
    asked = []
    page.route("**/v1/models/local", lambda route: route.fulfill(json=MODELS))
    page.route("**/v1/models/local/*/use", lambda route: (asked.append(route.request.url), route.fulfill(json={**MODELS, "change": None})))
    desk.go("/settings/server")
    expect(part(page, "model-change")).to_contain_text("44%")
    expect(part(page, "model-change")).to_contain_text("3 min left")
    expect(part(page, "model-row")).to_have_count(3)
    expect(page.locator("[data-name=first]")).to_contain_text("in use")
    part(page, "model-change").scroll_into_view_if_needed()
    shot(page, "models")
    part(page, "model-cancel").click()
    expect(part(page, "model-change")).to_have_count(0)
    assert asked[0].endswith("/v1/models/local/first/use")
    expect(part(page, "model-use")).to_have_count(0)
    page.unroute_all()
    page.reload()
    expect(part(page, "models")).to_be_visible()
    expect(part(page, "formats")).to_contain_text("kinds of files")


def test_the_trash_gives_back_what_was_moved_there(desk, page):
    desk.go("/library?q=people.csv")
    row = part(page, "row")
    expect(row).to_have_count(1)
    row.locator("input[type=checkbox]").check()
    part(page, "bulk-trash").click()
    expect(row).to_have_count(0)
    part(page, "undo").click()
    expect(row).to_have_count(1)
    row.focus()
    page.keyboard.press("Delete")
    expect(row).to_have_count(0)
    desk.go("/library?trash=1")
    row.filter(has_text="people.csv").locator("input").check()
    part(page, "bulk-restore").click()
    desk.go("/library?q=people.csv")
    expect(row).to_have_count(1)


def test_rename_tag_and_move(desk, page):
    desk.go("/library?q=feed.xml")
    part(page, "row").focus()
    page.keyboard.press("t")
    part(page, "field-tags").fill("island, news")
    page.keyboard.press("Enter")
    expect(part(page, "row").locator(".tag")).to_have_count(2)
    part(page, "collection-new").click()
    part(page, "field-name").fill("Periodicals")
    page.keyboard.press("Enter")
    expect(part(page, "title")).to_have_text("Periodicals")
    desk.go("/library?q=feed.xml")
    part(page, "row").focus()
    page.keyboard.press("m")
    part(page, "field-collection").select_option(label="Periodicals")
    part(page, "move-form-submit").click()
    page.locator("[data-test=rail-collections] a", has_text="Periodicals").click()
    expect(part(page, "row")).to_have_count(1)


def test_a_document_shows_its_pages_text_passages_and_details(desk, page):
    desk.go("/library?q=report.pdf")
    part(page, "row").locator("a.doc-name").click()
    expect(part(page, "page").first).to_have_attribute("data-loaded", "yes")
    shot(page, "document")
    for name, words in (("text", "kaleidoscopes"), ("passages", "puffin"), ("details", "report.pdf")):
        part(page, f"show-{name}").click()
        expect(part(page, "document-body")).to_contain_text(words)
    with page.expect_download() as download:
        part(page, "download").click()
    assert download.value.suggested_filename == "report.pdf"
    desk.go("/library?q=numbers.xlsx")
    part(page, "row").locator("a.doc-name").click()
    part(page, "sheet-tab").filter(has_text="Night notes").click()
    expect(part(page, "sheet-row").filter(has_text="storm petrel")).to_be_visible()
    desk.requests[:] = [u for u in desk.requests if not u.startswith("blob:")]


def test_everything_can_be_done_from_the_keyboard(desk, page):
    desk.go("/library")
    part(page, "row").first.wait_for()
    page.keyboard.press("/")
    expect(part(page, "library-filter")).to_be_focused()
    page.keyboard.type("report")
    expect(part(page, "row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+k")
    page.keyboard.type("search the")
    page.keyboard.press("Enter")
    expect(part(page, "search-input")).to_be_focused()
    page.keyboard.type("lamp")
    expect(part(page, "result").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(part(page, "result").first).to_be_focused()
    page.keyboard.press("j")
    expect(part(page, "result").nth(1)).to_be_focused()
    expect(page.locator("#reader")).to_be_visible()
    page.keyboard.press("k")
    expect(part(page, "result").first).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_timeout(150)  # what was about to open stays closed
    expect(page.locator("#reader")).to_be_hidden()
    page.keyboard.press("?")
    expect(part(page, "keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(part(page, "keys")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.keyboard.type("letter.docx")
    page.locator("[data-test=palette-option]", has_text="document").wait_for()
    shot(page, "palette")
    page.keyboard.press("Enter")
    expect(part(page, "title")).to_have_text("letter.docx")


def test_a_long_list_comes_in_pages_as_one_scrolls(library, desk, page):
    notes = [(f"note {i:03}.txt", f"Note number {i}: buoy {i * 13} was painted.\n".encode()) for i in range(120)]
    made = library.upload(*notes, tags="many")
    for one in made[-3:]:
        library.wait_document(one["id"])
    desk.go("/library?tag=many&order=name")
    rows = part(page, "row")
    expect(rows).to_have_count(50)
    expect(part(page, "library-status")).to_have_text("120 documents")
    page.locator("#main .scroll").evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    expect(rows).to_have_count(120)
    expect(rows.last).to_contain_text("note 119.txt")
    expect(part(page, "more")).to_be_hidden()


# --- Other screens ---


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_on_a_phone_nothing_moves_sideways_and_the_reader_slides_over(browser, library):
    desk = Desk(browser, library.url, viewport=PHONE, is_mobile=True, has_touch=True,
                storage_state=library.desk.context.storage_state())
    page = desk.page
    for path in ("/ask", "/search?q=lamp", "/library", "/conversations", "/settings", "/settings/keys", "/settings/server"):
        desk.go(path)
        part(page, "title").wait_for()
        page.wait_for_load_state("networkidle")
        assert overflow(page) == 0, path
    desk.go("/ask")
    part(page, "ask-input").fill("How many vessels were guided past the Gannet reef?")
    part(page, "ask-send").tap()
    answer = part(page, "answer").last
    expect(answer).to_have_attribute("data-done", "yes", timeout=30000)
    expect(page.locator("#reader")).to_be_hidden()
    answer.locator("[data-test=cite-1]").first.tap()
    page.locator("#reader [data-marked]").wait_for()
    page.wait_for_function("""() => {
      const box = document.getElementById('reader').getBoundingClientRect();
      return box.x === 0 && box.width === innerWidth;
    }""")
    shot(page, "phone")
    assert overflow(page) == 0
    part(page, "reader-back").tap()
    expect(page.locator("#reader")).to_be_hidden()
    small = page.evaluate("""() => [...document.querySelectorAll('.places a, .composer button, .find')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width && (box.width < 40 || box.height < 40);
    }).map((one) => one.outerHTML)""")
    assert not small
    desk.check()
    desk.context.close()


CONTRASTS = """() => {
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = [];
  for (const ink of ['--ink', '--ink-2', '--ink-3', '--accent', '--good', '--warn', '--bad']) {
    for (const paper of ['--paper', '--raised', '--sunken']) pairs.push([ink, paper]);
  }
  pairs.push(['--accent-ink', '--accent'], ['--accent', '--accent-soft'], ['--ink', '--mark'], ['--ink', '--bad-soft']);
  return pairs.map(([ink, paper]) => {
    const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
    return [ink, paper, (high + 0.05) / (low + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_can_be_read(browser, library, scheme):
    desk = Desk(browser, library.url, color_scheme=scheme, storage_state=library.desk.context.storage_state())
    page = desk.go("/search?q=gannet%20reef&at=1")
    part(page, "result").first.wait_for()
    page.wait_for_load_state("networkidle")
    shot(page, scheme)
    weak = [row for row in page.evaluate(CONTRASTS) if row[2] < 4.5]
    assert not weak
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) > 600) == (scheme == "light")
    desk.check()
    desk.context.close()


# --- What the browser is told ---


def test_the_policy_allows_only_what_comes_from_here(library):
    answer = requests.get(f"{library.url}/", headers={"Accept": "text/html"}, timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", answer.text)


def test_files_travel_packed_to_those_who_can_unpack_them(library):
    plain = requests.get(f"{library.url}/app.js", headers={"Accept-Encoding": "identity"}, timeout=10)
    packed = requests.get(f"{library.url}/app.js", headers={"Accept-Encoding": "br, gzip"}, timeout=10)
    refused = requests.get(f"{library.url}/app.js", headers={"Accept-Encoding": "gzip;q=0, br"}, timeout=10)
    assert plain.content == packed.content == refused.content
    assert packed.headers["Content-Encoding"] == "gzip" and int(packed.headers["Content-Length"]) < len(plain.content) / 2
    assert "Content-Encoding" not in plain.headers and "Content-Encoding" not in refused.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = requests.get(f"{library.url}/app.js", timeout=10,
                         headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304 and not again.content


def test_every_word_a_document_brings_is_shown_as_words(library, desk, page):
    evil = b"# <img src=x onerror=alert(1)>\n\nThe quagga said <script>alert(2)</script> and left.\n"
    library.add(("<b>evil<b>.md", evil))
    page.on("dialog", lambda dialog: pytest.fail("a document ran a script"))
    desk.go("/search?q=quagga")
    part(page, "result").first.click()
    page.locator("#reader .book").wait_for()
    assert page.locator("#reader img, #reader script").count() == 0
    expect(part(page, "reader-name")).to_have_text("<b>evil<b>.md")


def test_a_server_that_went_away_is_said_and_the_page_goes_on_when_it_is_back(browser, fresh_server):
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    fresh_server.add(("owl.txt", b"The owl hunts by night over the marsh.\n"))
    part(page, "nav-search").click()
    fresh_server.stop()
    part(page, "search-input").fill("owl")
    expect(part(page, "problem")).to_contain_text("does not answer")
    fresh_server.start()
    part(page, "retry").click()
    expect(part(page, "result").first).to_be_visible()
    desk.check(allowed=("Failed to load resource", "ERR_"))
    desk.context.close()


def test_a_cut_answer_is_not_taken_for_a_whole_one(desk, page):
    desk.go("/ask")
    cut = "event: step\ndata: " + json.dumps({"text": "searched"}) + "\n\nevent: delta\ndata: " + json.dumps({"text": "Half an"}) + "\n\n"
    page.route("**/v1/ask", lambda route: route.fulfill(status=200, content_type="text/event-stream", body=cut))
    part(page, "ask-input").fill("Anything?")
    page.keyboard.press("Enter")
    expect(part(page, "problem")).to_contain_text("cut off")
    page.unroute("**/v1/ask")
    part(page, "retry").click()
    expect(part(page, "answer").last).to_have_attribute("data-done", "yes")


# --- Every kind of document ---


def wav(seconds):
    """A tone, so that a player has something to play."""
    samples = b"".join(struct.pack("<h", int(8000 * math.sin(i / 3))) for i in range(8000 * seconds))
    return b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) \
        + b"data" + struct.pack("<I", len(samples)) + samples


def exif(latitude, longitude):
    """The APP1 segment of a photograph: when and where it was taken (Exif 2.3, little endian)."""
    def degrees(value):
        minutes = (value - int(value)) * 60
        return struct.pack("<6I", int(value), 1, int(minutes), 1, round((minutes - int(minutes)) * 60 * 1000), 1000)

    def entry(tag, kind, count, value):
        return struct.pack("<HHI", tag, kind, count) + value

    gps_at, detail_at, values_at = 26 + 12, 26 + 12 + 54 + 12, 26 + 12 + 54 + 12 + 18
    place = degrees(latitude) + degrees(longitude)
    gps = struct.pack("<H", 4) + entry(1, 2, 2, b"N\0\0\0") + entry(2, 5, 3, struct.pack("<I", values_at + 20)) \
        + entry(3, 2, 2, b"E\0\0\0") + entry(4, 5, 3, struct.pack("<I", values_at + 44)) + struct.pack("<I", 0)
    assert len(gps) == 54
    first = struct.pack("<H", 2) + entry(0x8769, 4, 1, struct.pack("<I", detail_at)) + entry(0x8825, 4, 1, struct.pack("<I", gps_at)) + struct.pack("<I", 0)
    detail = struct.pack("<H", 1) + entry(0x9003, 2, 20, struct.pack("<I", values_at)) + struct.pack("<I", 0)
    tiff = (b"II*\0" + struct.pack("<I", 8) + first).ljust(gps_at, b"\0") + gps
    tiff = tiff.ljust(detail_at, b"\0") + detail
    tiff = tiff.ljust(values_at, b"\0") + b"2019:05:30 15:56:01\0" + place
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def photograph(page):
    """A small JPEG, drawn by the browser, with facts of a camera."""
    encoded = page.evaluate("""() => {
      const canvas = document.createElement('canvas');
      canvas.width = 160; canvas.height = 120;
      const context = canvas.getContext('2d');
      for (let i = 0; i < 160; i++) { context.fillStyle = `hsl(${i * 2} 60% ${20 + i / 3}%)`; context.fillRect(i, 0, 1, 120); }
      return canvas.toDataURL('image/jpeg').split(',')[1];
    }""")
    plain = base64.b64decode(encoded)
    return plain[:2] + exif(43.5, 11.875) + plain[2:]


def zipped(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


VTT = b"WEBVTT\n\n00:01.000 --> 00:04.000\nMara: The bell buoy rang.\n\n00:05.000 --> 00:08.000\nIvo: Then the foghorn answered.\n"
MAIL = (b"From: Mara <mara@example.org>\r\nTo: Ivo <ivo@example.org>\r\nSubject: Berth fees\r\nDate: Thu, 30 May 2019 10:00:00 +0000\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nThe new fees are attached.\r\n"
        b"--B\r\nContent-Type: text/plain; name=fees.txt\r\nContent-Disposition: attachment; filename=fees.txt\r\n\r\nTwelve crowns a night.\r\n--B--\r\n")


@pytest.fixture(scope="module")
def kinds(library):
    """One document of each kind, by its name."""
    picture = photograph(library.desk.page)
    deep = zipped(("log.txt", b"The anchor dragged at noon.\n"))
    rows = "ship,tons\n" + "".join(f"Ship {i},{i * 13}\n" for i in range(900))
    files = [("tone.wav", wav(2)), ("talk.vtt", VTT), ("fees.eml", MAIL), ("view.jpg", picture), ("ships.csv", rows.encode()),
             ("box.zip", zipped(("papers/inner.zip", deep), ("papers/note.md", b"# Note\n\nThe rope is wet.\n"))),
             ("tide.py", b"import math\n\n\ndef height(hour):\n    return math.sin(hour)\n\n\ndef ebb(hour):\n    return -height(hour)\n")]
    # Vectors may come later: words are found once a document is being indexed.
    return {one["name"]: library.wait_document(one["id"], states=("indexing", "ready", "failed")) for one in library.upload(*files)}


def open_kind(desk, kinds, name, query=""):
    desk.go(f"/documents/{kinds[name]['id']}{query}")
    expect(part(desk.page, "title")).to_have_text(name)
    return desk.page


def test_formats_have_families_and_facts_have_titles(library, kinds):
    formats = {one["name"]: one["family"] for one in library.get("/v1/formats").json()["items"]}
    assert len(formats) > 64
    wanted = {"pdf": "document", "xlsx": "sheet", "pptx": "slides", "email": "mail", "jpeg": "picture", "zip": "archive", "json": "data", "code": "code"}
    assert {name: formats[name] for name in wanted} == wanted
    facts = {one["key"]: one for one in library.get(f"/v1/documents/{kinds['view.jpg']['id']}").json()["facts"]}
    assert facts["taken"] == {"key": "taken", "title": "Taken", "group": "Times", "type": "date", "value": "2019-05-30T15:56:01"}
    assert facts["width"]["type"] == "whole"
    names = {one["key"]: one["title"] for one in library.get("/v1/facts").json()["items"]}
    assert names["camera_model"] == "Camera"


def test_a_photograph_is_drawn_beside_its_facts(desk, kinds):
    page = open_kind(desk, kinds, "view.jpg")
    expect(part(page, "page").first).to_have_attribute("data-loaded", "yes")
    facts = part(page, "details")
    expect(facts.locator("[data-key=width]")).to_have_text("160 × 120")
    expect(facts.locator("[data-key=taken]")).to_contain_text("May 30, 2019")
    expect(facts.locator("[data-key=latitude]")).to_contain_text("43.50000° N, 11.87500° E")
    expect(part(page, "copy-coordinates")).to_have_attribute("aria-label", re.compile("Copy"))
    expect(part(page, "quality")).to_be_visible()
    shot(page, "photograph")


def test_a_sheet_shows_rows_as_one_scrolls_and_a_hidden_one_says_so(library, desk, kinds):
    page = open_kind(desk, kinds, "ships.csv")
    rows = part(page, "sheet-row")
    expect(rows.nth(200)).to_be_attached()
    assert rows.count() < 800
    before = rows.count()
    part(page, "document-body").evaluate("(body) => { body.scrollTop = body.scrollHeight; }")
    expect(rows.nth(before)).to_be_attached()
    [book] = library.get("/v1/documents?q=numbers.xlsx").json()["items"]
    desk.go(f"/documents/{book['id']}")
    expect(part(page, "sheet-tab").filter(has_text="Drafts")).to_contain_text("hidden")
    shot(page, "sheet")


def test_a_cell_that_is_cited_is_marked_in_its_sheet(library, desk, kinds):
    one = kinds["ships.csv"]
    text = library.get(f"/v1/documents/{one['id']}/text").text
    start = text.index("Ship 777")
    page = open_kind(desk, kinds, "ships.csv", f"?start={start}&end={start + 8}")
    row = page.locator("[data-test=sheet-row][data-cited]")
    expect(row).to_contain_text("Ship 777")
    expect(row).to_be_in_viewport()


def test_a_recording_plays_and_a_line_is_a_place_in_it(desk, kinds):
    page = open_kind(desk, kinds, "tone.wav")
    player = part(page, "player")
    page.wait_for_function("() => document.querySelector('[data-test=player]')?.duration > 1.9")
    page.route("**/blocks?*", lambda route: route.fulfill(status=200, content_type="application/json", body=json.dumps({"items": [
        {"kind": "paragraph", "ordinal": i, "level": 0, "text": text, "start": i * 20, "length": 18, "place": {"text": "", "start_ms": from_ms, "end_ms": to_ms}}
        for i, (text, from_ms, to_ms) in enumerate([("the first words", 0, 900), ("the later words", 1000, 1900)])], "next": None})))
    page.reload()
    line = part(page, "line").nth(1)
    line.click()
    page.wait_for_function("() => document.querySelector('[data-test=player]')?.currentTime >= 1")
    expect(line).to_have_attribute("aria-current", "true")
    player.evaluate("(one) => one.pause()")
    shot(page, "recording")
    open_kind(desk, kinds, "tone.wav", "?start=20&end=35&at=0:01-0:02")
    expect(page.locator("[data-test=line][data-cited] mark")).to_have_text("the later words")
    page.wait_for_function("() => document.querySelector('[data-test=player]')?.currentTime >= 1")


def test_subtitles_are_cited_by_their_time(desk, page, kinds):
    desk.go("/search?mode=keyword&q=foghorn%20answered")
    result = part(page, "result").filter(has_text="talk.vtt")
    expect(result).to_contain_text("0:01-0:08")
    result.click()
    expect(page.locator("#reader [data-cited] mark").last).to_contain_text("foghorn answered")


# What is asked, whose passage answers, and where in its view the mark stands.
BESIDE = [("storm petrel", "numbers.xlsx", "[data-test=sheet-row][data-cited]", "storm petrel"),
          ("ship 777", "ships.csv", "[data-test=sheet-row][data-cited]", "Ship 777"),
          ("stopped clock", "slides.pptx", ".slide", "stopped clock"),
          ("ebb hour", "tide.py", ".code-line[data-cited]", "def ebb"),
          ("new fees are attached", "fees.eml", "[data-test=mail]", "new fees are attached"),
          ("foghorn answered", "talk.vtt", "[data-test=line][data-cited]", "foghorn answered")]


@pytest.mark.parametrize("width", ["wide", "phone"])
def test_a_source_is_marked_in_the_view_of_its_kind(browser, library, kinds, width):
    options = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if width == "phone" else {}
    desk = Desk(browser, library.url, storage_state=library.desk.context.storage_state(), **options)
    page = desk.page
    for query, name, where, words in BESIDE:
        desk.go(f'/search?mode=keyword&q={query.replace(" ", "%20")}')
        part(page, "result").filter(has_text=name).first.click()
        mark = page.locator(f"#reader {where} mark").filter(has_text=words).first
        expect(mark).to_be_in_viewport()
        expect(part(page, "reader-name")).to_have_text(name)
        assert overflow(page) == 0, name
        if name == "slides.pptx":
            expect(page.locator("#reader .slide", has=page.locator("mark")).locator(".slide-number")).to_have_text("Slide 2")
        shot(page, f"reader-{width}-{name.split('.')[-1]}")
    desk.check()
    desk.context.close()


def test_far_down_in_a_sheet_its_columns_have_names_and_the_beginning_is_near(desk, page, kinds):
    desk.go("/search?mode=keyword&q=ship%20777")
    part(page, "result").filter(has_text="ships.csv").first.click()
    rows = page.locator("#reader [data-test=sheet-row]")
    expect(rows.first).to_contain_text("tons")
    expect(rows.nth(1)).to_contain_text("Ship 7")
    expect(page.locator("#reader [data-cited] mark").first).to_contain_text("Ship 777")
    page.locator("#reader [data-test=sheet-start]").click()
    expect(rows.nth(1)).to_contain_text("Ship 0")


def test_members_of_members_are_listed_and_searched_with_the_way_back(desk, page, kinds):
    open_kind(desk, kinds, "box.zip")
    expect(part(page, "member")).to_have_count(2)
    shot(page, "archive")
    part(page, "members-search").click()
    part(page, "search-input").fill("anchor dragged")
    expect(part(page, "result").first).to_contain_text("log.txt")
    open_kind(desk, kinds, "box.zip")
    part(page, "member").filter(has_text="inner.zip").locator("a").click()
    expect(part(page, "title")).to_have_text("inner.zip")
    part(page, "member").filter(has_text="log.txt").locator("a").click()
    expect(part(page, "title")).to_have_text("log.txt")
    crumbs = part(page, "crumbs").locator("a")
    expect(crumbs).to_have_text(["Library", "box.zip", "inner.zip"])
    crumbs.nth(1).click()
    expect(part(page, "title")).to_have_text("box.zip")


def test_a_message_shows_who_wrote_it_and_what_is_attached(desk, kinds):
    page = open_kind(desk, kinds, "fees.eml")
    expect(part(page, "mail-head")).to_contain_text("Berth fees")
    expect(part(page, "mail-head")).to_contain_text("Mara <mara@example.org>")
    expect(part(page, "mail")).to_contain_text("The new fees are attached.")
    part(page, "attachments").locator("a").click()
    expect(part(page, "title")).to_have_text("fees.txt")
    expect(part(page, "crumbs")).to_contain_text("fees.eml")


def test_code_has_the_numbers_of_its_lines(desk, kinds):
    page = open_kind(desk, kinds, "tide.py")
    line = page.locator(".code-line").filter(has_text="def ebb")
    expect(line).to_have_attribute("data-number", "8")
    assert page.locator(".code-line").evaluate_all("(all) => all.map((one) => one.dataset.number)") == [str(n) for n in range(1, 10)]


def test_filters_are_typed_and_taken_away_as_chips(desk, page, kinds):
    desk.go("/library")
    field = part(page, "library-filter")
    field.press_sequentially("type:picture taken:2019-05")
    field.press("Enter")
    expect(part(page, "row")).to_have_count(1)
    expect(part(page, "row")).to_contain_text("view.jpg")
    expect(part(page, "understood")).to_have_text(["Type: picture", "taken: 2019-05"])
    assert "type%3Apicture" in page.url
    shot(page, "filters")
    part(page, "understood").last.click()
    expect(field).to_have_value("type:picture")
    expect(part(page, "understood")).to_have_text(["Type: picture"])  # the answer has come
    part(page, "understood").click()
    expect(part(page, "row").nth(5)).to_be_visible()
    field.fill("in:no-such-document.pdf")
    field.press("Enter")
    expect(part(page, "row")).to_have_count(0)
    field.fill("report tipe:pdf")
    field.press("Enter")
    expect(part(page, "query-wrong")).to_contain_text("type")
    expect(part(page, "wrong-part")).to_have_text("tipe:")
    field.fill("report ty")
    expect(part(page, "complete-option").first).to_contain_text("type:")
    expect(part(page, "query-wrong")).to_be_hidden()
    desk.check(allowed=("status of 400",))
    desk.go("/search")
    part(page, "search-input").fill("fees type:mail")
    page.keyboard.press("Enter")
    expect(part(page, "result").first).to_contain_text("fees.eml")
    expect(part(page, "understood")).to_have_text("Type: mail")
    part(page, "understood").click()
    expect(part(page, "search-input")).to_have_value("fees")
    expect(part(page, "understood")).to_have_count(0)


def test_what_cannot_run_is_shown_inline_and_nothing_else(library, kinds):
    def disposition(name):
        return library.get(f"/v1/documents/{kinds[name]['id']}/original?inline=1").headers["Content-Disposition"].split(";")[0]
    assert disposition("tone.wav") == "inline" and disposition("view.jpg") == "inline"
    [page] = library.get("/v1/documents?q=page.html").json()["items"]
    assert library.get(f"/v1/documents/{page['id']}/original?inline=1").headers["Content-Disposition"].startswith("attachment")
    part_of = library.get(f"/v1/documents/{kinds['tone.wav']['id']}/original?inline=1", headers={"Range": "bytes=0-3"})
    assert part_of.status_code == 206 and part_of.content == b"RIFF"


def test_every_kind_fits_a_phone(browser, library, kinds):
    desk = Desk(browser, library.url, viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark",
                storage_state=library.desk.context.storage_state())
    for name, one in kinds.items():
        desk.go(f"/documents/{one['id']}")
        part(desk.page, "title").wait_for()
        desk.page.wait_for_load_state("networkidle")
        assert overflow(desk.page) == 0, name
        shot(desk.page, f"phone-{name.split('.')[-1]}")
    desk.check()
    desk.context.close()


def test_the_tray_says_what_is_done_and_how_much_is_left(page):
    told = page.evaluate("""async () => {
      const {stageOf} = await import('/parts/stages.js');
      return [['ocr', 3, 12], ['speech', 80, 300], ['members', 4, 20], ['pictures', 1, 8]].map(([stage, done, total]) =>
        stageOf({name: 'a', state: 'extracting', progress: {stage, done, total}}).text);
    }""")
    assert told == ["recognising text, page 3 of 12", "writing down speech 1:20 of 5:00", "reading members 4 of 20", "looking at pictures 1 of 8"]


def test_a_locked_document_says_so_and_opens_from_its_own_page(library, browser, fresh_server):
    desk = Desk(browser, fresh_server.url)
    page = desk.go("/")
    sign_up(page)
    [locked] = fresh_server.upload(SAMPLES / "locked.xlsx")
    fresh_server.wait_document(locked["id"])
    desk.go(f"/documents/{locked['id']}")
    expect(part(page, "document-state")).to_contain_text("needs its password")
    shot(page, "locked")
    part(page, "document-retry").click()
    page.locator("dialog input[type=password]").fill("wick")
    page.keyboard.press("Enter")
    expect(part(page, "document-body")).to_contain_text("The safe behind the lamp", timeout=15000)
    desk.check()
    desk.context.close()


def test_what_i_am_told_is_counted_read_and_chosen(desk, page, library):
    desk.go("/settings/notices")
    expect(part(page, "told-choices")).to_contain_text("Model calls fail")
    admin = library.cli("keys", "add", "bell", "--role", "owner").stdout.split()[-1]
    library.post("/v1/notices/test", key=admin)
    expect(part(page, "nav-settings").locator("b")).to_have_text("1")
    desk.go("/settings/notices")
    expect(part(page, "told")).to_have_count(1)
    part(page, "told-all").click()
    expect(part(page, "nav-settings").locator("b")).to_have_text("")
    by_mail = page.get_by_label("Tests: by mail")
    by_mail.uncheck()
    desk.go("/settings/notices")
    expect(page.get_by_label("Tests: by mail")).not_to_be_checked()
    expect(page.get_by_label("Tests: on this page")).to_be_checked()
    desk.check()
