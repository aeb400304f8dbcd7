"""Labels in a real Chromium: a set made and taught, what it asks decided by keys, the report of a document."""
import pytest
from conftest import Server
from test_labels import LABELS, MAILS, ORDER
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

INVOICE = ("INVOICE\nInvoice No.: 2026-0042\nBill to: Acme Corp., attn. Mr. Tom Miller, Zürich\n"
           "IBAN DE89 3704 0044 0532 0130 00\nTotal: EUR 1,190.00\n")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    shown = owner_desk(browser, server)
    if server.post("/v1/classify", {"text": "x", "labels": ["a", "b"]}).status_code == 404:
        pytest.skip("needs the embedding model (tools/fetch-model)")
    shown.document = server.add(("Invoice March 2026.txt", INVOICE.encode()))[0]
    shown.server = server
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check()


def test_a_set_is_made_and_taught(desk, page):
    desk.go("/labels")
    expect(part(page, "labels-empty")).to_be_visible()
    part(page, "label-set-new").click()
    part(page, "field-name").fill("Mail")
    part(page, "field-labels").fill("\n".join(f"{one['name']}: {one['description']}" for one in LABELS))
    part(page, "field-asks").select_option("encoder")
    part(page, "label-set-form-form-submit").click()
    expect(part(page, "title")).to_have_text("Mail")
    expect(part(page, "label-list").locator("li")).to_have_count(3)
    for label, texts in MAILS.items():
        part(page, "teach").click()
        part(page, "field-label").select_option(label)
        part(page, "field-texts").fill("\n".join(texts))
        part(page, "teach-form-form-submit").click()
        expect(part(page, "teach-form")).to_have_count(0)
    expect(part(page, "label-example")).to_have_count(30)
    expect(part(page, "label-measured")).to_contain_text("Trained on the examples", timeout=30000)
    expect(part(page, "label-reliability")).to_be_visible()
    shot(page, "labels")
    keeps_rules(page)


def test_what_is_asked_is_decided_by_keys(desk, page):
    made = desk.server.get("/v1/label-sets/Mail").json()["id"]
    desk.server.call("PATCH", f"/v1/label-sets/{made}", json={"threshold": 1})
    for text in (ORDER, "Could you tell me when the museum opens?", "The chairs came without legs."):
        desk.server.post("/v1/classify", {"text": text, "label_set": "Mail"})
    desk.go("/labels/asked")
    expect(part(page, "asked-left")).to_have_text("3 left")
    shot(page, "asked")
    keeps_rules(page)
    page.keyboard.press("Enter")
    expect(part(page, "asked-left")).to_have_text("2 left")
    page.keyboard.press("s")
    page.keyboard.press("2")
    expect(part(page, "asked-left")).to_have_text("1 left")
    page.keyboard.press("Enter")
    expect(part(page, "asked-over")).to_be_visible()
    states = sorted(one["state"] for one in desk.server.get(f"/v1/classifications?label_set={made}").json()["items"])
    assert states == ["confirmed", "confirmed", "corrected"]
    desk.go(f"/labels/{made}")
    expect(part(page, "label-days")).to_be_visible()


def test_a_list_that_is_open_hears_what_is_learned(desk, page):
    desk.go("/labels")
    expect(part(page, "label-set").locator("small").first).to_contain_text("33 examples")
    made = desk.server.get("/v1/label-sets/Mail").json()["id"]
    examples = [{"text": f"We order {count} chairs.", "label": "order"} for count in ("two", "four", "six")]
    desk.server.post(f"/v1/label-sets/{made}/examples", {"examples": examples})
    expect(part(page, "label-set").locator("small").first).to_contain_text("36 examples")


def test_the_report_of_a_document_marks_what_it_names(desk, page):
    desk.go(f"/documents/{desk.document['id']}?show=report")
    expect(part(page, "report-facts")).to_contain_text("invoice")
    marks = part(page, "entity").all_inner_texts()
    assert "Tom Miller" in marks and "Zürich" in marks and "DE89 3704 0044 0532 0130 00" in marks
    part(page, "report-classify").click()
    expect(part(page, "report-label")).to_have_count(1)
    part(page, "report-label").locator("[data-test=thumb-down]").click()
    page.get_by_text("Wrong label").click()
    page.get_by_text("Rating kept").first.wait_for()
    shot(page, "report")
    keeps_rules(page)


def test_it_works_by_touch_and_in_the_dark(desk, browser):  # noqa: F811
    phone = Desk(browser, desk.url, viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark", storage_state=desk.context.storage_state())
    made = desk.server.get("/v1/label-sets/Mail").json()["id"]
    desk.server.post("/v1/classify", {"text": "Where is the museum?", "label_set": "Mail"})
    for path, waits in (("/labels", "label-set"), (f"/labels/{made}", "label-reliability"), ("/labels/asked", "asked-card"),
                        (f"/documents/{desk.document['id']}?show=report", "report")):
        phone.go(path)
        part(phone.page, waits).first.wait_for()
        keeps_rules(phone.page, is_touch=True)
        shot(phone.page, f"{waits}-phone")
    phone.check()
    phone.context.close()
    dark = Desk(browser, desk.url, color_scheme="dark", storage_state=desk.context.storage_state())
    dark.go(f"/labels/{made}")
    part(dark.page, "label-reliability").wait_for()
    shot(dark.page, "labels-dark")
    dark.go(f"/documents/{desk.document['id']}?show=report")
    part(dark.page, "report").wait_for()
    shot(dark.page, "report-dark")
    keeps_rules(dark.page)
    dark.context.close()
