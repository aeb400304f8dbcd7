"""Who sees a document or a collection, shown and set in a real Chromium."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, Desk, expect, owner_desk, part, PASSWORD, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page_sharing") / "data").start()
    shown = owner_desk(browser, server)
    server.cli("users", "add", "bo@example.org", "--role", "reader", "--name", "Bo", input="correct horse battery\n")
    yield shown
    shown.context.close()
    server.stop()


def test_a_collection_is_restricted_and_its_document_shows_whose_list_counts(desk):
    server, page = desk.server, desk.page
    collection = server.post("/v1/collections", {"name": "Contracts"}).json()["id"]
    document = server.add(("lease.md", b"# The lease"), collection=collection)[0]["id"]
    server.wait_document(document)
    desk.go(f"/library?collection={collection}")
    part(page, "access-open").click()
    expect(part(page, "access-state")).to_contain_text("Everybody")
    part(page, "field-restricted").check()
    part(page, "access-user").select_option(label="Bo · bo@example.org")
    part(page, "access-level").last.select_option("edit")
    shot(page, "access-collection")
    part(page, "access-form-submit").click()
    expect(part(page, "row").get_by_role("img", name="Restricted")).to_be_visible()
    expect(part(page, "rail-collections").get_by_role("img", name="Restricted")).to_be_visible()
    shot(page, "access-library")
    grants = server.get(f"/v1/collections/{collection}/access").json()["grants"]
    assert [(one["name"], one["level"]) for one in grants if one["name"] == "Bo"] == [("Bo", "edit")]
    desk.go(f"/documents/{document}")
    part(page, "access-open").click()
    expect(part(page, "access-state")).to_contain_text("its collection")
    page.keyboard.press("Escape")
    server.call("DELETE", f"/v1/collections/{collection}/access")
    desk.check()


def test_a_reader_is_shown_who_sees_a_document_and_changes_nothing(browser, desk):  # noqa: F811
    document = desk.server.add(("rules.md", b"# The rules"))[0]["id"]
    reader = Desk(browser, desk.server.url)
    page = reader.go(f"/documents/{document}")
    part(page, "field-email").fill("bo@example.org")
    part(page, "field-password").fill(PASSWORD)
    page.keyboard.press("Enter")
    part(page, "access-open").click()
    expect(part(page, "access-state")).to_contain_text("Everybody")
    expect(part(page, "access")).to_contain_text("not change it")
    expect(part(page, "access-form-submit")).to_have_count(0)
    part(page, "dialog-close").click()  # a finger has no Escape
    expect(part(page, "access")).to_have_count(0)
    expect(part(page, "access-open")).to_be_focused()
    reader.check(allowed=("401",))
    reader.context.close()


CUT = "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"


def test_on_a_phone_names_and_labels_can_be_read_to_their_end(browser, desk):  # noqa: F811
    server = desk.server
    group = server.post("/v1/groups", {"name": "The harbour office and everybody who writes to it", "add": ["bo@example.org"]}).json()["id"]
    collection = server.post("/v1/collections", {"name": "Letters"}).json()["id"]
    assert server.call("PUT", f"/v1/collections/{collection}/access", json={"grants": [{"kind": "group", "id": group, "level": "edit"}]}).ok
    phone = Desk(browser, server.url, viewport={"width": 360, "height": 780}, is_mobile=True, has_touch=True, storage_state=desk.context.storage_state())
    page = phone.go(f"/library?collection={collection}")
    part(page, "access-open").click()
    expect(part(page, "access-row")).to_have_count(1)
    assert not part(page, "access-row").locator("b, small").evaluate_all(CUT)
    assert not page.locator(".place span").evaluate_all(CUT)
    phone.go("/settings/people")
    part(page, "group-edit").click()
    expect(part(page, "group-person")).to_have_count(2)
    apart = "all => all.map((one) => { const name = document.createRange(); name.selectNode(one.firstChild); const [a, b] = [name, one.querySelector('small')].map((part) => part.getBoundingClientRect()); return b.left >= a.right + 3 || b.top >= a.bottom; })"
    assert all(part(page, "group-people").locator("label").evaluate_all(apart))
    phone.check()
    phone.context.close()
