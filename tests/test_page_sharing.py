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
    reader.check(allowed=("401",))
    reader.context.close()
