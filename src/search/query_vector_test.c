/* query_vector_test.c - vectors of queries are what the encoder makes, and are made once. */
#include "search/query_vector.h"

#include <criterion/criterion.h>

#include "encode/tiny_model.h"

typedef struct Fixture {
    Arena *arena;
    const char *folder;
    EncodeQueue *queue;
    EncodeStatus status;
    QueryVectors *kept;
} Fixture;

static Fixture fixture(void)
{
    Fixture f = { .arena = arena_new(MB(64)), .kept = query_vectors_new() };
    Error err = { 0 };
    f.folder = tiny_model_write(f.arena, NULL);
    f.queue = encode_queue_new(&(EncodeQueueOptions){ .folder = f.folder });
    cr_assert(encode_queue_load(f.queue, &err), "%s", err.message);
    encode_queue_status(f.queue, &f.status);
    return f;
}

static void finish(Fixture *f)
{
    encode_queue_free(f->queue);
    query_vectors_free(f->kept);
    tiny_model_remove(f->folder);
    arena_free(f->arena);
}

static const float *vector_of(Fixture *f, const char *workspace, Str text)
{
    Error err = { 0 };
    QueryVector vector = { .kept = f->kept,
                           .workspace = str(workspace),
                           .model = str(f->status.model),
                           .text = text,
                           .dims = f->status.dims };
    if (!query_vector_begin(&vector, f->queue, f->arena, &err))
        return NULL;
    const float *values = query_vector_await(&vector, &err);
    cr_expect_eq(query_vector_await(&vector, &err), values, "asking again changes nothing");
    return values;
}

Test(query_vector, is_what_the_encoder_makes)
{
    Fixture f = fixture();
    Error err = { 0 };
    Str text = S("the water pump");
    float *wanted = arena_new_array(f.arena, float, f.status.dims);
    cr_assert(encode_queue_embed(f.queue, ENCODE_QUERY, &text, 1, 0, wanted, &err));
    for (int round = 0; round < 2; round++) {
        const float *got = vector_of(&f, "w", text);
        cr_assert_not_null(got);
        cr_expect_arr_eq(got, wanted, f.status.dims * sizeof(float), "round %d", round);
    }
    finish(&f);
}

/* A queue that has stopped makes no vector: what comes was kept. */
Test(query_vector, is_kept_for_its_workspace_until_many_others_came)
{
    Fixture f = fixture();
    cr_assert(vector_of(&f, "w", S("the first")));
    for (size_t i = 1; i < QUERY_VECTORS_KEPT; i++)
        cr_assert(vector_of(&f, "w", str_format(f.arena, "query %zu", i)));
    cr_expect(vector_of(&f, "w", S("the first")), "used, so not the oldest");
    cr_assert(vector_of(&f, "w", S("one more")), "the oldest makes room");
    encode_queue_stop(f.queue);
    cr_expect(vector_of(&f, "w", S("the first")));
    cr_expect(vector_of(&f, "w", S("one more")));
    cr_expect_null(vector_of(&f, "w", S("query 1")));
    cr_expect_null(vector_of(&f, "another", S("the first")));
    cr_expect_null(vector_of(&f, "w", S("never asked")));
    finish(&f);
}
