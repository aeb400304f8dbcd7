/* keyword_words_test.c - prefixes, edits, suggestions, fields and words that stand near each other.
 */
#include "index/keyword_words.h"

#include <criterion/criterion.h>

#include "index/keyword.h"
#include "index/keyword_phrase.h"

typedef struct Fixture {
    Arena *arena;
    Words *words;
    KeywordIndex *index;
} Fixture;

static Fixture fixture(void)
{
    return (Fixture){ arena_new(MB(64)), words_new(), keyword_new("/nonexistent", 1) };
}

static void finish(Fixture *f)
{
    keyword_free(f->index);
    words_free(f->words);
    arena_free(f->arena);
}

static void add(Fixture *f, uint64_t key, Language language, const char *title,
                const char *headings, const char *body)
{
    KeywordDocument document = { key,
                                 language,
                                 { { str(title), 3 }, { str(headings), 2 }, { str(body), 1 } } };
    keyword_add(f->index, f->words, &document);
}

static const char *keys_of(Fixture *f, const Query *query)
{
    LegHit hits[16];
    Buf out = buf_new(f->arena, KB(1));
    size_t count = keyword_search(f->index, query, NULL, COUNT(hits), hits);
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%s%" PRIu64, i ? " " : "", hits[i].key);
    return buf_c(&out);
}

static Query parse(Fixture *f, const char *text)
{
    Language languages[4];
    size_t count = keyword_languages(f->index, languages, COUNT(languages));
    return query_parse(f->arena, f->words, languages, count, str(text));
}

/* --- Edits --- */

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

/* The definition, letter by letter. */
static uint32_t plain_edits(Str a, Str b)
{
    uint32_t d[16][16];
    for (size_t i = 0; i <= a.length; i++)
        for (size_t j = 0; j <= b.length; j++) {
            if (!i || !j) {
                d[i][j] = (uint32_t)(i + j);
                continue;
            }
            uint32_t best = d[i - 1][j - 1] + (a.at[i - 1] != b.at[j - 1]);
            best = MIN(best, MIN(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                best = MIN(best, d[i - 2][j - 2] + 1);
            d[i][j] = best;
        }
    return d[a.length][b.length];
}

Test(index, words_within_two_edits_are_those_of_the_definition)
{
    enum { COUNT_OF_WORDS = 600 };
    Fixture f = fixture();
    Str all[COUNT_OF_WORDS];
    uint32_t state = 3;
    for (size_t i = 0; i < COUNT_OF_WORDS; i++) {
        char word[12] = "";
        size_t length = 1 + (next_random(&state) >> 8) % 9;
        for (size_t c = 0; c < length; c++)
            word[c] = (char)('a' + (next_random(&state) >> 8) % (3 + i % 3));
        all[i] = str_copy(f.arena, str(word));
        add(&f, i, LANGUAGE_OTHER, "", "", word);
        if (i % 200 == 0)
            keyword_publish(f.index);
    }
    keyword_publish(f.index);
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(f.index);
    for (size_t w = 0; w < 60; w++)
        for (uint32_t edits = 0; edits <= 2; edits++) {
            KeywordWords like = keyword_words_like(now->at, now->count, all[w], edits, 0, f.arena);
            double found = 0, expected = 0;
            for (size_t i = 0; i < like.at.count; i++) {
                const KeywordWord *word = &like.at.at[i];
                cr_expect_eq(word->edits, plain_edits(all[w], word->text));
                cr_expect_eq(keyword_word_edits(all[w], word->text), word->edits);
                cr_expect(i == 0 || like.at.at[i - 1].edits <= word->edits);
                found += word->documents;
            }
            for (size_t i = 0; i < COUNT_OF_WORDS; i++)
                expected += plain_edits(all[w], all[i]) <= edits;
            cr_expect_eq(found, expected, STR_FMT " %u: %g, not %g", STR_ARG(all[w]), edits, found,
                         expected);
            /* They are written as they are kept. */
            KeywordWords written =
                keyword_words_written_like(now->at, now->count, all[w], edits, 0, f.arena);
            cr_expect_eq(written.at.count, like.at.count, STR_FMT " %u", STR_ARG(all[w]), edits);
            for (size_t i = 0; i < MIN(written.at.count, like.at.count); i++)
                cr_expect(str_equal(written.at.at[i].text, like.at.at[i].text));
        }
    finish(&f);
}

static void add_library(Fixture *f)
{
    add(f, 1, LANGUAGE_ENGLISH, "Retrieval", "Telescopes", "Information retrieval with telescopes");
    add(f, 2, LANGUAGE_ENGLISH, "Television", "", "A retrieved thing, a telephone and a gannet");
    add(f, 3, LANGUAGE_ENGLISH, "", "The gannet", "receipts of a bank");
    add(f, 4, LANGUAGE_GERMAN, "M\xC3\xBCnchen", "", "Die Wetterstation liegt in M\xC3\xBCnchen");
    add(f, 5, LANGUAGE_ENGLISH, "", "", "banks, banks and the Munchkin");
    keyword_publish(f->index);
}

Test(index, a_mistyped_word_is_suggested_as_the_library_writes_it)
{
    static const struct {
        const char *typed, *expected;
    } cases[] = {
        { "retreival", "retrieval" },
        { "Retrival", "retrieval" },
        { "retrieval", "" }, /* it is there */
        { "recipts", "receipts" },
        { "telecsopes", "telescopes" },
        { "ielephone", "telephone" }, /* seldom, but it happens */
        { "gannte", "gannet" },
        { "hosptal", "hospital" }, /* whose stem is hospit, of the other hosptal */
        { "poential", "potential" },
        { "wettersation", "wetterstation" },
        { "Munchen", "" }, /* so is it without its accent */
        { "M\xC3\xBCnchn", "m\xC3\xBCnchen" },
        { "qqqqqqq", "" },
        { "bnk", "" },   /* too short to guess */
        { "X-100", "" }, /* no word */
        { "", "" },
    };
    Fixture f = fixture();
    Language languages[4];
    add_library(&f);
    add(&f, 6, LANGUAGE_ENGLISH, "", "", "a potential hospital");
    keyword_publish(f.index);
    size_t count = keyword_languages(f.index, languages, COUNT(languages));
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t looks = 1;
        Str got = keyword_suggest(f.index, f.words, languages, count, str(cases[i].typed), &looks,
                                  f.arena);
        cr_expect(str_equal(got, str(cases[i].expected)), "%s: " STR_FMT, cases[i].typed,
                  STR_ARG(got));
    }
    finish(&f);
}

/* How the index shows what was typed wrong. */
static bool suggests(Fixture *f, const char *typed, const char *expected)
{
    Language english = LANGUAGE_ENGLISH;
    size_t looks = 1;
    Str got = keyword_suggest(f->index, f->words, &english, 1, str(typed), &looks, f->arena);
    Str none = keyword_suggest(f->index, f->words, &english, 1, str(typed), &looks, f->arena);
    return str_is(got, expected) && (!got.length || !none.length);
}

static float weight_of(const Query *query, const char *term)
{
    for (size_t i = 0; i < query->terms.count; i++)
        if (str_is(query->terms.at[i].text, term))
            return query->terms.at[i].weight;
    return 0;
}

Test(index, a_word_of_a_language_that_the_query_is_not_read_in_is_no_slip)
{
    Fixture f = fixture();
    Language english = LANGUAGE_ENGLISH;
    add(&f, 1, LANGUAGE_OTHER, "", "", "un accord entre eux");
    add(&f, 2, LANGUAGE_ENGLISH, "", "", "enter the entries");
    keyword_publish(f.index);
    Query query = query_parse(f.arena, f.words, &english, 1, S("entre"));
    keyword_expand(f.index, f.arena, &query);
    cr_expect(suggests(&f, "entre", "") && suggests(&f, "enetr", "enter"));
    cr_expect(weight_of(&query, "entre") == 1 && weight_of(&query, "enter") == 0);
    cr_expect_str_eq(keys_of(&f, &query), "1");
    finish(&f);
}

Test(index, the_form_of_a_word_goes_with_its_document)
{
    Fixture f = fixture();
    for (uint64_t key = 1; key < 40; key++)
        add(&f, key, LANGUAGE_ENGLISH, "", "", key == 7 ? "thing connections" : "thing");
    keyword_publish(f.index);
    add(&f, 50, LANGUAGE_ENGLISH, "", "", "connect");
    keyword_publish(f.index);
    cr_expect(suggests(&f, "conections", "connections"));
    keyword_erase(f.index, 7);
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(f.index);
    Bytes merged = keyword_merge(now->at, now->count, 0);
    cr_expect(memmem(merged.at, merged.length, "connect", 7));
    cr_expect_not(memmem(merged.at, merged.length, "connections", 11));
    free(merged.at);
    finish(&f);
}

Test(index, prefixes_and_edits_become_words_of_the_index)
{
    static const struct {
        const char *word;
        bool is_prefix;
        uint8_t edits;
        const char *expected;
    } cases[] = {
        { "tele", true, 0, "2 1" },   { "televis", true, 0, "2" }, { "zzz", true, 0, "" },
        { "ganet", false, 1, "3 2" }, { "gnet", false, 2, "3 2" }, { "gnet", false, 1, "" },
    };
    Fixture f = fixture();
    add_library(&f);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = { 0 };
        *vec_push(f.arena, &query.terms) = (QueryTerm){ .text = str(cases[i].word),
                                                        .weight = 1,
                                                        .edits = cases[i].edits,
                                                        .is_prefix = cases[i].is_prefix };
        keyword_expand(f.index, f.arena, &query);
        cr_expect_str_eq(keys_of(&f, &query), cases[i].expected, "%s: %s", cases[i].word,
                         keys_of(&f, &query));
    }
    finish(&f);
}

Test(index, a_word_that_is_nowhere_finds_what_it_resembles_behind_the_rest)
{
    static const struct {
        const char *query, *expected;
    } cases[] = {
        { "gannte", "3 2" },     { "gannte bank", "3 5 2" }, /* what is there counts more */
        { "telephnoe", "2" },    { "qqqq gannet", "3 2" },
        { "wettersation", "4" }, /* in any language of the library */
    };
    Fixture f = fixture();
    add_library(&f);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = parse(&f, cases[i].query);
        keyword_expand(f.index, f.arena, &query);
        cr_expect_str_eq(keys_of(&f, &query), cases[i].expected, "%s: %s", cases[i].query,
                         keys_of(&f, &query));
    }
    finish(&f);
}

/* --- Clauses --- */

Test(index, clauses_hold_in_their_fields_and_within_their_slop)
{
    static const struct {
        const char *phrase;
        uint8_t fields;
        uint16_t slop;
        bool is_excluded, is_prefix;
        const char *expected; /* of "word" */
    } cases[] = {
        { "apple", 0, 0, false, false, "1 2 3" },
        { "apple", QUERY_TITLE, 0, false, false, "1" },
        { "apple", QUERY_HEADINGS, 0, false, false, "2" },
        { "apple", QUERY_TITLE | QUERY_BODY, 0, false, false, "1 3" },
        { "apple", QUERY_TITLE, 0, true, false, "2 3 4" },
        { "app", QUERY_TITLE, 0, false, true, "1" },
        { "red pear", 0, 0, false, false, "" },
        { "red pear", 0, 2, false, false, "" },
        { "red pear", 0, 3, false, false, "4" },
        { "pear red", 0, 3, false, false, "4" }, /* in any order */
        { "pear red", QUERY_TITLE, 3, false, false, "" },
        { "red red", 0, 5, false, false, "" }, /* one word is not two */
        { "very very", 0, 1, false, false, "4" },
        { "very very tall", 0, 0, false, false, "4" },
    };
    Fixture f = fixture();
    add(&f, 1, LANGUAGE_ENGLISH, "Apple", "", "word");
    add(&f, 2, LANGUAGE_ENGLISH, "", "Apples", "word");
    add(&f, 3, LANGUAGE_ENGLISH, "", "", "word apple");
    add(&f, 4, LANGUAGE_ENGLISH, "", "", "word red very very tall pear");
    keyword_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = parse(&f, "word");
        WordList list = words_list(f.words, LANGUAGE_ENGLISH, str(cases[i].phrase), f.arena);
        QueryPhrase phrase = { arena_new_array(f.arena, Str, list.words.count), 0 };
        for (size_t w = 0; w < list.words.count; w++)
            phrase.words[phrase.count++] = list.words.at[w].text;
        QueryClause clause = { .fields = cases[i].fields,
                               .slop = cases[i].slop,
                               .is_excluded = cases[i].is_excluded,
                               .is_prefix = cases[i].is_prefix };
        *vec_push(f.arena, &clause.phrases) = phrase;
        *vec_push(f.arena, &query.clauses) = clause;
        keyword_expand(f.index, f.arena, &query);
        KeyFilter keys = keyword_matching(f.index, &query, NULL, f.arena, NULL);
        Buf out = buf_new(f.arena, KB(1));
        for (uint64_t key = 0; key < keys.bit_count; key++)
            if (key_allowed(&keys, key))
                buf_addf(&out, "%s%" PRIu64, out.length ? " " : "", key);
        cr_expect_str_eq(buf_c(&out), cases[i].expected, "%s in %u ~%u: %s", cases[i].phrase,
                         cases[i].fields, cases[i].slop, buf_c(&out));
    }
    finish(&f);
}

/* --- Words that are found in a field and weigh nothing there --- */

static void add_with_asides(Fixture *f, uint64_t key, const char *body, const Str *asides,
                            size_t count)
{
    KeywordDocument document = { key,
                                 LANGUAGE_ENGLISH,
                                 { { 0 }, { S("Violins"), 2, asides, count }, { str(body), 1 } } };
    keyword_add(f->index, f->words, &document);
}

Test(index, a_heading_inside_a_passage_is_found_as_one)
{
    static const struct {
        const char *query, *expected;
    } cases[] = {
        { "heading:strings", "1" },
        { "heading:\"sound post\"", "1" },
        { "-heading:strings violins", "2" },
        { "heading:violins", "1 2" },
        { "heading:maple", "" },             /* the body's own word */
        { "heading:\"violins sound\"", "" }, /* two headings make no phrase, */
        { "\"violins sound\"", "" },
        { "heading:\"post strings\"", "" },
        { "\"post strings\"~1000", "1 2" }, /* but as words of the body they are near */
        { "heading:\"post strings\"~1000", "" },
    };
    Fixture f = fixture();
    Str asides[] = { S_INIT("The sound post"), S_INIT("Strings") };
    const char *body = "maple The sound post stands inside. Strings are of gut";
    add_with_asides(&f, 1, body, asides, 2);
    add_with_asides(&f, 2, body, NULL, 0);
    keyword_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = parse(&f, cases[i].query);
        KeyFilter keys = keyword_matching(f.index, &query, NULL, f.arena, NULL);
        Buf out = buf_new(f.arena, KB(1));
        for (uint64_t key = 0; key < keys.bit_count; key++)
            if (key_allowed(&keys, key))
                buf_addf(&out, "%s%" PRIu64, out.length ? " " : "", key);
        cr_expect_str_eq(buf_c(&out), cases[i].expected, "%s: %s", cases[i].query, buf_c(&out));
    }
    finish(&f);
}

Test(index, a_heading_inside_a_passage_changes_no_score)
{
    Fixture with = fixture(), without = fixture();
    Str asides[] = { S_INIT("Sound posts"), S_INIT("Strings"), S_INIT("Posts of sound") };
    for (uint64_t key = 1; key <= 200; key++) {
        const char *body = key % 3 ? "Sound posts stand. Strings are of gut" : "Gut strings sound";
        add_with_asides(&with, key, body, asides, key % 3 ? key % 4 : 0);
        add_with_asides(&without, key, body, NULL, 0);
        if (key % 50 == 0)
            keyword_publish(with.index), keyword_publish(without.index);
    }
    static const char *const queries[] = { "sound", "strings posts", "gut",
                                           "violins \"sound posts\"" };
    for (size_t i = 0; i < COUNT(queries); i++) {
        LegHit a[200], b[200];
        Query query = parse(&with, queries[i]), same = parse(&without, queries[i]);
        size_t count = keyword_search(with.index, &query, NULL, COUNT(a), a);
        cr_assert_eq(count, keyword_search(without.index, &same, NULL, COUNT(b), b));
        cr_assert_gt(count, 0);
        for (size_t h = 0; h < count; h++)
            cr_expect(a[h].key == b[h].key && memcmp(&a[h].score, &b[h].score, sizeof(float)) == 0,
                      "%s: hit %zu", queries[i], h);
        KeywordExplanation why = keyword_explain(with.index, &query, a[0].key, with.arena);
        for (size_t t = 0; t < why.term_count; t++)
            cr_expect_eq(why.terms[t].in_field[1], str_is(why.terms[t].text, "violin") ? 1 : 0);
    }
    finish(&with);
    finish(&without);
}

/* --- Queries that ask for too much --- */

static const char *twenty_prefixes(Fixture *f)
{
    Buf text = buf_new(f->arena, KB(8));
    for (int i = 0; i < 20; i++)
        buf_addf(&text, "%cqa* ", 'a' + i);
    return buf_c(&text);
}

Test(index, so_many_words_are_widened_and_each_to_fewer_when_there_are_more)
{
    Fixture f = fixture();
    char body[] = "aqaq";
    for (uint64_t key = 0; key < 20 * 26; key++) {
        body[0] = (char)('a' + key / 26);
        body[3] = (char)('a' + key % 26);
        add(&f, key, LANGUAGE_ENGLISH, "", "", body);
    }
    keyword_publish(f.index);
    Query one = parse(&f, "aqa*"), many = parse(&f, twenty_prefixes(&f));
    keyword_expand(f.index, f.arena, &one);
    cr_expect(one.terms.count >= 25 && !one.is_cut, "%zu", one.terms.count);
    cr_assert_eq(many.terms.count, 20);
    keyword_expand(f.index, f.arena, &many);
    cr_expect(many.is_cut && many.terms.count == QUERY_WIDENED_MAX * 6 + 4, "%zu",
              many.terms.count);
    finish(&f);
}

Test(index, phrases_that_are_nearly_everywhere_are_looked_for_so_many_times)
{
    Fixture f = fixture();
    for (uint64_t key = 0; key < 100; key++)
        add(&f, key, LANGUAGE_ENGLISH, "", "", key % 2 ? "red pear" : "pear red");
    keyword_publish(f.index);
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(f.index);
    cr_assert_eq(now->count, 1);
    static const struct {
        const char *query;
        size_t looks;
        int count; /* of documents that pass */
    } cases[] = {
        { "\"red pear\"", 101, 50 },
        { "\"red pear\"", 99, 100 },
        { "-\"red pear\"", 101, 50 },
        { "-\"red pear\"", 99, 100 },
        { "\"red pear\" \"pear red\"", 200, 0 },
        { "\"red pear\" \"pear red\"", 101, 50 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t allowed[2] = { UINT64_MAX, UINT64_MAX >> 28 };
        size_t looks = cases[i].looks;
        Query query = parse(&f, cases[i].query);
        keyword_apply_clauses(now->at[0], &query, allowed, &looks);
        int count = __builtin_popcountll(allowed[0]) + __builtin_popcountll(allowed[1]);
        cr_expect_eq(count, cases[i].count, "%s, %zu: %d", cases[i].query, cases[i].looks, count);
    }
    finish(&f);
}

/* --- Scripts, languages, accents --- */

Test(index, words_of_any_script_are_found)
{
    static const struct {
        Language language;
        const char *body;
    } texts[] = {
        { LANGUAGE_JAPANESE, "東京特許許可局は新しい特許を審査します。データベース" },
        { LANGUAGE_CHINESE, "北京大学图书馆收藏了许多古籍" },
        { LANGUAGE_KOREAN, "서울에서 열린 회의에서 계약서를 검토했습니다" },
        { LANGUAGE_OTHER, "การประชุมที่กรุงเทพมหานครเริ่มวันจันทร์" },
        { LANGUAGE_ENGLISH, "A caf\xC3\xA9 in Reykjavik and getUserName of user_table, MX-5/2b" },
        { LANGUAGE_ENGLISH, "The cafe of Oslo; mail ada@example.org by 2024-01-31" },
        { LANGUAGE_GERMAN, "Die H\xC3\xA4user der Stadtb\xC3\xBC"
                           "cherei; Preise 1.250,00 Euro" },
    };
    static const struct {
        const char *query, *expected;
    } cases[] = {
        { "特許", "0" },
        { "データ", "0" },
        { "東京", "0" },
        { "图书馆", "1" },
        { "古籍 大学", "1" },
        { "계약서", "2" },
        { "회의", "2" },
        { "กรุงเทพ", "3" },
        { "ประชุม", "3" },
        { "\"北京大学\"", "1" },
        { "\"大学北京\"", "" },
        { "user name", "4" },
        { "getusername", "4" },
        { "user table", "4" },
        { "MX-5/2b", "4" },
        { "mx-5/2B", "4" },
        { "ada@example.org", "5" },
        { "2024-01-31", "5" },
        { "caf\xC3\xA9", "4 5" },
        { "haus", "6" },
        { "H\xC3\xA4user", "6" },
        { "hauser", "6" },
        { "stadtbucherei", "6" },
    };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(texts); i++)
        add(&f, i, texts[i].language, "", "", texts[i].body);
    keyword_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = parse(&f, cases[i].query);
        keyword_expand(f.index, f.arena, &query);
        cr_expect_str_eq(keys_of(&f, &query), cases[i].expected, "%s: %s", cases[i].query,
                         keys_of(&f, &query));
    }
    finish(&f);
}

/* --- What is marked --- */

static const char *marked(Fixture *f, const Query *query, Language language, Str text)
{
    Buf out = buf_new(f->arena, KB(4));
    Snippet snippet = query_snippet(f->arena, query, f->words, language, text, 240);
    for (size_t i = 0; i < snippet.matches.count; i++) {
        ByteRange range = snippet.matches.at[i];
        buf_addf(&out, "%s" STR_FMT, i ? "|" : "",
                 STR_ARG(str_slice(text, range.start, range.end)));
    }
    return buf_c(&out);
}

Test(index, every_form_that_matched_is_marked)
{
    static const struct {
        const char *query;
        bool is_prefix;
        uint8_t edits;
        const char *expected;
    } cases[] = {
        { "cat", false, 0, "cats|cat" },
        { "caf\xC3\xA9", false, 0, "cafe" },
        { "\"cats of the house\"", false, 0, "cats of the house|cat" },
        { "\"of the house\" -dog", false, 0, "of the house" },
        { "user_table", false, 0, "user_table" },
        { "telephnoe", false, 0, "telephone" }, /* a guess */
        { "telev", true, 0, "televisions" },
        { "hause", false, 1, "house" },
        { "nothing", false, 0, "" },
    };
    Fixture f = fixture();
    Str text =
        S("Three cats of the house and a cat of the cafe, a telephone, televisions, user_table");
    KeywordDocument document = { 1, LANGUAGE_ENGLISH, { { text, 1 } } };
    keyword_add(f.index, f.words, &document);
    keyword_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = parse(&f, cases[i].query);
        for (size_t t = 0; t < query.terms.count; t++) {
            query.terms.at[t].is_prefix = cases[i].is_prefix;
            query.terms.at[t].edits = cases[i].edits;
        }
        keyword_expand(f.index, f.arena, &query);
        cr_expect_str_eq(marked(&f, &query, LANGUAGE_ENGLISH, text), cases[i].expected, "%s: %s",
                         cases[i].query, marked(&f, &query, LANGUAGE_ENGLISH, text));
    }
    finish(&f);
}
