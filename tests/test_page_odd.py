"""Conversations by hand in a real Chromium: two tabs, pressing everything while an answer comes, a service that dies."""
import pytest
from conftest import Server, wait_until
from mock_provider import MockProvider
from test_page import browser, CHROMIUM, expect, owner_desk, part, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")
QUESTION = "When was the kiln of Hole lit?"


@pytest.fixture(scope="module")
def mock():
    started = MockProvider(["slow"])
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(mock, tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("odd") / "library", arguments=["--provider-url", mock.url]).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, server):  # noqa: F811
    shown = owner_desk(browser, server)
    server.add(("kiln.md", b"# The kiln of Hole\n\nThe kiln of Hole was lit in 1822.\n\n## Its bricks\n\nIt burned 9000 bricks a week.\n"))
    yield shown
    shown.context.close()


@pytest.fixture
def page(desk):
    return desk.page


def done(page, count):
    page.locator("[data-test=answer][data-done=yes]").nth(count - 1).wait_for(timeout=20000)


def ask(page, question, count):
    part(page, "ask-input").fill(question)
    page.keyboard.press("Enter")
    done(page, count)


def test_pressing_everything_while_an_answer_comes_breaks_nothing(desk, page):
    desk.go("/ask")
    ask(page, QUESTION, 1)
    part(page, "answer-again").click()
    page.locator("[data-test=answer][data-done=no]").wait_for()
    part(page, "edit-question").click()
    part(page, "edit-input").fill("How many bricks did the kiln of Hole burn?")
    part(page, "edit-send").click()  # not while an answer comes
    part(page, "ask-input").fill("something else")
    page.keyboard.press("Enter")  # stops it
    page.locator("[data-test=answer][data-done=cut]").wait_for()
    page.reload()
    expect(part(page, "question")).to_have_count(1)
    expect(part(page, "answer-text")).to_contain_text("1822")
    assert not desk.complaints, desk.complaints


def test_two_tabs_of_one_conversation_show_the_same_in_the_end(desk, page):
    desk.go("/ask")
    ask(page, QUESTION, 1)
    other = desk.context.new_page()
    other.goto(page.url)
    done(other, 1)
    ask(other, "How many bricks a week did the kiln of Hole burn?", 2)
    ask(page, "And when was it lit?", 2)
    # What was asked in the other tab stands between.
    expect(part(page, "question")).to_have_count(3)
    other.reload()
    expect(part(other, "question")).to_have_count(3)
    other.close()


def test_a_conversation_that_was_removed_elsewhere_says_so(desk, page):
    desk.go("/ask")
    ask(page, QUESTION, 1)
    conversation = page.url.split("/ask/")[1].split("?")[0]
    other = desk.context.new_page()
    other.goto(desk.url + "/conversations")
    row = other.locator(f"[data-test=conversation][data-id='{conversation}']")
    row.locator("[data-test=conversation-remove]").click()
    other.close()  # leaving commits what could be undone
    wait_until(lambda: desk.server.get(f"/v1/conversations/{conversation}").status_code == 404)
    part(page, "ask-input").fill("And how many bricks?")
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][data-done=cut]").last.wait_for()
    expect(part(page, "answer").last).to_contain_text("no conversation")


def test_a_service_that_dies_leaves_the_quotes(desk, page, mock):
    mock.stop()
    desk.go("/ask")
    ask(page, "How many bricks a week did the kiln of Hole burn, at most?", 1)
    expect(part(page, "answer-text")).to_contain_text("9000")
