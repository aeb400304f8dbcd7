"""Values of documents in a real Chromium: read, looked up in their place, corrected, a collection's table."""
import pytest
from conftest import Server
from test_fields import INVOICE
from test_page import browser, CHROMIUM, expect, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
PAGE = """<h1>Invoice</h1><p>Invoice number: A-17<br>Invoice date: 4 May 2024</p>
<table><tr><th>Description</th><th>Qty</th><th>Unit price</th><th>Amount</th></tr><tr><td>Ink</td><td>2</td><td>5.00</td><td>10.00</td></tr></table>
<p>Net: 10.00 EUR</p><p>VAT 20%: 2.00 EUR</p><p>Total: 12.00 EUR</p>"""


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page_fields") / "data").start()
    made = owner_desk(browser, server)
    made.collection = server.post("/v1/collections", {"name": "Bills"}).json()["id"]
    made.documents = {}
    for name, text in (("ink.html", PAGE), ("flour.txt", INVOICE)):
        document = server.upload((name, text.encode()), collection=made.collection)[0]
        server.wait_document(document["id"])
        made.documents[name] = document["id"]
    yield made
    server.stop()


@pytest.fixture
def page(desk):
    desk.page.set_viewport_size({"width": 1440, "height": 900})
    yield desk.page
    desk.check()


def value(page, path):
    return page.locator(f"[data-test=value][data-path='{path}']")


def test_values_are_read_corrected_and_found_in_the_document(desk, page):
    desk.go(f"/documents/{desk.documents['ink.html']}?show=values")
    expect(part(page, "document-values")).to_contain_text("Nothing has been read yet")
    expect(part(page, "tables")).to_contain_text("2 rows, 4 columns")
    part(page, "values-read").click()
    expect(value(page, "number")).to_contain_text("A-17")
    expect(value(page, "items[0].amount")).to_contain_text("10")
    expect(part(page, "document-values")).to_contain_text("net + tax = total: right")
    shot(page, "values")
    value(page, "number").locator("[data-test=value-correct]").click()
    part(page, "field-value").fill("A-18")
    page.keyboard.press("Enter")
    expect(value(page, "number")).to_contain_text("A-18")
    expect(value(page, "number")).to_contain_text("corrected")
    kept = desk.server.get(f"/v1/documents/{desk.documents['ink.html']}/fields").json()["items"][0]["result"]
    assert kept["values"]["number"] == "A-18"
    value(page, "total").locator("[data-test=value-place]").click()
    expect(page.locator("mark.passage")).to_contain_text("12.00")


def test_a_collection_is_one_table(desk, page):
    desk.go(f"/library?collection={desk.collection}")
    part(page, "collection-values").click()
    part(page, "fields-read-all").click()
    expect(part(page, "fields-table")).to_contain_text("Bäckerei Krone")
    expect(part(page, "fields-table")).to_contain_text("ink.html")
    shot(page, "values-collection")
    with page.expect_download() as download:
        part(page, "fields-csv").click()
    assert "R-2023-889" in open(download.value.path()).read()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_themes(desk, page, scheme):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    for path, name in ((f"/documents/{desk.documents['ink.html']}?show=values", "values"), (f"/fields?collection={desk.collection}", "values-collection")):
        desk.go(path)
        part(page, "document-values" if name == "values" else "fields-table").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shot(page, f"{name}-phone-{scheme}")
    page.emulate_media(color_scheme="light")
