#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "encode/encode_queue.h"
#include "encode/tiny_model.h"

static Arena *arena;
static const char *folder;

static void open_all(void)
{
    arena = arena_new(MB(64));
    folder = tiny_model_write(arena, NULL);
}

static void close_all(void)
{
    tiny_model_remove(folder);
    arena_free(arena);
}
TestSuite(encode_queue, .init = open_all, .fini = close_all);

enum { MANY = 700 };

/* Texts of 1 to 30 words, all different. */
static Str make_text(size_t number)
{
    static const char *const words[] = { "the", "water", "pump", "must", "be", "checked", "every" };
    Buf text = buf_new(arena, KB(1));
    for (size_t i = 0; i <= number % 30; i++)
        buf_addf(&text, "%s ", words[(number * 31 + i * i) % COUNT(words)]);
    return buf_str(&text);
}

typedef struct Caller {
    EncodeQueue *queue;
    EncodePriority priority;
    const Str *texts;
    size_t count;
    float *out;
    bool good;
    Error err;
    atomic_bool ended;
} Caller;

static void *call(void *argument)
{
    Caller *caller = argument;
    caller->good = encode_queue_embed(caller->queue, caller->priority, caller->texts, caller->count,
                                      0, caller->out, &caller->err);
    caller->ended = true;
    return NULL;
}

Test(encode_queue, a_prepared_model_is_loaded_without_anybody_waiting)
{
    EncodeQueue *queue =
        encode_queue_new(&(EncodeQueueOptions){ .folder = folder, .thread_max = 1 });
    encode_queue_prepare(queue);
    encode_queue_prepare(queue);
    int64_t until = monotonic_ms() + 10000;
    while (!encode_queue_encoder(queue) && monotonic_ms() < until)
        sleep_ms(1);
    cr_assert(encode_queue_encoder(queue));
    encode_queue_free(queue);
}

Test(encode_queue, no_other_model_is_loaded_than_the_one_asked_for)
{
    EncodeQueueOptions options = { .folder = folder, .thread_max = 1 };
    EncodeStatus status;
    Error err = { 0 };
    EncodeQueue *queue = encode_queue_new(&options);
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    encode_queue_status(queue, &status);
    encode_queue_free(queue);
    options.model = str_copy(arena, str(status.model)).at;
    queue = encode_queue_new(&options);
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    encode_queue_free(queue);
    options.model = NULL;
    queue = encode_queue_new(&options);
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    const char *old = encoder_weights_name(encode_queue_encoder(queue));
    options.model = str_copy(arena, str(old)).at;
    cr_assert_str_neq(options.model, status.model);
    encode_queue_free(queue);
    queue = encode_queue_new(&options);
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    encode_queue_status(queue, &status);
    cr_assert_str_eq(status.model, options.model, "what was embedded before keeps its name");
    encode_queue_free(queue);
    options.model = "tiny/00000000";
    queue = encode_queue_new(&options);
    cr_assert(!encode_queue_load(queue, &err));
    encode_queue_status(queue, &status);
    cr_assert_eq(status.state, ENCODE_BROKEN);
    cr_assert(strstr(status.reason, options.model) && strstr(status.reason, "--replace"));
    encode_queue_free(queue);
    options.folder = "/nowhere/tiny";
    queue = encode_queue_new(&options);
    cr_assert(!encode_queue_load(queue, &err));
    encode_queue_status(queue, &status);
    cr_assert_eq(status.state, ENCODE_NO_MODEL);
    cr_assert(strstr(status.reason, options.model) && strstr(status.reason, "--name tiny"));
    encode_queue_free(queue);
}

Test(encode_queue, vectors_have_the_same_bytes_from_any_thread)
{
    Str texts[MANY];
    for (size_t i = 0; i < MANY; i++)
        texts[i] = make_text(i);
    AUTO_FREE float *expected = heap_alloc(MANY * TINY_WIDTH * sizeof(float));
    Encoder *encoder;
    Error err = { 0 };
    cr_assert(encoder_open(folder, NULL, &encoder, &err), "%s", err.message);
    cr_assert(encoder_embed(encoder, texts, MANY, 0, expected, &err));
    encoder_free(encoder);

    EncodeQueue *queue =
        encode_queue_new(&(EncodeQueueOptions){ .folder = folder, .thread_max = 3 });
    enum { CALLERS = 7, EACH = MANY / CALLERS };
    Caller callers[CALLERS];
    pthread_t threads[CALLERS];
    AUTO_FREE float *out = heap_alloc(MANY * TINY_WIDTH * sizeof(float));
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = (Caller){ .queue = queue,
                               .priority = i % 2 ? ENCODE_QUERY : ENCODE_BULK,
                               .texts = texts + i * EACH,
                               .count = EACH,
                               .out = out + i * EACH * TINY_WIDTH };
        cr_assert_eq(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        cr_assert(callers[i].good, "%s", callers[i].err.message);
    }
    cr_assert_arr_eq(out, expected, MANY * TINY_WIDTH * sizeof(float));
    encode_queue_free(queue);
}

/* A bulk call that runs for a while on one worker. */
static Str *make_bulk(size_t count)
{
    Str *texts = arena_new_array(arena, Str, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = i < MANY ? make_text(i) : texts[i - MANY];
    return texts;
}

static void wait_for_work(EncodeQueue *queue)
{
    EncodeStatus status = { 0 };
    for (int i = 0; i < 5000 && !status.waiting; i++) {
        sleep_ms(1);
        encode_queue_status(queue, &status);
    }
    cr_assert_gt(status.waiting, 0);
}

Test(encode_queue, a_query_overtakes_bulk_work)
{
    enum { BULK = 20000 };
    EncodeQueue *queue =
        encode_queue_new(&(EncodeQueueOptions){ .folder = folder, .thread_max = 1 });
    AUTO_FREE float *out = heap_alloc(BULK * TINY_WIDTH * sizeof(float));
    Caller bulk = {
        .queue = queue, .priority = ENCODE_BULK, .texts = make_bulk(BULK), .count = BULK, .out = out
    };
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, call, &bulk), 0);
    wait_for_work(queue);
    Str query = S("the pump");
    float vector[TINY_WIDTH];
    Error err = { 0 };
    cr_assert(encode_queue_embed(queue, ENCODE_QUERY, &query, 1, 0, vector, &err));
    cr_assert(!bulk.ended);
    encode_queue_stop(queue);
    pthread_join(thread, NULL);
    cr_assert(!bulk.good);
    cr_assert_eq(bulk.err.code, ERROR_BUSY);
    cr_assert(!encode_queue_embed(queue, ENCODE_QUERY, &query, 1, 0, vector, &err));
    cr_assert_eq(err.code, ERROR_BUSY);
    encode_queue_free(queue);
}

Test(encode_queue, the_status_says_what_is_loaded_or_missing)
{
    EncodeQueue *queue =
        encode_queue_new(&(EncodeQueueOptions){ .folder = folder, .thread_max = 1 });
    EncodeStatus status;
    Error err = { 0 };
    encode_queue_status(queue, &status);
    cr_assert(status.state == ENCODE_UNLOADED && !status.dims && !encode_queue_encoder(queue));
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    encode_queue_status(queue, &status);
    cr_assert(status.state == ENCODE_READY && status.dims == TINY_WIDTH && *status.kernels);
    cr_assert_not_null(strstr(status.model, "lectern-tiny-"));
    encode_queue_free(queue);

    queue = encode_queue_new(&(EncodeQueueOptions){ .folder = "/nonexistent", .thread_max = 0 });
    encode_queue_status(queue, &status);
    cr_assert(status.state == ENCODE_NO_MODEL && strstr(status.reason, "/nonexistent"));
    cr_assert(!encode_queue_load(queue, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    encode_queue_free(queue);
    encode_queue_free(NULL);
}

Test(encode_queue, a_broken_model_is_reported_and_tried_again)
{
    const char *broken = tiny_model_write(arena, &(TinyDamage){ .cut_bytes = 5 });
    EncodeQueue *queue =
        encode_queue_new(&(EncodeQueueOptions){ .folder = broken, .thread_max = 1 });
    EncodeStatus status;
    Error err = { 0 };
    encode_queue_status(queue, &status);
    cr_assert(status.state == ENCODE_BROKEN && strstr(status.reason, "outside"),
              "before it is needed: %s", status.reason);
    cr_assert(!encode_queue_load(queue, &err));
    encode_queue_status(queue, &status);
    cr_assert(status.state == ENCODE_BROKEN && strstr(status.reason, "outside"));
    cr_assert(!encode_queue_load(queue, &err));
    encode_queue_free(queue);
    tiny_model_remove(broken);
}

Test(encode_queue, a_call_begun_gives_the_same_vector_or_says_why_not)
{
    Error err = { 0 };
    EncodeQueue *queue = encode_queue_new(&(EncodeQueueOptions){ .folder = folder });
    Str text = make_text(12);
    cr_assert(encode_queue_load(queue, &err), "%s", err.message);
    size_t dims = encoder_dims(encode_queue_encoder(queue));
    float *waited = arena_new_array(arena, float, dims),
          *late = arena_new_array(arena, float, dims);
    cr_assert(encode_queue_embed(queue, ENCODE_QUERY, &text, 1, 0, waited, &err));
    EncodeCall *begun = encode_queue_begin(queue, ENCODE_QUERY, text, late, &err);
    cr_assert(begun);
    cr_assert(encode_queue_await(begun, &err), "%s", err.message);
    cr_expect_arr_eq(late, waited, dims * sizeof *late);
    encode_queue_stop(queue);
    begun = encode_queue_begin(queue, ENCODE_QUERY, text, late, &err);
    cr_expect(!encode_queue_await(begun, &err) && err.code == ERROR_BUSY);
    encode_queue_free(queue);

    queue = encode_queue_new(&(EncodeQueueOptions){ .folder = "/nonexistent" });
    cr_expect_null(encode_queue_begin(queue, ENCODE_QUERY, text, late, &err));
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
    encode_queue_free(queue);
}
