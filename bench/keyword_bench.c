/* keyword_bench.c - how fast the keyword index answers; bench/keyword_peer.py runs it beside
 * others.
 *
 * usage: keyword_bench DOCUMENTS QUERIES [FOLDER]
 *
 * DOCUMENTS has a line "title TAB text" each, QUERIES a question each. FOLDER keeps the index for
 * the next run. Then for each number K on standard input: every query once, the best K, one thread;
 * a line with the milliseconds of the half and of 95 in 100, by the clock and of the processor. */
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "index/keyword.h"

#define QUERIES_MAX 1000
#define TOP_MAX 1000

static void quit(const Error *err)
{
    fprintf(stderr, "keyword_bench: %s\n", err->message);
    exit(1);
}

static int64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static double at_share(int64_t *times, size_t count, size_t percent)
{
    qsort(times, count, sizeof(*times), ascending);
    return (double)times[count * percent / 100] / 1e6;
}

static void fill(KeywordIndex *index, Words *words, Str documents)
{
    Error err = { 0 };
    Str line, title;
    int64_t start = thread_ns();
    for (uint64_t key = 0; str_next(&documents, '\n', &line); key++) {
        if (!line.length || !str_next(&line, '\t', &title))
            continue;
        KeywordDocument document = { key, LANGUAGE_ENGLISH, { { title, 3 }, { line, 1 } } };
        keyword_add(index, words, &document);
    }
    if (!keyword_commit(index, 1, &err))
        quit(&err);
    ShelfSize size = keyword_size(index);
    fprintf(stderr, "%zu documents in %.1f s; %zu segments of %.1f MB\n", size.entries,
            (double)(thread_ns() - start) / 1e9, size.segments, (double)size.bytes / 1e6);
}

static void ask_all(KeywordIndex *index, Words *words, Str queries, size_t k)
{
    static int64_t wall[QUERIES_MAX], cpu[QUERIES_MAX];
    static LegHit hits[TOP_MAX];
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Language english = LANGUAGE_ENGLISH;
    size_t count = 0, found = 0;
    Str line;
    for (; count < QUERIES_MAX && str_next(&queries, '\n', &line); count++) {
        int64_t wall_start = monotonic_us(), cpu_start = thread_ns();
        arena_reset(arena);
        Query query = query_parse(arena, words, &english, 1, line);
        keyword_expand(index, arena, &query);
        found += keyword_search(index, &query, NULL, MIN(k, TOP_MAX), hits);
        cpu[count] = thread_ns() - cpu_start;
        wall[count] = (monotonic_us() - wall_start) * 1000;
    }
    if (count)
        printf("{\"p50\": %.3f, \"p95\": %.3f, \"cpu50\": %.3f, \"cpu95\": %.3f, \"found\": %zu}\n",
               at_share(wall, count, 50), at_share(wall, count, 95), at_share(cpu, count, 50),
               at_share(cpu, count, 95), found);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    Error err = { 0 };
    Str documents, queries;
    char line[32], temporary[] = "/tmp/keyword-bench-XXXXXX";
    uint64_t generation;
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    if (argc < 3)
        return 2;
    if (!file_read(arena, argv[1], GB(2), &documents, &err) ||
        !file_read(arena, argv[2], MB(16), &queries, &err))
        quit(&err);
    if (argc < 4 && !mkdtemp(temporary))
        return 1;
    KeywordIndex *index = keyword_new(argc < 4 ? temporary : argv[3], 1);
    Words *words = words_new();
    if (keyword_load(index, &generation, &err) != SHELF_LOADED)
        fill(index, words, documents);
    while (fgets(line, sizeof(line), stdin))
        ask_all(index, words, queries, strtoul(line, NULL, 10));
    words_free(words);
    keyword_free(index);
    if (argc < 4 && !folder_remove(temporary, &err))
        quit(&err);
    return 0;
}
