"""A handful of short documents, as people try a library with: what they say in plain words is answered, in the words that say
it, and what they do not say is refused."""
import pytest
from conftest import Server

DOCUMENTS = {
    "contract.md": """# Service agreement

between Brightwater Analytics Ltd, 14 Quay Street, Bristol ("the Supplier") and Hollins & Rowe GmbH, Hamburg ("the Customer").

## 1 Term
This agreement begins on 1 March 2026 and runs for 24 months. Either party may end it with a notice of 60 days in writing.

## 2 Fees
The Customer pays a monthly fee of EUR 4,250.00, due within 30 days of the invoice. Late payments bear interest of 8 % a year.

## 3 Law
The law of England and Wales applies. Courts of Bristol have jurisdiction.

Signed on 12 February 2026 by Amelia Hart for the Supplier and Jonas Rowe for the Customer.
""",
    "minutes.txt": """Project Kestrel - weekly meeting, Tuesday 3 November 2026

Priya: The prototype passed the vibration test on Friday. We still wait for the humidity results.
Tom: I'll send the supplier the revised drawings by Thursday.
Priya: Decision: we switch to the aluminium housing. Lena will update the bill of materials before the end of the month.
Lena: The budget review moved to 20 November at 10:00, please everybody prepare your numbers.
""",
    "invoice.txt": """INVOICE

Nordlicht Druck GmbH
Hafenstrasse 12, 24103 Kiel
VAT ID DE 811 569 869

Invoice number: RE-2026-0417
Invoice date: 5 October 2026
Due date: 4 November 2026

Subtotal   EUR 1,600.50
VAT 19 %   EUR   304.10
Total      EUR 1,904.60
""",
    "brief.txt": """Sehr geehrte Frau Nair,

leider ist die am 2. Oktober gelieferte Ware beschädigt angekommen. Zwei der fünf Gehäuse haben Risse.
Wir bitten Sie, bis spätestens 27. November Ersatz zu liefern.

Mit freundlichen Grüßen
Jonas Rowe
""",
    "photosynthesis.md": """# Photosynthesis

Photosynthesis is the process by which green plants turn light energy into chemical energy.

## Light reactions
The light reactions happen in the thylakoid membranes. Water is split, oxygen is released, and ATP and NADPH are made.

## Calvin cycle
The Calvin cycle takes place in the stroma. The enzyme RuBisCO fixes carbon dioxide to ribulose bisphosphate.
""",
}
DOCUMENTS["log.txt"] = """Log of the Tarva lighthouse, 1931

9 January. The supply boat brought paraffin, flour and the new panes. Keeper Olaf Lund fitted them before dark.

2 March. The schooner Freya ran aground on the outer skerry. All nine of her crew were brought ashore by breeches buoy.

17 May. Painted the gallery. A pair of eider nests under the stairs.
"""
SAID = [
    ("Where does the Calvin cycle take place?", "stroma"),
    ("Where do the light reactions happen?", "thylakoid"),
    ("Which enzyme fixes carbon dioxide?", "RuBisCO"),
    ("What is released when water is split?", "oxygen"),
    ("How long does the agreement run?", "24 months"),
    ("When does the agreement begin?", "1 March 2026"),
    ("Who signed for the Customer?", "Jonas Rowe"),
    ("Which law applies?", "England"),
    ("Who updates the bill of materials?", "Lena"),
    ("When is the budget review?", "20 November"),
    ("What is the invoice number?", "RE-2026-0417"),
    ("How much is the VAT?", "304.10"),
    ("Wie viele Gehäuse haben Risse?", "Zwei"),
    ("Was ist beschädigt angekommen?", "Ware"),
]
NOT_SAID = [
    "What is the capital of France?",
    "Who signed for the bank?",
    "What does the contract say about insurance?",
    "Where does glycolysis take place?",
    "What is the phone number of Nordlicht Druck?",
    "Who discovered chlorophyll?",
    "Wer ist der Geschäftsführer?",
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("small") / "library").start()
    server.new_key()
    server.add(*[(name, text.encode()) for name, text in DOCUMENTS.items()])
    yield lambda question: server.post("/v1/ask", {"question": question}).json()
    server.stop()


def test_what_a_few_documents_say_in_plain_words_is_answered(ask):
    answers = {question: ask(question) for question, _ in SAID}
    missing = {question: answers[question]["answer"] for question, words in SAID if words not in answers[question]["answer"]}
    assert len(missing) <= 1, missing


def test_what_a_few_documents_do_not_say_is_refused(ask):
    answered = {question: reply["answer"] for question in NOT_SAID if not (reply := ask(question))["refused"]}
    assert len(answered) <= 1, answered


def test_a_refusal_is_in_the_language_of_the_question(ask):
    assert ask("Wer ist der Geschäftsführer?")["answer"] == "Die Bibliothek sagt dazu nichts."
    assert ask("Who is the managing director of the company?")["answer"] == "The library does not say."


def test_the_words_that_answer_are_told_apart_from_what_is_quoted_around_them(ask):
    sentence = ask("Which schooner ran aground in March?")["sentences"][0]
    assert sentence["key"] in sentence["text"] and "Freya ran aground" in sentence["key"] and "Painted" not in sentence["key"]
    assert ask("How long does the agreement run?")["sentences"][0]["key"] is None  # all of it answers
