#include <criterion/criterion.h>

#include "encode/safetensors.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(4)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(encode_safetensors, .init = open_arena, .fini = close_arena);

/* A file of this header and data. */
static Str make_file(const char *header, Str data)
{
    Buf file = buf_new(arena, MB(1));
    uint64_t length = strlen(header);
    buf_add_bytes(&file, &length, sizeof length);
    buf_add(&file, str(header));
    buf_add(&file, data);
    return buf_str(&file);
}

#define TENSOR(name, type, shape, offsets)                                                         \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

Test(encode_safetensors, tensors_point_into_the_file)
{
    static const float values[] = { 1.5f, -2.0f, 0x1p-20f };
    static const uint16_t halves[] = { 0x3C00, 0xC500, 0x0001, 0x7C00 }; /* 1, -5, 2^-24, inf */
    static const uint16_t brains[] = { 0x3F80, 0xC0A0 };                 /* 1, -5 */
    Buf data = buf_new(arena, KB(1));
    buf_add_bytes(&data, values, sizeof values);
    buf_add_bytes(&data, halves, sizeof halves);
    buf_add_bytes(&data, brains, sizeof brains);
    Str file = make_file(
        "{\"__metadata__\":{\"format\":\"pt\"}," TENSOR("b", "BF16", "[1,2]", "[20,24]") "," TENSOR(
            "h", "F16", "[4]", "[12,20]") "," TENSOR("f", "F32", "[3]", "[0,12]") "}",
        buf_str(&data));
    Safetensors all;
    Error err = { 0 };
    float out[4];
    cr_assert(safetensors_read(file, arena, &all, &err), "%s", err.message);
    cr_assert_eq(all.count, 3);
    tensor_read(safetensors_find(&all, S("f")), 1, 2, out);
    cr_assert(out[0] == -2.0f && out[1] == 0x1p-20f);
    tensor_read(safetensors_find(&all, S("h")), 0, 4, out);
    cr_assert(out[0] == 1 && out[1] == -5 && out[2] == 0x1p-24f && out[3] > 1e38f);
    const Tensor *brain = safetensors_find(&all, S("b"));
    tensor_read(brain, 0, 2, out);
    cr_assert(out[0] == 1 && out[1] == -5);
    cr_assert(brain->dim_count == 2 && brain->dims[1] == 2);
    cr_assert_null(safetensors_find(&all, S("g")));
}

Test(encode_safetensors, damaged_headers_are_refused_with_a_reason)
{
    static const struct {
        const char *header, *reason;
    } cases[] = {
        { "", "JSON" },
        { "{", "JSON" },
        { "[]", "not a JSON object" },
        { "{\"a\":NaN}", "JSON" },
        { "{\"a\":7}", "dtype" },
        { "{" TENSOR("a", "F31", "[2]", "[0,8]") "}", "F31" },
        { "{" TENSOR("a", "F32", "2", "[0,8]") "}", "shape" },
        { "{" TENSOR("a", "F32", "[-2]", "[0,8]") "}", "shape" },
        { "{" TENSOR("a", "F32", "[2.0]", "[0,8]") "}", "shape" },
        { "{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", "shape" },
        { "{" TENSOR("a", "F32", "[4611686018427387904,4]", "[0,8]") "}", "shape" },
        { "{" TENSOR("a", "F32", "[4611686018427387904]", "[0,8]") "}", "does not fit" },
        { "{" TENSOR("a", "F32", "[3]", "[0,8]") "}", "does not fit" },
        { "{" TENSOR("a", "F32", "[2]", "[0]") "}", "pair" },
        { "{" TENSOR("a", "F32", "[2]", "[8,0]") "}", "outside" },
        { "{" TENSOR("a", "F32", "[2]", "[0,9]") "}", "outside" },
        { "{" TENSOR("a", "F32", "[2]", "[9223372036854775807,9223372036854775807]") "}",
          "outside" },
        { "{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("a", "F32", "[2]", "[0,8]") "}",
          "JSON" },
        { "{" TENSOR("a", "F32", "[2]", "[0,8]") "," TENSOR("b", "F32", "[1]", "[4,8]") "}",
          "overlaps" },
        { "{" TENSOR("a", "F32", "[1]", "[4,8]") "}", "gap" },
        { "{" TENSOR("a", "F32", "[1]", "[0,4]") "}", "belong to no tensor" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Safetensors all = { 0 };
        Error err = { 0 };
        Str file = make_file(cases[i].header, S("12345678"));
        cr_assert(!safetensors_read(file, arena, &all, &err), "%s", cases[i].header);
        cr_assert(strstr(err.message, cases[i].reason), "%s: %s", cases[i].header, err.message);
        cr_assert_null(all.tensors);
    }
}

Test(encode_safetensors, lengths_that_lie_are_refused)
{
    static const struct {
        Str file;
        const char *reason;
    } cases[] = {
        { S_INIT(""), "only 0 bytes" },
        { S_INIT("\x02\0\0\0\0\0\0"), "only 7 bytes" },
        { S_INIT("\x03\0\0\0\0\0\0\0{}"), "ends inside" },
        { S_INIT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}"), "allowed" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Safetensors all;
        Error err = { 0 };
        cr_assert(!safetensors_read(cases[i].file, arena, &all, &err));
        cr_assert(strstr(err.message, cases[i].reason), "%s", err.message);
    }
}
