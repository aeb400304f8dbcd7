/* index_test.c - both legs together, the golden scores, readers beside a writer. */
#include "index/index.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "index/keyword.h"

Test(index, fusion_keeps_both_legs_scores_and_ranks)
{
    LegHit keyword[] = { { 1, 9 }, { 2, 5 }, { 3, 1 } },
           vector[] = { { 2, 0.9f }, { 4, 0.5f }, { 1, 0.1f } };
    IndexHit hits[10];
    cr_assert_eq(fusion_merge(keyword, 3, vector, 3, 0.6f, 10, hits), 4);
    /* Both legs are alike but for their scales, so 2 has half of the first's and all of the
     * other's. */
    cr_expect(hits[0].key == 2 && fabsf(hits[0].score - 0.8f) < 1e-5f);
    cr_expect(hits[0].keyword_rank == 2 && hits[0].vector_rank == 1 && hits[0].keyword_score == 5);
    cr_expect(hits[1].key == 1 && hits[1].vector_rank == 3);
    cr_expect(hits[2].key == 4 && hits[2].keyword_rank == 0);
    cr_assert_eq(fusion_merge(keyword, 3, NULL, 0, 0.6f, 2, hits), 2, "a missing leg");
    cr_expect(hits[0].key == 1 && hits[0].score == 1);
    cr_assert_eq(fusion_merge(NULL, 0, vector, 1, 0.6f, 10, hits), 1);
    cr_expect(hits[0].key == 2 && hits[0].score == 1);
    cr_expect_eq(fusion_merge(NULL, 0, NULL, 0, 0.6f, 10, hits), 0);
}

/* Ten hits from `key` on, the best `ahead` before the others, which fall by 0.1. */
static void make_leg(LegHit *leg, uint64_t key, float ahead)
{
    for (size_t i = 0; i < 10; i++)
        leg[i] = (LegHit){ .key = key + i, .score = 5 - 0.1f * (float)i + (i ? 0 : ahead) };
}

Test(index, the_leg_whose_best_stands_out_decides)
{
    LegHit flat[10], steep[10];
    IndexHit hits[20];
    make_leg(flat, 100, 0);
    make_leg(steep, 200, 3);
    cr_assert_eq(fusion_merge(flat, 10, steep, 10, 0.5f, 20, hits), 20);
    cr_expect_eq(hits[0].key, 200);
    cr_expect(hits[0].score > 0.5f && hits[1].key == 100 && hits[1].score < 0.5f);
    cr_assert_eq(fusion_merge(steep, 10, flat, 10, 0.5f, 20, hits), 20);
    cr_expect_eq(hits[0].key, 200);
}

Test(index, what_few_passages_say_stands_out)
{
    LegHit words[] = { { 7, 3 }, { 8, 2.9f } }, alike[] = { { 7, 3 }, { 8, 3 } }, vector[10];
    IndexHit hits[12];
    make_leg(vector, 1, 0); /* 7 and 8 are its last but two */
    cr_assert_eq(fusion_merge(words, 2, vector, 10, 0.5f, 12, hits), 10);
    cr_expect(hits[0].key == 7 && hits[1].key == 8 && hits[1].shares[SHARE_KEYWORD] > 0.3f,
              "the worst of two that have the words has more than none");
    cr_assert_eq(fusion_merge(alike, 2, NULL, 0, 0.5f, 12, hits), 2);
    cr_expect(hits[0].score == 1 && hits[1].score == 1 && hits[0].key == 7);
}

Test(index, neighbours_support_each_other)
{
    IndexHit hits[] = { { .key = 1, .score = 1, .shares[SHARE_KEYWORD] = 1 },
                        { .key = 2, .score = 0.5f, .shares[SHARE_KEYWORD] = 0.5f },
                        { .key = 3, .score = 0.5f, .shares[SHARE_SEMANTIC] = 0.5f } };
    float cosines[] = { 0, 0, 0.9f, 0, 0, 0, 0.9f, 0, 0 };
    fusion_smooth(hits, 3, cosines, 0.3f);
    cr_expect(hits[0].key == 1 && fabsf(hits[0].score - 0.85f) < 1e-5f);
    cr_expect(hits[1].key == 3 && fabsf(hits[1].score - 0.65f) < 1e-5f);
    cr_expect(hits[2].key == 2 && fabsf(hits[2].score - 0.5f) < 1e-5f, "alone: as it was");
    cr_expect(fabsf(hits[1].shares[SHARE_SEMANTIC] - 0.35f) < 1e-5f);
    cr_expect(fabsf(hits[1].shares[SHARE_NEIGHBOURS] - 0.3f) < 1e-5f);
    fusion_smooth(hits, 0, NULL, 0.3f);
}

typedef struct Fixture {
    Arena *arena;
    Index *index;
    char folder[64];
} Fixture;

static const IndexOptions *options(const Fixture *f)
{
    static IndexOptions made;
    made = (IndexOptions){ .folder = f->folder, .dims = 8, .identity = S("a"), .model = S("m") };
    return &made;
}

static Fixture fixture(void)
{
    Fixture f = { .arena = arena_new(MB(64)), .folder = "/tmp/lectern-index-XXXXXX" };
    cr_assert(mkdtemp(f.folder));
    f.index = index_new(options(&f));
    return f;
}

static void finish(Fixture *f)
{
    Error err = { 0 };
    index_free(f->index);
    cr_expect(folder_remove(f->folder, &err));
    arena_free(f->arena);
}

static void add(Index *index, uint64_t key, const char *body)
{
    IndexChunk chunk = {
        .key = key, .title = S("Title"), .body = str(body), .language = LANGUAGE_ENGLISH
    };
    float vector[8] = { 1, (float)(key % 7), (float)(key % 3), -1, 0, 0.5f, 2, 1 };
    index_add_chunk(index, &chunk);
    index_add_vector(index, key, 0, vector);
}

Test(index, phrases_and_exclusions_bind_the_vector_leg_too)
{
    Fixture f = fixture();
    float vector[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    IndexHit hits[10];
    add(f.index, 1, "a black cat");
    add(f.index, 2, "a cat that is black");
    add(f.index, 3, "a dog");
    index_publish(f.index);
    IndexSearch search = { .text = S("\"black cat\""), .vector = vector, .count = 10 };
    cr_assert_eq(index_search(f.index, f.arena, &search, hits), 1);
    cr_expect(hits[0].key == 1 && hits[0].keyword_rank == 1 && hits[0].vector_rank == 1);
    search.text = S("black -dog -\"black cat\"");
    cr_assert_eq(index_search(f.index, f.arena, &search, hits), 1);
    cr_expect_eq(hits[0].key, 2);
    search.text = S("dog");
    cr_expect_eq(index_search(f.index, f.arena, &search, hits), 3, "the vector leg finds all");
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(hits[i].keyword_rank, hits[i].key == 3);
    uint64_t gone = 3;
    index_delete(f.index, &gone, 1);
    cr_expect_eq(index_search(f.index, f.arena, &search, hits), 2);
    finish(&f);
}

static void expect_sums(const IndexHit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (size_t n = 0; n < SHARE_COUNT; n++)
            sum += hits[i].shares[n];
        cr_expect(fabsf(sum - hits[i].score) < 1e-6f && sum <= 1.0001f, "hit %zu", i);
        cr_expect(i == 0 || hits[i - 1].score >= hits[i].score);
    }
}

Test(index, what_is_typed_word_for_word_comes_first)
{
    static const struct {
        const char *query;
        uint64_t first;
    } cases[] = { { "X-100/4b", 3 }, { "green tree frog", 5 }, { "v2.3.1", 6 } };
    Fixture f = fixture();
    float vector[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    add(f.index, 1, "X and 100, 4b or X: 100 more of X and 4b");
    add(f.index, 2, "The parts 100 and 4b of X.");
    add(f.index, 3, "A long list of parts that a shop once had: bolts, nuts, X-100/4b, springs.");
    add(f.index, 4, "A frog in a tree of the garden, as green as all of it here.");
    add(f.index, 5, "The green tree frog is seen least of all in the garden here.");
    add(f.index, 6, "What was changed in v2.3.1 of the program.");
    add(f.index, 7, "v2 and 3 and 1, v2 and 3 and 1");
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexSearch search = { .text = str(cases[i].query), .vector = vector, .count = 10 };
        IndexHit hits[10];
        size_t count = index_search(f.index, f.arena, &search, hits);
        cr_expect(count && hits[0].key == cases[i].first, "%s: %d", cases[i].query,
                  count ? (int)hits[0].key : -1);
        cr_expect(count && hits[0].shares[SHARE_EXACT] > 0, "%s", cases[i].query);
        expect_sums(hits, count);
    }
    finish(&f);
}

Test(index, titles_and_names_that_are_typed_come_first)
{
    static const struct {
        const char *query;
        uint64_t first;
        bool by_title;
    } cases[] = {
        { "lyft 2021", 1, true },         { "annual report", 1, true },
        { "reports of 2021", 1, true }, /* one word of the title, one of the name */
        { "r2r_lyft_2021.pdf", 1, true }, { "lyft_2021", 1, true },
        { "tree frog", 2, true },         { "frog report", 3, false }, /* no title has both */
        { "\"tree frog\"", 2, false }
    }; /* says itself what it wants */
    static const struct {
        const char *title, *name, *body;
    } chunks[] = {
        { "Annual Report", "r2r_lyft_2021.pdf", "Drivers drove." },
        { "The tree frog", "a.txt", "It is green." },
        { "Minutes", "b.txt",
          "The report of 2021 on the tree frog: a frog, a report, 2021, a lyft." },
    };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(chunks); i++) {
        IndexChunk chunk = { .key = i + 1,
                             .title = str(chunks[i].title),
                             .name = str(chunks[i].name),
                             .body = str(chunks[i].body),
                             .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexSearch search = { .text = str(cases[i].query), .count = 10 };
        IndexHit hits[10];
        size_t count = index_search(f.index, f.arena, &search, hits);
        cr_assert(count, "%s", cases[i].query);
        cr_expect_eq(hits[0].key, cases[i].first, "%s: %d", cases[i].query, (int)hits[0].key);
        cr_expect_eq(hits[0].shares[SHARE_NAMED] > 0, cases[i].by_title, "%s", cases[i].query);
        expect_sums(hits, count);
    }
    finish(&f);
}

Test(index, what_has_more_of_the_words_comes_before_what_vectors_are_near_to)
{
    static const struct {
        const char *query;
        uint64_t first;
        bool is_covered;
    } cases[] = {
        { "gannets nested ledge", 1, true },
        { "the gannet, the ledge and a nest", 1, true }, /* stop words aside, in other forms */
        { "gannet ledge", 2, true },
        { "gannet ledge nest puffin", 1, true }, /* no passage has them all */
        { "ledge", 3, true },
        { "\"gannet\" ledge nest", 2, false }, /* says itself what it wants */
    };
    static const float vectors[][8] = { { -1, 1 }, { 1, 1 }, { 1, 0.9f }, { 1, 0.8f } };
    static const char *const bodies[] = {
        "In that year, they say, a gannet had its nest for the first time on the ledge there.",
        "Gannet, gannet on the ledge, on the ledge.",
        "A ledge. A ledge.",
        "Gannets.",
    };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        IndexChunk chunk = { .key = i + 1, .body = str(bodies[i]), .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
        index_add_vector(f.index, i + 1, 0, vectors[i]);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexSearch search = { .text = str(cases[i].query), .vector = vectors[1], .count = 10 };
        IndexHit hits[10];
        size_t count = index_search(f.index, f.arena, &search, hits);
        cr_assert(count, "%s", cases[i].query);
        cr_expect_eq(hits[0].key, cases[i].first, "%s: %d", cases[i].query, (int)hits[0].key);
        cr_expect_eq(hits[0].shares[SHARE_COVERED] > 0, cases[i].is_covered, "%s", cases[i].query);
        expect_sums(hits, count);
    }
    finish(&f);
}

Test(index, words_that_nothing_has_and_words_of_asking_change_nothing_for_the_others)
{
    static const char *const bodies[] = { "A gannet had its nest on the ledge.",
                                          "Gannet, gannet on the ledge. What is said.",
                                          "About bread." };
    static const char *const queries[] = { "gannet ledge nest", "gannet ledge nest puffin",
                                           "What is said about gannet, ledge and nest?" };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        IndexChunk chunk = { .key = i + 1, .body = str(bodies[i]), .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(queries); i++) {
        IndexSearch search = { .text = str(queries[i]), .count = 10 };
        IndexHit hits[10];
        cr_assert(index_search(f.index, f.arena, &search, hits), "%s", queries[i]);
        cr_expect_eq(hits[0].key, 1, "%s", queries[i]);
        cr_expect_float_eq(hits[0].shares[SHARE_COVERED], 0.35f, 1e-5, "%s: %g", queries[i],
                           (double)hits[0].shares[SHARE_COVERED]);
    }
    finish(&f);
}

Test(index, the_most_of_the_words_that_anything_has_counts_by_its_third_power)
{
    static const struct {
        const char *query;
        float most;
    } cases[] = { { "gannet ledge", 1 },
                  { "gannet ledge nest puffin", 0.75f },
                  { "gannet ledge nest puffin bread", 0.6f } };
    static const char *const bodies[] = { "Gannet, nest, ledge.", "A puffin.", "Some bread." };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        IndexChunk chunk = { .key = i + 1, .body = str(bodies[i]), .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        float most = cases[i].most;
        IndexSearch search = { .text = str(cases[i].query), .count = 10 };
        IndexHit hits[10];
        cr_assert(index_search(f.index, f.arena, &search, hits), "%s", cases[i].query);
        cr_expect_eq(hits[0].key, 1, "%s", cases[i].query);
        cr_expect_float_eq(hits[0].shares[SHARE_COVERED], 0.35f * most * most * most, 1e-4,
                           "%s: %g", cases[i].query, (double)hits[0].shares[SHARE_COVERED]);
    }
    finish(&f);
}

Test(index, a_mistyped_word_finds_what_is_written_nearly_so)
{
    static const char *const bodies[] = { "A hospital for birds.", "A host of birds.",
                                          "Potential birds." };
    static const struct {
        const char *query;
        uint64_t first;
    } cases[] = { { "hosptal", 1 }, { "Hopsital", 1 }, { "poential", 3 } };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        IndexChunk chunk = { .key = i + 1, .body = str(bodies[i]), .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexSearch search = { .text = str(cases[i].query), .count = 10 };
        IndexHit hits[10];
        cr_expect_eq(index_search(f.index, f.arena, &search, hits), 1, "%s", cases[i].query);
        cr_expect_eq(hits[0].key, cases[i].first, "%s", cases[i].query);
    }
    finish(&f);
}

Test(index, vectors_count_for_less_when_they_find_nothing_that_has_the_words)
{
    static const float vectors[][8] = {
        { -1, 1 }, { 1, 0.5f }, { 1, 1 }, { 1, 0.9f }, { 1, 0.8f }
    };
    static const char *const bodies[] = { "The gannet nests on the ledge.", "A gannet.",
                                          "Bread and butter.", "Butter on bread.",
                                          "Bread without butter." };
    static const struct {
        const char *query;
        bool is_less;
    } cases[] = { { "gannet ledge nest", true }, { "bread butter", false }, { "gannet", true } };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(bodies); i++) {
        IndexChunk chunk = { .key = i + 1, .body = str(bodies[i]), .language = LANGUAGE_ENGLISH };
        index_add_chunk(f.index, &chunk);
        index_add_vector(f.index, i + 1, 0, vectors[i]);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexSearch search = { .text = str(cases[i].query), .vector = vectors[2], .count = 10 };
        IndexHit hits[10], alone[10];
        cr_assert(index_search(f.index, f.arena, &search, hits));
        search.vector_weight = 1; /* nothing else is asked */
        cr_assert(index_search(f.index, f.arena, &search, alone));
        cr_expect_float_eq(alone[0].vector_weight, 1, 1e-6, "%s", cases[i].query);
        cr_expect_eq(hits[0].vector_weight < 0.4f, cases[i].is_less, "%s: %g", cases[i].query,
                     (double)hits[0].vector_weight);
    }
    finish(&f);
}

Test(index, a_chunk_with_several_vectors_is_scored_by_its_own_and_its_best)
{
    Fixture f = fixture();
    static const float parts[][8] = { { 1 }, { 0, 1 }, { 0, 0, 1 }, { 0.6f, 0.8f } };
    float query[8] = { 0, 1 };
    IndexHit hits[10];
    index_add_vector(f.index, 1, 0, parts[0]);
    index_add_vector(f.index, 1, 1, parts[1]);
    index_add_vector(f.index, 1, 2, parts[2]);
    index_add_vector(f.index, 2, 0, parts[3]);
    index_add_vector(f.index, 3, 0, parts[2]);
    index_publish(f.index);
    IndexSearch search = { .vector = query, .count = 10 };
    cr_assert_eq(index_search(f.index, f.arena, &search, hits), 3);
    cr_expect(hits[0].key == 2 && fabsf(hits[0].vector_score - 0.8f) < 0.01f);
    cr_expect(hits[1].key == 1 && fabsf(hits[1].vector_score - 0.5f) < 0.01f);
    cr_expect(hits[1].vector_part == 1 && hits[1].vector_rank == 2);
    uint64_t gone = 1;
    index_delete(f.index, &gone, 1);
    cr_expect_eq(index_search(f.index, f.arena, &search, hits), 2);
    finish(&f);
}

Test(index, loading_says_which_leg_is_missing_or_damaged)
{
    Fixture f = fixture();
    Error err = { 0 };
    IndexOpened opened = index_load(f.index);
    cr_expect(opened.keyword.state == SHELF_EMPTY && opened.vectors.state == SHELF_EMPTY);
    add(f.index, 1, "one");
    cr_assert(index_commit(f.index, 12, &err), "%s", err.message);
    index_free(f.index);
    f.index = index_new(options(&f));
    opened = index_load(f.index);
    cr_expect(opened.keyword.state == SHELF_LOADED && opened.keyword.generation == 12);
    cr_expect(opened.vectors.state == SHELF_LOADED && opened.vectors.generation == 12);
    index_free(f.index);
    char *command =
        str_c(f.arena, str_format(f.arena, "echo torn | tee %s/vectors-*/manifest >%s/said",
                                  f.folder, f.folder));
    cr_assert(system(command) == 0);
    f.index = index_new(options(&f));
    opened = index_load(f.index);
    cr_expect_eq(opened.keyword.state, SHELF_LOADED);
    cr_expect_eq(opened.vectors.state, SHELF_DAMAGED);
    cr_expect(str_find(str(opened.vectors.reason.message), S("rebuilt")) >= 0, "%s",
              opened.vectors.reason.message);
    add(f.index, 1, "one");
    cr_assert(index_commit(f.index, 13, &err), "a damaged leg is written anew: %s", err.message);
    cr_expect_eq(index_status(f.index).vectors, 1);
    finish(&f);
}

static void add_other(Index *index, uint64_t key)
{
    float vector[4] = { 1, (float)(key % 5), -1, 0.5f };
    index_add_coming(index, key, 0, vector);
}

Test(index, another_models_vectors_are_made_beside_those_that_serve)
{
    Fixture f = fixture();
    Error err = { 0 };
    float query[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    IndexHit hits[10];
    IndexSearch search = { .vector = query, .count = 10 };
    for (uint64_t key = 0; key < 5; key++)
        add(f.index, key, "words");
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message);
    char *older = str_c(f.arena, str_format(f.arena, "%s/vectors", f.folder));
    cr_assert(folder_make(older, 0700, &err), "as versions before named it: %s", err.message);
    index_begin_model(f.index, 4, S("other"));
    for (uint64_t key = 0; key < 4; key++)
        add_other(f.index, key);
    index_publish(f.index);
    uint64_t gone = 0;
    index_delete(f.index, &gone, 1);
    cr_expect_eq(index_search(f.index, f.arena, &search, hits), 4, "the old ones serve");
    cr_assert(index_commit(f.index, 2, &err), "what serves is written: %s", err.message);
    index_adopt_model(f.index);
    cr_expect_eq(index_search(f.index, f.arena, &search, hits), 3, "a delete concerned both");
    cr_expect_eq(index_status(f.index).vectors, 3);
    cr_assert(index_commit(f.index, 3, &err), "%s", err.message);
    cr_expect(!file_exists(older), "nothing would erase from it");
    index_free(f.index);
    IndexOptions other = *options(&f);
    f.index = index_new(&other);
    cr_expect_eq(index_load(f.index).vectors.state, SHELF_EMPTY, "the old ones are gone");
    index_free(f.index);
    other.dims = 4;
    other.model = S("other");
    f.index = index_new(&other);
    IndexOpened opened = index_load(f.index);
    cr_expect(opened.vectors.state == SHELF_LOADED && opened.vectors.generation == 3);
    cr_expect_eq(index_status(f.index).vectors, 3);
    finish(&f);
}

Test(index, a_word_is_found_in_every_language_of_the_chunks)
{
    static const struct {
        const char *body, *query;
        Language language;
    } cases[] = {
        { "Die H\xC3\xA4user der Stadt wurden renoviert", "haus renovieren", LANGUAGE_GERMAN },
        { "The houses of the city were renovated", "renovating", LANGUAGE_ENGLISH },
        { "Les maisons de l\xE2\x80\x99\xC3\xA9t\xC3\xA9", "\"maison de l'ete\"", LANGUAGE_FRENCH },
        { "\xE5\x8C\x97\xE4\xBA\xAC\xE5\xA4\xA7\xE5\xAD\xA6", "\xE4\xBA\xAC\xE5\xA4\xA7",
          LANGUAGE_CHINESE },
    };
    Fixture f = fixture();
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexChunk chunk = { .key = i, .body = str(cases[i].body), .language = cases[i].language };
        index_add_chunk(f.index, &chunk);
    }
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        IndexHit hits[4];
        IndexSearch search = { .text = str(cases[i].query), .count = 4 };
        cr_assert_eq(index_search(f.index, f.arena, &search, hits), 1, "%s", cases[i].query);
        cr_expect_eq(hits[0].key, i, "%s", cases[i].query);
        Query query = index_query(f.index, f.arena, search.text);
        Snippet snippet =
            index_snippet(f.index, f.arena, &query, cases[i].language, str(cases[i].body), 240);
        cr_expect_gt(snippet.matches.count, 0, "%s", cases[i].query);
    }
    finish(&f);
}

/* --- Readers beside a writer --- */

typedef struct Race {
    Index *index;
    atomic_bool done;
    atomic_int searches, bad;
} Race;

static void *read_along(void *self)
{
    Race *race = self;
    Arena *arena = arena_new(MB(16));
    float vector[8] = { 1, 0, 1, 0, 1, 0, 1, 0 };
    while (!atomic_load(&race->done)) {
        IndexHit hits[20];
        IndexSearch search = { .text = S("word stays"), .vector = vector, .count = 20 };
        size_t count = index_search(race->index, arena, &search, hits);
        for (size_t i = 0; i < count; i++)
            atomic_fetch_add(&race->bad, hits[i].key > 2000);
        atomic_fetch_add(&race->searches, 1);
        arena_reset(arena);
    }
    arena_free(arena);
    return NULL;
}

Test(index, readers_go_on_while_a_writer_adds_merges_and_saves)
{
    Fixture f = fixture();
    Race race = { .index = f.index };
    pthread_t readers[2];
    Error err = { 0 };
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&readers[i], NULL, read_along, &race), 0);
    for (uint64_t key = 1; key <= 600; key++) {
        add(f.index, key, "a word that stays");
        uint64_t gone = key / 2;
        if (key % 5 == 0)
            index_publish(f.index), index_delete(f.index, &gone, 1);
        if (key % 100 == 0)
            cr_assert(index_commit(f.index, key, &err), "%s", err.message);
    }
    atomic_store(&race.done, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    cr_expect_eq(race.bad, 0);
    cr_expect_gt(race.searches, 0);
    IndexStatus status = index_status(f.index);
    cr_expect_eq(status.chunks, status.vectors);
    cr_expect_lt(status.keyword_segments, 24);
    finish(&f);
}

/* --- The peers' reference scores: the same formula at k1 1.2, so ranks at most are compared --- */

static Str words_of(Arena *arena, const json_t *list)
{
    Buf text = buf_new(arena, KB(64));
    for (size_t i = 0; i < json_array_size(list); i++)
        buf_addf(&text, "%s%s", i ? " " : "", json_string_value(json_array_get(list, i)));
    return buf_str(&text);
}

Test(index, golden_queries_find_the_golden_documents)
{
    const char *path = "../shared/peers/search/golden/bm25.json";
    Error err = { 0 };
    Str bytes;
    AUTO_JSON json_t *golden = NULL;
    Fixture f = fixture();
    size_t agree = 0, compared = 0;
    if (!file_exists(path)) {
        printf("skipped: needs ../shared\n");
        finish(&f);
        return;
    }
    cr_assert(file_read(f.arena, path, MB(4), &bytes, &err) &&
              json_parse(bytes, MB(4), &golden, &err));
    const json_t *small = json_object_get(golden, "small"),
                 *documents = json_object_get(small, "docs");
    for (size_t i = 0; i < json_array_size(documents); i++) {
        const json_t *d = json_array_get(documents, i);
        IndexChunk chunk = { .key = strtoull(json_string_value(json_object_get(d, "id")), NULL, 10),
                             .title = words_of(f.arena, json_object_get(d, "title")),
                             .body = words_of(f.arena, json_object_get(d, "body")),
                             .language = LANGUAGE_OTHER };
        index_add_chunk(f.index, &chunk); /* stems already: no stemmer */
    }
    index_publish(f.index);
    const json_t *queries = json_object_get(json_object_get(small, "title_x2"), "queries");
    for (size_t q = 0; q < json_array_size(queries); q++) {
        const json_t *top = json_object_get(json_array_get(queries, q), "top"), *count;
        Buf text = buf_new(f.arena, KB(4));
        const char *term;
        json_t *terms = json_object_get(json_array_get(queries, q), "terms");
        json_object_foreach(terms, term, count) for (json_int_t n = json_integer_value(count);
                                                     n > 0; n--) buf_addf(&text, "%s ", term);
        IndexHit hits[3];
        IndexSearch search = { .text = buf_str(&text), .count = 3 };
        size_t got = index_search(f.index, f.arena, &search, hits);
        for (size_t i = 0; i < got; i++, compared++)
            for (size_t j = 0; j < MIN(json_array_size(top), 5); j++) {
                const char *id = json_string_value(json_array_get(json_array_get(top, j), 0));
                agree += hits[i].key == strtoull(id, NULL, 10);
            }
    }
    cr_expect_geq(agree * 100, compared * 90, "%zu of %zu", agree, compared);
    finish(&f);
}

/* --- Erasing --- */

/* Whether any file below the folder has the bytes. */
static bool is_in_files(const Fixture *f, const char *bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    char *command = str_c(arena, str_format(arena, "grep -rqaF '%s' '%s'", bytes, f->folder));
    return system(command) == 0;
}

Test(index, what_is_erased_is_in_no_file)
{
    Fixture f = fixture();
    Error err = { 0 };
    uint64_t first = 1, second = 2;
    for (uint64_t key = 0; key < 40; key++)
        add(f.index, key, key == 1 ? "the xyzzyab word" : key == 2 ? "a xyzzycd word" : "words");
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message);
    cr_assert(is_in_files(&f, "xyzzyab") && is_in_files(&f, "xyzzycd"));
    index_delete(f.index, &second, 1);
    cr_assert(index_commit(f.index, 2, &err), "%s", err.message);
    cr_expect(is_in_files(&f, "xyzzycd"), "a delete leaves it until a merge");
    index_erase(f.index, &first, 1);
    cr_assert(index_commit(f.index, 3, &err), "%s", err.message);
    cr_expect(!is_in_files(&f, "xyzzyab"));
    index_erase(f.index, &second, 1);
    cr_assert(index_commit(f.index, 4, &err), "%s", err.message);
    cr_expect(!is_in_files(&f, "xyzzycd"), "also when it was deleted before");
    cr_expect_eq(index_status(f.index).chunks, 38);
    cr_expect_eq(index_status(f.index).vectors, 38);
    finish(&f);
}

Test(index, vectors_of_what_is_erased_go_with_a_leg_that_is_not_open)
{
    Fixture f = fixture();
    Error err = { 0 };
    uint64_t key = 1;
    add(f.index, key, "words");
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message);
    index_free(f.index);
    IndexOptions without = *options(&f);
    without.dims = 0;
    f.index = index_new(&without);
    cr_expect_eq(index_load(f.index).keyword.state, SHELF_LOADED);
    index_erase(f.index, &key, 1);
    cr_assert(index_commit(f.index, 2, &err), "%s", err.message);
    index_free(f.index);
    f.index = index_new(options(&f));
    cr_expect_eq(index_load(f.index).vectors.state, SHELF_EMPTY, "made anew from the database");
    finish(&f);
}

/* --- While typing --- */

Test(index, the_last_word_means_what_it_may_become)
{
    static const struct {
        const char *query, *found; /* bodies' numbers, best first */
    } cases[] = {
        { "eleph", "0" },       { "ELÉPH", "0" },         { "elephants", "0" },
        { "cart", "21" },       { "carto", "1" },         { "cart ", "2" },
        { "\"cart", "2" },      { "\"blue cart\"", "2" }, { "blue \"cart", "23" },
        { "blue cart", "231" }, { "map -cart", "1" },     { "c", "" },
        { "interestin", "3" },  { "interesti", "3" },     { "zebra", "" },
    };
    static const char *const bodies[] = { "elephants walk", "cartography makes a map",
                                          "a blue cart", "interesting and blue" };
    Fixture f = fixture();
    for (uint64_t key = 0; key < COUNT(bodies); key++)
        add(f.index, key, bodies[key]);
    index_publish(f.index);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Query query = index_query_typing(f.index, f.arena, str(cases[i].query));
        IndexSearch search = { .text = query.text, .query = &query, .count = 10 };
        IndexHit hits[10];
        char found[11] = "";
        size_t count = index_search(f.index, f.arena, &search, hits);
        for (size_t h = 0; h < count; h++)
            found[h] = (char)('0' + hits[h].key);
        cr_expect_str_eq(found, cases[i].found, "%s: %s", cases[i].query, found);
    }
    Query query = index_query_typing(f.index, f.arena, S("carto"));
    Snippet snippet =
        index_snippet(f.index, f.arena, &query, LANGUAGE_ENGLISH, str(bodies[1]), 100);
    cr_assert_eq(snippet.matches.count, 1);
    cr_expect(snippet.matches.at[0].start == 0 && snippet.matches.at[0].end == 11);
    finish(&f);
}

/* --- Large merges --- */

static size_t hits_of(Fixture *f, const char *text)
{
    IndexSearch search = { .text = str(text), .count = 10 };
    IndexHit hits[10];
    return index_search(f->index, f->arena, &search, hits);
}

Test(index, what_changes_beside_a_large_merge_is_kept)
{
    enum { BATCH = 300, BATCHES = 64, COUNT_ALL = BATCH * BATCHES };
    Fixture f = fixture();
    Error err = { 0 };
    for (uint64_t key = 0; key < COUNT_ALL; key++) {
        add(f.index, key,
            key == 5   ? "xyzzyab"
            : key == 6 ? "qqzzyab"
            : key == 7 ? "zzqab"
                       : "some");
        if (key % BATCH == BATCH - 1)
            index_publish(f.index);
    }
    /* The last batch has begun a merge of them all, which these changes race with. */
    for (uint64_t key = 100; key < 1100; key += 2)
        index_delete(f.index, &key, 1);
    add(f.index, 7, "other");
    index_publish(f.index);
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message);
    uint64_t erased = 5;
    index_erase(f.index, &erased, 1);
    cr_assert(index_commit(f.index, 2, &err), "%s", err.message);
    cr_expect(!is_in_files(&f, "xyzzyab"), "whatever the merge was doing");
    cr_expect_eq(index_status(f.index).chunks, COUNT_ALL - 501);
    cr_expect_eq(index_status(f.index).vectors, COUNT_ALL - 501);
    cr_expect(hits_of(&f, "xyzzyab") == 0 && hits_of(&f, "qqzzyab") == 1);
    cr_expect(hits_of(&f, "zzqab") == 0 && hits_of(&f, "other") == 1);
    index_free(f.index);
    f.index = index_new(options(&f));
    IndexOpened opened = index_load(f.index);
    cr_expect(opened.keyword.state == SHELF_LOADED && opened.vectors.state == SHELF_LOADED);
    cr_expect_eq(index_status(f.index).chunks, COUNT_ALL - 501);
    finish(&f);
}

Test(index, a_large_merge_ends_with_few_segments)
{
    enum { BATCH = 300, BATCHES = 64 };
    Fixture f = fixture();
    Error err = { 0 };
    for (uint64_t key = 0; key < BATCH * BATCHES; key++) {
        add(f.index, key, "some words");
        if (key % BATCH == BATCH - 1)
            index_publish(f.index);
    }
    uint64_t erased = 0;
    index_erase(f.index, &erased, 1);
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message); /* waits for the merges */
    cr_expect_eq(index_status(f.index).keyword_segments, 1);
    cr_expect_eq(index_status(f.index).vector_segments, 1);
    cr_expect_eq(index_status(f.index).chunks, BATCH * BATCHES - 1);
    finish(&f);
}

Test(index, what_was_merged_beside_the_writer_asks_to_be_saved)
{
    enum { BATCH = 300, BATCHES = 64 };
    Fixture f = fixture();
    Error err = { 0 };
    for (uint64_t key = 0; key < BATCH * BATCHES; key++) {
        add(f.index, key, "some words");
        if (key % BATCH == BATCH - 1)
            index_publish(f.index);
    }
    while (index_status(f.index).keyword_segments + index_status(f.index).vector_segments > 2)
        usleep(1000);
    while (!index_has_merged(f.index)) /* the last one is just being put in its place */
        usleep(1000);
    cr_assert(index_commit(f.index, 1, &err), "%s", err.message);
    cr_expect(!index_has_merged(f.index));
    index_free(f.index);
    f.index = index_new(options(&f));
    (void)index_load(f.index);
    cr_expect_eq(index_status(f.index).keyword_segments, 1, "and is not merged again");
    cr_expect_eq(index_status(f.index).vector_segments, 1);
    cr_expect(!index_has_merged(f.index));
    finish(&f);
}
