"""Learning in a real Chromium: a deck, its cards by keys, a review taken back, a quiz with the passage beside."""
import pytest
from conftest import Server
from test_page import browser, CHROMIUM, Desk, expect, keeps_rules, module, owner_desk, part, PHONE, shot  # noqa: F401 (browser is a fixture)

TEXT = "The Volga is the longest river of Europe.\nIt runs for 3,530 km to the Caspian Sea.\n"
QUOTE = "It runs for 3,530 km to the Caspian Sea."

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (Debian package chromium)")


@pytest.fixture(scope="module")
def desk(browser, tmp_path_factory):  # noqa: F811
    server = Server(tmp_path_factory.mktemp("page") / "library").start()
    shown = owner_desk(browser, server)
    shown.document = server.add(("volga.txt", TEXT.encode()))[0]
    yield shown
    shown.context.close()
    server.stop()


@pytest.fixture
def page(desk):
    yield desk.page
    desk.check()


def source(desk):
    start = TEXT.index(QUOTE)
    return {"document": {"id": desk.document["id"], "name": "volga.txt", "path": "volga.txt", "format": "text", "family": "text", "paged": False},
            "place": "line 2", "page": None, "start": start, "end": start + len(QUOTE), "quote": QUOTE}


def post(page, path, body):
    """As the page does it, for who is signed in."""
    return page.evaluate(f"([path, body]) => {module('api.js')}.then(({{post}}) => post(path, body))", [path, body])


def test_a_deck_is_made_and_cards_are_written_into_it(desk, page):
    desk.go("/study")
    expect(part(page, "study-empty")).to_be_visible()
    part(page, "deck-new").click()
    part(page, "field-name").fill("Rivers of Europe")
    part(page, "deck-form-form-submit").click()
    part(page, "deck-add").click()
    part(page, "field-cards").fill("Longest river of Europe?\tthe Volga\nSource of the Danube?, the Black Forest")
    part(page, "cards-form-form-submit").click()
    expect(part(page, "counts")).to_contain_text("2 new")
    expect(part(page, "review-all")).to_have_text("Review 2 cards")
    deck = part(page, "deck").get_attribute("data-id")
    post(page, "/v1/study/cards", {"deck": deck, "cards": [{"front": "The Volga flows into the {{c1::Caspian}} Sea.", "back": "It is 3,530 km long.", "source": source(desk),
                                                           "document": desk.document["id"], "tags": ["geography"]}]})
    desk.go("/study")
    expect(part(page, "counts")).to_contain_text("3 new")
    keeps_rules(page)
    shot(page, "study")


def test_cards_are_reviewed_by_keys_and_the_last_is_taken_back(desk, page):
    desk.go("/study")
    part(page, "review-all").click()
    expect(part(page, "card")).to_contain_text("Longest river")
    expect(part(page, "card-back")).to_have_count(0)
    page.keyboard.press("3")  # nothing is rated before the answer was seen
    expect(part(page, "review-left")).to_have_text("0 of 3")
    page.keyboard.press(" ")
    expect(part(page, "card-back")).to_have_text("the Volga")
    expect(part(page, "rate-3")).to_contain_text("10 min")
    expect(part(page, "rate-4")).to_contain_text("8 d")
    page.keyboard.press("4")
    expect(part(page, "card")).to_contain_text("Danube")
    expect(part(page, "review-left")).to_have_text("1 of 3")
    page.keyboard.press("u")
    expect(part(page, "card")).to_contain_text("Longest river")
    expect(part(page, "review-left")).to_have_text("0 of 3")
    for _ in range(2):
        page.keyboard.press(" ")
        part(page, "card-back").wait_for()
        left = part(page, "review-left").text_content()
        page.keyboard.press("4")
        expect(part(page, "review-left")).not_to_have_text(left)
    expect(part(page, "card")).to_contain_text("flows into the […] Sea")
    expect(part(page, "card")).not_to_contain_text("Caspian")
    page.keyboard.press(" ")
    expect(part(page, "card")).to_contain_text("Caspian")
    keeps_rules(page)
    part(page, "review-source").click()
    expect(part(page, "reader-body")).to_contain_text("3,530 km")
    shot(page, "review")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    expect(part(page, "review-done")).to_contain_text("You reviewed 3 cards.")
    desk.go("/study")
    expect(part(page, "study-figures")).to_contain_text("1 day in a row")


def test_a_quiz_is_answered_with_the_passage_beside(desk, page):
    quiz = post(page, "/v1/study/quizzes", {"title": "The Volga", "questions": [
        {"kind": "choice", "question": "Which river is the longest of Europe?", "options": ["Rhine", "Volga", "Elbe"], "answer": "Volga"},
        {"kind": "short", "question": "How long is it?", "answer": "3,530 km", "source": source(desk)},
        {"kind": "cloze", "question": "It runs to the ____ Sea.", "answer": "Caspian"}]})
    desk.go("/study")
    part(page, "quiz-row").get_by_role("link").click()
    part(page, "option").nth(1).check()
    part(page, "short").nth(0).fill("3,350 km")
    part(page, "short").nth(1).fill("Caspain")
    part(page, "quiz-submit").click()
    expect(part(page, "quiz-score")).to_have_text("67% right")
    expect(part(page, "verdict").nth(1)).to_contain_text("The answer: 3,530 km")
    expect(part(page, "verdict").nth(2)).to_have_attribute("data-grade", "right")
    expect(part(page, "reader-body")).to_contain_text("3,530 km")
    keeps_rules(page)
    shot(page, "quiz")
    part(page, "quiz-again").click()
    expect(part(page, "verdict")).to_have_count(0)
    desk.go("/study")
    expect(part(page, "quiz-row")).to_contain_text("best 67%")
    assert quiz["question_count"] == 3


def test_the_learner_says_how_cards_come(desk, page):
    desk.go("/study")
    part(page, "study-profile-open").click()
    part(page, "field-level").select_option("beginner")
    part(page, "field-retention").fill("0.5")
    part(page, "study-profile-form-submit").click()
    expect(page.locator("dialog")).to_contain_text("must be from 0.7 to 0.99")
    part(page, "field-retention").fill("0.95")
    part(page, "study-profile-form-submit").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate(f"{module('api.js')}.then(({{get}}) => get('/v1/study/profile')).then((p) => [p.level, p.retention])") == ["beginner", 0.95]
    desk.complaints.clear()  # the refusal
    page.evaluate(f"{module('api.js')}.then(({{put}}) => put('/v1/study/profile', {{level: 'expert'}}))")
    part(page, "study-profile-open").click()
    part(page, "study-profile-form-submit").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate(f"{module('api.js')}.then(({{get}}) => get('/v1/study/profile')).then((p) => p.level)") == "expert"


def test_it_works_by_touch_on_a_phone(desk, browser):  # noqa: F811
    phone = Desk(browser, desk.url, viewport=PHONE, is_mobile=True, has_touch=True, storage_state=desk.context.storage_state())
    for path, waits in (("/study", "deck"), ("/study/review", "review-done")):
        phone.go(path)
        part(phone.page, waits).first.wait_for()
        keeps_rules(phone.page, is_touch=True)
    deck = phone.page.evaluate(f"{module('api.js')}.then(({{get}}) => get('/v1/study/decks')).then((page) => page.items[0].id)")
    post(phone.page, "/v1/study/cards", {"deck": deck, "cards": [{"front": "Where does the Rhine rise?", "back": "in the Alps"}]})
    phone.go("/study/review")
    part(phone.page, "card-show").tap()
    part(phone.page, "card-back").wait_for()
    keeps_rules(phone.page, is_touch=True)
    shot(phone.page, "review-phone")
    part(phone.page, "rate-3").tap()
    expect(part(phone.page, "review-left")).to_have_text("1 of 2")
    phone.check()
    phone.context.close()
