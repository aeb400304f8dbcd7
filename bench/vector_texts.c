/* vector_texts.c - real vectors for vector_bench and vector_peer.py, made once.
 *
 * usage: vector_texts COLLECTIONS MODEL CACHE
 *
 * COLLECTIONS has scifact/, cranfield/ and cisi/ with corpus.tsv (id, title, text) and queries.tsv
 * (id, text); beside it lies sts/stsb-dev.tsv (two sentences at the end of each line). CACHE gets
 * base.f32, query.f32 and other.f32, unit vectors one after another: of BASE_COUNT different
 * sentences and windows of two, of QUERY_COUNT queries and sentences held out, which the index was
 * tuned with, and of OTHER_COUNT texts that it was not: half of them further windows, half the
 * everyday sentences of the similarity set, which are near nothing. Takes some minutes; what is
 * there stays. */
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "encode/encoder.h"
#include "text/sentences.h"

#define BASE_COUNT 80000
#define QUERY_COUNT 1000
#define HELD_OUT 400
#define OTHER_COUNT 2000
#define SENTENCE_MIN 20 /* bytes */

static const char *const sets[] = { "cisi", "cranfield", "scifact" };

typedef struct Texts {
    Arena *arena;
    Map seen;
    VEC(Str) all;
} Texts;

static void quit(const Error *err)
{
    fprintf(stderr, "vector_texts: %s\n", err->message);
    exit(1);
}

static Str read_tsv(Arena *arena, const char *folder, const char *set, const char *file)
{
    Error err = { 0 };
    Str bytes;
    char *path = str_c(arena, str_format(arena, "%s/%s/%s", folder, set, file));
    if (!file_read(arena, path, MB(64), &bytes, &err))
        quit(&err);
    return bytes;
}

static void add(Texts *texts, Str text, size_t most)
{
    bool is_new;
    if (texts->all.count >= most || text.length < SENTENCE_MIN)
        return;
    map_add(&texts->seen, text, &is_new);
    if (is_new)
        *vec_push(texts->arena, &texts->all) = text;
}

/* Each `width` sentences in a row of each document. */
static void add_windows(Texts *texts, Str corpus, size_t width, size_t most)
{
    Str line;
    while (str_next(&corpus, '\n', &line)) {
        Str id, title;
        if (!str_next(&line, '\t', &id) || !str_next(&line, '\t', &title))
            continue;
        Sentence sentence;
        size_t starts[2] = { 0 }, count = 0;
        for (size_t at = 0; sentence_next(line, &at, &sentence); count++) {
            starts[count % 2] = sentence.start;
            if (count + 1 >= width) {
                size_t from = starts[(count + 1 - width) % 2];
                add(texts, str_slice(line, from, sentence.end), most);
            }
        }
    }
}

static void add_queries(Texts *texts, Str queries, size_t most)
{
    Str line, id;
    while (str_next(&queries, '\n', &line))
        if (str_next(&line, '\t', &id))
            add(texts, str_trim(line), most);
}

static void need(const Texts *texts, size_t count)
{
    if (texts->all.count >= count)
        return;
    fprintf(stderr, "vector_texts: only %zu texts of %zu\n", texts->all.count, count);
    exit(1);
}

/* The two sentences of each line. */
static void add_pairs(Texts *texts, Str lines, size_t most)
{
    Str line, field;
    while (str_next(&lines, '\n', &line))
        for (size_t i = 0; str_next(&line, '\t', &field); i++)
            if (i >= 5)
                add(texts, str_trim(field), most);
}

/* `count` of the texts from `from` on, from all over, brought to `from`. */
static void spread(Texts *texts, size_t from, size_t count)
{
    size_t rest = texts->all.count - from;
    for (size_t i = 0; i < count; i++) {
        size_t other = from + i + (i * 2654435761u) % (rest - i);
        Str swap = texts->all.at[from + i];
        texts->all.at[from + i] = texts->all.at[other];
        texts->all.at[other] = swap;
    }
}

static bool is_made(const char *path, size_t size)
{
    FileMap map;
    Error ignored = { 0 };
    if (!file_exists(path) || !file_map(path, &map, &ignored))
        return false;
    bool fits = map.bytes.length == size;
    file_unmap(&map);
    return fits;
}

static void embed(Encoder *encoder, const Str *texts, size_t count, const char *path)
{
    Error err = { 0 };
    size_t dims = encoder_dims(encoder), size = count * dims * sizeof(float);
    if (is_made(path, size))
        return;
    AUTO_FREE float *vectors = heap_alloc(size);
    for (size_t i = 0; i < count; i += 64)
        if (!encoder_embed(encoder, texts + i, MIN(count - i, 64), 0, vectors + i * dims, &err))
            quit(&err);
    if (!file_write(path, (Str){ (char *)vectors, size }, 0644, &err))
        quit(&err);
}

/* What is searched and what the index was tuned with, the queries first. */
static void gather(Texts *texts, const char *folder, const Str *corpora)
{
    for (size_t s = 0; s < COUNT(sets); s++)
        add_queries(texts, read_tsv(texts->arena, folder, sets[s], "queries.tsv"),
                    QUERY_COUNT - HELD_OUT);
    for (size_t width = 1; width <= 2; width++)
        for (size_t s = 0; s < COUNT(sets); s++)
            add_windows(texts, corpora[s], width, QUERY_COUNT + BASE_COUNT);
    need(texts, QUERY_COUNT + BASE_COUNT);
    /* The sentences held out are taken from all over. */
    for (size_t i = QUERY_COUNT - HELD_OUT; i < QUERY_COUNT; i++) {
        size_t from = QUERY_COUNT + (i * 2654435761u) % BASE_COUNT;
        Str swap = texts->all.at[i];
        texts->all.at[i] = texts->all.at[from];
        texts->all.at[from] = swap;
    }
}

static void gather_others(Texts *texts, const char *folder, const Str *corpora)
{
    size_t from = texts->all.count, half = OTHER_COUNT / 2;
    for (size_t width = 2; width <= 3; width++)
        for (size_t s = 0; s < COUNT(sets); s++)
            add_windows(texts, corpora[s], width, SIZE_MAX);
    need(texts, from + half);
    spread(texts, from, half);
    texts->all.count = from + half;
    add_pairs(texts, read_tsv(texts->arena, folder, "../sts", "stsb-dev.tsv"), from + OTHER_COUNT);
    need(texts, from + OTHER_COUNT);
}

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Texts texts = { .arena = arena, .seen = map_new(arena) };
    Str corpora[COUNT(sets)];
    Encoder *encoder = NULL;
    Error err = { 0 };
    if (argc != 4)
        return 2;
    for (size_t s = 0; s < COUNT(sets); s++)
        corpora[s] = read_tsv(arena, argv[1], sets[s], "corpus.tsv");
    gather(&texts, argv[1], corpora);
    gather_others(&texts, argv[1], corpora);
    if (!encoder_open(argv[2], NULL, &encoder, &err) || !folder_make(argv[3], 0755, &err))
        quit(&err);
    const Str *all = texts.all.at;
    embed(encoder, all, QUERY_COUNT, path_join(arena, str(argv[3]), S("query.f32")));
    embed(encoder, all + QUERY_COUNT, BASE_COUNT, path_join(arena, str(argv[3]), S("base.f32")));
    embed(encoder, all + QUERY_COUNT + BASE_COUNT, OTHER_COUNT,
          path_join(arena, str(argv[3]), S("other.f32")));
    encoder_free(encoder);
    return 0;
}
