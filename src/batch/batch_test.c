/* batch_test.c - what is found wrong in a batch's lines, and how answers stand in result files. */
#include <criterion/criterion.h>

#include "batch/batch_int.h"

#define LINE(id)                                                                                   \
    "{\"custom_id\":\"" id "\",\"method\":\"POST\",\"url\":\"/v1/x\",\"body\":{\"model\":\"m\"}}"

static Arena *arena;

static void open_arena(void) { arena = arena_new(MB(256)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(batch, .init = open_arena, .fini = close_arena);

Test(batch, wrong_lines_are_told_with_their_number)
{
    static const struct {
        const char *input, *code;
        int64_t total;
    } cases[] = {
        { LINE("a"), NULL, 1 },
        { LINE("a") "\r\n\n" LINE("b") "\n", NULL, 2 },
        { "", "\"empty_file\",\"line\":null", 0 },
        { "\n \n", "\"empty_file\",\"line\":null", 0 },
        { LINE("a") "\n\n" LINE("a"), "\"duplicate_custom_id\",\"line\":3", 2 },
        { LINE("a") "x", "\"invalid_json_line\",\"line\":1", 1 },
        { "[]", "\"invalid_json_line\",\"line\":1", 1 },
        { "\xFF", "\"invalid_json_line\",\"line\":1", 1 },
        { LINE(""), "\"invalid_custom_id\",\"line\":1", 1 },
        { "{}", "\"missing_body\",\"line\":1", 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        BatchCheck check;
        batch_check(arena, str(cases[i].input), S("/v1/x"), &check);
        cr_expect_eq(check.total, cases[i].total, "%s", cases[i].input);
        if (cases[i].code)
            cr_expect(str_find(check.problems, str(cases[i].code)) > 0, "%s: " STR_FMT,
                      cases[i].input, STR_ARG(check.problems));
        else
            cr_expect(!check.problems.length && str_is(check.model, "m"), STR_FMT,
                      STR_ARG(check.problems));
    }
}

Test(batch, many_wrong_lines_are_told_in_part)
{
    Buf input = buf_new(arena, MB(16));
    BatchCheck check;
    json_t *problems;
    Error err;
    for (int i = 0; i < BATCH_LINES_MAX + 5; i++)
        buf_add(&input, S("x\n"));
    batch_check(arena, buf_str(&input), S("/v1/x"), &check);
    Str list = str_format(arena, "[" STR_FMT "]", STR_ARG(check.problems));
    cr_assert(json_parse(list, MB(1), &problems, &err), "%s", err.message);
    cr_assert_eq(json_array_size(problems), 100);
    cr_assert_eq(check.total, BATCH_LINES_MAX + 1);
    json_decref(problems);
}

Test(batch, an_answer_stays_on_one_line)
{
    static const char *const bodies[] = { "{\n \"a\": \"b\\n\"\r\n}", "not JSON\nat all", "" };
    static const char *const shapes[] = { "openai", "anthropic" };
    for (size_t i = 0; i < COUNT(bodies); i++)
        for (size_t j = 0; j < COUNT(shapes); j++) {
            AUTO_JSON json_t *tree = NULL;
            Error err;
            Batch batch = { .shape = str(shapes[j]) };
            BatchRequest request = { .line = 1, .custom_id = S("say \"x\"\n") };
            GatewayReply reply = { .id = S("i"), .status = 200, .body = str(bodies[i]) };
            Str line = batch_answer(arena, &batch, &request, &reply);
            cr_expect(str_find_char(line, '\n') < 0 && str_find_char(line, '\r') < 0);
            cr_expect(json_parse(line, MB(1), &tree, &err), "%s", err.message);
            cr_expect(str_is(json_member_text(tree, "custom_id"), "say \"x\"\n"));
        }
}
