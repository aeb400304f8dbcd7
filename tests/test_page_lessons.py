"""Making something to learn from, in a real Chromium: a quiz and cards that are kept, an outline that is read."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, expect, module, owner_desk, part, PHONE, shot, WIDE  # noqa: F401 (browser is a fixture)
from test_page_study import keeps_rules
from test_study import package
from test_study_make import LESSON

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    shown = owner_desk(browser, server)
    shown.document = server.add(("photosynthesis.md", LESSON.encode()))[0]
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check()


def make(desk, page, kind):
    desk.go(f"/study?make={desk.document['id']}")
    part(page, "field-kind").select_option(kind)
    keeps_rules(page)
    shot(page, "make")
    part(page, "make-form-submit").click()
    part(page, "made-item").first.wait_for()


def test_a_quiz_is_made_and_what_is_chosen_is_kept(desk, page):
    make(desk, page, "quiz")
    count = part(page, "made-item").count()
    expect(part(page, "made-keep-submit")).to_have_text(f"Keep {count} questions as a quiz")
    part(page, "made-choose").first.uncheck()
    expect(part(page, "made-keep-submit")).to_have_text(f"Keep {count - 1} questions as a quiz")
    keeps_rules(page)
    part(page, "made-source").first.click()
    expect(part(page, "reader-body")).to_contain_text("Calvin cycle")
    shot(page, "made-quiz")
    page.keyboard.press("Escape")
    part(page, "made-keep-submit").click()
    expect(part(page, "question")).to_have_count(count - 1)


def test_cards_are_made_and_kept_in_a_deck(desk, page):
    make(desk, page, "flashcards")
    count = part(page, "made-item").count()
    part(page, "field-name").fill("Plants")
    keeps_rules(page)
    shot(page, "made-cards")
    part(page, "made-keep-submit").click()
    expect(part(page, "counts")).to_contain_text(f"{count} new")
    expect(part(page, "made-row").first).to_contain_text("Flashcards")
    shot(page, "study-made")


def test_an_outline_keeps_what_was_read(desk, page):
    page.evaluate(f"""(id) => {module('api.js')}.then(async ({{post}}) => {{
      const deck = await post('/v1/study/decks', {{name: 'Of the outline'}});
      await post('/v1/study/cards', {{deck: deck.id, cards: [{{front: 'Where?', back: 'In the leaf', document: id}}]}});
    }})""", desk.document["id"])
    make(desk, page, "outline")
    expect(part(page, "made-read")).to_have_text("0 of 4 read")
    expect(part(page, "made-due")).to_contain_text("cards of it, 0 due")
    with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        part(page, "made-done").nth(1).check()
    expect(part(page, "made-read")).to_have_text("1 of 4 read")
    keeps_rules(page)
    shot(page, "made-outline")
    page.emulate_media(color_scheme="dark")
    shot(page, "made-outline-dark")
    keeps_rules(page)
    page.set_viewport_size(PHONE)
    keeps_rules(page, True)
    shot(page, "made-outline-phone")
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    page.reload()
    expect(part(page, "made-read")).to_have_text("1 of 4 read")
    expect(part(page, "made-done").nth(1)).to_be_checked()


@pytest.mark.parametrize("kind", ["explanation", "summary", "examples", "practice"])
def test_the_other_kinds_are_shown_with_their_sources(desk, page, kind):
    make(desk, page, kind)
    keeps_rules(page)
    part(page, "made-source").first.click()
    expect(part(page, "reader-body")).to_contain_text("Photosynthesis")
    shot(page, f"made-{kind}")


def test_a_package_of_anki_becomes_cards(desk, page, tmp_path):
    file = tmp_path / "rivers.apkg"
    file.write_bytes(package([(("Longest river?", "the Volga"), "rivers"), (("The {{c1::Elbe}}.", ""), "")]))
    page.evaluate(f"{module('api.js')}.then(({{post}}) => post('/v1/study/decks', {{name: 'Sent rivers'}}))")
    desk.go("/study")
    row = part(page, "deck").filter(has_text="Sent rivers")
    part(row, "deck-more").click()
    with page.expect_file_chooser() as chosen:
        part(row, "deck-from-anki").click()
    chosen.value.set_files(file)
    expect(part(row, "counts")).to_contain_text("2 new")
