/* golden_test.c - one conversation as each dialect writes it, and each dialect's documented answers
 * as the same events, torn at every byte.
 *
 * golden/<dialect>.<case>.json is a body that is written; golden/<dialect>.<case>.wire is an answer
 * as it comes, and the .events beside it what it means. With ACCEPT set the expectations are
 * written anew, to be read as a diff. */
#include <criterion/criterion.h>
#include <dirent.h>

#include "base/file.h"
#include "base/json_walk.h"
#include "gateway/dialect.h"

#define FOLDER "src/gateway/golden"

/* --- Files --- */

static void check_file(Arena *arena, Str name, Str got)
{
    char *path = path_join(arena, S(FOLDER), name);
    Str expected = S("");
    Error err;
    if (getenv("ACCEPT")) {
        cr_assert(file_write(path, got, 0644, &err), "%s", err.message);
        return;
    }
    cr_assert(file_read(arena, path, MB(1), &expected, &err), "%s", err.message);
    cr_assert(str_equal(got, expected), "%s: got\n" STR_FMT, path, STR_ARG(got));
}

/* --- A conversation --- */

#define PNG "iVBORw0KGgo="
#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"answer\":{\"type\":\"string\"}},"                      \
    "\"required\":[\"answer\"],\"additionalProperties\":false}"
#define CITY "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}"

static const ModelPart system_parts[] = { { .kind = PART_TEXT, .text = S_INIT("Be \"brief\".") } };
static const ModelPart question[] = {
    { .kind = PART_TEXT, .text = S_INIT("What is the weather here and in Oslo?\n") },
    { .kind = PART_IMAGE, .media_type = S_INIT("image/png"), .data = S_INIT(PNG) },
};
static const ModelPart calls[] = {
    { .kind = PART_REASONING, .text = S_INIT("Two calls."), .signature = S_INIT("c2ln") },
    { .kind = PART_REASONING, .signature = S_INIT("aGlk"), .is_redacted = true },
    { .kind = PART_REASONING, .text = S_INIT("Two."), .signature = S_INIT("gemini:Z2Vt") },
    { .kind = PART_TEXT, .text = S_INIT("Let me look.") },
    { .kind = PART_TOOL_CALL,
      .id = S_INIT("call_a__sig__dGhvdWdodA=="),
      .name = S_INIT("weather"),
      .arguments = S_INIT("{\"city\":\"Oslo\"}") },
    { .kind = PART_TOOL_CALL, .id = S_INIT("call_b"), .name = S_INIT("place") },
};
static const ModelPart pictures[] = {
    { .kind = PART_TEXT, .text = S_INIT("a map") },
    { .kind = PART_IMAGE, .media_type = S_INIT("image/png"), .data = S_INIT(PNG) },
};
static const ModelPart results[] = {
    { .kind = PART_TOOL_RESULT,
      .id = S_INIT("call_a__sig__dGhvdWdodA=="),
      .text = S_INIT("{\"celsius\":4}") },
    { .kind = PART_TOOL_RESULT, .id = S_INIT("call_b"), .parts = pictures, .part_count = 2 },
};
static const ModelPart more[] = { { .kind = PART_TEXT, .text = S_INIT("And?") } };
static const ModelMessage messages[] = {
    { .role = FROM_SYSTEM, .parts = system_parts, .count = 1 },
    { .role = FROM_USER, .parts = question, .count = 2 },
    { .role = FROM_ASSISTANT, .parts = calls, .count = COUNT(calls) },
    { .role = FROM_TOOL, .parts = &results[0], .count = 1 },
    { .role = FROM_TOOL, .parts = &results[1], .count = 1 },
    { .role = FROM_USER, .parts = more, .count = 1 },
};
static const ModelTool tools[] = {
    { .name = S_INIT("weather"),
      .description = S_INIT("Of a city"),
      .parameters = S_INIT(CITY),
      .is_strict = true },
    { .name = S_INIT("place") },
    { .name = S_INIT("now"), .parameters = S_INIT("{\"type\":\"object\"}") },
};
static const Str stops[] = { S_INIT("END") };
static const Str inputs[] = { S_INIT("one"), S_INIT("two") };

static const ModelRequest conversation = {
    .task = TASK_CHAT,
    .messages = messages,
    .message_count = COUNT(messages),
    .tools = tools,
    .tool_count = COUNT(tools),
    .tool_choice = TOOLS_AUTO,
    .parallel_tools = NO,
    .output_max = 300,
    .temperature = { true, 0.5 },
    .top_p = { true, 0.9 },
    .top_k = { true, 40 },
    .seed = { true, 7 },
    .stop = { stops, 1 },
    .format = FORMAT_SCHEMA,
    .schema = S_INIT(SCHEMA),
    .schema_name = S_INIT("reply"),
    .is_strict = YES,
    .user = S_INIT("u1"),
    .is_stream = true,
};

static ModelRequest request_of(const char *kind)
{
    ModelRequest request = conversation;
    Str name = str(kind);
    if (str_is(name, "effort")) {
        request.reasoning_effort = S("low");
        request.format = FORMAT_JSON;
    } else if (str_is(name, "newer")) {
        request.reasoning_effort = S("high");
    } else if (str_is(name, "named")) {
        request.message_count = 2;
        request.tool_choice = TOOLS_NAMED;
        request.tool_name = S("weather");
        request.is_stream = false;
    } else if (str_is(name, "embedding")) {
        request =
            (ModelRequest){ .task = TASK_EMBEDDING, .inputs = { inputs, 2 }, .dimensions = 8 };
    } else if (str_is(name, "vectors")) {
        request = (ModelRequest){ .task = TASK_EMBEDDING, .inputs = { inputs, 2 } };
    } else if (str_is(name, "rerank")) {
        request = (ModelRequest){
            .task = TASK_RERANK, .inputs = { inputs, 2 }, .query = S("which"), .top_n = 1
        };
    } else if (str_is(name, "completion")) {
        request = (ModelRequest){
            .task = TASK_COMPLETION, .messages = &messages[5], .message_count = 1, .output_max = 9
        };
    } else if (str_is(name, "speech")) {
        request = (ModelRequest){ .task = TASK_SPEECH,
                                  .inputs = { inputs, 1 },
                                  .extra = S("{\"voice\":\"coral\",\"speed\":1.5}") };
    } else if (str_is(name, "image")) {
        request = (ModelRequest){ .task = TASK_IMAGE,
                                  .inputs = { inputs, 1 },
                                  .extra = S("{\"n\":2,\"size\":\"1024x1024\"}") };
    } else if (str_is(name, "transcription")) {
        request = (ModelRequest){ .task = TASK_TRANSCRIPTION,
                                  .media = S("fLaC..."),
                                  .media_type = S("audio/flac"),
                                  .transcript = TRANSCRIPT_SRT };
    }
    return request;
}

static const struct {
    const char *dialect, *kind, *model;
    DialectQuirks quirks;
} bodies[] = {
    { "openai", "chat", "gpt-4o" },
    { "openai", "named", "gpt-4o" },
    { "openai", "effort", "gpt-5", { .members = "max_tokens=max_completion_tokens seed=" } },
    { "openai", "embedding", "text-embedding-3-small" },
    { "openai", "rerank", "bge-reranker" },
    { "openai", "completion", "m" },
    { "openai", "speech", "gpt-4o-mini-tts" },
    { "openai", "image", "gpt-image-1" },
    { "anthropic", "chat", "claude-sonnet-4-5" },
    { "anthropic", "named", "claude-sonnet-4-5" },
    { "anthropic", "effort", "claude-sonnet-4-5" },
    { "anthropic", "older", "claude-3-5-haiku-20241022" },
    { "anthropic", "newer", "claude-sonnet-6" },
    { "gemini", "chat", "gemini-3-pro-preview" },
    { "gemini", "named", "gemini-2.5-flash" },
    { "gemini", "effort", "gemini-2.5-flash" },
    { "gemini", "embedding", "gemini-embedding-001" },
    { "ollama", "chat", "qwen3" },
    { "ollama", "effort", "gpt-oss" },
    { "ollama", "embedding", "nomic-embed-text" },
    { "ollama", "completion", "qwen3" },
    { "cohere", "chat", "command-a-03-2025" },
    { "cohere", "named", "command-a-03-2025" },
    { "cohere", "embedding", "embed-v4.0" },
    { "cohere", "rerank", "rerank-v3.5" },
    { "huggingface", "vectors", "sentence-transformers/all-MiniLM-L6-v2" },
    { "huggingface", "rerank", "sentence-transformers/all-MiniLM-L6-v2" },
    { "huggingface", "transcription", "openai/whisper-large-v3" },
};

/* The path and the body, one member a line. */
static Str written(Arena *arena, const Dialect *dialect, const ModelRequest *request,
                   const DialectTarget *target)
{
    WireRequest wire = { .body = buf_new(arena, MB(1)) };
    AUTO_JSON json_t *json = NULL;
    Error err;
    Str path = dialect->path(arena, request, target);
    cr_assert(dialect->write(arena, request, target, &wire, &err), "%s", err.message);
    cr_assert(json_parse(buf_str(&wire.body), MB(1), &json, &err), "%s: %s", err.message,
              buf_c(&wire.body));
    char *text = json_dumps(json, JSON_INDENT(2));
    Str all = str_format(arena, "POST " STR_FMT "\n%s\n", STR_ARG(path), text);
    free(text);
    return all;
}

Test(gateway, a_conversation_is_written_as_each_service_documents_it)
{
    for (size_t i = 0; i < COUNT(bodies); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        ModelRequest request = request_of(bodies[i].kind);
        DialectTarget target = { .model = str(bodies[i].model),
                                 .quirks = bodies[i].quirks,
                                 .takes_extra = request.extra.length > 0 };
        const Dialect *dialect = dialect_find(str(bodies[i].dialect));
        Str got = written(arena, dialect, &request, &target);
        check_file(arena, str_format(arena, "%s.%s.json", bodies[i].dialect, bodies[i].kind), got);
    }
}

Test(gateway, the_name_of_a_model_stays_in_its_place)
{
    static const struct {
        const char *dialect, *model, *path;
        ModelTask task;
    } cases[] = {
        { "huggingface", "a/b", "/models/a/b/pipeline/feature-extraction", TASK_EMBEDDING },
        { "huggingface", "../../x?y", "/models/-/-/x%3Fy/pipeline/feature-extraction",
          TASK_EMBEDDING },
        { "gemini", "../x", "/models/..%2Fx:generateContent", TASK_CHAT },
        { "gemini", "tunedModels/m", "/tunedModels/m:generateContent", TASK_CHAT },
        { "openai", "..", "/openai/deployments/-/chat/completions?api-version=v", TASK_CHAT },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = cases[i].task };
        DialectTarget target = { .model = str(cases[i].model), .version = S("v") };
        Str path = dialect_find(str(cases[i].dialect))->path(arena, &request, &target);
        cr_assert(str_is(path, cases[i].path), STR_FMT, STR_ARG(path));
    }
}

Test(gateway, what_only_client_and_service_know_goes_along_between_them)
{
    static const char *const dialects[] = { "openai", "anthropic", "ollama" };
    for (size_t i = 0; i < 2 * COUNT(dialects); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = TASK_CHAT,
                                 .messages = &messages[5],
                                 .message_count = 1,
                                 .extra = S("{\"new\":{\"x\":[1]}}") };
        DialectTarget target = { .model = S("m"), .takes_extra = i % 2 };
        WireRequest wire = { .body = buf_new(arena, KB(64)) };
        Error err;
        cr_assert(dialect_find(str(dialects[i / 2]))->write(arena, &request, &target, &wire, &err));
        cr_assert_eq(strstr(buf_c(&wire.body), "\"new\":{\"x\":[1]}") != NULL, i % 2, "%s",
                     buf_c(&wire.body));
    }
}

Test(gateway, an_answer_of_claude_is_as_long_as_its_model_can_write)
{
    static const struct {
        const char *model, *said;
    } cases[] = { { "claude-3-opus-20240229", "\"max_tokens\":4096," },
                  { "claude-sonnet-4-5", "\"max_tokens\":16384," },
                  { "claude-next", "\"max_tokens\":16384," } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = {
            .task = TASK_CHAT, .messages = &messages[5], .message_count = 1, .user = S("u")
        };
        DialectTarget target = { .model = str(cases[i].model) };
        WireRequest wire = { .body = buf_new(arena, KB(64)) };
        Error err;
        cr_assert(dialect_anthropic.write(arena, &request, &target, &wire, &err));
        cr_assert(strstr(buf_c(&wire.body), cases[i].said), "%s", buf_c(&wire.body));
    }
}

static Str body_for(Arena *arena, const char *dialect, const char *model,
                    const ModelRequest *request)
{
    DialectTarget target = { .model = str(model) };
    WireRequest wire = { .body = buf_new(arena, KB(64)) };
    Error err;
    cr_assert(dialect_find(str(dialect))->write(arena, request, &target, &wire, &err), "%s",
              err.message);
    return buf_str(&wire.body);
}

Test(gateway, gemini_thinks_as_hard_as_each_of_its_models_can)
{
    static const struct {
        const char *model, *effort;
        int64_t budget;
        const char *said; /* NULL: nothing of thinking */
    } cases[] = {
        { "gemini-2.0-flash", "high", 0, NULL },
        { "gemini-3-flash-preview", "", 0, NULL },
        { "gemini-3-flash-preview", "odd", 0, NULL },
        { "gemini-2.5-flash", "none", 0, "{\"includeThoughts\":false,\"thinkingBudget\":0}" },
        { "gemini-2.5-pro", "none", 0, "{\"includeThoughts\":false,\"thinkingBudget\":128}" },
        { "gemini-2.5-flash", "xhigh", 0, "{\"includeThoughts\":true,\"thinkingBudget\":24576}" },
        { "gemini-2.5-flash", "", 31999, "{\"includeThoughts\":true,\"thinkingBudget\":24576}" },
        { "gemini-2.5-flash", "", -1, "{\"includeThoughts\":false,\"thinkingBudget\":0}" },
        { "gemini-3-flash-preview", "max", 0,
          "{\"includeThoughts\":true,\"thinkingLevel\":\"high\"}" },
        { "gemini-3-flash-preview", "", -1,
          "{\"includeThoughts\":false,\"thinkingLevel\":\"minimal\"}" },
        { "gemini-3-flash-preview", "", 2000,
          "{\"includeThoughts\":true,\"thinkingBudget\":2000}" },
        { "gemini-3.1-pro-preview", "minimal", 0,
          "{\"includeThoughts\":true,\"thinkingLevel\":\"low\"}" },
        { "gemini-3.1-pro-preview", "medium", 0,
          "{\"includeThoughts\":true,\"thinkingLevel\":\"medium\"}" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = TASK_CHAT,
                                 .messages = &messages[5],
                                 .message_count = 1,
                                 .reasoning_effort = str(cases[i].effort),
                                 .reasoning_budget = cases[i].budget };
        Str body = body_for(arena, "gemini", cases[i].model, &request);
        Str config = json_walk_member(json_walk_member(body, "generationConfig"), "thinkingConfig");
        cr_assert(str_equal(config, str(cases[i].said ? cases[i].said : "")), "%s %s: " STR_FMT,
                  cases[i].model, cases[i].effort, STR_ARG(config));
    }
}

/* A turn without blocks is refused by Anthropic, one without content by OpenAI. */
Test(gateway, a_message_that_says_nothing_does_no_harm)
{
    static const ModelPart nothing[] = {
        { .kind = PART_TEXT },
        { .kind = PART_REASONING, .text = S_INIT("unsigned") },
    };
    static const ModelMessage talk[] = {
        { .role = FROM_USER, .parts = more, .count = 1 },
        { .role = FROM_ASSISTANT, .parts = nothing, .count = 2 },
        { .role = FROM_USER, .parts = more, .count = 1 },
        { .role = FROM_ASSISTANT },
    };
    static const struct {
        const char *dialect, *said;
    } cases[] = {
        { "anthropic", "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"And?\"},"
                       "{\"type\":\"text\",\"text\":\"And?\"}]}]" },
        { "openai", "[{\"role\":\"user\",\"content\":\"And?\"},"
                    "{\"role\":\"assistant\",\"content\":\"\"},"
                    "{\"role\":\"user\",\"content\":\"And?\"},"
                    "{\"role\":\"assistant\",\"content\":\"\"}]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = TASK_CHAT,
                                 .messages = talk,
                                 .message_count = COUNT(talk) };
        Str body = body_for(arena, cases[i].dialect, "m", &request);
        Str got = json_walk_member(body, "messages");
        cr_assert(str_is(got, cases[i].said), STR_FMT, STR_ARG(got));
    }
}

Test(gateway, a_call_with_system_text_only_is_a_turn_of_the_user)
{
    static const struct {
        const char *dialect, *member, *said;
    } cases[] = {
        { "anthropic", "messages",
          "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Be "
          "\\\"brief\\\".\"}]}]" },
        { "gemini", "contents",
          "[{\"role\":\"user\",\"parts\":[{\"text\":\"Be \\\"brief\\\".\"}]}]" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = TASK_CHAT, .messages = messages, .message_count = 1 };
        Str body = body_for(arena, cases[i].dialect, "m", &request);
        Str got = json_walk_member(body, cases[i].member);
        cr_assert(str_is(got, cases[i].said), STR_FMT, STR_ARG(got));
        cr_assert(str_find(body, S("system")) < 0, STR_FMT, STR_ARG(body));
    }
}

Test(gateway, a_picture_that_only_its_own_service_has_is_refused_by_name)
{
    static const ModelPart lost[] = { { .kind = PART_IMAGE, .file_id = S_INIT("file_1") } };
    static const ModelPart result[] = {
        { .kind = PART_TOOL_RESULT, .id = S_INIT("a"), .parts = lost, .part_count = 1 }
    };
    static const ModelMessage talks[] = { { .role = FROM_USER, .parts = lost, .count = 1 },
                                          { .role = FROM_TOOL, .parts = result, .count = 1 } };
    static const char *const dialects[] = { "openai", "cohere", "ollama" };
    for (size_t i = 0; i < COUNT(dialects) * COUNT(talks); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { .task = TASK_CHAT,
                                 .messages = &talks[i % COUNT(talks)],
                                 .message_count = 1 };
        DialectTarget target = { .model = S("m") };
        WireRequest wire = { .body = buf_new(arena, KB(64)) };
        Error err = { 0 };
        const Dialect *dialect = dialect_find(str(dialects[i / COUNT(talks)]));
        cr_assert(!dialect->write(arena, &request, &target, &wire, &err), "%s", dialect->name);
        cr_assert(err.code == ERROR_UNSUPPORTED);
    }
}

/* --- Answers --- */

typedef struct Heard {
    Buf told;
} Heard;

static const char *const finishes[] = { "unknown", "stop", "length", "tools", "filter" };

static bool hear(void *self, const ModelEvent *event, Error *err)
{
    static const char *const names[] = { "start",         "text",     "reasoning", "signature",
                                         "refusal",       "tool",     "arguments", "hosted",
                                         "hosted_result", "citation", "vector",    "score",
                                         "segment",       "picture",  "finish" };
    Buf *out = &((Heard *)self)->told;
    (void)err;
    buf_addf(out, "%s %d.%d", names[event->kind], event->choice, event->index);
    if (event->kind == EVENT_START)
        buf_addf(out, " " STR_FMT " " STR_FMT, STR_ARG(event->id), STR_ARG(event->model));
    else if (event->kind == EVENT_TOOL)
        buf_addf(out, " " STR_FMT " " STR_FMT, STR_ARG(event->id), STR_ARG(event->name));
    else if (event->kind == EVENT_FINISH)
        buf_addf(out, " %s", finishes[event->finish]);
    else if (event->kind == EVENT_SCORE)
        buf_addf(out, " %g", event->score);
    else if (event->kind == EVENT_SEGMENT)
        buf_addf(out, " %g-%g", event->start_s, event->end_s);
    for (size_t i = 0; i < event->vector.count; i++)
        buf_addf(out, " %g", (double)event->vector.at[i]);
    if (event->is_redacted)
        buf_add(out, S(" redacted"));
    if (event->text.length) {
        buf_add_char(out, ' ');
        json_quote(out, event->text);
    }
    buf_add_char(out, '\n');
    return true;
}

static void tell_usage(Buf *out, const ModelUsage *usage)
{
    if (usage->is_known)
        buf_addf(out,
                 "usage input %" PRId64 " output %" PRId64 " cache_read %" PRId64
                 " cache_write %" PRId64 " long %" PRId64 " reasoning %" PRId64 " audio %" PRId64
                 "\n",
                 usage->input, usage->output, usage->cache_read, usage->cache_write,
                 usage->cache_write_long, usage->reasoning, usage->audio_input);
    if (usage->searches || usage->tier)
        buf_addf(out, "usage searches %" PRId64 " tier %d\n", usage->searches, (int)usage->tier);
    if (usage->seconds > 0 || usage->pictures)
        buf_addf(out, "usage seconds %g pictures %" PRId64 "\n", usage->seconds, usage->pictures);
}

/* The task is in the case's name: "cohere.rerank.wire"; anything else is a chat. */
static ModelTask task_of(Str kind)
{
    if (str_starts(kind, S("stream-")))
        kind = str_from(kind, sizeof "stream-" - 1);
    return str_starts(kind, S("embedding"))       ? TASK_EMBEDDING
           : str_starts(kind, S("rerank"))        ? TASK_RERANK
           : str_starts(kind, S("transcription")) ? TASK_TRANSCRIPTION
           : str_starts(kind, S("speech"))        ? TASK_SPEECH
           : str_starts(kind, S("image"))         ? TASK_IMAGE
           : str_starts(kind, S("completion"))    ? TASK_COMPLETION
                                                  : TASK_CHAT;
}

static Str heard(Arena *arena, const Dialect *dialect, Str kind, Str bytes, size_t cut)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(16));
    Heard heard = { buf_new(arena, MB(1)) };
    WireReader reader = { .dialect = dialect,
                          .arena = arena,
                          .scratch = scratch,
                          .task = task_of(kind),
                          .is_stream = str_starts(kind, S("stream")),
                          .event = hear,
                          .self = &heard };
    Error err;
    wire_reader_begin(&reader, MB(8));
    bool good = wire_reader_feed(&reader, str_slice(bytes, 0, cut), &err) &&
                wire_reader_feed(&reader, str_from(bytes, cut), &err) &&
                wire_reader_finish(&reader, &err);
    wire_reader_end(&reader);
    tell_usage(&heard.told, &reader.usage);
    if (!good)
        buf_addf(&heard.told, "failure %s: %s\n", error_name(err.code), err.message);
    return buf_str(&heard.told);
}

static void check_answer(const char *name)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str rest = str(name), dialect_name, kind, bytes;
    Error err;
    (void)str_next(&rest, '.', &dialect_name);
    (void)str_next(&rest, '.', &kind);
    const Dialect *dialect = dialect_find(dialect_name);
    cr_assert(dialect, "%s", name);
    cr_assert(file_read(arena, path_join(arena, S(FOLDER), str(name)), MB(1), &bytes, &err));
    Str whole = heard(arena, dialect, kind, bytes, 0);
    check_file(
        arena,
        str_format(arena, STR_FMT "." STR_FMT ".events", STR_ARG(dialect_name), STR_ARG(kind)),
        whole);
    for (size_t cut = 1; cut < bytes.length; cut++) {
        AUTO_ARENA Arena *piece = arena_new(MB(16));
        Str torn = heard(piece, dialect, kind, bytes, cut);
        cr_assert(str_equal(torn, whole), "%s torn at %zu:\n" STR_FMT, name, cut, STR_ARG(torn));
    }
}

Test(gateway, documented_answers_mean_the_same_wherever_they_are_torn)
{
    int count = 0;
    DIR *folder = opendir(FOLDER);
    cr_assert(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (str_ends(str(entry->d_name), S(".wire"))) {
            check_answer(entry->d_name);
            count++;
        }
    closedir(folder);
    cr_assert_geq(count, 20, "only %d answers were found", count);
}
