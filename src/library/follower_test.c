/* follower_test.c - whatever happens while an index is built, it ends as the database says. */
#include "library/follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "db/fixture_test.h"
#include "extract/document.h"
#include "store/blocks_store.h"
#include "store/documents_store.h"
#include "store/erase_store.h"
#include "store/index_changes_store.h"
#include "store/migrate.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define DOCUMENTS 60
#define CHUNKS 50 /* of each */
#define DIMS 4

typedef struct Bench {
    Arena *arena;
    const char *folder;
    Db *db;
    Follower *follower;
    Scope scope;
    Str ids[DOCUMENTS];
    size_t versions[DOCUMENTS]; /* how often its chunks were replaced; 0: it was erased */
    size_t at;                  /* the document that is being written */
    uint64_t random;
    int64_t floor; /* changes until there are forgotten */
    atomic_bool is_over;
} Bench;

static Error err;

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace ours = { .name = S("Ours"), .settings = S("{}") };
    if (!workspace_add(tx, &system, bench->arena, &ours, error))
        return false;
    bench->scope = (Scope){ .workspace = ours.id, .role = ROLE_OWNER };
    return true;
}

static void bench_start(Bench *bench, Str model)
{
    char *index = path_join(bench->arena, str(bench->folder), S("index"));
    bench->follower = follower_start(bench->db, index, model, DIMS, false, NULL, false);
}

static void bench_open(Bench *bench, const char *url)
{
    Scope system = scope_system();
    *bench = (Bench){ .arena = arena_new(GB(4)), .random = 88172645463325252 };
    bench->folder = test_folder(bench->arena);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(migrate_up(bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &system, add_workspace, bench, &err), "%s", err.message);
    bench_start(bench, S("one"));
}

static void bench_close(Bench *bench)
{
    follower_stop(bench->follower);
    db_close(bench->db);
    arena_free(bench->arena);
}

/* --- Writing --- */

static Str word_of(Arena *arena, size_t document, size_t version)
{
    return str_format(arena, "qz%zuv%zu", document, version);
}

static bool add_vectors_of(DbTx *tx, const Bench *bench, Str model, const Chunk *chunks,
                           Error *error)
{
    Vector vectors[CHUNKS];
    for (size_t i = 0; i < CHUNKS; i++)
        vectors[i] = (Vector){ .number = chunks[i].number, .scale = 0.5, .bytes = S("\1\2\377\3") };
    return vector_add(tx, &bench->scope, bench->arena, bench->ids[bench->at], model, vectors,
                      CHUNKS, error);
}

/* New chunks instead of those it had, with vectors of both models, as while a model changes. */
static bool write_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Chunk chunks[CHUNKS];
    Str word = word_of(bench->arena, bench->at, bench->versions[bench->at] + 1);
    Document document, given = { .name = word, .format = S("text"), .source = S("upload") };
    bool is_new;
    given.blob = sha256_hex(bench->arena, word);
    if (!bench->versions[bench->at]) {
        if (!document_add(tx, &bench->scope, bench->arena, &given, &document, &is_new, error))
            return false;
        bench->ids[bench->at] = document.id;
    }
    for (size_t i = 0; i < CHUNKS; i++)
        chunks[i] = (Chunk){ .start = (int64_t)i, .length = 1, .text = word, .place = S("") };
    return chunk_replace(tx, &bench->scope, bench->arena, bench->ids[bench->at], 1, chunks, CHUNKS,
                         error) &&
           add_vectors_of(tx, bench, S("one"), chunks, error) &&
           add_vectors_of(tx, bench, S("two"), chunks, error);
}

static bool erase_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Erased erased;
    return document_erase(tx, &bench->scope, bench->arena, bench->ids[bench->at], &erased, error);
}

static uint64_t draw(Bench *bench, uint64_t below)
{
    bench->random ^= bench->random << 13;
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return (bench->random >> 11) % below;
}

static void write_one(Bench *bench)
{
    size_t *version = &bench->versions[bench->at];
    bool erases = *version && draw(bench, 4) == 0;
    cr_assert(store_write(bench->db, &bench->scope, erases ? erase_work : write_work, bench, &err),
              "%s", err.message);
    *version = erases ? 0 : *version + 1;
    follower_poke(bench->follower);
}

static void *write_until_over(void *argument)
{
    Bench *bench = argument;
    while (!bench->is_over) {
        bench->at = draw(bench, DOCUMENTS);
        write_one(bench);
    }
    return NULL;
}

/* --- Checking --- */

static size_t hits_of(Bench *bench, Str word)
{
    size_t dims;
    Str model;
    IndexHit hits[CHUNKS + 1];
    IndexSearch search = { .text = word, .count = COUNT(hits) };
    Index *index = follower_borrow(bench->follower, bench->scope.workspace, &dims, &model);
    size_t count = index_search(index, bench->arena, &search, hits);
    follower_release(bench->follower, index);
    return count;
}

/* The index has what was written and nothing else. */
static void check(Bench *bench, int round)
{
    int64_t expected = 0;
    cr_assert(follower_wait_model(bench->follower, 20000), "round %d", round);
    cr_assert(follower_wait(bench->follower, 20000), "round %d", round);
    cr_assert(follower_wait_erased(bench->follower, 20000), "round %d", round);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        Str word = word_of(bench->arena, i, bench->versions[i]);
        size_t count = bench->versions[i] ? CHUNKS : 0;
        expected += (int64_t)count;
        if (count)
            cr_assert_eq(hits_of(bench, word), count, "round %d: " STR_FMT, round, STR_ARG(word));
    }
    IndexState state = follower_state(bench->follower);
    cr_expect(state.is_ready && !state.building.is_going_on, "round %d", round);
    cr_expect_eq(state.chunks, expected, "round %d: chunks", round);
    cr_expect_eq(state.vectors, expected, "round %d: vectors", round);
}

/* What happens to an index while documents come, change and go. */
static void disturb(Bench *bench, int round)
{
    static const char *const legs[] = { "*", "*/keyword", "*/vectors-*" };
    if (round % 4 == 3) {
        Str model = round % 8 == 3 ? S("two") : S("one");
        (void)follower_set_model(bench->follower, model, DIMS);
        cr_assert(follower_wait_model(bench->follower, 20000), "round %d", round);
        return;
    }
    char model[FOLLOWER_MODEL_SIZE];
    follower_model(bench->follower, model);
    Follower *before = bench->follower;
    follower_stop(before);
    char *command = str_c(bench->arena, str_format(bench->arena, "rm -rf %s/index/%s",
                                                   bench->folder, legs[round % 4]));
    cr_assert(system(command) == 0);
    bench_start(bench, str(model));
}

/* A follower is stopped while nobody pokes it, so writers pause for that moment. */
static void round_of(Bench *bench, int round)
{
    pthread_t writer;
    if (round % 4 != 3)
        disturb(bench, round);
    bench->is_over = false;
    cr_assert(pthread_create(&writer, NULL, write_until_over, bench) == 0);
    if (round % 4 == 3)
        disturb(bench, round);
    else
        sleep_ms(100);
    bench->is_over = true;
    pthread_join(writer, NULL);
    check(bench, round);
}

TEST_BOTH(library, an_index_that_is_built_while_documents_change_ends_as_the_database_says)
{
    Bench bench;
    bench_open(&bench, url);
    for (bench.at = 0; bench.at < DOCUMENTS; bench.at++)
        write_one(&bench);
    check(&bench, -1);
    cr_expect(follower_building(bench.follower, S("another")).is_going_on, "nobody has looked yet");
    for (int round = 0; round < 8; round++)
        round_of(&bench, round);
    bench_close(&bench);
}

/* A node that stands still in the middle of a transaction. */
typedef struct Standing {
    Bench bench;
    pthread_t thread;
    atomic_bool stands, goes_on;
} Standing;

static bool stand_work(DbTx *tx, void *argument, Error *error)
{
    Standing *standing = argument;
    bool ok = write_work(tx, &standing->bench, error);
    standing->stands = true;
    while (!standing->goes_on)
        sleep_ms(5);
    return ok;
}

static void *stand(void *argument)
{
    Standing *standing = argument;
    Error why;
    cr_assert(store_write(standing->bench.db, &standing->bench.scope, stand_work, standing, &why),
              "%s", why.message);
    return NULL;
}

Test(library, who_waits_for_the_index_waits_for_no_node_that_stands_still)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *url = test_db_ready(arena, DB_POSTGRES);
    Bench bench;
    if (!url)
        return;
    bench_open(&bench, url);
    write_one(&bench);
    check(&bench, 0);
    Standing standing = { .bench = bench };
    standing.bench.arena = arena;
    standing.bench.at = 1;
    cr_assert(pthread_create(&standing.thread, NULL, stand, &standing) == 0);
    while (!standing.stands)
        sleep_ms(5);
    bench.at = 2;
    write_one(&bench);
    cr_expect(follower_wait(bench.follower, 20000));
    cr_expect_eq(hits_of(&bench, S("qz2v1")), CHUNKS);
    cr_expect(follower_wait_erased(bench.follower, 20000));
    standing.goes_on = true;
    pthread_join(standing.thread, NULL);
    bench.ids[1] = str_copy(bench.arena, standing.bench.ids[1]);
    bench.versions[1] = 1;
    follower_poke(bench.follower);
    check(&bench, 1);
    bench_close(&bench);
}

/* "The gutter" is a heading inside the first passage, and words like others in the second. */
static bool write_sections(DbTx *tx, void *argument, Error *error)
{
    static const char *const parts[] = { "Tiles of slate.", "The gutter", "It leaks.",
                                         "Zinc for the gutter." };
    Bench *bench = argument;
    Document document, given = { .name = S("roof.md"), .format = S("md"), .source = S("upload") };
    StoredBlock blocks[COUNT(parts)] = { 0 };
    Buf text = buf_new(bench->arena, KB(1));
    bool is_new;
    for (size_t i = 0; i < COUNT(parts); i++) {
        blocks[i] = (StoredBlock){ .kind = i == 1 ? BLOCK_HEADING : BLOCK_PARAGRAPH,
                                   .level = i == 1 ? 1 : 0,
                                   .start = text.length,
                                   .length = strlen(parts[i]) };
        buf_addf(&text, "%s\n\n", parts[i]);
    }
    int64_t second = (int64_t)blocks[3].start;
    Chunk chunks[] = { { .length = second, .last_block = 2, .place = S("") },
                       { .start = second,
                         .length = (int64_t)text.length - second,
                         .first_block = 3,
                         .last_block = 3,
                         .place = S("") } };
    for (size_t i = 0; i < COUNT(chunks); i++)
        chunks[i].text = str_slice(buf_str(&text), (size_t)chunks[i].start,
                                   (size_t)(chunks[i].start + chunks[i].length));
    given.blob = sha256_hex(bench->arena, buf_str(&text));
    return document_add(tx, &bench->scope, bench->arena, &given, &document, &is_new, error) &&
           block_save(tx, &bench->scope, document.id, 1, blocks, COUNT(blocks), error) &&
           chunk_replace(tx, &bench->scope, bench->arena, document.id, 1, chunks, COUNT(chunks),
                         error);
}

TEST_BOTH(library, a_heading_inside_a_passage_is_found_by_heading)
{
    Bench bench;
    bench_open(&bench, url);
    cr_assert(store_write(bench.db, &bench.scope, write_sections, &bench, &err), "%s", err.message);
    for (int round = 0; round < 2; round++) {
        follower_poke(bench.follower);
        cr_assert(follower_wait(bench.follower, 20000));
        cr_expect_eq(hits_of(&bench, S("gutter")), 2, "round %d", round);
        cr_expect_eq(hits_of(&bench, S("heading:gutter")), 1, "round %d", round);
        cr_expect_eq(hits_of(&bench, S("heading:tiles")), 0, "round %d", round);
        follower_stop(bench.follower);
        cr_assert(system(str_c(bench.arena,
                               str_format(bench.arena, "rm -rf %s/index/*", bench.folder))) == 0);
        bench_start(&bench, S("one")); /* built from all rows */
    }
    bench_close(&bench);
}

TEST_BOTH(library, a_leg_that_is_whole_serves_while_the_other_is_built)
{
    Bench bench;
    bench_open(&bench, url);
    for (bench.at = 0; bench.at < 3; bench.at++)
        write_one(&bench);
    check(&bench, 0);
    follower_stop(bench.follower);
    cr_assert(system(str_c(bench.arena, str_format(bench.arena, "rm -r %s/index/*/vectors-*",
                                                   bench.folder))) == 0);
    bench_start(&bench, S("one"));
    (void)hits_of(&bench, S("qz0v1"));
    while (follower_building(bench.follower, bench.scope.workspace).words)
        sleep_ms(1);
    cr_expect_eq(hits_of(&bench, S("qz0v1")), CHUNKS, "words, whether or not vectors are there");
    check(&bench, 1);
    bench_close(&bench);
}

typedef struct Told {
    atomic_size_t times, chunks, before;
    Follower *follower;
    Str workspace;
} Told;

static void on_follow(void *argument, Str workspace, size_t chunks)
{
    Told *told = argument;
    int64_t sequence;
    told->before += !follower_followed(told->follower, workspace, &sequence);
    told->times += str_equal(workspace, told->workspace);
    told->chunks = chunks;
}

TEST_BOTH(library, whoever_watches_is_told_once_of_an_index_that_is_followed)
{
    Bench bench;
    bench_open(&bench, url);
    Told told = { .follower = bench.follower, .workspace = bench.scope.workspace };
    bench.at = 0;
    write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    follower_watch(bench.follower, &(LibraryWatch){ .on_follow = on_follow, .argument = &told });
    for (int i = 0; i < 3; i++) {
        write_one(&bench);
        follower_poke(bench.follower);
        cr_assert(follower_wait(bench.follower, 20000));
    }
    follower_watch(bench.follower, NULL);
    cr_expect(told.times == 1 && told.chunks == CHUNKS && !told.before, "%zu times, %zu chunks",
              (size_t)told.times, (size_t)told.chunks);
    bench_close(&bench);
}

/* The first time it may be told before a chunk is there. */
TEST_BOTH(library, whoever_watches_is_told_of_all_chunks_once_an_index_is_built)
{
    Bench bench;
    bench_open(&bench, url);
    for (bench.at = 0; bench.at < 10; bench.at++)
        write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    follower_stop(bench.follower);
    Str gone = str_format(bench.arena, "rm -r %s/index", bench.folder);
    cr_assert(system(str_c(bench.arena, gone)) == 0);
    bench_start(&bench, S("one"));
    Told told = { .follower = bench.follower, .workspace = bench.scope.workspace };
    follower_watch(bench.follower, &(LibraryWatch){ .on_follow = on_follow, .argument = &told });
    cr_assert(follower_wait(bench.follower, 20000));
    for (int i = 0; i < 1000 && told.chunks < 10 * CHUNKS; i++)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    follower_watch(bench.follower, NULL);
    cr_expect_eq(told.chunks, 10 * CHUNKS);
    bench_close(&bench);
}

static int64_t on_save(void *argument, Str workspace, int64_t generation)
{
    atomic_size_t *times = argument;
    (void)workspace;
    (void)generation;
    return atomic_fetch_add(times, 1) ? INT64_MAX : 1;
}

static bool find_floor(DbTx *tx, void *argument, Error *why)
{
    Bench *bench = argument;
    Scope system = scope_system();
    IndexPosition position;
    bool ok = index_position(tx, &system, bench->arena, &position, why);
    bench->floor = position.floor;
    return ok;
}

/* All would be forgotten, also what is to come, if it were asked again after it had let go. */
TEST_BOTH(library, whoever_watches_is_asked_once_what_must_be_kept_of_the_changes)
{
    Bench bench;
    bench_open(&bench, url);
    atomic_size_t times = 0;
    for (bench.at = 0; bench.at < 3; bench.at++)
        write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    follower_watch(bench.follower, &(LibraryWatch){ .on_save = on_save, .argument = &times });
    write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    follower_stop(bench.follower);
    cr_expect_geq(times, 1);
    Scope system = scope_system();
    cr_assert(store_read(bench.db, &system, find_floor, &bench, &err), "%s", err.message);
    cr_expect_lt(bench.floor, INT64_MAX);
    bench_start(&bench, S("one"));
    bench_close(&bench);
}

static bool lose_changes(DbTx *tx, void *argument, Error *why)
{
    return index_change_forget(tx, argument, INT64_MAX, why);
}

/* As a program of before left it: no index followed any more. */
TEST_BOTH(library, a_log_whose_changes_to_come_are_forgotten_is_mended_at_start)
{
    Bench bench;
    bench_open(&bench, url);
    Scope system = scope_system();
    for (; bench.at < 3; bench.at++)
        write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    follower_stop(bench.follower);
    cr_assert(store_write(bench.db, &bench.scope, write_work, &bench, &err), "%s", err.message);
    bench.versions[bench.at] = 1; /* its change is lost */
    cr_assert(store_write(bench.db, &system, lose_changes, &system, &err), "%s", err.message);
    bench_start(&bench, S("one"));
    cr_assert(store_read(bench.db, &system, find_floor, &bench, &err), "%s", err.message);
    cr_expect_lt(bench.floor, 1000);
    for (bench.at = 4; bench.at < 6; bench.at++)
        write_one(&bench);
    check(&bench, 0);
    bench_close(&bench);
}

static Str files_of(Bench *bench)
{
    Str text;
    char *list = path_join(bench->arena, str(bench->folder), S("files"));
    cr_assert(
        system(str_c(bench->arena, str_format(bench->arena,
                                              "cd %s/index && find . -type f -exec cksum {} + | "
                                              "sort > %s",
                                              bench->folder, list))) == 0);
    cr_assert(file_read(bench->arena, list, MB(1), &text, &err));
    return text;
}

TEST_BOTH(library, an_index_that_is_held_finds_what_is_new_and_leaves_its_files_alone)
{
    Bench bench;
    bench_open(&bench, url);
    write_one(&bench);
    check(&bench, 0);
    cr_assert(follower_hold(bench.follower, true, 20000));
    Str before = files_of(&bench);
    cr_expect(before.length, "what there was is written");
    for (bench.at = 1; bench.at < DOCUMENTS; bench.at++) /* more than is kept in memory */
        write_one(&bench);
    cr_assert(follower_wait(bench.follower, 20000));
    cr_expect_eq(hits_of(&bench, S("qz5v1")), CHUNKS);
    follower_stop(bench.follower); /* also not at its end */
    cr_expect(str_equal(files_of(&bench), before));

    bench_start(&bench, S("one"));
    check(&bench, 1);
    cr_assert(follower_hold(bench.follower, true, 20000) &&
              follower_hold(bench.follower, false, 20000));
    bench.at = 0;
    write_one(&bench);
    check(&bench, 2);
    follower_stop(bench.follower);
    cr_expect(!str_equal(files_of(&bench), before), "it is written again");
    bench_start(&bench, S("one"));
    bench_close(&bench);
}
