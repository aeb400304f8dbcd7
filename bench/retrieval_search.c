/* retrieval_search.c - how long one search of a library takes, from query text to snippets.
 *
 * usage: retrieval_search COLLECTIONS MODEL
 *
 * COLLECTIONS has scifact/ (see retrieval_bench.c). Documents of 20 passages are made from its
 * texts until there are 100,000 passages with vectors that are random, as their values do not
 * matter here; then its queries are searched with rows, snippets, history and query vectors. The
 * processor time is that of the searching thread alone, so without the encoder's. */
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "must.h"
#include "search/search.h"
#include "store/blocks_store.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/texts_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define PASSAGES 100000
#define PASSAGES_EACH 20
#define DOCUMENTS_AT_ONCE 50

typedef struct Bench {
    Arena *arena;
    Db *db;
    Scope system, scope;
    StrList texts, queries;
    EncodeStatus model;
    size_t made; /* passages */
} Bench;

/* The last column of each line. */
static StrList read_column(Arena *arena, const char *folder, const char *file)
{
    Error err = { 0 };
    Str bytes, line, piece;
    VEC(Str) list = { 0 };
    must(file_read(arena, str_c(arena, str_format(arena, "%s/scifact/%s", folder, file)), MB(64),
                   &bytes, &err),
         &err);
    while (str_next(&bytes, '\n', &line)) {
        Str last = STR_NONE;
        while (str_next(&line, '\t', &piece))
            last = piece;
        if (last.length)
            *vec_push(arena, &list) = last;
    }
    return (StrList){ list.at, list.count };
}

static bool make_world(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    Workspace workspace = { .name = S("bench") };
    User user = { .email = S("bench@example.org"), .name = S("bench") };
    if (!workspace_add(tx, &bench->system, bench->arena, &workspace, err) ||
        !user_add(tx, &bench->system, bench->arena, &user, err))
        return false;
    bench->scope = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_OWNER };
    Scope inside = bench->scope;
    inside.is_system = true;
    return membership_set(tx, &inside, user.id, ROLE_OWNER, err);
}

static Str noise(Arena *arena, size_t count, uint32_t *state)
{
    char *bytes = arena_alloc(arena, count);
    for (size_t i = 0; i < count; i++) {
        *state = *state * 1664525u + 1013904223u;
        bytes[i] = (char)(*state >> 24);
    }
    return (Str){ bytes, count };
}

static bool make_document(DbTx *tx, Bench *bench, Arena *arena, size_t number, Error *err)
{
    Chunk chunks[PASSAGES_EACH];
    Vector vectors[PASSAGES_EACH];
    uint32_t state = (uint32_t)number;
    bool is_new;
    Str name = str_format(arena, "document %zu.txt", number);
    Document given = { .name = name,
                       .media_type = S("text/plain"),
                       .format = S("text"),
                       .blob = sha256_hex(arena, name),
                       .size_bytes = 1,
                       .source = S("upload") };
    if (!document_add(tx, &bench->scope, arena, &given, &given, &is_new, err) ||
        !text_save(tx, &bench->scope, given.id, 1, name, err))
        return false;
    for (size_t i = 0; i < PASSAGES_EACH; i++) {
        Str text = bench->texts.at[(number * PASSAGES_EACH + i) * 7 % bench->texts.count];
        chunks[i] = (Chunk){ .length = (int64_t)text.length, .text = text, .place = S("line 1") };
    }
    if (!chunk_replace(tx, &bench->scope, arena, given.id, 1, chunks, PASSAGES_EACH, err))
        return false;
    for (size_t i = 0; i < PASSAGES_EACH; i++)
        vectors[i] = (Vector){ .number = chunks[i].number,
                               .scale = 0.01,
                               .bytes = noise(arena, bench->model.dims, &state) };
    return vector_add(tx, &bench->scope, arena, given.id, str(bench->model.model), vectors,
                      PASSAGES_EACH, err) &&
           document_advance(tx, &bench->scope, given.id, 1u << DOCUMENT_QUEUED, DOCUMENT_READY,
                            err);
}

static bool make_some(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    for (size_t i = 0; i < DOCUMENTS_AT_ONCE; i++)
        if (!make_document(tx, bench, arena, bench->made / PASSAGES_EACH + i, err))
            return false;
    return true;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int64_t thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void measure(Bench *bench, Searcher *searcher, const char *name, SearchRequest request)
{
    static const bool all_facets[FACET_COUNT] = { true, true, true, true, true, true };
    SearchFacets facets;
    size_t count = bench->queries.count;
    int64_t *times = arena_new_array(bench->arena, int64_t, count);
    int64_t *processor = arena_new_array(bench->arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(256));
        SearchResults results;
        Error err = { 0 };
        request.query = bench->queries.at[i];
        int64_t start = monotonic_us(), processor_start = thread_us();
        must(search_run(searcher, &bench->scope, arena, &request, &results, &err), &err);
        if (request.wants_matching)
            must(search_facets(searcher, &bench->scope, arena, &request, &results, all_facets,
                               &facets, &err),
                 &err);
        times[i] = monotonic_us() - start;
        processor[i] = thread_us() - processor_start;
    }
    qsort(processor, count, sizeof(*processor), ascending);
    qsort(times, count, sizeof(*times), ascending);
    printf("%-28s p50 %6.2f  p95 %6.2f  p99 %6.2f ms, processor p50 %6.2f ms\n", name,
           (double)times[count / 2] / 1e3, (double)times[count * 95 / 100] / 1e3,
           (double)times[count * 99 / 100] / 1e3, (double)processor[count / 2] / 1e3);
    fflush(stdout);
}

static void print_memory(void)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Error err = { 0 };
    Str bytes, line;
    must(file_read(arena, "/proc/self/status", MB(1), &bytes, &err), &err);
    while (str_next(&bytes, '\n', &line))
        if (str_starts(line, S("RssAnon")) || str_starts(line, S("RssFile")))
            printf(STR_FMT "\n", STR_ARG(line));
}

static void measure_all(Bench *bench, EncodeQueue *encoder, Searcher *searcher)
{
    SearchRequest plain = { .limit = 10 }, request = plain;
    int64_t *times = arena_new_array(bench->arena, int64_t, bench->queries.count);
    float *vector = arena_new_array(bench->arena, float, bench->model.dims);
    for (size_t i = 0; i < bench->queries.count; i++) {
        Error err = { 0 };
        int64_t start = monotonic_us();
        must(encode_queue_embed(encoder, ENCODE_QUERY, &bench->queries.at[i], 1, 0, vector, &err),
             &err);
        times[i] = monotonic_us() - start;
    }
    qsort(times, bench->queries.count, sizeof(*times), ascending);
    printf("%-28s p50 %6.2f ms\n", "the query's vector alone",
           (double)times[bench->queries.count / 2] / 1e3);
    measure(bench, searcher, "hybrid, first round", plain);
    measure(bench, searcher, "hybrid", plain);
    request.mode = SEARCH_KEYWORD;
    measure(bench, searcher, "keyword", request);
    request.is_remembered = true;
    measure(bench, searcher, "keyword, remembered", request);
    request = plain, request.wants_matching = true;
    measure(bench, searcher, "hybrid, facets", request);
    request.mode = SEARCH_KEYWORD;
    measure(bench, searcher, "keyword, facets", request);
    request = plain, request.is_typing = true;
    measure(bench, searcher, "hybrid, typing", request);
    request = plain, request.name = S("document 1");
    measure(bench, searcher, "hybrid, 22,000 allowed", request);
    request.mode = SEARCH_KEYWORD;
    measure(bench, searcher, "keyword, 22,000 allowed", request);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/retrieval-search-XXXXXX";
    Bench bench = { .arena = arena_new(GB(1)), .system = scope_system() };
    EncodeQueueOptions options = { .folder = argc > 2 ? argv[2] : NULL, .keep_priority = true };
    Error err = { 0 };
    Library *library;
    if (argc < 3 || !mkdtemp(folder))
        return 2;
    bench.texts = read_column(bench.arena, argv[1], "corpus.tsv");
    bench.queries = read_column(bench.arena, argv[1], "queries.tsv");
    bench.queries.count = MIN(bench.queries.count, 300);
    EncodeQueue *encoder = encode_queue_new(&options);
    must(encode_queue_load(encoder, &err), &err);
    encode_queue_status(encoder, &bench.model);
    must(db_open(path_join(bench.arena, str(folder), S("bench.db")), NULL, &bench.db, &err), &err);
    must(migrate_up(bench.db, &err), &err);
    must(store_write(bench.db, &bench.system, make_world, &bench, &err), &err);
    int64_t start = monotonic_ms();
    for (; bench.made < PASSAGES; bench.made += (size_t)DOCUMENTS_AT_ONCE * PASSAGES_EACH)
        must(store_write(bench.db, &bench.scope, make_some, &bench, &err), &err);
    printf("%d passages written in %.1f s\n", PASSAGES, (double)(monotonic_ms() - start) / 1e3);
    LibraryOptions of_library = { .db = bench.db,
                                  .encoder = encoder,
                                  .index_folder = path_join(bench.arena, str(folder), S("index")) };
    must(library_open(&of_library, &library, &err), &err);
    (void)library_model(library, bench.arena);
    start = monotonic_ms();
    while (library_index_state(library).vectors < PASSAGES && monotonic_ms() - start < 300000)
        (void)library_wait_indexed(library, 1000);
    printf("indexed in %.1f s\n", (double)(monotonic_ms() - start) / 1e3);
    print_memory();
    sleep(6); /* until the index is written */
    print_memory();
    Searcher *searcher = searcher_new(bench.db, library);
    searcher_set_encoder(searcher, encoder);
    measure_all(&bench, encoder, searcher);
    print_memory();
    searcher_free(searcher);
    library_close(library);
    encode_queue_free(encoder);
    db_close(bench.db);
    must(folder_remove(folder, &err), &err);
    return 0;
}
