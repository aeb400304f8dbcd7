"""A conversation with branches, its folder, link and export, and personas, in a real Chromium."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, expect, owner_desk, part, shot  # noqa: F401 (browser is a fixture)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = Server(tmp_path_factory.mktemp("page") / "library").start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def desk(browser, server):  # noqa: F811
    shown = owner_desk(browser, server)
    if not server.key:
        server.new_key()
    server.add(("lamp.md", b"# The lamp of Gannet\n\nThe lamp of Gannet was lit in 1911.\n\n## Its oil\n\nThe lamp burned 420 litres of oil.\n"))
    yield shown
    shown.context.close()


@pytest.fixture
def page(desk):
    return desk.page


def ask(page, question, count):
    part(page, "ask-input").fill(question)
    page.keyboard.press("Enter")
    page.locator("[data-test=answer][data-done=yes]").nth(count - 1).wait_for()


def test_a_question_is_edited_and_its_versions_are_walked(desk, page):
    desk.go("/ask")
    ask(page, "When was the lamp of Gannet lit?", 1)
    part(page, "edit-question").click()
    part(page, "edit-input").fill("How much oil did the lamp of Gannet burn?")
    part(page, "edit-send").click()
    expect(part(page, "branch-at")).to_have_text("2/2")
    expect(part(page, "answer-text")).to_contain_text("420 litres")
    part(page, "branch-before").click()
    expect(part(page, "branch-at")).to_have_text("1/2")
    expect(part(page, "answer-text")).to_contain_text("1911")
    shot(page, "talk-branches")


def test_an_answer_is_asked_for_again(desk, page):
    desk.go("/ask")
    ask(page, "When was the lamp of Gannet lit?", 1)
    part(page, "answer-again").click()
    expect(part(page, "answer").locator("[data-test=branch-at]")).to_have_text("2/2")
    expect(part(page, "question")).to_have_count(1)


def test_a_conversation_lies_in_a_folder_and_is_shared_by_a_link(desk, page):
    desk.go("/ask")
    ask(page, "When was the lamp of Gannet lit?", 1)
    part(page, "talk-folder-open").click()
    part(page, "field-folder").fill("Lamps")
    page.keyboard.press("Enter")
    expect(part(page, "talk-folder-open")).to_have_text("Lamps")
    part(page, "talk-share-open").click()
    link = part(page, "field-link").input_value()
    page.keyboard.press("Escape")
    page.goto(link)
    expect(part(page, "question")).to_have_text("When was the lamp of Gannet lit?")
    expect(part(page, "answer-text")).to_contain_text("1911")
    desk.go("/conversations")
    part(page, "conversations-folder").select_option("Lamps")
    expect(part(page, "conversation")).to_have_count(1)
    part(page, "conversations-find").fill("nothing like it")
    expect(part(page, "conversation")).to_have_count(0)


def test_a_persona_is_made_changed_brought_back_and_chosen(desk, page):
    desk.go("/personas")
    part(page, "persona-add").click()
    part(page, "field-name").fill("Tutor")
    part(page, "field-instructions").fill("Explain like to a pupil.")
    part(page, "field-greeting").fill("What shall we learn?")
    part(page, "persona-form-submit").click()
    expect(part(page, "persona")).to_contain_text("Version 1")
    part(page, "persona-edit").click()
    part(page, "field-instructions").fill("Be strict.")
    part(page, "persona-form-submit").click()
    expect(part(page, "persona")).to_contain_text("Version 2")
    part(page, "persona-versions-open").click()
    shot(page, "persona-versions")
    part(page, "persona-restore").click()
    expect(part(page, "persona")).to_contain_text("Version 3")
    desk.go("/ask")
    part(page, "persona-pick").select_option(label="Tutor")
    expect(part(page, "talk")).to_contain_text("What shall we learn?")
    ask(page, "When was the lamp of Gannet lit?", 1)
    page.reload()
    expect(part(page, "persona-pick").locator("option:checked")).to_have_text("Tutor")
