/* encode_bench.c - speed and quality of the encoder on fixed texts of ../shared.
 *
 *   build/encode_bench [switches] MODEL_FOLDER [TEXTS_FILE]
 *     --precision=fp32|int8 --kernels=SET  as the settings of those names
 *     --cache=FOLDER                       of packed weights
 *     --threads=N --speed --load=NAME      only with N threads; only the speed; of one workload
 *
 * Five workloads at one and two threads, text in and unit vector out, best of five passes:
 * `query`, 150 texts of 16 tokens one at a time; `chunk`, 64 abstracts cut at 128 tokens,
 * `chunk256` and `chunk512`, as many tokens in longer ones; `ragged`, 256 sentences. Then
 * Spearman's rank correlation on STS-B dev, and for int8 the cosine with fp32. With TEXTS_FILE the
 * texts are written there, one a line after the workload's name and a tab, so that peers can be
 * timed on the same ones (encode_peer.py). */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "encode/encode_queue.h"
#include "must.h"

#define PASSES 5
#define DIMS_MAX 1024

enum { QUERIES = 150, QUERY_TOKENS = 16, SENTENCES = 256 };

enum { LOAD_QUERY, LOAD_CHUNK, LOAD_CHUNK_256, LOAD_CHUNK_512, LOAD_RAGGED, LOADS };

typedef struct Workload {
    const char *name;
    Str texts[SENTENCES];
    size_t count, max, tokens_max, tokens;
    bool one_by_one;
} Workload;

static Error err;
static Arena *arena;
static EncoderOptions options;
static int only_threads;
static bool only_speed;
static Str only_load;

static Str read_shared(const char *path)
{
    Str bytes;
    if (!file_exists(path)) {
        fprintf(stderr, "skipped: needs ../shared\n");
        exit(0);
    }
    must(file_read(arena, path, MB(64), &bytes, &err), &err);
    return bytes;
}

/* Field `number` (from 0) of a tab-separated line. */
static Str field(Str line, int number)
{
    Str piece = STR_NONE;
    for (int i = 0; i <= number; i++)
        if (!str_next(&line, '\t', &piece))
            return STR_NONE;
    return piece;
}

static void add(Workload *load, const Tokenizer *tokenizer, Str text)
{
    if (load->count == load->max)
        return;
    load->texts[load->count++] = text;
    load->tokens += MIN(tokenizer_count(tokenizer, text) + 2, load->tokens_max);
}

/* Questions cut after the word that ends with their 14th piece, which gives 16 tokens. */
static void add_queries(Workload *load, const Tokenizer *tokenizer, const char *path)
{
    Str rest = read_shared(path), line;
    while (str_next(&rest, '\n', &line)) {
        Str text = field(line, 1);
        for (size_t end = 1; end <= text.length; end++) {
            bool is_end = end == text.length || text.at[end] == ' ';
            if (!is_end || tokenizer_count(tokenizer, str_slice(text, 0, end)) != QUERY_TOKENS - 2)
                continue;
            add(load, tokenizer, str_slice(text, 0, end));
            break;
        }
    }
}

static void add_documents(Workload *loads, const Tokenizer *tokenizer)
{
    Str rest = read_shared("../shared/retrieval/scifact/corpus.tsv"), line;
    while (str_next(&rest, '\n', &line)) {
        Str text = field(line, 2);
        size_t tokens = tokenizer_count(tokenizer, text);
        for (int i = LOAD_CHUNK; i <= LOAD_CHUNK_512; i++)
            if (tokens >= loads[i].tokens_max)
                add(&loads[i], tokenizer, text);
        for (ptrdiff_t end; (end = str_find(text, S(". "))) >= 0; text = str_from(text, end + 2))
            add(&loads[LOAD_RAGGED], tokenizer, str_slice(text, 0, (size_t)end + 1));
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each text alone; the median and 99th percentile of the pass are printed. */
static void run_one_by_one(EncodeQueue *queue, const Workload *load, float *out, double *ms)
{
    for (size_t i = 0; i < load->count; i++) {
        int64_t start = monotonic_us();
        must(encode_queue_embed(queue, ENCODE_QUERY, &load->texts[i], 1, load->tokens_max, out,
                                &err),
             &err);
        ms[i] = (double)(monotonic_us() - start) / 1000;
    }
    qsort(ms, load->count, sizeof *ms, by_value);
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(EncodeQueue *queue, const Workload *load, int threads)
{
    float *out = arena_new_array(arena, float, load->count *DIMS_MAX);
    double best = 1e9, cpu = 1e9, ms[SENTENCES] = { 0 }, p50 = 1e9, p99 = 1e9;
    for (int pass = 0; pass < PASSES; pass++) {
        int64_t start = monotonic_us();
        double used = cpu_seconds();
        if (load->one_by_one)
            run_one_by_one(queue, load, out, ms);
        else
            must(encode_queue_embed(queue, ENCODE_BULK, load->texts, load->count, load->tokens_max,
                                    out, &err),
                 &err);
        best = fmin(best, (double)(monotonic_us() - start) / 1e6);
        cpu = fmin(cpu, cpu_seconds() - used);
        p50 = fmin(p50, ms[load->count / 2]);
        p99 = fmin(p99, ms[load->count * 99 / 100]);
    }
    printf("%-8s %d thread%s %8.0f tokens/s %7.1f texts/s %8.0f a cpu second", load->name, threads,
           threads > 1 ? "s" : " ", (double)load->tokens / best, (double)load->count / best,
           (double)load->tokens / cpu);
    if (load->one_by_one)
        printf("   p50 %.2f ms, p99 %.2f ms", p50, p99);
    printf("\n");
}

typedef struct Background {
    EncodeQueue *queue;
    const Workload *load;
    float *out;
    atomic_bool ending;
} Background;

static void *embed_in_background(void *argument)
{
    Background *background = argument;
    Error ignored;
    while (!background->ending)
        if (!encode_queue_embed(background->queue, ENCODE_BULK, background->load->texts,
                                background->load->count, background->load->tokens_max,
                                background->out, &ignored))
            break;
    return NULL;
}

/* Queries while both workers are busy with chunks. */
static void measure_mixed(EncodeQueue *queue, const Workload *queries, const Workload *bulk)
{
    Background background = { .queue = queue,
                              .load = bulk,
                              .out = arena_new_array(arena, float, bulk->count *DIMS_MAX) };
    float *out = arena_new_array(arena, float, DIMS_MAX);
    double ms[QUERIES];
    pthread_t thread;
    pthread_create(&thread, NULL, embed_in_background, &background);
    sleep_ms(200);
    run_one_by_one(queue, queries, out, ms);
    background.ending = true;
    pthread_join(thread, NULL);
    printf("query beside bulk work on every worker: p50 %.2f ms, p99 %.2f ms\n",
           ms[queries->count / 2], ms[queries->count * 99 / 100]);
}

/* --- STS-B ------------------------------------------------------------------------------ */

enum { PAIRS_MAX = 2000 };

typedef struct Ranked {
    double value, rank;
    size_t place;
} Ranked;

static int by_ranked_value(const void *a, const void *b)
{
    return by_value(&((const Ranked *)a)->value, &((const Ranked *)b)->value);
}

/* Replace values by their ranks, equal ones by the mean of theirs. */
static void rank(double *values, size_t count)
{
    static Ranked order[PAIRS_MAX];
    for (size_t i = 0; i < count; i++)
        order[i] = (Ranked){ values[i], 0, i };
    qsort(order, count, sizeof *order, by_ranked_value);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && !by_ranked_value(&order[i], &order[end]);)
            end++;
        for (size_t k = i; k < end; k++)
            values[order[k].place] = (double)(i + end - 1) / 2;
    }
}

static double correlation(const double *x, const double *y, size_t count)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < count; i++) {
        mx += x[i] / (double)count;
        my += y[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xy / sqrt(xx * yy);
}

/* Cosines with the vectors of fp32, of texts cut at `tokens_max`. */
static void compare_with_fp32(const char *folder, const Str *texts, size_t count, size_t tokens_max,
                              size_t dims, const float *vectors)
{
    Encoder *encoder;
    EncoderOptions fp32 = { .precision = PRECISION_FP32 };
    float *exact = arena_new_array(arena, float, count *dims);
    double sum = 0, least = 1;
    must(encoder_open(folder, &fp32, &encoder, &err), &err);
    must(encoder_embed(encoder, texts, count, tokens_max, exact, &err), &err);
    for (size_t i = 0; i < count; i++) {
        double cosine = 0;
        for (size_t k = 0; k < dims; k++)
            cosine += (double)exact[i * dims + k] * vectors[i * dims + k];
        sum += cosine;
        least = fmin(least, cosine);
    }
    printf("cosine with fp32: mean %.5f, least %.5f of %zu texts\n", sum / (double)count, least,
           count);
    encoder_free(encoder);
}

static void measure_sts(EncodeQueue *queue, size_t dims, const char *folder)
{
    static double scores[PAIRS_MAX], cosines[PAIRS_MAX];
    static Str texts[2 * PAIRS_MAX];
    Str rest = read_shared("../shared/sts/stsb-dev.tsv"), line;
    size_t count = 0;
    while (count < PAIRS_MAX && str_next(&rest, '\n', &line)) {
        texts[2 * count] = field(line, 5);
        texts[2 * count + 1] = str_trim(field(line, 6));
        if (texts[2 * count + 1].length && str_to_double(field(line, 4), &scores[count]))
            count++;
    }
    float *out = arena_new_array(arena, float, 2 * count * dims);
    must(encode_queue_embed(queue, ENCODE_BULK, texts, 2 * count, 0, out, &err), &err);
    for (size_t i = 0; i < count; i++) {
        cosines[i] = 0;
        for (size_t k = 0; k < dims; k++)
            cosines[i] += (double)out[2 * i * dims + k] * out[(2 * i + 1) * dims + k];
    }
    rank(scores, count);
    rank(cosines, count);
    printf("STS-B dev: Spearman %.5f over %zu pairs\n", correlation(scores, cosines, count), count);
    compare_with_fp32(folder, texts, 2 * count, 0, dims, out);
}

static void compare_chunks(EncodeQueue *queue, size_t dims, const char *folder,
                           const Workload *load)
{
    float *out = arena_new_array(arena, float, load->count *dims);
    must(encode_queue_embed(queue, ENCODE_BULK, load->texts, load->count, load->tokens_max, out,
                            &err),
         &err);
    printf("%s: ", load->name);
    compare_with_fp32(folder, load->texts, load->count, load->tokens_max, dims, out);
}

/* Tokens of whole documents a second on one thread; the best of five passes. */
static void measure_tokenizer(const Tokenizer *tokenizer)
{
    static uint32_t ids[KB(16)];
    Str file = read_shared("../shared/retrieval/scifact/corpus.tsv");
    double best = 0;
    for (int pass = 0; pass < 5; pass++) {
        Str rest = file, line;
        size_t tokens = 0;
        int64_t start = monotonic_us();
        while (str_next(&rest, '\n', &line))
            tokens += tokenizer_encode(tokenizer, line, ids, COUNT(ids));
        double rate = (double)tokens / (double)(monotonic_us() - start);
        best = MAX(best, rate);
    }
    printf("tokenizer 1 thread %.2f million tokens/s\n", best);
}

/* --- The program ------------------------------------------------------------------------ */

static void write_texts(const char *path, const Workload *loads, size_t count)
{
    Buf text = buf_new(arena, MB(16));
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < loads[i].count; k++)
            buf_addf(&text, "%s\t" STR_FMT "\n", loads[i].name, STR_ARG(loads[i].texts[k]));
    must(file_write(path, buf_str(&text), 0644, &err), &err);
}

static void print_memory(const char *when)
{
    Str text;
    if (!file_read(arena, "/proc/self/smaps_rollup", KB(64), &text, &err))
        return;
    Str line;
    while (str_next(&text, '\n', &line))
        if (str_starts(line, S("Pss:")))
            printf("memory %s: " STR_FMT "\n", when, STR_ARG(str_trim(str_from(line, 4))));
}

/* Take the switches off the words of the command line. */
static void read_switches(int *argc, char **argv)
{
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        Str word = str(argv[i]);
        if (str_starts(word, S("--precision=")))
            must(precision_find(str_from(word, 12), &options.precision, &err), &err);
        else if (str_starts(word, S("--kernels=")))
            must(kernel_set_find(str_from(word, 10), &options.set, &err), &err);
        else if (str_starts(word, S("--cache=")))
            options.cache = argv[i] + 8;
        else if (str_starts(word, S("--threads=")))
            only_threads = (int)strtol(argv[i] + 10, NULL, 10);
        else if (str_starts(word, S("--load=")))
            only_load = str_from(word, 7);
        else if (str_is(word, "--speed"))
            only_speed = true;
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
}

static void find_texts(const Tokenizer *tokenizer, Workload loads[LOADS], const char *texts_file)
{
    add_queries(&loads[LOAD_QUERY], tokenizer, "../shared/retrieval/scifact/queries.tsv");
    add_queries(&loads[LOAD_QUERY], tokenizer, "../shared/retrieval/cranfield/queries.tsv");
    add_documents(loads, tokenizer);
    if (texts_file)
        write_texts(texts_file, loads, LOADS);
}

static void measure_all(const char *folder, const char *texts_file, int threads,
                        Workload loads[LOADS])
{
    EncodeQueue *queue = encode_queue_new(&(EncodeQueueOptions){
        .folder = folder, .thread_max = threads, .keep_priority = true, .encoder = options });
    EncodeStatus status;
    print_memory("before loading");
    int64_t start = monotonic_us();
    must(encode_queue_load(queue, &err), &err);
    encode_queue_status(queue, &status);
    printf("%s, %s, loaded in %.0f ms\n", status.model, status.kernels,
           (double)(monotonic_us() - start) / 1000);
    print_memory("after loading");
    if (!loads[LOAD_QUERY].count)
        find_texts(encoder_tokenizer(encode_queue_encoder(queue)), loads, texts_file);
    if (!only_speed && threads == 1)
        measure_tokenizer(encoder_tokenizer(encode_queue_encoder(queue)));
    for (size_t i = 0; i < LOADS; i++)
        if (!only_load.length || str_is(only_load, loads[i].name))
            measure(queue, &loads[i], threads);
    print_memory("after work");
    if (!only_speed && threads == 2) {
        measure_mixed(queue, &loads[LOAD_QUERY], &loads[LOAD_CHUNK]);
        measure_sts(queue, status.dims, folder);
        for (size_t i = LOAD_CHUNK; i <= LOAD_CHUNK_512; i++)
            compare_chunks(queue, status.dims, folder, &loads[i]);
    }
    encode_queue_free(queue);
}

int main(int argc, char **argv)
{
    static Workload loads[LOADS] = {
        [LOAD_QUERY] = { .name = "query", .max = QUERIES, .tokens_max = 256, .one_by_one = true },
        [LOAD_CHUNK] = { .name = "chunk", .max = 64, .tokens_max = 128 },
        [LOAD_CHUNK_256] = { .name = "chunk256", .max = 32, .tokens_max = 256 },
        [LOAD_CHUNK_512] = { .name = "chunk512", .max = 16, .tokens_max = 512 },
        [LOAD_RAGGED] = { .name = "ragged", .max = SENTENCES, .tokens_max = 256 },
    };
    arena = arena_new(MB(512));
    read_switches(&argc, argv);
    const char *folder = argc > 1 ? argv[1] : "build/model/all-MiniLM-L6-v2";
    for (int threads = 1; threads <= 2; threads++)
        if (!only_threads || threads == only_threads)
            measure_all(folder, argc > 2 ? argv[2] : NULL, threads, loads);
    arena_free(arena);
    return 0;
}
