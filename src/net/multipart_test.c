/* multipart_test.c - a body that is read where it lies has the parts that it has when it arrives in
 * pieces. */
#include "net/multipart.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define TYPE S("multipart/form-data; boundary=B")

typedef struct Heard {
    Arena *arena;
    Buf told;
    Buf bytes;
} Heard;

static bool on_begin(void *self, const MultipartHead *head, Error *err)
{
    Heard *heard = self;
    (void)err;
    buf_addf(&heard->told, "[" STR_FMT "|" STR_FMT "|" STR_FMT "|%d:", STR_ARG(head->field),
             STR_ARG(head->file_name), STR_ARG(head->media_type), head->has_file_name);
    return true;
}

static bool on_bytes(void *self, Str bytes, Error *err)
{
    (void)err;
    buf_add(&((Heard *)self)->told, bytes);
    return true;
}

static bool on_end(void *self, Error *err)
{
    (void)err;
    buf_add_char(&((Heard *)self)->told, ']');
    return true;
}

/* "" where it fails. */
static Str heard_in_pieces(Arena *arena, Str body, size_t piece)
{
    Heard heard = { .told = buf_new(arena, MB(1)) };
    MultipartSink sink = { on_begin, on_bytes, on_end, &heard };
    MultipartReader *reader;
    Error err;
    cr_assert(multipart_new(TYPE, &sink, &reader, &err));
    bool good = true;
    for (size_t at = 0; good && at < body.length; at += piece)
        good = multipart_read(reader, str_slice(body, at, MIN(at + piece, body.length)), &err);
    good = good && multipart_end(reader, &err);
    multipart_free(reader);
    return good ? buf_str(&heard.told) : S("");
}

static Str heard_at_once(Arena *arena, Str body)
{
    Heard heard = { .told = buf_new(arena, MB(1)) };
    MultipartParts parts;
    Error err;
    if (!multipart_split(arena, TYPE, body, 1000, &parts, &err))
        return S("");
    for (size_t i = 0; i < parts.count; i++) {
        (void)on_begin(&heard, &parts.at[i].head, &err);
        (void)on_bytes(&heard, parts.at[i].bytes, &err);
        (void)on_end(&heard, &err);
    }
    return buf_str(&heard.told);
}

Test(net, a_whole_form_is_read_as_one_that_arrives)
{
    static const Str pieces[] = { S_INIT("\r\n"),
                                  S_INIT("--B"),
                                  S_INIT("\r\n--B\r\n"),
                                  S_INIT("--"),
                                  S_INIT("\r\n\r\n"),
                                  S_INIT("x"),
                                  S_INIT("\r\n--B--"),
                                  S_INIT(" "),
                                  S_INIT("\r"),
                                  S_INIT("Content-Disposition: form-data; name=a"),
                                  S_INIT(
                                      "Content-Disposition: form-data; name=b; filename=\"c\"") };
    unsigned seed = 7, good = 0;
    for (int round = 0; round < 20000; round++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Buf body = buf_new(arena, KB(4));
        buf_add(&body, S("--B\r\nContent-Disposition: form-data; name=z\r\n\r\n"));
        for (int i = rand_r(&seed) % 12; i > 0; i--)
            buf_add(&body, pieces[(size_t)rand_r(&seed) % COUNT(pieces)]);
        if (round % 2)
            buf_add(&body, S("\r\n--B--\r\n"));
        Str one = heard_at_once(arena, buf_str(&body));
        Str other = heard_in_pieces(arena, buf_str(&body), 1 + (size_t)rand_r(&seed) % 9);
        cr_assert(str_equal(one, other), "%s\nat once " STR_FMT "\nin pieces " STR_FMT,
                  buf_c(&body), STR_ARG(one), STR_ARG(other));
        good += one.length > 0;
    }
    cr_assert_gt(good, 1000U);
}

Test(net, a_whole_form_has_only_so_many_parts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Buf body = buf_new(arena, MB(1));
    MultipartParts parts;
    Error err;
    for (int i = 0; i < 65; i++)
        buf_add(&body, S("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"));
    buf_add(&body, S("--B--"));
    cr_assert(multipart_split(arena, TYPE, buf_str(&body), 65, &parts, &err));
    cr_assert_eq(parts.count, 65);
    cr_assert_not(multipart_split(arena, TYPE, buf_str(&body), 64, &parts, &err));
    cr_assert_eq(err.code, ERROR_TOO_LARGE);
}
