/* reading_test.c - passages cut into units, measured, ranked and decided on. */
#include <criterion/criterion.h>

#include "answer/answer_int.h"

enum {
    HEADING = 0,
    PARAGRAPH = 1,
    ROW = 3,
    META = 9
}; /* numbers of stored blocks; checked below */

typedef struct Made {
    Arena *arena;
    Words *words;
    SearchHit hits[4];
    Passage passages[4];
    size_t count;
} Made;

/* A passage of one document; every line is a block of its own. */
static void add_passage(Made *made, const char *document, const char *name, const char *text,
                        int32_t kind)
{
    SearchHit *hit = &made->hits[made->count];
    Str rest = str(text), line;
    size_t lines = 0;
    *hit = (SearchHit){ .score = 1.0 / (double)(made->count + 1),
                        .keyword_rank = (int)made->count + 1,
                        .semantic_rank = (int)made->count + 1 };
    hit->row.chunk = (Chunk){ .number = (int64_t)made->count + 1,
                              .document = str(document),
                              .text = str(text),
                              .length = (int64_t)strlen(text) };
    hit->row.name = str(name);
    StoredBlock *blocks = arena_new_array(made->arena, StoredBlock, 20);
    while (lines < 20 && str_next(&rest, '\n', &line)) {
        blocks[lines] = (StoredBlock){ .kind = kind,
                                       .start = (uint64_t)(line.at - text),
                                       .length = line.length,
                                       .part = kind == META ? S("headers") : S(""),
                                       .line_first = (int32_t)lines + 1,
                                       .line_last = (int32_t)lines + 1,
                                       .table = 1,
                                       .is_header_row = kind == ROW && lines == 0 };
        lines++;
    }
    made->passages[made->count++] =
        (Passage){ .hit = hit, .blocks = { blocks, lines }, .whole_rank = 1 };
}

static Reading *read_for(Made *made, const char *question)
{
    Question read = question_read(made->arena, made->words, str(question));
    for (size_t i = 0; i < read.word_count; i++)
        read.words[i].rarity = read.words[i].is_name ? 8 : 5;
    Reading *reading = reading_new(made->arena, made->words, &read, made->passages, made->count);
    reading_measure(reading);
    reading_rank(reading);
    return reading;
}

static Made made_new(void) { return (Made){ .arena = arena_new(MB(32)), .words = words_new() }; }

static void made_free(Made *made)
{
    words_free(made->words);
    arena_free(made->arena);
}

Test(answer, numbers_of_block_kinds_are_as_these_tests_say)
{
    cr_expect_str_eq(library_block_kind(HEADING), "heading");
    cr_expect_str_eq(library_block_kind(PARAGRAPH), "paragraph");
    cr_expect_str_eq(library_block_kind(ROW), "row");
    cr_expect_str_eq(library_block_kind(META), "meta");
}

Test(answer, the_sentence_that_says_it_comes_first)
{
    static const struct {
        const char *question, *best;
    } cases[] = {
        { "When was Aristotle born?", "Aristotle was born in 384 BC in Stagira." },
        { "Who was the father of Aristotle?",
          "The father of Aristotle, Nicomachus, was a physician." },
        { "How many children did Plato teach?", "Plato taught forty children at the Academy." },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        add_passage(&made, "d1", "aristotle.txt",
                    "Aristotle was a philosopher of great influence on the history of thought. "
                    "Aristotle was born in 384 BC in Stagira. "
                    "The father of Aristotle, Nicomachus, was a physician.\n"
                    "Plato taught forty children at the Academy. Many of them wrote books later.",
                    PARAGRAPH);
        Reading *reading = read_for(&made, cases[i].question);
        Str best = reading->units[reading->order[0]].text;
        cr_expect(str_is(best, cases[i].best), "%s: " STR_FMT, cases[i].question, STR_ARG(best));
        made_free(&made);
    }
}

Test(answer, a_sentence_has_the_form_that_is_asked_for)
{
    static const struct {
        const char *about, *question, *text;
        double form;
    } cases[] = {
        { "a name inside", "Who booked the room?", "The room was booked by Lena.", 1 },
        { "a name that begins it", "Who updates the list?", "Lena will update the list.", 1 },
        { "who speaks", "Who updates the list?", "Tom: I will update the list.", 1 },
        { "a word that is none", "Who updates the list?",
          "Water will damage the list, and water is everywhere.", 0 },
        { "a stop word", "Who updates the list?", "They will update the list.", 0 },
        { "a place with a name", "Where is the archive?", "The archive is in Bristol.", 1 },
        { "a place without one", "Where does it happen?", "It does happen in the stroma.", 0.5 },
        { "no place", "Where does it happen?", "It does happen often.", 0 },
        { "the place of the question", "Where in the stroma is it?", "It is in the stroma.", 0 },
        { "a time is no place", "Where did it happen?", "It did happen in august.", 0 },
        { "a month", "When was it?", "It was in May.", 1 },
        { "not the verb", "When was it?", "It may have been so.", 0 },
        { "a German month", "Wann wurde es geliefert?", "Es wurde im Dezember geliefert.", 1 },
        { "a day", "Quand a lieu la visite ?", "La visite a lieu mardi.", 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        add_passage(&made, "d1", "notes.txt", cases[i].text, PARAGRAPH);
        Reading *reading = read_for(&made, cases[i].question);
        double form = reading->units[reading->order[0]].features[FEATURE_FORM];
        cr_expect(form == cases[i].form, "%s: %g", cases[i].about, form);
        made_free(&made);
    }
}

Test(answer, a_row_is_found_by_the_header_above_it)
{
    Made made = made_new();
    add_passage(&made, "d1", "cases.xlsx",
                "Country | Cases in 2006 | Cases in 2007\nGermany | 52575 | 55400\n"
                "Finland | 2574 | 2737",
                ROW);
    Reading *reading = read_for(&made, "How many cases did Germany report in 2007?");
    const Unit *best = &reading->units[reading->order[0]];
    cr_expect(str_is(best->text, "Germany | 52575 | 55400"));
    cr_expect(str_is(best->header, "Country | Cases in 2006 | Cases in 2007"));
    made_free(&made);
}

Test(answer, the_header_of_one_table_is_not_that_of_the_next)
{
    Made made = made_new();
    add_passage(&made, "d1", "cases.xlsx", "Country | Cases\nGermany | 55400\nFinland | 2737", ROW);
    made.passages[0].blocks.at[2].table = 2;
    Reading *reading = read_for(&made, "How many cases did Germany report?");
    cr_assert_eq(reading->unit_count, 3);
    cr_expect(str_is(reading->units[1].header, "Country | Cases"));
    cr_expect_eq(reading->units[2].header.length, 0);
    made_free(&made);
}

Test(answer, a_quote_holds_what_it_needs_to_be_understood)
{
#define LONG_SENTENCE                                                                              \
    "The river is long and winds past hills, past mills, past weirs and past all the villages "    \
    "whose names nobody but the postman knows, and further down past the meadows in which the "    \
    "geese of the whole county rest in autumn before they fly on to the south, and past the old "  \
    "brick works, whose chimney can be seen from the church of the next town but one, and where "  \
    "the children look for newts, and at last it comes to the sea without having been in a hurry."
    static const struct {
        const char *text, *question, *quote;
        int32_t kind;
    } cases[] = {
        { "The river is long. Kingfishers along it eat more\nmercury with their fish than any "
          "bird.",
          "Who eats mercury with fish?",
          "The river is long. Kingfishers along it eat more\nmercury with their fish than any "
          "bird.",
          PARAGRAPH },
        { LONG_SENTENCE "\nMercury is in the fish of every lake.", "Is mercury in every lake?",
          "Mercury is in the fish of every lake.", PARAGRAPH },
        { LONG_SENTENCE " It eats mercury with its fish.", "Who eats mercury?",
          LONG_SENTENCE " It eats mercury with its fish.", PARAGRAPH },
        { "From: Sandy\nTo: the list of all who ask about the handling of files in this net\n"
          "Subject: How are intermediate files handled",
          "How are intermediate files handled?",
          "From: Sandy\nTo: the list of all who ask about the handling of files in this net\n"
          "Subject: How are intermediate files handled",
          META },
        { "Colour | Fruit\nPurple | Plum\nYellow | Quince", "Which fruit is purple?",
          "Colour | Fruit\nPurple | Plum\nYellow | Quince", ROW },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        AnswerRun *run = arena_new_one(made.arena, AnswerRun);
        run->arena = made.arena;
        run->citation_max = CITATIONS_MAX;
        add_passage(&made, "d1", "a.txt", cases[i].text, cases[i].kind);
        Reading *reading = read_for(&made, cases[i].question);
        const Citation *citation = cite_unit(run, reading, reading->order[0], 1);
        cr_assert_not_null(citation);
        cr_expect(str_is(citation->quote, cases[i].quote), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(citation->quote));
        made_free(&made);
    }
}

Test(answer, short_lines_are_read_together_and_long_ones_are_not)
{
    Made made = made_new();
    add_passage(&made, "d1", "card.vcf", "Forrest Gump\nShrimp Man\nBubba Gump Shrimp Co.",
                PARAGRAPH);
    Reading *reading = read_for(&made, "What is the title of Forrest Gump?");
    cr_expect_eq(reading->unit_count, 1);
    cr_expect(str_is(reading->units[0].text, "Forrest Gump\nShrimp Man\nBubba Gump Shrimp Co."));
    made_free(&made);
}

Test(answer, the_one_line_of_a_form_that_answers_is_told_from_the_others)
{
    static const char form[] = "Invoice number: INV-20931\nInvoice date: March 3, 2026\n"
                               "Due date: April 2, 2026\nVAT: GBP 125.90\nTotal: GBP 755.40\n"
                               "Account manager: Priya Nair\nTom voted against. Bees.\nStamp:";
    static const struct {
        const char *question, *piece; /* empty: none */
    } cases[] = {
        { "What is the total of invoice INV-20931?", "Total: GBP 755.40" },
        { "When is invoice INV-20931 due?", "Due date: April 2, 2026" },
        { "Who is the account manager?", "Account manager: Priya Nair" },
        { "Who voted against?", "Tom voted against." },
        { "When was the date?", "" }, /* two lines say one */
        { "Who set the stamp?", "" },
        { "What does the supplier sell?", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        size_t start = 0, end = 0;
        add_passage(&made, "d1", "form.txt", form, PARAGRAPH);
        made.passages[0].blocks.count = 1;
        ((StoredBlock *)made.passages[0].blocks.at)[0].length = strlen(form);
        Reading *reading = read_for(&made, cases[i].question);
        bool found = reading_piece(reading, 0, &start, &end);
        Str piece = found ? str_slice(str(form), start, end) : S("");
        cr_expect(str_is(piece, cases[i].piece), "%s: " STR_FMT, cases[i].question, STR_ARG(piece));
        made_free(&made);
    }
}

Test(answer, what_stands_in_two_passages_is_ranked_once)
{
    Made made = made_new();
    add_passage(&made, "d1", "a.txt", "The red fox lives in the northern forest all year.",
                PARAGRAPH);
    add_passage(&made, "d1", "a.txt", "The red fox lives in the northern forest all year.",
                PARAGRAPH);
    Reading *reading = read_for(&made, "Where does the fox live?");
    cr_expect_eq(reading->unit_count, 2);
    cr_expect(!reading->units[0].is_repeated && reading->units[1].is_repeated);
    cr_expect_eq(reading->order[0], 0);
    made_free(&made);
}

Test(answer, a_question_about_something_else_is_less_likely_answered)
{
    static const struct {
        const char *better, *worse;
    } cases[] = {
        { "Who was the father of Aristotle?", "Who was the mother of Napoleon Bonaparte?" },
        { "When was Aristotle born?", "What salary does Aristotle receive from Mozilla?" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double chances[2];
        for (int j = 0; j < 2; j++) {
            Made made = made_new();
            double signs[SIGN_COUNT];
            add_passage(&made, "d1", "aristotle.txt",
                        "Aristotle was born in 384 BC. The father of Aristotle was Nicomachus.",
                        PARAGRAPH);
            Reading *reading = read_for(&made, j ? cases[i].worse : cases[i].better);
            decide_signs(reading, &reading->units[reading->order[0]], signs);
            chances[j] = decide_chance(signs);
            made_free(&made);
        }
        cr_expect(chances[0] > chances[1] + 0.1, "%s %.2f, %s %.2f", cases[i].better, chances[0],
                  cases[i].worse, chances[1]);
    }
}

Test(answer, a_number_answers_when_it_stands_beside_what_is_asked_for)
{
    static const struct {
        const char *question, *text;
        double bound;
    } cases[] = {
        { "How many eggs does a blobfish lay?", "It lays up to 900 pink eggs at a time.", 1 },
        { "How many eggs does a blobfish lay?", "Eggs: 900", 1 },
        { "How many eggs does a blobfish lay?", "It lays eggs at a depth of 600 metres.", 0 },
        { "How many eggs does a blobfish lay?", "It lays eggs.", 0 },
        { "How many eggs did 900 fish lay?", "The 900 fish laid eggs.", 0 },
        { "How high is Aoraki?", "Aoraki, at 3,754 metres, is the highest.", 1 },
        { "How high is Aoraki?", "Aoraki was climbed in 1894.", 0 },
        { "How wide is it?", "It is twelve metres across.", 1 },
        { "What does a ticket cost?", "A ticket is $12.", 1 },
        { "What does a ticket cost?", "A ticket is for 12 people.", 0 },
        { "What did they pay?", "They paid 12 euros.", 1 },
        { "Who is it?", "They paid 12 euros.", 0.5 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        add_passage(&made, "d1", "fish.txt", cases[i].text, PARAGRAPH);
        Reading *reading = read_for(&made, cases[i].question);
        double bound = reading_bound(reading, &reading->units[0]);
        cr_expect(bound == cases[i].bound, "%s %s: %.1f", cases[i].question, cases[i].text, bound);
        made_free(&made);
    }
}

Test(answer, a_unit_of_another_year_is_told_from_one_of_the_year_that_is_asked_for)
{
    static const struct {
        const char *text;
        bool is_other;
    } cases[] = {
        { "In 2011 there were 235 cases.", true },
        { "In 2014 there were 235 cases.", false },
        { "From 2011 to 2014 there were 235 cases.", false },
        { "There were 235 cases.", false },
        { "There were 20110 cases.", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Made made = made_new();
        add_passage(&made, "d1", "cases.txt", cases[i].text, PARAGRAPH);
        Reading *reading = read_for(&made, "How many cases were there in 2014?");
        cr_expect_eq(reading_is_of_other_year(reading, &reading->units[0]), cases[i].is_other, "%s",
                     cases[i].text);
        made_free(&made);
    }
}

Test(answer, a_row_is_told_with_the_names_of_its_columns)
{
    static const struct {
        const char *row, *header, *told;
    } cases[] = {
        { "Germany | 52575 | 55400", "Country | 2006 | 2007",
          "Country: Germany; 2006: 52575; 2007: 55400" },
        { "Germany |  | 55400", "Country | 2006 | 2007", "Country: Germany; 2007: 55400" },
        { "Germany | 55400", "Country | 2006 | 2007", "Germany | 55400" },
        { "Germany | 55400", "", "Germany | 55400" },
        { "alone", "name", "alone" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str told = row_text(arena, str(cases[i].row), str(cases[i].header));
        cr_expect(str_is(told, cases[i].told), "%s: " STR_FMT, cases[i].row, STR_ARG(told));
    }
}
