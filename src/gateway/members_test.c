/* members_test.c - what becomes of every member of a request at every service, as a table: it is
 * docs/members.md. With ACCEPT set that is written anew, to be read as a diff. What is left out
 * must have a reason here. */
#include <criterion/criterion.h>

#include "base/file.h"
#include "base/json_walk.h"
#include "gateway/front.h"
#include "gateway/members.h"

#define PAGE "docs/members.md"

#define TOOLS_OPENAI                                                                               \
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"     \
    "\"object\"}}}]"
#define TOOLS_FLAT                                                                                 \
    "\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}]"
#define TOOLS_ANTHROPIC "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]"
#define SCHEMA "{\"type\":\"object\",\"properties\":{}}"

/* One member of a front's requests, an example of it, and what must stand beside it. */
typedef struct Row {
    const char *member, *example, *beside;
    const char *reason; /* why it is left out somewhere; NULL: it is nowhere */
} Row;

#define NOT_ALL "a service whose models have no such setting keeps to its own"
#define KEPT "kept and told back by this server"
#define HASTE "only how fast or how cheaply it is answered"
#define MACHINE "of the machine that runs the model"
#define COUNTED "this server counts and tells by itself"

static const Row chat[] = {
    { "temperature", "0.5", NULL, NULL },
    { "top_p", "0.5", NULL, NULL },
    { "top_k", "5", NULL, NULL },
    { "n", "2", NULL, NULL },
    { "stop", "[\"x\"]", NULL, NULL },
    { "max_tokens", "77", NULL, NULL },
    { "max_completion_tokens", "77", NULL, NULL },
    { "presence_penalty", "0.5", NULL, NOT_ALL },
    { "frequency_penalty", "0.5", NULL, NOT_ALL },
    { "seed", "7", NULL, NOT_ALL },
    { "logit_bias", "{\"5\":-100}", NULL, NULL },
    { "logprobs", "true", NULL, NULL },
    { "top_logprobs", "3", "\"logprobs\":true", NULL },
    { "response_format", "{\"type\":\"json_object\"}", NULL, NULL },
    { "reasoning_effort", "\"low\"", NULL, "Cohere is told a count of tokens only" },
    { "reasoning", "{\"max_tokens\":5000}", NULL, NULL },
    { "verbosity", "\"low\"", NULL, NOT_ALL },
    { "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", NULL, NULL },
    { "tool_choice", "\"required\"", TOOLS_OPENAI, "Ollama's models choose by themselves" },
    { "parallel_tool_calls", "false", TOOLS_OPENAI, NOT_ALL },
    { "functions", "[{\"name\":\"f\"}]", NULL, NULL },
    { "function_call", "{\"name\":\"f\"}", TOOLS_OPENAI, "Ollama's models choose by themselves" },
    { "modalities", "[\"text\",\"audio\"]", NULL, NULL },
    { "audio", "{\"voice\":\"x\",\"format\":\"mp3\"}", NULL,
      "means nothing without audio among the modalities, which is refused" },
    { "prediction", "{\"type\":\"content\",\"content\":\"x\"}", NULL, HASTE },
    { "service_tier", "\"default\"", NULL, HASTE },
    { "store", "true", NULL, "for OpenAI's own lists of what was asked" },
    { "metadata", "{\"a\":\"b\"}", NULL, "for OpenAI's own lists of what was asked" },
    { "user", "\"u1\"", NULL, "goes to services that ask who asks" },
    { "safety_identifier", "\"u1\"", NULL, "goes to services that ask who asks" },
    { "prompt_cache_key", "\"k\"", NULL, HASTE },
    { "prompt_cache_retention", "\"24h\"", NULL, HASTE },
    { "prompt_cache_options", "{\"a\":1}", NULL, HASTE },
    { "web_search_options", "{\"search_context_size\":\"low\"}", NULL, NULL },
    { "moderation", "{\"model\":\"m\"}", NULL, NULL },
    { "stream_options", "{\"include_usage\":true}", NULL, COUNTED },
};

static const Row responses[] = {
    { "instructions", "\"Be brief.\"", NULL, NULL },
    { "temperature", "0.5", NULL, NULL },
    { "top_p", "0.5", NULL, NULL },
    { "max_output_tokens", "77", NULL, NULL },
    { "max_tool_calls", "3", NULL,
      "tools of the service's own are refused, and the calls made "
      "here have their own limit" },
    { "reasoning", "{\"effort\":\"low\"}", NULL, "Cohere is told a count of tokens only" },
    { "text", "{\"format\":{\"type\":\"json_object\"}}", NULL, NULL },
    { "text", "{\"verbosity\":\"low\"}", NULL, NOT_ALL },
    { "tools", "[{\"type\":\"function\",\"name\":\"f\"}]", NULL, NULL },
    { "tool_choice", "\"required\"", TOOLS_FLAT, "Ollama's models choose by themselves" },
    { "parallel_tool_calls", "false", TOOLS_FLAT, NOT_ALL },
    { "top_logprobs", "3", NULL, NULL },
    { "include", "[\"message.output_text.logprobs\"]", NULL, NULL },
    { "include", "[\"reasoning.encrypted_content\"]", NULL, "it is always there" },
    { "service_tier", "\"default\"", NULL, HASTE },
    { "store", "true", NULL, KEPT },
    { "metadata", "{\"a\":\"b\"}", NULL, KEPT },
    { "previous_response_id", "\"resp_1\"", NULL, "what it stands for is sent" },
    { "background", "true", NULL, KEPT },
    { "conversation", "\"c\"", NULL, NULL },
    { "prompt", "{\"id\":\"p\"}", NULL, NULL },
    { "user", "\"u1\"", NULL, "goes to services that ask who asks" },
    { "safety_identifier", "\"u1\"", NULL, "goes to services that ask who asks" },
    { "prompt_cache_key", "\"k\"", NULL, HASTE },
    { "prompt_cache_retention", "\"24h\"", NULL, HASTE },
    { "prompt_cache_options", "{\"a\":1}", NULL, HASTE },
    { "truncation", "\"auto\"", NULL, "the whole conversation is sent; the answer says disabled" },
    { "context_management", "[{\"type\":\"compaction\"}]", NULL, "the whole conversation is sent" },
    { "moderation", "{\"model\":\"m\"}", NULL, NULL },
    { "stream_options", "{\"include_obfuscation\":false}", NULL, "nothing is obfuscated" },
};

static const Row messages[] = {
    { "system", "\"Be brief.\"", NULL, NULL },
    { "temperature", "0.5", NULL, NULL },
    { "top_p", "0.5", NULL, NULL },
    { "top_k", "5", NULL, NOT_ALL },
    { "stop_sequences", "[\"x\"]", NULL, NULL },
    { "thinking", "{\"type\":\"enabled\",\"budget_tokens\":5000}", NULL, NULL },
    { "thinking", "{\"type\":\"disabled\"}", NULL, NULL },
    { "thinking", "{\"type\":\"adaptive\"}", NULL, "models think as much as they see fit unasked" },
    { "output_config", "{\"effort\":\"max\"}", NULL, "Cohere is told a count of tokens only" },
    { "output_config", "{\"format\":{\"type\":\"json_schema\",\"schema\":" SCHEMA "}}", NULL,
      NULL },
    { "output_format", "{\"type\":\"json_schema\",\"schema\":" SCHEMA "}", NULL, NULL },
    { "tools", "[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]", NULL, NULL },
    { "tools", "[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", NULL, NULL },
    { "tool_choice", "{\"type\":\"any\"}", TOOLS_ANTHROPIC,
      "Ollama's models choose by themselves" },
    { "tool_choice", "{\"type\":\"auto\",\"disable_parallel_tool_use\":true}", TOOLS_ANTHROPIC,
      NOT_ALL },
    { "metadata", "{\"user_id\":\"u1\"}", NULL, "goes to services that ask who asks" },
    { "service_tier", "\"standard_only\"", NULL, HASTE },
    { "cache_control", "{\"type\":\"ephemeral\"}", NULL, HASTE },
    { "speed", "\"fast\"", NULL, HASTE },
    { "context_management", "{\"edits\":[{\"type\":\"clear_tool_uses_20250919\"}]}", NULL,
      "the whole conversation is sent" },
    { "container", "\"c\"", NULL, NULL },
    { "inference_geo", "\"us\"", NULL, NULL },
    { "mcp_servers", "[{\"type\":\"url\",\"url\":\"https://a.example/\",\"name\":\"a\"}]", NULL,
      NULL },
};

static const Row ollama[] = {
    { "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", NULL, NULL },
    { "format", "\"json\"", NULL, NULL },
    { "think", "true", NULL, "Cohere is told a count of tokens only" },
    { "think", "false", NULL, "its models think only when they are asked to" },
    { "think", "\"high\"", NULL, "Cohere is told a count of tokens only" },
    { "options", "{\"temperature\":0.5}", NULL, NULL },
    { "options", "{\"top_p\":0.5}", NULL, NULL },
    { "options", "{\"top_k\":5}", NULL, NOT_ALL },
    { "options", "{\"num_predict\":77}", NULL, NULL },
    { "options", "{\"seed\":7}", NULL, NOT_ALL },
    { "options", "{\"stop\":[\"x\"]}", NULL, NULL },
    { "options", "{\"presence_penalty\":0.5}", NULL, NOT_ALL },
    { "options", "{\"frequency_penalty\":0.5}", NULL, NOT_ALL },
    { "options", "{\"num_ctx\":4096,\"num_gpu\":1,\"repeat_penalty\":1.1,\"min_p\":0.1}", NULL,
      MACHINE },
    { "keep_alive", "\"5m\"", NULL, MACHINE },
    { "logprobs", "true", NULL, NULL },
    { "top_logprobs", "3", NULL, NULL },
};

static const Row completions[] = {
    { "max_tokens", "77", NULL, NULL },
    { "temperature", "0.5", NULL, NULL },
    { "top_p", "0.5", NULL, NULL },
    { "n", "2", NULL, NULL },
    { "stop", "\"x\"", NULL, NULL },
    { "presence_penalty", "0.5", NULL, NOT_ALL },
    { "frequency_penalty", "0.5", NULL, NOT_ALL },
    { "seed", "7", NULL, NOT_ALL },
    { "logit_bias", "{\"5\":-100}", NULL, NULL },
    { "logprobs", "3", NULL, NULL },
    { "best_of", "3", NULL, NULL },
    { "echo", "true", NULL, NULL },
    { "suffix", "\"x\"", NULL, NULL },
    { "user", "\"u1\"", NULL, "goes to services that ask who asks" },
    { "stream_options", "{\"include_usage\":true}", NULL, COUNTED },
};

static const Row embeddings[] = {
    { "input", "[[1,2]]", NULL, NULL },
    { "dimensions", "8", NULL, NULL },
    { "encoding_format", "\"base64\"", NULL, "the answer is written so here" },
    { "input_type", "\"query\"", NULL, "models of other services are not told" },
    { "input_type", "\"passage\"", NULL,
      "models of other services are not told; Cohere takes "
      "what is unsaid for it" },
    { "user", "\"u1\"", NULL, "goes to services that ask who asks" },
};

static const Row ranks[] = {
    { "top_n", "1", NULL, "the answer is cut here" },
    { "return_documents", "true", NULL, "they are put into the answer here" },
};

typedef struct Table {
    const Front *front;
    const char *base; /* the members that each request has, without brackets */
    const Row *rows;
    size_t count;
} Table;

#define ROWS(list) (list), COUNT(list)
#define TALK "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
static const Table tables[] = {
    { &front_openai_chat, "\"model\":\"m\"," TALK, ROWS(chat) },
    { &front_openai_responses, "\"model\":\"m\",\"input\":\"hi\"", ROWS(responses) },
    { &front_anthropic, "\"model\":\"m\",\"max_tokens\":9000," TALK, ROWS(messages) },
    { &front_ollama_chat, "\"model\":\"m\"," TALK, ROWS(ollama) },
    { &front_openai_completions, "\"model\":\"m\",\"prompt\":\"hi\"", ROWS(completions) },
    { &front_openai_embeddings, "\"model\":\"m\",\"input\":\"hi\"", ROWS(embeddings) },
    { &front_rerank, "\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"]", ROWS(ranks) },
};

static const struct {
    const Dialect *dialect;
    const char *model;
} services[] = {
    { &dialect_openai, "gpt-5" },
    { &dialect_anthropic, "claude-sonnet-4-5" },
    { &dialect_gemini, "gemini-2.5-flash" },
    { &dialect_ollama, "gpt-oss" },
    { &dialect_cohere, "command-a" },
    { &dialect_huggingface, "a/b" },
};

/* --- What becomes of one --- */

/* The body that a service gets; "": the request is refused. */
static Str sent(Arena *arena, const Front *front, Str body, size_t service)
{
    const Dialect *dialect = services[service].dialect;
    DialectTarget target = { .model = str(services[service].model),
                             .takes_extra = front->same == dialect };
    ModelRequest request = { 0 };
    WireRequest wire = { .body = buf_new(arena, KB(64)) };
    Error err;
    cr_assert(front->scan(arena, body, &request, &err), STR_FMT ": %s", STR_ARG(body), err.message);
    bool good = front->read(arena, body, &request, &err);
    if (request.task == TASK_COMPLETION && !(dialect->tasks & 1U << TASK_COMPLETION))
        request.task = TASK_CHAT;
    good = good && !request.token_list_count && members_check(&request, &target, &err);
    for (size_t i = 0; good && i < request.tool_count; i++)
        good = !request.tools[i].builtin.length;
    good = good && dialect->write(arena, &request, &target, &wire, &err);
    return good ? buf_str(&wire.body) : S("");
}

static bool can(const Front *front, const Dialect *dialect)
{
    unsigned tasks = dialect->tasks;
    if (tasks & 1U << TASK_CHAT)
        tasks |= 1U << TASK_COMPLETION;
    return tasks >> front->task & 1;
}

static const char *word_of(Arena *arena, const Table *table, const Row *row, size_t service)
{
    const Front *front = table->front;
    if (!can(front, services[service].dialect))
        return "";
    if (front->same == services[service].dialect)
        return "as it is";
    const char *beside = row->beside ? row->beside : "\"z\":0";
    Str plain = str_format(arena, "{%s,%s}", table->base, beside);
    Str body = str_is(str(row->member), "input")
                   ? str_format(arena, "{\"model\":\"m\",\"input\":%s}", row->example)
                   : str_format(arena, "{%s,%s,\"%s\":%s}", table->base, beside, row->member,
                                row->example);
    Str without = sent(arena, front, plain, service), with = sent(arena, front, body, service);
    if (!with.length)
        return "refused";
    return str_equal(with, without) ? "left out" : "said";
}

/* --- The page --- */

static void put_table(Buf *page, Arena *arena, const Table *table)
{
    buf_addf(page, "\n## %s\n\n| Member |", table->front->path);
    for (size_t i = 0; i < COUNT(services); i++)
        if (can(table->front, services[i].dialect))
            buf_addf(page, " %s |", services[i].dialect->name);
    buf_add(page, S(" Left out because |\n|---|"));
    for (size_t i = 0; i < COUNT(services); i++)
        if (can(table->front, services[i].dialect))
            buf_add(page, S("---|"));
    buf_add(page, S("---|\n"));
    for (size_t i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        bool is_left = false;
        buf_addf(page, "| `%s`: `%s` |", row->member, row->example);
        for (size_t j = 0; j < COUNT(services); j++) {
            const char *word = word_of(arena, table, row, j);
            is_left |= str_is(str(word), "left out");
            if (can(table->front, services[j].dialect))
                buf_addf(page, " %s |", word);
        }
        cr_expect(is_left == (row->reason != NULL), "%s: %s %s is %s", table->front->path,
                  row->member, row->example,
                  is_left ? "left out and nobody knows why" : "never left out");
        buf_addf(page, " %s |\n", row->reason ? row->reason : "");
    }
}

Test(gateway, no_member_of_a_request_is_lost_without_a_reason)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf page = buf_new(arena, MB(1));
    Str expected = S("");
    Error err;
    buf_add(
        &page,
        S("# What of a request reaches which service\n\nBy the dialect of the service: a member "
          "goes on *as it is*, is *said* in its\nwords, is *refused* by its name, or is *left "
          "out* for the reason in the last\ncolumn. A member that is not here is left out "
          "between two dialects, and goes on\nwithin one. Services differ within a dialect, "
          "too: [providers](providers.md).\n"));
    for (size_t i = 0; i < COUNT(tables); i++)
        put_table(&page, arena, &tables[i]);
    if (getenv("ACCEPT")) {
        cr_assert(file_write(PAGE, buf_str(&page), 0644, &err), "%s", err.message);
        return;
    }
    cr_assert(file_read(arena, PAGE, MB(1), &expected, &err), "%s", err.message);
    cr_assert(str_equal(buf_str(&page), expected), "got\n%s", buf_c(&page));
}

Test(gateway, what_a_service_fails_with_is_refused_when_the_answer_would_be_another)
{
    static const struct {
        const char *body, *field; /* "": it can be left out */
    } cases[] = { { "{\"logit_bias\":{\"5\":-100}}", "logit_bias" },
                  { "{\"logit_bias\":{},\"user\":\"u\"}", "" },
                  { "{\"logprobs\":false,\"seed\":5}", "" },
                  { "{\"logprobs\":true}", "logprobs" } };
    DialectQuirks quirks = { .members = "user= logit_bias= logprobs= seed=random_seed" };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        bool good = members_check_body(str(cases[i].body), &quirks, &err);
        cr_assert_eq(good, !cases[i].field[0], "%s", cases[i].body);
        cr_assert_str_eq(err.field, cases[i].field);
    }
}

/* --- All of them --- */

static bool is_listed(const Table *table, Str member)
{
    static const char *const asked[] = { "model", "messages", "input", "stream", "prompt" };
    for (size_t i = 0; i < COUNT(asked); i++)
        if (str_is(member, asked[i]))
            return true;
    for (size_t i = 0; i < table->count; i++)
        if (str_is(member, table->rows[i].member))
            return true;
    return false;
}

/* The names of a schema's properties in OpenAI's description: what is indented as its kind is. */
static void check_schema(Str text, const char *schema, const Table *table)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    ptrdiff_t start = str_find(text, str_format(arena, "\n    %s:\n", schema));
    cr_assert(start >= 0, "%s", schema);
    Str rest = str_from(text, (size_t)start + 5), line;
    size_t depth = 0, seen = 0;
    (void)str_next(&rest, '\n', &line);
    while (str_next(&rest, '\n', &line)) {
        size_t indent = 0;
        while (indent < line.length && line.at[indent] == ' ')
            indent++;
        if (indent == line.length)
            continue;
        if (indent <= 4)
            break;
        if (indent <= depth)
            depth = 0;
        if (!depth && str_is(str_from(line, indent), "properties:"))
            depth = indent;
        else if (depth && indent == depth + 2 && str_ends(line, S(":"))) {
            seen++;
            Str member = str_slice(line, indent, line.length - 1);
            cr_expect(is_listed(table, member), "%s: " STR_FMT, schema, STR_ARG(member));
        }
    }
    cr_expect(seen > 2, "%s has %zu members", schema, seen);
}

Test(gateway, every_member_that_openai_describes_is_in_the_table)
{
    static const struct {
        const char *schema;
        size_t table;
    } schemas[] = { { "CreateChatCompletionRequest", 0 },
                    { "ModelResponseProperties", 0 },
                    { "CreateResponse", 1 },
                    { "ModelResponseProperties", 1 },
                    { "ResponseProperties", 1 },
                    { "CreateCompletionRequest", 4 },
                    { "CreateEmbeddingRequest", 5 } };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str text;
    Error err;
    if (!file_read(arena, "../shared/specs/openai-openapi.yaml", MB(8), &text, &err)) {
        printf("skipped: needs ../shared\n");
        return;
    }
    for (size_t i = 0; i < COUNT(schemas); i++)
        check_schema(text, schemas[i].schema, &tables[schemas[i].table]);
}
