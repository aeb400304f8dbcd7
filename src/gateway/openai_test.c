/* openai_test.c - what services send, in any pieces: read whole, or refused with a reason. */
#include <criterion/criterion.h>

#include "gateway/dialect.h"
#include "gateway/thoughts.h"

#define HEAD                                                                                       \
    "data: "                                                                                       \
    "{\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]" \
    "}\n\n"
#define TEXT(text)                                                                                 \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text                              \
    "\"},\"finish_reason\":null}]}\n\n"
#define STOP(why)                                                                                  \
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}\n\n"
#define DONE "data: [DONE]\n\n"

typedef struct Case {
    const char *what, *bytes;
    const char *text; /* NULL: it must fail */
    FinishReason finish;
    const char *error;
    int64_t input, output;
    ErrorCode code;
} Case;

static const Case cases[] = {
    { "a good stream", HEAD TEXT("Hel") TEXT("lo") STOP("stop") USAGE DONE, "Hello", FINISH_STOP,
      NULL, 11, 7 },
    { "no usage", TEXT("Hello") STOP("stop") DONE, "Hello", FINISH_STOP },
    { "usage in a chunk with a choice",
      TEXT("Hi") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],"
                 "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n" DONE,
      "Hi", FINISH_STOP, NULL, 3, 4 },
    { "usage twice: the last counts",
      TEXT("Hi") "data: "
                 "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}"
                 "\n\n" STOP("stop") USAGE DONE,
      "Hi", FINISH_STOP, NULL, 11, 7 },
    { "usage null in every chunk",
      "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n" STOP("stop") DONE,
      "Hi", FINISH_STOP },
    { "no [DONE] after the reason", TEXT("Hello") STOP("stop"), "Hello", FINISH_STOP },
    { "no reason before [DONE]", TEXT("Hello") DONE, "Hello", FINISH_UNKNOWN },
    { "no empty line at the end", TEXT("Hello") "data: [DONE]", "Hello", FINISH_UNKNOWN },
    { "comments, pings and other fields",
      ": ping\n\nevent: ping\n\nid: 3\nretry: 5\n" TEXT("Hi") ":\n" STOP("stop") DONE, "Hi",
      FINISH_STOP },
    { "cut at its length", TEXT("Hello") STOP("length") DONE, "Hello", FINISH_LENGTH },
    { "a reason nobody knows", TEXT("Hello") STOP("eos_token") DONE, "Hello", FINISH_STOP },
    { "[DONE] twice and more after", TEXT("Hi") STOP("stop") DONE DONE TEXT("no") "data: {\n\n",
      "Hi", FINISH_STOP },
    { "content as parts",
      "data: "
      "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}]}\n\n" STOP(
          "stop"),
      "Hi", FINISH_STOP },
    { "content null, choices empty, delta missing",
      "data: {\"choices\":[{\"delta\":{\"content\":null}}]}\n\ndata: {\"choices\":[]}\n\n"
      "data: {\"choices\":[{}]}\n\ndata: {}\n\n" TEXT("Hi") STOP("stop"),
      "Hi", FINISH_STOP },
    { "an event in two data lines",
      "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"Hi\"}}]}\n\n" DONE, "Hi",
      FINISH_UNKNOWN },
    { "a byte order mark", "\xEF\xBB\xBF" TEXT("Hi") STOP("stop"), "Hi", FINISH_STOP },
    { "characters beyond ASCII", TEXT("\xC3\xA5\xE2\x82\xAC\xF0\x9F\x90\xA6 \\u20ac") STOP("stop"),
      "\xC3\xA5\xE2\x82\xAC\xF0\x9F\x90\xA6 \xE2\x82\xAC", FINISH_STOP },
    { "one object instead of a stream",
      " \n{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":"
      "\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}",
      "Hello", FINISH_STOP, NULL, 11, 7 },

    { "a thought before the answer",
      HEAD TEXT("\\n<thi") TEXT("nk>Let me see") TEXT(" [1]</th") TEXT("ink>\\n\\n") TEXT("Hello")
          STOP("stop"),
      "Hello", FINISH_STOP },
    { "a thought in one piece", TEXT("<think>x</think>Hello <think> is a mark") STOP("stop"),
      "Hello <think> is a mark", FINISH_STOP },
    { "nearly a thought", TEXT(" <") TEXT("thing") STOP("stop"), " <thing", FINISH_STOP },
    { "the start of a thought alone", TEXT("<th") STOP("stop"), "<th", FINISH_STOP },
    { "only a thought", TEXT("<think>x") STOP("length"), "", FINISH_LENGTH },

    { "nothing", "", NULL, FINISH_UNKNOWN, "cut off", 0, 0, ERROR_UPSTREAM },
    { "only a role", HEAD, NULL, FINISH_UNKNOWN, "cut off", 0, 0, ERROR_UPSTREAM },
    { "cut between events", HEAD TEXT("Hel"), NULL, FINISH_UNKNOWN, "cut off", 0, 0,
      ERROR_UPSTREAM },
    { "cut in an event", HEAD TEXT("Hel") "data: {\"choices\":[{\"del", NULL, FINISH_UNKNOWN,
      "not valid JSON", 0, 0, ERROR_UPSTREAM },
    { "cut in the end mark", HEAD TEXT("Hel") "data: [DO", NULL, FINISH_UNKNOWN, "not valid JSON",
      0, 0, ERROR_UPSTREAM },
    { "an error in the stream",
      TEXT("Hel") "data: {\"error\":{\"message\":\"out of memory\"}}\n\n" DONE, NULL,
      FINISH_UNKNOWN, "out of memory", 0, 0, ERROR_UPSTREAM },
    { "an error that is a text", "data: {\"error\":\"overloaded\"}\n\n", NULL, FINISH_UNKNOWN,
      "overloaded", 0, 0, ERROR_UPSTREAM },
    { "an error beside a choice",
      TEXT("Hel") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n" DONE, NULL,
      FINISH_UNKNOWN, "no reason", 0, 0, ERROR_UPSTREAM },
    { "a limit in the stream",
      "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n", NULL,
      FINISH_UNKNOWN, "slow down", 0, 0, ERROR_LIMITED },
    { "a limit by number", "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n", NULL,
      FINISH_UNKNOWN, "slow down", 0, 0, ERROR_LIMITED },
    { "an error as one object", "{\"error\":{\"message\":\"no such model\"}}", NULL, FINISH_UNKNOWN,
      "no such model", 0, 0, ERROR_UPSTREAM },
    { "broken JSON", "data: {\"choices\":\n\n", NULL, FINISH_UNKNOWN, "not valid JSON", 0, 0,
      ERROR_UPSTREAM },
    { "broken UTF-8", TEXT("\xC3") STOP("stop") DONE, NULL, FINISH_UNKNOWN, "not valid JSON", 0, 0,
      ERROR_UPSTREAM },
    { "a web page", "<!doctype html><p>Sign in", NULL, FINISH_UNKNOWN, "web page", 0, 0,
      ERROR_UPSTREAM },
    { "half an object", "{\"choices\":[{\"message\":{\"content\":\"Hel", NULL, FINISH_UNKNOWN,
      "cut off", 0, 0, ERROR_UPSTREAM },
    { "an object of another kind", "{\"status\":\"ok\"}", NULL, FINISH_UNKNOWN, "unknown shape", 0,
      0, ERROR_UPSTREAM },
};

typedef struct Heard {
    ThoughtFilter thoughts;
    Buf text;
    int stop_at; /* events; 0: never */
    int count;
    bool wants_whole;
    int other_forms;
} Heard;

static void hear_of_form(void *self) { ((Heard *)self)->other_forms++; }

static bool hear(void *self, const ModelEvent *event, Error *err)
{
    Heard *heard = self;
    Str rest;
    if (event->kind != EVENT_TEXT)
        return true;
    if (++heard->count == heard->stop_at)
        return fail(err, ERROR_CANCELLED, "enough");
    if (!thoughts_skip(&heard->thoughts, event->text, &rest, err))
        return false;
    buf_add(&heard->text, rest);
    return true;
}

static void begin(WireReader *reader, Heard *heard, Arena *arena, Arena *scratch)
{
    *reader = (WireReader){ .dialect = &dialect_openai,
                            .arena = arena,
                            .scratch = scratch,
                            .task = TASK_CHAT,
                            .is_stream = !heard->wants_whole,
                            .event = hear,
                            .other_form = hear_of_form,
                            .self = heard };
    heard->text = buf_new(arena, MB(1));
    thoughts_begin(&heard->thoughts, arena, MB(1));
    wire_reader_begin(reader, MB(1));
}

static bool read_in_pieces(WireReader *reader, Heard *heard, Arena *arena, Str bytes, size_t size,
                           Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(16));
    bool good = true;
    begin(reader, heard, arena, scratch);
    for (size_t at = 0; at < bytes.length && good; at += size)
        good = wire_reader_feed(reader, str_slice(bytes, at, at + size), err);
    good = good && wire_reader_finish(reader, err);
    wire_reader_end(reader);
    if (good)
        buf_add(&heard->text, thoughts_rest(&heard->thoughts));
    return good;
}

/* However it was asked for. */
static void check_form(const Case *one, Str bytes, size_t size, bool wants_whole)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    WireReader reader;
    Heard heard = { .wants_whole = wants_whole };
    Error err = { 0 };
    bool good = read_in_pieces(&reader, &heard, arena, bytes, size, &err);
    bool is_other = reader.knows_kind && wants_whole != (reader.kind == WIRE_WHOLE);
    cr_assert_eq(heard.other_forms, is_other, "%s", one->what);
    cr_assert_eq(good, one->text != NULL, "%s in pieces of %zu: %s", one->what, size, err.message);
    if (!good) {
        cr_assert(str_find(str(err.message), str(one->error)) >= 0, "%s: %s", one->what,
                  err.message);
        cr_assert_eq(err.code, one->code, "%s: %s", one->what, error_name(err.code));
        return;
    }
    cr_assert(str_is(buf_str(&heard.text), one->text), "%s: '" STR_FMT "'", one->what,
              STR_ARG(buf_str(&heard.text)));
    cr_assert_eq(reader.finish, one->finish, "%s", one->what);
    cr_assert_eq(reader.usage.input, one->input, "%s", one->what);
    cr_assert_eq(reader.usage.output, one->output, "%s", one->what);
}

static void check_case(const Case *one, Str bytes, size_t size)
{
    check_form(one, bytes, size, false);
}

Test(gateway, a_stream_that_nobody_asked_for_means_the_same)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str bytes = str(cases[i].bytes);
        bool is_stream = str_starts(bytes, S("data: ")) || str_starts(bytes, S(":"));
        for (size_t size = 1; is_stream && size <= bytes.length + 1; size += size < 20 ? 1 : 97)
            check_form(&cases[i], bytes, size, true);
    }
}

Test(gateway, a_stream_means_the_same_in_any_pieces)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str bytes = str(cases[i].bytes);
        for (size_t size = 1; size <= bytes.length + 1; size += size < 40 ? 1 : 97)
            check_case(&cases[i], bytes, size);
    }
}

Test(gateway, lines_may_end_with_cr_lf_or_cr)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Buf crlf = buf_new(arena, KB(64)), cr = buf_new(arena, KB(64));
        for (const char *c = cases[i].bytes; *c; c++) {
            buf_add(&crlf, *c == '\n' ? S("\r\n") : (Str){ c, 1 });
            buf_add_char(&cr, *c == '\n' ? '\r' : *c);
        }
        for (size_t size = 1; size < 8; size++) {
            check_case(&cases[i], buf_str(&crlf), size);
            check_case(&cases[i], buf_str(&cr), size);
        }
    }
}

/* --- Limits and stopping --- */

Test(gateway, an_endless_answer_of_one_piece_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    WireReader reader;
    Heard heard = { 0 };
    Error err = { 0 };
    bool good = true;
    begin(&reader, &heard, arena, arena);
    for (int i = 0; i < 300000 && good; i++)
        good = wire_reader_feed(&reader, S("{\"a\":\"0123456789"), &err);
    wire_reader_end(&reader);
    cr_assert(!good && err.code == ERROR_TOO_LARGE);
}

Test(gateway, whoever_hears_may_stop)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    WireReader reader;
    Heard heard = { .stop_at = 2 };
    Error err = { 0 };
    Str bytes = str(TEXT("a") TEXT("b") TEXT("c") DONE);
    cr_assert(!read_in_pieces(&reader, &heard, arena, bytes, 7, &err));
    cr_assert_eq(err.code, ERROR_CANCELLED);
    cr_assert_eq(heard.count, 2);
}

/* --- Writing, lists --- */

static const char *written(Arena *arena, const ModelRequest *request)
{
    DialectTarget target = { .model = S("m") };
    WireRequest wire = { .body = buf_new(arena, KB(64)) };
    Error err;
    cr_assert(dialect_openai.write(arena, request, &target, &wire, &err), "%s", err.message);
    return buf_c(&wire.body);
}

Test(gateway, a_request_is_what_services_expect)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    ModelPart parts[] = { { .kind = PART_TEXT, .text = S("Be \"kind\".") },
                          { .kind = PART_TEXT, .text = S("Hi\n") } };
    ModelMessage messages[] = { { .role = FROM_SYSTEM, .parts = &parts[0], .count = 1 },
                                { .role = FROM_USER, .parts = &parts[1], .count = 1 } };
    ModelRequest request = { .messages = messages,
                             .message_count = 2,
                             .output_max = 9,
                             .temperature = { true, 0 },
                             .is_stream = true };
    cr_assert_str_eq(written(arena, &request),
                     "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
                     "\\\"kind\\\".\"},{\"role\":\"user\",\"content\":\"Hi\\n\"}],\"max_tokens\":9,"
                     "\"temperature\":0,\"stream\":true,\"stream_options\":{\"include_usage\":"
                     "true}}");
    request.is_plain = true;
    cr_assert(strstr(written(arena, &request), "\"max_completion_tokens\":9,"));
    cr_assert(!strstr(written(arena, &request), "temperature"));
}

Test(gateway, lists_of_models_are_read_or_refused)
{
    static const struct {
        const char *body;
        int count; /* -1: refused */
    } lists[] = {
        { "{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}", 2 },
        { "[{\"id\":\"a\"}]", 1 },
        { "{\"data\":[]}", 0 },
        { "{\"object\":\"list\",\"data\":null}", 0 }, /* Ollama without a model */
        { "{\"data\":[{\"id\":7},{},null,{\"id\":\"\"}]}", 0 },
        { "{\"status\":\"ok\"}", -1 },
        { "<html>", -1 },
        { "", -1 },
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        StrList names = { 0 };
        Error err = { 0 };
        bool good = dialect_openai.read_models(arena, str(lists[i].body), &names, &err);
        cr_assert_eq(good ? (int)names.count : -1, lists[i].count, "%s", lists[i].body);
    }
}

Test(gateway, reasons_of_errors_are_found)
{
    static const char *const bodies[][2] = {
        { "{\"error\":{\"message\":\"m\",\"code\":1}}", "m" },
        { "{\"error\":\"m\"}", "m" },
        { "{\"message\":\"m\"}", "m" },
        { "{\"detail\":\"m\"}", "m" },
        { "{\"error\":null}", "" },
        { "Bad Gateway", "" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        WireError error;
        dialect_openai.read_error(arena, str(bodies[i][0]), &error);
        cr_assert(str_is(error.message, bodies[i][1]), "%s", bodies[i][0]);
    }
}
