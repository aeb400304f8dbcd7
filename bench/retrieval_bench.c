/* retrieval_bench.c - how well and how fast the index finds, on SciFact, Cranfield and CISI.
 *
 * usage: retrieval_bench COLLECTIONS [MODEL [CACHE]]
 *        retrieval_bench --judged FOLDER MODEL CACHE
 *
 * COLLECTIONS has scifact/, cranfield/ and cisi/ with corpus.tsv (id, title, text), queries.tsv
 * (id, text) and qrels.tsv (query, document, gain). Whole documents are indexed; the encoder cuts
 * them at 256 tokens. nDCG@10 has linear gains and log2(rank + 1); what is not judged counts 0.
 * With a MODEL folder the vector leg and the fusion are measured too, with one vector a document
 * and with WINDOWS more of its pieces; CACHE keeps the vectors. At last the latency over 100,000
 * documents: those of SciFact again and again, a tenth of the words dropped in the copies.
 *
 * --judged measures each leg and both with the sets that bench/judged_sets.py makes. */
#include <dirent.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "encode/encoder.h"
#include "index/feedback.h"
#include "text/language.h"
#include "text/windows.h"

#define TOP 200 /* as a search asks for */
#define WINDOWS 3
#define TOKENS_MAX 256
#define LATENCY_DOCUMENTS 100000

typedef struct Document {
    Str id, title, text;
    Language language;
} Document;

typedef struct Judged {
    Str id, text;
    Map gains; /* document id -> gain */
} Judged;

typedef struct Collection {
    const char *name;
    VEC(Document) documents;
    VEC(Judged) queries;
    float *vectors, *query_vectors;
    float *windows;       /* of all documents, one after another */
    size_t *window_first; /* [documents + 1] */
} Collection;

static void quit(const Error *err)
{
    fprintf(stderr, "retrieval_bench: %s\n", err->message);
    exit(1);
}

static Str read_tsv(Arena *arena, const char *folder, const char *name, const char *file)
{
    Error err = { 0 };
    Str bytes;
    char *path = str_c(arena, str_format(arena, "%s/%s/%s", folder, name, file));
    if (!file_read(arena, path, MB(64), &bytes, &err))
        quit(&err);
    return bytes;
}

static Str field(Str *line)
{
    Str piece = STR_NONE;
    (void)str_next(line, '\t', &piece);
    return piece;
}

/* Cranfield repeats the title at the beginning of the text. */
static Str body_of(Str title, Str text)
{
    return title.length && str_starts(text, title) ? str_trim(str_from(text, title.length)) : text;
}

/* The collections' queries are prose: their quotes and dashes are no operators. */
static Str plain_query(Arena *arena, Str text)
{
    char *plain = str_c(arena, text);
    for (char *c = plain; *c; c++)
        if (*c == '"' || (*c == '-' && (c == plain || c[-1] == ' ')))
            *c = ' ';
    return str(plain);
}

static void load_queries(Arena *arena, Collection *c, Str queries, Str qrels)
{
    Map numbers = map_new(arena);
    VEC(Judged) all = { 0 };
    Str line;
    while (str_next(&queries, '\n', &line)) {
        Judged query = { .id = field(&line), .gains = map_new(arena) };
        query.text = plain_query(arena, field(&line));
        if (!query.id.length)
            continue;
        map_add(&numbers, query.id, NULL)->number = (int64_t)all.count;
        *vec_push(arena, &all) = query;
    }
    while (str_next(&qrels, '\n', &line)) {
        MapEntry *query = map_find(&numbers, field(&line));
        Str document = field(&line);
        int64_t gain = 0;
        if (query && str_to_int(str_trim(field(&line)), -9, 9, &gain) && gain > 0)
            map_add(&all.at[query->number].gains, document, NULL)->number = gain;
    }
    for (size_t i = 0; i < all.count; i++)
        if (all.at[i].gains.count)
            *vec_push(arena, &c->queries) = all.at[i];
}

static Collection load_documents(Arena *arena, const char *folder, const char *name)
{
    Collection c = { .name = name };
    Str rest = read_tsv(arena, folder, name, "corpus.tsv"), line;
    while (str_next(&rest, '\n', &line)) {
        Document document = { .id = field(&line) };
        document.title = field(&line);
        document.text = body_of(document.title, str_trim(field(&line)));
        document.language = language_detect(document.text, LANGUAGE_ENGLISH);
        if (document.id.length)
            *vec_push(arena, &c.documents) = document;
    }
    return c;
}

static Collection load(Arena *arena, const char *folder, const char *name)
{
    Collection c = load_documents(arena, folder, name);
    load_queries(arena, &c, read_tsv(arena, folder, name, "queries.tsv"),
                 read_tsv(arena, folder, name, "qrels.tsv"));
    return c;
}

/* --- Vectors, from the cache when it has them --- */

static float *embed(Arena *arena, Encoder *encoder, const Str *texts, size_t count,
                    const char *cache)
{
    Error err = { 0 };
    size_t dims = encoder_dims(encoder), size = count * dims * sizeof(float);
    Str bytes;
    float *vectors = arena_alloc(arena, size);
    if (cache && file_read(arena, cache, GB(1), &bytes, &err) && bytes.length == size) {
        memcpy(vectors, bytes.at, size);
        return vectors;
    }
    for (size_t i = 0; i < count; i += 64)
        if (!encoder_embed(encoder, texts + i, MIN(count - i, 64), TOKENS_MAX, vectors + i * dims,
                           &err))
            quit(&err);
    if (cache && !file_write(cache, (Str){ (char *)vectors, size }, 0644, &err))
        quit(&err);
    return vectors;
}

static Str titled(Arena *arena, const Document *d, Str text)
{
    return d->title.length
               ? str_format(arena, STR_FMT ". " STR_FMT, STR_ARG(d->title), STR_ARG(text))
               : text;
}

static void add_windows(Arena *arena, Collection *c, Encoder *encoder, const char *cache)
{
    Str *texts = arena_new_array(arena, Str, c->documents.count * WINDOWS);
    size_t count = 0;
    c->window_first = arena_new_array(arena, size_t, c->documents.count + 1);
    for (size_t i = 0; i < c->documents.count; i++) {
        Str pieces[WINDOWS];
        size_t found = windows_make(c->documents.at[i].text, WINDOWS, pieces);
        c->window_first[i] = count;
        for (size_t n = 0; n < found; n++)
            texts[count++] = titled(arena, &c->documents.at[i], pieces[n]);
    }
    c->window_first[c->documents.count] = count;
    char *path = cache ? str_c(arena, str_format(arena, "%s/%s.windows", cache, c->name)) : NULL;
    c->windows = embed(arena, encoder, texts, count, path);
}

static void add_vectors(Arena *arena, Collection *c, Encoder *encoder, const char *cache)
{
    Str *texts = arena_new_array(arena, Str, c->documents.count);
    for (size_t i = 0; i < c->documents.count; i++)
        texts[i] = titled(arena, &c->documents.at[i], c->documents.at[i].text);
    char *path = cache ? str_c(arena, str_format(arena, "%s/%s.vectors", cache, c->name)) : NULL;
    c->vectors = embed(arena, encoder, texts, c->documents.count, path);
}

static void add_query_vectors(Arena *arena, Collection *c, Encoder *encoder, const char *path)
{
    Str *queries = arena_new_array(arena, Str, c->queries.count);
    for (size_t i = 0; i < c->queries.count; i++)
        queries[i] = c->queries.at[i].text;
    c->query_vectors = embed(arena, encoder, queries, c->queries.count, path);
}

/* --- Quality --- */

static double ndcg(const Collection *c, const Judged *query, const uint64_t *keys, size_t count)
{
    double got = 0, best = 0;
    int64_t gains[9] = { 0 };
    for (size_t i = 0; i < count && i < 10; i++) {
        MapEntry *gain = map_find(&query->gains, c->documents.at[keys[i]].id);
        got += gain ? (double)gain->number / log2((double)i + 2) : 0;
    }
    for (size_t i = 0; i < query->gains.capacity; i++)
        if (query->gains.slots[i].key.at)
            gains[query->gains.slots[i].number]++;
    size_t rank = 0;
    for (int64_t gain = 8; gain > 0; gain--)
        for (int64_t n = 0; n < gains[gain] && rank < 10; n++)
            best += (double)gain / log2((double)rank++ + 2);
    return best > 0 ? got / best : 0;
}

static Index *fill(const Collection *c, size_t dims, bool has_windows, size_t copies_to,
                   const char *folder)
{
    Error err = { 0 };
    IndexOptions options = { .folder = folder, .dims = dims, .identity = S("bench") };
    Index *index = index_new(&options);
    size_t count = MAX(copies_to, c->documents.count);
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < count; i++) {
        const Document *d = &c->documents.at[i % c->documents.count];
        IndexChunk chunk = {
            .key = i, .title = d->title, .body = d->text, .language = d->language
        };
        arena_reset(arena);
        if (i >= c->documents.count) {
            Buf body = buf_new(arena, MB(1));
            Str rest = d->text, word;
            for (size_t n = 0; str_next(&rest, ' ', &word); n++)
                if ((n * 2654435761u ^ i * 40503u) % 10)
                    buf_add(&body, word), buf_add_char(&body, ' ');
            chunk.body = buf_str(&body);
        }
        index_add_chunk(index, &chunk);
        if (dims)
            index_add_vector(index, i, 0, c->vectors + (i % c->documents.count) * dims);
        size_t from = has_windows ? c->window_first[i % c->documents.count] : 0;
        size_t to = has_windows ? c->window_first[i % c->documents.count + 1] : 0;
        for (size_t n = from; n < to; n++)
            index_add_vector(index, i, (uint32_t)(n - from + 1), c->windows + n * dims);
    }
    index_publish(index);
    if (copies_to && !index_commit(index, 1, &err))
        quit(&err);
    return index;
}

typedef enum Leg { LEG_KEYWORD, LEG_VECTOR, LEG_HYBRID } Leg;

/* The same with words from the best hits (feedback.h). */
static size_t search_again(Arena *arena, Index *index, const Collection *c, IndexSearch *search,
                           IndexHit *hits, size_t count)
{
    FeedbackText texts[FEEDBACK_TEXTS];
    Query query = index_query(index, arena, search->text);
    size_t taken = MIN(count, COUNT(texts));
    for (size_t i = 0; i < taken; i++)
        texts[i] =
            (FeedbackText){ c->documents.at[hits[i].key].text, LANGUAGE_ENGLISH, hits[i].score };
    query = index_feed_back(index, arena, texts, taken, &query);
    search->query = &query;
    return index_search(index, arena, search, hits);
}

/* The keys of the best into keys[TOP]; returns how many. */
static size_t find(Arena *arena, Index *index, const Collection *c, size_t q, size_t dims, Leg leg,
                   float weight, bool feeds_back, uint64_t *keys)
{
    IndexSearch search = { .text = leg == LEG_VECTOR ? STR_NONE : c->queries.at[q].text,
                           .vector = leg == LEG_KEYWORD ? NULL : c->query_vectors + q * dims,
                           .count = TOP,
                           .vector_weight = weight };
    IndexHit hits[TOP];
    size_t count = index_search(index, arena, &search, hits);
    if (feeds_back)
        count = search_again(arena, index, c, &search, hits, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = hits[i].key;
    return count;
}

static double quality(Arena *arena, Index *index, const Collection *c, size_t dims, Leg leg,
                      float weight, bool feeds_back)
{
    double sum = 0;
    for (size_t q = 0; q < c->queries.count; q++) {
        uint64_t keys[TOP];
        size_t count = find(arena, index, c, q, dims, leg, weight, feeds_back, keys);
        sum += ndcg(c, &c->queries.at[q], keys, count);
    }
    return sum / (double)c->queries.count;
}

/* --- Latency --- */

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Other work on the machine disturbs the clock, not the time of this thread. */
static int64_t thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void print_times(const char *name, int64_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), ascending);
    printf("   %s p50 %5.2f p95 %5.2f p99 %5.2f ms", name, (double)times[count / 2] / 1e3,
           (double)times[count * 95 / 100] / 1e3, (double)times[count * 99 / 100] / 1e3);
}

static void latency(Arena *arena, Index *index, const Collection *c, size_t dims, Leg leg)
{
    enum { ROUNDS = 3 };
    static const char *const leg_names[] = { "keyword", "vector", "hybrid" };
    size_t count = c->queries.count * ROUNDS;
    int64_t *clock = arena_new_array(arena, int64_t, count);
    int64_t *processor = arena_new_array(arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        size_t q = i % c->queries.count;
        IndexSearch search = { .text = leg == LEG_VECTOR ? STR_NONE : c->queries.at[q].text,
                               .vector = leg == LEG_KEYWORD ? NULL : c->query_vectors + q * dims,
                               .count = TOP };
        IndexHit hits[TOP];
        int64_t clock_start = monotonic_us(), processor_start = thread_us();
        (void)index_search(index, arena, &search, hits);
        clock[i] = monotonic_us() - clock_start;
        processor[i] = thread_us() - processor_start;
    }
    printf("top 200 of 100,000, %-8s", leg_names[leg]);
    print_times("clock", clock, count);
    print_times("processor", processor, count);
    printf("\n");
}

static void measure_latency(Arena *arena, const Collection *c, size_t dims, bool has_windows)
{
    char folder[] = "/tmp/retrieval-bench-XXXXXX";
    Error err = { 0 };
    if (!mkdtemp(folder))
        exit(1);
    int64_t start = monotonic_ms();
    Index *index = fill(c, dims, has_windows, LATENCY_DOCUMENTS, folder);
    IndexStatus status = index_status(index);
    printf("%d documents, %zu vectors, added and committed in %.1f s; keyword %.1f MB, "
           "vectors %.1f MB\n",
           LATENCY_DOCUMENTS, status.vectors, (double)(monotonic_ms() - start) / 1e3,
           (double)status.keyword_bytes / 1e6, (double)status.vector_bytes / 1e6);
    for (Leg leg = has_windows ? LEG_VECTOR : LEG_KEYWORD; leg <= (dims ? LEG_HYBRID : LEG_KEYWORD);
         leg++)
        latency(arena, index, c, dims, leg);
    index_free(index);
    start = monotonic_us();
    IndexOptions options = { .folder = folder, .dims = dims, .identity = S("bench") };
    index = index_new(&options);
    IndexOpened opened = index_load(index);
    printf("opened again in %.0f ms (%s, %s)\n", (double)(monotonic_us() - start) / 1e3,
           opened.keyword.state == SHELF_LOADED ? "keyword" : opened.keyword.reason.message,
           opened.vectors.state == SHELF_LOADED ? "vectors" : "no vectors");
    index_free(index);
    if (!folder_remove(folder, &err))
        quit(&err);
}

/* One line: nDCG@10 of the legs and of both, with several weights of the vector leg. */
static void measure_quality(Arena *arena, const Collection *c, size_t dims, bool has_windows)
{
    static const float weights[] = { 0.4f, 0.45f, 0.5f, 0.55f, 0.6f };
    Index *index = fill(c, dims, has_windows, 0, "/nonexistent");
    printf("%-10s %s", c->name, has_windows ? "several vectors" : "one vector     ");
    printf("  keyword %.4f", quality(arena, index, c, dims, LEG_KEYWORD, 0, false));
    if (dims)
        printf("  vector %.4f  hybrid", quality(arena, index, c, dims, LEG_VECTOR, 1, false));
    for (size_t w = 0; dims && w < COUNT(weights); w++)
        printf("  %.2f: %.4f", (double)weights[w],
               quality(arena, index, c, dims, LEG_HYBRID, weights[w], false));
    printf("  with feedback: keyword %.4f", quality(arena, index, c, dims, LEG_KEYWORD, 0, true));
    if (dims)
        printf("  hybrid %.4f", quality(arena, index, c, dims, LEG_HYBRID, 0, true));
    printf("\n");
    fflush(stdout);
    index_free(index);
}

/* --- Judged sets, one line for each --- */

static double reciprocal_rank(const Collection *c, const Judged *query, const uint64_t *keys,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (map_find(&query->gains, c->documents.at[keys[i]].id))
            return 1 / (double)(i + 1);
    return 0;
}

/* Lines of query, document and grade. */
static void load_judged(Arena *arena, Collection *c, const char *folder, const char *file)
{
    Str rest = read_tsv(arena, folder, c->name, file), line;
    Map numbers = map_new(arena);
    c->queries.count = 0;
    while (str_next(&rest, '\n', &line)) {
        Str text = field(&line), document = field(&line);
        int64_t gain = 0;
        if (!str_to_int(str_trim(field(&line)), 1, 8, &gain))
            continue;
        MapEntry *known = map_find(&numbers, text);
        if (!known) {
            known = map_add(&numbers, text, NULL);
            known->number = (int64_t)c->queries.count;
            *vec_push(arena, &c->queries) =
                (Judged){ .id = text, .text = text, .gains = map_new(arena) };
        }
        map_add(&c->queries.at[known->number].gains, document, NULL)->number = gain;
    }
}

static void measure_judged(Arena *arena, Index *index, Collection *c, Encoder *encoder,
                           const char *kind)
{
    static const char *const leg_names[] = { "keyword", "vector", "hybrid" };
    size_t dims = encoder_dims(encoder), count = c->queries.count;
    add_query_vectors(arena, c, encoder, NULL);
    printf("%-10s %-22s %3zu queries  nDCG@10, MRR:", c->name, kind, count);
    for (Leg leg = LEG_KEYWORD; leg <= LEG_HYBRID; leg++) {
        double gains = 0, ranks = 0;
        for (size_t q = 0; q < count; q++) {
            uint64_t keys[TOP];
            size_t found = find(arena, index, c, q, dims, leg, 0, false, keys);
            gains += ndcg(c, &c->queries.at[q], keys, found);
            ranks += reciprocal_rank(c, &c->queries.at[q], keys, found);
        }
        printf("  %s %.4f %.4f", leg_names[leg], gains / (double)count, ranks / (double)count);
    }
    printf("\n");
    fflush(stdout);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_judged(const struct dirent *entry)
{
    return str_ends(str(entry->d_name), S(".judged"));
}

static void measure_collection(Arena *arena, const char *folder, const char *name, Encoder *encoder,
                               const char *cache)
{
    Collection c = load_documents(arena, folder, name);
    struct dirent **files;
    char *path = str_c(arena, str_format(arena, "%s/%s", folder, name));
    int count = scandir(path, &files, is_judged, by_name);
    add_vectors(arena, &c, encoder, cache);
    Index *index = fill(&c, encoder_dims(encoder), false, 0, "/nonexistent");
    for (int i = 0; i < count; i++) {
        Str kind = str(files[i]->d_name);
        load_judged(arena, &c, folder, files[i]->d_name);
        kind.length -= strlen(".judged");
        measure_judged(arena, index, &c, encoder, str_c(arena, kind));
        free(files[i]);
    }
    free(files);
    index_free(index);
}

static int is_folder(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int measure_judged_sets(const char *folder, const char *model, const char *cache)
{
    Encoder *encoder = NULL;
    Error err = { 0 };
    struct dirent **names;
    int count = scandir(folder, &names, is_folder, by_name);
    if (!encoder_open(model, NULL, &encoder, &err) || !folder_make(cache, 0755, &err))
        quit(&err);
    for (int i = 0; i < count; i++) {
        AUTO_ARENA Arena *arena = arena_new(GB(4));
        measure_collection(arena, folder, names[i]->d_name, encoder, cache);
        free(names[i]);
    }
    free(names);
    encoder_free(encoder);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "scifact", "cranfield", "cisi" };
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    Collection sets[COUNT(names)];
    Encoder *encoder = NULL;
    Error err = { 0 };
    if (argc == 5 && str_equal(str(argv[1]), S("--judged")))
        return measure_judged_sets(argv[2], argv[3], argv[4]);
    if (argc < 2)
        return 2;
    if (argc > 2 && !encoder_open(argv[2], NULL, &encoder, &err))
        quit(&err);
    if (argc > 3 && !folder_make(argv[3], 0755, &err))
        quit(&err);
    size_t dims = encoder ? encoder_dims(encoder) : 0;
    for (size_t s = 0; s < COUNT(names); s++) {
        sets[s] = load(arena, argv[1], names[s]);
        const char *cache = argc > 3 ? argv[3] : NULL;
        if (encoder) {
            add_vectors(arena, &sets[s], encoder, cache);
            add_query_vectors(
                arena, &sets[s], encoder,
                cache ? str_c(arena, str_format(arena, "%s/%s.queries", cache, names[s])) : NULL);
        }
        measure_quality(arena, &sets[s], dims, false);
    }
    for (size_t s = COUNT(names); encoder && s-- > 0;) {
        add_windows(arena, &sets[s], encoder, argc > 3 ? argv[3] : NULL);
        measure_quality(arena, &sets[s], dims, true);
    }
    measure_latency(arena, &sets[0], dims, false);
    if (encoder)
        measure_latency(arena, &sets[0], dims, true);
    encoder_free(encoder);
    return 0;
}
