/* keyword_test.c - the keyword index against the formula, its query language, and damaged files. */
#include "index/keyword.h"

#include <criterion/criterion.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "index/keyword_segment.h"

typedef struct Fixture {
    Arena *arena;
    Words *words;
    KeywordIndex *index;
    char folder[64];
} Fixture;

static Fixture fixture(void)
{
    Fixture f = { .arena = arena_new(MB(64)),
                  .words = words_new(),
                  .folder = "/tmp/lectern-keyword-XXXXXX" };
    cr_assert(mkdtemp(f.folder));
    f.index = keyword_new(f.folder, 1);
    return f;
}

static void finish(Fixture *f)
{
    Error err = { 0 };
    keyword_free(f->index);
    cr_expect(folder_remove(f->folder, &err));
    words_free(f->words);
    arena_free(f->arena);
}

static void add(Fixture *f, uint64_t key, const char *title, const char *body)
{
    KeywordDocument document = { key, LANGUAGE_ENGLISH, { { str(title), 3 }, { str(body), 1 } } };
    keyword_add(f->index, f->words, &document);
}

static size_t search(Fixture *f, const char *text, LegHit *hits, size_t k)
{
    Language english = LANGUAGE_ENGLISH;
    Query query = query_parse(f->arena, f->words, &english, 1, str(text));
    return keyword_search(f->index, &query, NULL, k, hits);
}

/* "3 1" for keys in order of score. */
static const char *found(Fixture *f, const char *text)
{
    LegHit hits[16];
    Buf out = buf_new(f->arena, KB(1));
    size_t count = search(f, text, hits, COUNT(hits));
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%s%" PRIu64, i ? " " : "", hits[i].key);
    return buf_c(&out);
}

Test(index, queries_find_what_the_table_says)
{
    static const struct {
        const char *query, *expected;
    } cases[] = {
        { "cats", "1 3" },
        { "\"black cat\"", "1" },
        { "\"cat black\"", "" },
        { "\xE2\x80\x9C"
          "black cats\xE2\x80\x9D",
          "1" },
        { "cat -black", "3" },
        { "cat -\"dog chases\"", "1" },
        { "\"the dog\"", "3" },
        { "the", "3 1" },
        { "P051JTWX", "4" },
        { "-cat", "" },
        { "$9.43", "4" },
        { "nothing", "" },
        { "", "" },
        { "\"unclosed cat", "1 3" },
        { "1000000", "4" },
    };
    Fixture f = fixture();
    add(&f, 3, "", "The dog chases a cat and another animal across the street");
    add(&f, 1, "Cats", "A black cat sat on the mat");
    add(&f, 4, "Order", "P051JTWX costs $9.43 or 1,000,000 of them");
    keyword_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(found(&f, cases[i].query), cases[i].expected, "%s: %s", cases[i].query,
                         found(&f, cases[i].query));
    finish(&f);
}

Test(index, a_key_is_replaced_and_deleted_at_once)
{
    Fixture f = fixture();
    add(&f, 1, "", "apple");
    keyword_publish(f.index);
    add(&f, 1, "", "banana");
    add(&f, 2, "", "apple");
    add(&f, 2, "", "cherry");
    keyword_publish(f.index);
    cr_expect_str_eq(found(&f, "apple"), "");
    cr_expect_str_eq(found(&f, "banana cherry"), "1 2");
    cr_expect(keyword_delete(f.index, 1));
    cr_expect_not(keyword_delete(f.index, 1));
    cr_expect_str_eq(found(&f, "banana cherry"), "2");
    finish(&f);
}

/* --- Against the formula, over many segments, merges and deletes --- */

#define DOCUMENTS 3000
#define VOCABULARY 60

typedef struct Model {
    uint16_t counts[DOCUMENTS][VOCABULARY];
    uint32_t lengths[DOCUMENTS];
} Model;

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static void fill(Fixture *f, Model *model)
{
    uint32_t state = 7;
    for (uint32_t d = 0; d < DOCUMENTS; d++) {
        Buf body = buf_new(f->arena, KB(4));
        uint32_t length = 5 + (next_random(&state) >> 8) % 60;
        for (uint32_t i = 0; i < length; i++) {
            uint32_t r = (next_random(&state) >> 8) % VOCABULARY, word = r * r / VOCABULARY;
            buf_addf(&body, "w%u ", word);
            model->counts[d][word]++;
        }
        model->lengths[d] = length;
        add(f, d * 3, "", buf_c(&body));
        if (d % 41 == 0)
            keyword_publish(f->index);
    }
    keyword_publish(f->index);
}

static double model_score(const Model *model, uint32_t d, const uint32_t *words, size_t count)
{
    double total = 0, score = 0;
    for (uint32_t i = 0; i < DOCUMENTS; i++)
        total += model->lengths[i];
    for (size_t w = 0; w < count; w++) {
        double n = 0, tf = model->counts[d][words[w]];
        for (uint32_t i = 0; i < DOCUMENTS; i++)
            n += model->counts[i][words[w]] > 0;
        score += log1p((DOCUMENTS - n + 0.5) / (n + 0.5)) * tf /
                 (tf + (double)KEYWORD_K1 *
                           (1 - (double)KEYWORD_B +
                            (double)KEYWORD_B * model->lengths[d] / (total / DOCUMENTS)));
    }
    return score;
}

static int descending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left < right) - (left > right);
}

static void expect_model(Fixture *f, const Model *model, const uint32_t *words, size_t count,
                         size_t k)
{
    Buf text = buf_new(f->arena, KB(1));
    double *scores = arena_new_array(f->arena, double, DOCUMENTS);
    LegHit *hits = arena_new_array(f->arena, LegHit, k);
    for (size_t w = 0; w < count; w++)
        buf_addf(&text, "w%u ", words[w]);
    for (uint32_t d = 0; d < DOCUMENTS; d++)
        scores[d] = model_score(model, d, words, count);
    size_t got = search(f, buf_c(&text), hits, k);
    for (size_t i = 0; i < got; i++) {
        double expected = scores[hits[i].key / 3];
        cr_expect(fabs((double)hits[i].score - expected) < 1e-4 * expected, "%s rank %zu",
                  buf_c(&text), i);
    }
    qsort(scores, DOCUMENTS, sizeof(*scores), descending);
    size_t matching = 0;
    while (matching < DOCUMENTS && scores[matching] > 0)
        matching++;
    cr_assert_eq(got, MIN(k, matching));
    for (size_t i = 0; i < got; i++)
        cr_expect(fabs((double)hits[i].score - scores[i]) < 1e-4 * scores[i],
                  "%s rank %zu: %g, not %g", buf_c(&text), i, (double)hits[i].score, scores[i]);
}

Test(index, pruned_scores_are_those_of_the_formula)
{
    static const uint32_t queries[][5] = { { 0, 1, 2, 3, 4 },
                                           { 59, 58, 0, 1, 2 },
                                           { 30, 31, 32, 33, 34 },
                                           { 59, 59, 59, 0, 5 },
                                           { 45, 0, 0, 0, 0 } };
    Fixture f = fixture();
    Model *model = arena_new_one(f.arena, Model);
    fill(&f, model);
    for (size_t q = 0; q < COUNT(queries); q++) {
        expect_model(&f, model, queries[q], 5, 10);
        expect_model(&f, model, queries[q], 5, 500);
        expect_model(&f, model, queries[q], 1, 3000);
    }
    finish(&f);
}

static bool only_even(void *self, uint64_t key)
{
    (void)self;
    return key % 2 == 0;
}

Test(index, a_filter_is_applied_before_counting_to_k)
{
    Fixture f = fixture();
    LegHit hits[100];
    Language english = LANGUAGE_ENGLISH;
    for (uint64_t key = 0; key < 300; key++)
        add(&f, key, "", "one word");
    keyword_publish(f.index);
    Query query = query_parse(f.arena, f.words, &english, 1, S("word"));
    KeyFilter even = { .allows = only_even };
    cr_assert_eq(keyword_search(f.index, &query, &even, 100, hits), 100);
    cr_expect_eq(hits[99].key, 198);
    uint64_t bits[] = { 0, 0x8001 };
    KeyFilter two = { .bits = bits, .bit_count = 128 };
    cr_assert_eq(keyword_search(f.index, &query, &two, 100, hits), 2);
    cr_expect(hits[0].key == 64 && hits[1].key == 79);
    finish(&f);
}

/* --- On disk --- */

Test(index, what_was_committed_is_there_after_opening)
{
    Fixture f = fixture();
    Error err = { 0 };
    uint64_t generation = 0;
    for (uint64_t key = 0; key < 500; key++) {
        add(&f, key, "", key % 7 ? "plain thing" : "rare thing");
        if (key % 50 == 0)
            keyword_publish(f.index);
    }
    cr_assert(keyword_commit(f.index, 41, &err), "%s", err.message);
    keyword_delete(f.index, 7);
    add(&f, 900, "", "rare bird");
    cr_assert(keyword_commit(f.index, 42, &err), "%s", err.message);
    const char *before = str_c(f.arena, str(found(&f, "rare bird")));
    keyword_free(f.index);
    f.index = keyword_new(f.folder, 1);
    cr_assert_eq(keyword_load(f.index, &generation, &err), SHELF_LOADED, "%s", err.message);
    cr_expect_eq(generation, 42);
    cr_expect_str_eq(found(&f, "rare bird"), before);
    cr_expect_eq(keyword_size(f.index).entries, 500);
    Language languages[4];
    cr_expect_eq(keyword_languages(f.index, languages, 4), 1);
    keyword_free(f.index);
    f.index = keyword_new(f.folder, 2);
    cr_expect_eq(keyword_load(f.index, &generation, &err), SHELF_DAMAGED,
                 "made for another identity");
    finish(&f);
}

/* Every file of the folder, cut at some places and with bits flipped at others. */
static void damage_one(Fixture *f, const char *path, size_t cut, ptrdiff_t flip)
{
    Error err = { 0 };
    Str bytes;
    uint64_t generation = 0;
    cr_assert(file_read(f->arena, path, MB(16), &bytes, &err));
    char *copy = str_c(f->arena, bytes);
    if (flip >= 0)
        copy[flip] ^= 0x10;
    cr_assert(file_write(path, (Str){ copy, cut }, 0600, &err));
    KeywordIndex *index = keyword_new(f->folder, 1);
    cr_expect_eq(keyword_load(index, &generation, &err), SHELF_DAMAGED, "%s %zu %td", path, cut,
                 flip);
    cr_expect_neq(err.message[0], 0);
    keyword_free(index);
    cr_assert(file_write(path, bytes, 0600, &err));
}

Test(index, damaged_files_are_reported_and_never_read)
{
    Fixture f = fixture();
    Error err = { 0 };
    uint64_t generation;
    for (uint64_t key = 0; key < 200; key++)
        add(&f, key, "Title of it", "some words that stand in every chunk");
    cr_assert(keyword_commit(f.index, 1, &err));
    const char *names[] = { "manifest", "00000001.seg" };
    for (size_t n = 0; n < COUNT(names); n++) {
        char *path = path_join(f.arena, str(f.folder), str(names[n]));
        Str bytes;
        cr_assert(file_read(f.arena, path, MB(16), &bytes, &err), "%s", err.message);
        for (size_t cut = 0; cut < bytes.length; cut += bytes.length / 13 + 1)
            damage_one(&f, path, cut, -1);
        for (size_t flip = 0; flip < bytes.length; flip += bytes.length / 29 + 1)
            damage_one(&f, path, bytes.length, (ptrdiff_t)flip);
    }
    unlink(path_join(f.arena, str(f.folder), S("00000001.seg")));
    KeywordIndex *index = keyword_new(f.folder, 1);
    cr_expect_eq(keyword_load(index, &generation, &err), SHELF_DAMAGED);
    keyword_free(index);
    finish(&f);
}

/* --- Snippets --- */

Test(index, a_snippet_shows_the_words_that_were_looked_for)
{
    Fixture f = fixture();
    Language english = LANGUAGE_ENGLISH;
    Buf text = buf_new(f.arena, KB(16));
    for (int i = 0; i < 30; i++)
        buf_add(&text, S("Nothing of interest is written here at all. "));
    buf_add(&text, S("The black cats of Kyoto sleep. "));
    for (int i = 0; i < 30; i++)
        buf_add(&text, S("Nothing of interest is written here either. "));
    Query query = query_parse(f.arena, f.words, &english, 1, S("\"black cat\" kyoto"));
    Snippet s = query_snippet(f.arena, &query, f.words, english, buf_str(&text), 240);
    Str shown = str_slice(buf_str(&text), s.start, s.end);
    cr_expect(str_find(shown, S("The black cats of Kyoto sleep.")) >= 0, STR_FMT, STR_ARG(shown));
    cr_expect_leq(shown.length, 240);
    cr_assert_eq(s.matches.count, 2);
    cr_expect(str_is(str_slice(buf_str(&text), s.matches.at[0].start, s.matches.at[0].end),
                     "black cats"));
    s = query_snippet(f.arena, &query, f.words, english, S("no such thing"), 240);
    cr_expect(s.start == 0 && s.end == 13 && s.matches.count == 0);
    finish(&f);
}

/* --- Entries and blocks beside their definitions --- */

Test(keyword, an_entry_is_found_by_its_name_however_many_gaps_there_are)
{
    enum { NAMES = 500 };
    uint64_t names[NAMES];
    uint32_t state = 11;
    for (uint64_t gap = 1; gap <= 64; gap *= 4) {
        uint64_t name = 7;
        for (size_t i = 0; i < NAMES; i++) {
            state = state * 1664525u + 1013904223u;
            name += 1 + (state >> 16) % gap;
            names[i] = name;
        }
        for (uint32_t count = 0; count <= NAMES; count += 125) {
            Segment segment = { .names = names, .count = count };
            uint32_t wanted = 0;
            for (uint64_t asked = 0; asked < name + 3; asked++) {
                while (wanted < count && names[wanted] < asked)
                    wanted++;
                cr_assert_eq(segment_lower(&segment, asked), wanted);
            }
        }
    }
}

Test(keyword, documents_before_one_are_counted_as_one_by_one)
{
    uint32_t documents[KEYWORD_BLOCK];
    for (uint32_t filled = 0; filled <= KEYWORD_BLOCK; filled += 8) {
        for (uint32_t i = 0; i < KEYWORD_BLOCK; i++)
            documents[i] = i < filled ? 3 * i + 2 : INT32_MAX;
        for (uint32_t asked = 0; asked < 3 * KEYWORD_BLOCK + 5; asked++) {
            uint32_t before = 0;
            while (before < KEYWORD_BLOCK && documents[before] < asked)
                before++;
            cr_assert_eq(keyword_documents_before(documents, asked), before);
        }
    }
}

Test(keyword, a_block_of_any_width_is_unpacked_and_one_that_is_out_of_range_is_not)
{
    enum { COUNT_MAX = KEYWORD_BLOCK };
    static const uint32_t gaps[] = { 1, 200, 60000, 100000 };
    uint8_t bytes[2 + 8 * COUNT_MAX];
    for (size_t g = 0; g < COUNT(gaps); g++)
        for (uint32_t count = 1; count <= COUNT_MAX; count += 7) {
            uint8_t width = gaps[g] < 256 ? 1 : gaps[g] < 65536 ? 2 : 4;
            uint32_t wanted[COUNT_MAX], document = 0;
            bytes[0] = width, bytes[1] = 1;
            for (uint32_t i = 0; i < count; i++) {
                uint32_t gap = (i * 37 + 5) % gaps[g];
                memcpy(bytes + 2 + (size_t)i * width, &gap, width);
                bytes[2 + (size_t)count * width + i] = (uint8_t)(i + 1);
                wanted[i] = document += gap;
                document++;
            }
            KeywordHead head = { .document_count = document };
            KeywordBlock blocks[] = { { .last_document = document - 1 },
                                      { .postings = 2 + (uint64_t)count * (width + 1) } };
            KeywordView view = {
                .head = &head, .blocks = blocks, .postings = bytes, .postings_size = sizeof(bytes)
            };
            KeywordTerm term = { .document_count = count };
            KeywordPostings postings;
            uint32_t documents[KEYWORD_BLOCK];
            keyword_unpack(&view, &term, 0, &postings);
            cr_assert_eq(postings.count, count);
            cr_assert_eq(keyword_unpack_documents(&view, &term, 0, documents), count);
            for (uint32_t i = 0; i < count; i++)
                cr_assert(postings.documents[i] == wanted[i] && documents[i] == wanted[i] &&
                          postings.counts[i] == i + 1);
            head.document_count--;
            cr_assert_eq(keyword_unpack_documents(&view, &term, 0, documents), 0);
        }
}
