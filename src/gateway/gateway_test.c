/* gateway_test.c - what services send, in any pieces: read whole, or refused with a reason. */
#include <criterion/criterion.h>

#include "gateway/dialect.h"

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
    const char *finish, *error;
    int64_t input, output;
    ErrorCode code;
} Case;

static const Case cases[] = {
    { "a good stream", HEAD TEXT("Hel") TEXT("lo") STOP("stop") USAGE DONE, "Hello", "stop", NULL,
      11, 7 },
    { "no usage", TEXT("Hello") STOP("stop") DONE, "Hello", "stop" },
    { "usage in a chunk with a choice",
      TEXT("Hi") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],"
                 "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n" DONE,
      "Hi", "stop", NULL, 3, 4 },
    { "usage twice: the last counts",
      TEXT("Hi") "data: "
                 "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}"
                 "\n\n" STOP("stop") USAGE DONE,
      "Hi", "stop", NULL, 11, 7 },
    { "usage null in every chunk",
      "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n" STOP("stop") DONE,
      "Hi", "stop" },
    { "no [DONE] after the reason", TEXT("Hello") STOP("stop"), "Hello", "stop" },
    { "no reason before [DONE]", TEXT("Hello") DONE, "Hello", "" },
    { "no empty line at the end", TEXT("Hello") "data: [DONE]", "Hello", "" },
    { "comments, pings and other fields",
      ": ping\n\nevent: ping\n\nid: 3\nretry: 5\n" TEXT("Hi") ":\n" STOP("stop") DONE, "Hi",
      "stop" },
    { "cut at its length", TEXT("Hello") STOP("length") DONE, "Hello", "length" },
    { "a reason nobody knows", TEXT("Hello") STOP("eos_token") DONE, "Hello", "stop" },
    { "[DONE] twice and more after", TEXT("Hi") STOP("stop") DONE DONE TEXT("no") "data: {\n\n",
      "Hi", "stop" },
    { "content as parts",
      "data: "
      "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}}]}\n\n" STOP(
          "stop"),
      "Hi", "stop" },
    { "content null, choices empty, delta missing",
      "data: {\"choices\":[{\"delta\":{\"content\":null}}]}\n\ndata: {\"choices\":[]}\n\n"
      "data: {\"choices\":[{}]}\n\ndata: {}\n\n" TEXT("Hi") STOP("stop"),
      "Hi", "stop" },
    { "an event in two data lines",
      "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"Hi\"}}]}\n\n" DONE, "Hi", "" },
    { "a byte order mark", "\xEF\xBB\xBF" TEXT("Hi") STOP("stop"), "Hi", "stop" },
    { "characters beyond ASCII", TEXT("\xC3\xA5\xE2\x82\xAC\xF0\x9F\x90\xA6 \\u20ac") STOP("stop"),
      "\xC3\xA5\xE2\x82\xAC\xF0\x9F\x90\xA6 \xE2\x82\xAC", "stop" },
    { "one object instead of a stream",
      " \n{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":"
      "\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}",
      "Hello", "stop", NULL, 11, 7 },

    { "a thought before the answer",
      HEAD TEXT("\\n<thi") TEXT("nk>Let me see") TEXT(" [1]</th") TEXT("ink>\\n\\n") TEXT("Hello")
          STOP("stop"),
      "Hello", "stop" },
    { "a thought in one piece", TEXT("<think>x</think>Hello <think> is a mark") STOP("stop"),
      "Hello <think> is a mark", "stop" },
    { "nearly a thought", TEXT(" <") TEXT("thing") STOP("stop"), " <thing", "stop" },
    { "the start of a thought alone", TEXT("<th") STOP("stop"), "<th", "stop" },
    { "only a thought", TEXT("<think>x") STOP("length"), "", "length" },

    { "nothing", "", NULL, NULL, "cut off", 0, 0, ERROR_UPSTREAM },
    { "only a role", HEAD, NULL, NULL, "cut off", 0, 0, ERROR_UPSTREAM },
    { "cut between events", HEAD TEXT("Hel"), NULL, NULL, "cut off", 0, 0, ERROR_UPSTREAM },
    { "cut in an event", HEAD TEXT("Hel") "data: {\"choices\":[{\"del", NULL, NULL,
      "not valid JSON", 0, 0, ERROR_UPSTREAM },
    { "cut in the end mark", HEAD TEXT("Hel") "data: [DO", NULL, NULL, "not valid JSON", 0, 0,
      ERROR_UPSTREAM },
    { "an error in the stream",
      TEXT("Hel") "data: {\"error\":{\"message\":\"out of memory\"}}\n\n" DONE, NULL, NULL,
      "out of memory", 0, 0, ERROR_UPSTREAM },
    { "an error that is a text", "data: {\"error\":\"overloaded\"}\n\n", NULL, NULL, "overloaded",
      0, 0, ERROR_UPSTREAM },
    { "an error beside a choice",
      TEXT("Hel") "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n" DONE, NULL,
      NULL, "no reason", 0, 0, ERROR_UPSTREAM },
    { "a limit in the stream",
      "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n", NULL, NULL,
      "slow down", 0, 0, ERROR_LIMITED },
    { "a limit by number", "data: {\"error\":{\"message\":\"slow down\",\"code\":429}}\n\n", NULL,
      NULL, "slow down", 0, 0, ERROR_LIMITED },
    { "an error as one object", "{\"error\":{\"message\":\"no such model\"}}", NULL, NULL,
      "no such model", 0, 0, ERROR_UPSTREAM },
    { "broken JSON", "data: {\"choices\":\n\n", NULL, NULL, "not valid JSON", 0, 0,
      ERROR_UPSTREAM },
    { "broken UTF-8", TEXT("\xC3") STOP("stop") DONE, NULL, NULL, "not valid JSON", 0, 0,
      ERROR_UPSTREAM },
    { "a web page", "<!doctype html><p>Sign in", NULL, NULL, "web page", 0, 0, ERROR_UPSTREAM },
    { "half an object", "{\"choices\":[{\"message\":{\"content\":\"Hel", NULL, NULL, "cut off", 0,
      0, ERROR_UPSTREAM },
    { "an object of another kind", "{\"status\":\"ok\"}", NULL, NULL, "unknown shape", 0, 0,
      ERROR_UPSTREAM },
};

static bool read_in_pieces(ChatReader *reader, Arena *arena, Str bytes, size_t size, Error *err)
{
    bool good = true;
    chat_reader_begin(reader, &dialect_openai, arena);
    for (size_t at = 0; at < bytes.length && good; at += size)
        good = chat_reader_feed(reader, str_slice(bytes, at, at + size), err);
    good = good && chat_reader_finish(reader, err);
    chat_reader_end(reader);
    return good;
}

static void check_case(const Case *one, Str bytes, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    ChatReader reader = { 0 };
    Error err = { 0 };
    bool good = read_in_pieces(&reader, arena, bytes, size, &err);
    cr_assert_eq(good, one->text != NULL, "%s in pieces of %zu: %s", one->what, size, err.message);
    if (!good) {
        cr_assert(str_find(str(err.message), str(one->error)) >= 0, "%s: %s", one->what,
                  err.message);
        cr_assert_eq(err.code, one->code, "%s: %s", one->what, error_name(err.code));
        return;
    }
    cr_assert(str_is(buf_str(&reader.text), one->text), "%s: '" STR_FMT "'", one->what,
              STR_ARG(buf_str(&reader.text)));
    cr_assert(str_is(reader.finish, one->finish), "%s", one->what);
    cr_assert_eq(reader.input_tokens, one->input, "%s", one->what);
    cr_assert_eq(reader.output_tokens, one->output, "%s", one->what);
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

Test(gateway, an_answer_without_end_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ChatReader reader = { 0 };
    Error err = { 0 };
    bool good = true;
    chat_reader_begin(&reader, &dialect_openai, arena);
    for (int i = 0; i < 300000 && good; i++)
        good = chat_reader_feed(&reader, str(TEXT("0123456789")), &err);
    chat_reader_end(&reader);
    cr_assert(!good && err.code == ERROR_TOO_LARGE);
}

static bool stop_at_second(void *self, Str text)
{
    (void)text;
    return ++*(int *)self < 2;
}

Test(gateway, a_reader_may_stop)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    int count = 0;
    ChatReader reader = { .delta = stop_at_second, .self = &count };
    Error err = { 0 };
    cr_assert(!read_in_pieces(&reader, arena, str(TEXT("a") TEXT("b") TEXT("c") DONE), 7, &err));
    cr_assert_eq(err.code, ERROR_CANCELLED);
    cr_assert_eq(count, 2);
}

/* --- Writing, lists, services --- */

Test(gateway, a_request_is_what_services_expect)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    GatewayMessage messages[] = { { S("system"), S("Be \"kind\".") }, { S("user"), S("Hi\n") } };
    GatewayChat chat = { .messages = messages, .count = 2, .model = S("m"), .output_max = 9 };
    Buf usual = buf_new(arena, KB(4)), plain = buf_new(arena, KB(4));
    dialect_openai.write_chat(&usual, &chat);
    cr_assert_str_eq(buf_c(&usual),
                     "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
                     "\\\"kind\\\".\"},{\"role\":\"user\",\"content\":\"Hi\\n\"}],\"stream\":true,"
                     "\"stream_options\":{\"include_usage\":true},\"max_tokens\":9,"
                     "\"temperature\":0}");
    chat.is_plain = true;
    dialect_openai.write_chat(&plain, &chat);
    cr_assert(strstr(buf_c(&plain), "\"max_completion_tokens\":9}"));
    cr_assert(!strstr(buf_c(&plain), "temperature"));
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
        cr_assert(str_is(dialect_openai.read_error(arena, str(bodies[i][0])), bodies[i][1]), "%s",
                  bodies[i][0]);
    }
}

Test(gateway, services_are_known_by_their_address)
{
    static const char *const known[][2] = {
        { "http://127.0.0.1:11434/v1", "ollama" },
        { "http://localhost:11434", "ollama" },
        { "http://localhost:8080/v1/", "llama.cpp" },
        { "https://api.openai.com/v1", "openai" },
        { "https://api.openai.com.example.org/v1", "openai-compatible" },
        { "http://10.0.0.1:11434/v1", "openai-compatible" },
        { "nonsense", "openai-compatible" },
        { "", "openai-compatible" },
    };
    for (size_t i = 0; i < COUNT(known); i++)
        cr_assert_str_eq(gateway_provider_of(str(known[i][0]))->name, known[i][1], "%s",
                         known[i][0]);
}
