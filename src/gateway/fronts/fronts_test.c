/* fronts_test.c - what clients send is read whole or refused by name, and events are written in
 * each front's own words. */
#include <criterion/criterion.h>

#include "gateway/front.h"
#include "gateway/json_read.h"

/* --- Reading --- */

typedef struct ReadCase {
    const Front *front;
    const char *body;
    const char *field; /* that is refused; NULL: it is fine */
    ErrorCode code;
} ReadCase;

#define MODEL "\"model\":\"m\","
#define HELLO "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define CLAUDE "{" MODEL "\"max_tokens\":9,"

static const ReadCase read_cases[] = {
    { &front_openai_chat, "{" MODEL HELLO "}" },
    { &front_openai_chat, "{" MODEL HELLO ",\"temperature\":null,\"stop\":\"x\",\"odd\":{}}" },
    { &front_openai_chat, "{" MODEL "\"messages\":[]}", "messages", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL "\"messages\":[{\"role\":\"x\"}]}", "messages[0].role",
      ERROR_INVALID },
    { &front_openai_chat,
      "{" MODEL "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"x\"}]}]}",
      "messages[0].content[0].type", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"tools\":[{\"type\":\"function\",\"function\":{}}]}",
      "tools[0].function.name", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"n\":1000}", "n", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"stop\":[1]}", "stop", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"parallel_tool_calls\":\"yes\"}",
      "parallel_tool_calls", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"response_format\":{\"type\":\"json_schema\"}}",
      "response_format.json_schema", ERROR_INVALID },
    { &front_openai_chat, "{" MODEL HELLO ",\"modalities\":[\"text\",\"audio\"]}", "modalities",
      ERROR_UNSUPPORTED },
    { &front_openai_chat,
      "{" MODEL HELLO ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{}}}",
      "tool_choice.allowed_tools.tools", ERROR_INVALID },
    { &front_anthropic, CLAUDE HELLO "}" },
    { &front_anthropic, "{" MODEL HELLO "}", "max_tokens", ERROR_INVALID },
    { &front_anthropic,
      CLAUDE "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]}",
      "messages[0].content[0].source", ERROR_INVALID },
    { &front_anthropic, CLAUDE HELLO ",\"system\":[{\"type\":\"odd\"}]}", "system[0].type",
      ERROR_INVALID },
    { &front_anthropic, CLAUDE HELLO ",\"thinking\":{\"type\":\"enabled\"}}",
      "thinking.budget_tokens", ERROR_INVALID },
    { &front_ollama_chat, "{" MODEL HELLO "}" },
    { &front_ollama_chat, "{" MODEL HELLO ",\"options\":{\"num_predict\":-1,\"mirostat\":2}}" },
    { &front_ollama_chat, "{" MODEL HELLO ",\"options\":{\"seed\":\"x\"}}", "options.seed",
      ERROR_INVALID },
    { &front_ollama_generate, "{" MODEL "\"prompt\":\"hi\",\"suffix\":\"\",\"context\":[]}" },
    { &front_ollama_generate, "{" MODEL "\"prompt\":\"hi\",\"template\":\"x\"}", "template",
      ERROR_UNSUPPORTED },
    { &front_openai_responses, "{" MODEL "\"input\":\"hi\"}" },
    { &front_openai_responses, "{" MODEL "\"input\":[{\"type\":\"function_call\",\"name\":\"f\"}]}",
      "input[0].call_id", ERROR_INVALID },
    { &front_openai_responses, "{" MODEL "\"input\":\"hi\",\"conversation\":\"c\"}", "conversation",
      ERROR_UNSUPPORTED },
    { &front_openai_completions, "{" MODEL "\"prompt\":[\"a\",\"b\"]}", "prompt", ERROR_INVALID },
    { &front_openai_embeddings, "{" MODEL "\"input\":[\"a\"],\"encoding_format\":\"base64\"}" },
    { &front_openai_embeddings, "{" MODEL "\"input\":[1,2]}" },
    { &front_openai_embeddings, "{" MODEL "\"input\":[[1],[2,3]],\"input_type\":\"query\"}" },
    { &front_openai_embeddings, "{" MODEL "\"input\":[[1],[-2]]}", "input[1][0]", ERROR_INVALID },
    { &front_openai_embeddings, "{" MODEL "\"input\":[1,[2]]}", "input[1]", ERROR_INVALID },
    { &front_openai_embeddings, "{" MODEL "\"input\":[[]]}", "input[0]", ERROR_INVALID },
    { &front_openai_embeddings, "{" MODEL "\"input\":[\"a\"],\"input_type\":\"x\"}", "input_type",
      ERROR_INVALID },
    { &front_rerank, "{" MODEL "\"documents\":[\"a\",{\"text\":\"b\"}],\"query\":\"q\"}" },
    { &front_rerank, "{" MODEL "\"documents\":[\"a\",7],\"query\":\"q\"}", "documents[1]",
      ERROR_INVALID },
};

static bool read_body(Arena *arena, const Front *front, const char *body, ModelRequest *request,
                      Error *err)
{
    *request = (ModelRequest){ 0 };
    return front->scan(arena, str(body), request, err) &&
           front->read(arena, str(body), request, err);
}

Test(fronts, a_body_is_read_or_the_field_is_named_that_is_wrong)
{
    for (size_t i = 0; i < COUNT(read_cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        const ReadCase *c = &read_cases[i];
        ModelRequest request;
        Error err = { 0 };
        bool good = read_body(arena, c->front, c->body, &request, &err);
        cr_assert(good == !c->field, "%s: %s", c->body, err.message);
        if (c->field) {
            cr_assert_str_eq(err.field, c->field, "%s: %s", c->body, err.field);
            cr_assert(err.code == c->code, "%s", c->body);
        }
    }
}

Test(fronts, two_members_of_one_name_and_hidden_names_are_refused)
{
    static const char *const bodies[] = { "{\"model\":\"a\",\"model\":\"b\",%s}",
                                          "{\"mod\\u0065l\":\"a\",%s}", "{%s", "[%s]", "" };
    static const struct {
        const Front *front;
        const char *content;
    } fronts[] = { { &front_openai_chat, HELLO },
                   { &front_anthropic, "\"max_tokens\":9," HELLO },
                   { &front_ollama_chat, HELLO },
                   { &front_ollama_generate, "\"prompt\":\"hi\"" },
                   { &front_openai_responses, "\"input\":\"hi\"" },
                   { &front_openai_completions, "\"prompt\":\"hi\"" },
                   { &front_openai_embeddings, "\"input\":\"hi\"" },
                   { &front_rerank, "\"documents\":[\"a\"],\"query\":\"q\"" } };
    for (size_t i = 0; i < COUNT(fronts); i++)
        for (size_t j = 0; j < COUNT(bodies); j++) {
            AUTO_ARENA Arena *arena = arena_new(MB(8));
            Str from = str(bodies[j]), piece;
            Buf body = buf_new(arena, KB(4));
            for (int k = 0; str_next(&from, '%', &piece); k++) {
                if (k)
                    buf_add(&body, str(fronts[i].content));
                buf_add(&body, k ? str_from(piece, 1) : piece);
            }
            ModelRequest request = { 0 };
            Error err;
            cr_assert_not(fronts[i].front->scan(arena, buf_str(&body), &request, &err), "%s: %s",
                          fronts[i].front->name, buf_c(&body));
        }
}

/* A list that is null or empty is none: writers count on what the count says. */
Test(fronts, no_tools_are_no_tools)
{
    static const char *const said[] = { "null", "[]", "[ ]" };
    static const struct {
        const Front *front;
        const char *content;
    } fronts[] = { { &front_openai_chat, HELLO },
                   { &front_anthropic, "\"max_tokens\":9," HELLO },
                   { &front_ollama_chat, HELLO },
                   { &front_ollama_generate, "\"prompt\":\"hi\"" },
                   { &front_openai_responses, "\"input\":\"hi\"" } };
    for (size_t i = 0; i < COUNT(fronts); i++)
        for (size_t j = 0; j < COUNT(said); j++) {
            AUTO_ARENA Arena *arena = arena_new(MB(8));
            ModelRequest request;
            Error err = { 0 };
            Str body = str_format(arena, "{\"tools\":%s,%s}", said[j], fronts[i].content);
            cr_assert(read_body(arena, fronts[i].front, str_c(arena, body), &request, &err), "%s",
                      err.message);
            cr_assert(request.tool_count == 0 && request.message_count == 1);
        }
}

/* The same conversation in four dialects is the same request. */
static const struct {
    const Front *front;
    const char *body;
} talks[] = {
    { &front_openai_chat,
      "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"system\",\"content\":\"S\"},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"U\"},{\"type\":\"image_url\","
      "\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0=\"}}]},"
      "{\"role\":\"assistant\",\"content\":\"A\",\"tool_calls\":[{\"id\":\"call_0\",\"type\":"
      "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
      "{\"role\":\"tool\",\"tool_call_id\":\"call_0\",\"content\":\"R\"}]}" },
    { &front_anthropic,
      "{\"model\":\"m\",\"max_tokens\":9,\"system\":\"S\",\"messages\":[{\"role\":\"user\","
      "\"content\":[{\"type\":\"text\",\"text\":\"U\"},{\"type\":\"image\",\"source\":{\"type\":"
      "\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw0=\"}}]},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"A\"},{\"type\":"
      "\"tool_use\",\"id\":\"call_0\",\"name\":\"f\",\"input\":{\"a\":1}}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"call_0\","
      "\"content\":\"R\"}]}]}" },
    { &front_ollama_chat,
      "{\"model\":\"m\",\"options\":{\"num_predict\":9},\"messages\":[{\"role\":\"system\","
      "\"content\":\"S\"},{\"role\":\"user\",\"content\":\"U\",\"images\":[\"iVBORw0=\"]},"
      "{\"role\":\"assistant\",\"content\":\"A\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
      "\"arguments\":{\"a\":1}}}]},{\"role\":\"tool\",\"tool_name\":\"f\",\"content\":\"R\"}]}" },
    { &front_openai_responses,
      "{\"model\":\"m\",\"max_output_tokens\":9,\"instructions\":\"S\",\"input\":[{\"role\":"
      "\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"U\"},{\"type\":\"input_image\","
      "\"image_url\":\"data:image/png;base64,iVBORw0=\"}]},{\"role\":\"assistant\",\"content\":"
      "\"A\"},{\"type\":\"function_call\",\"call_id\":\"call_0\",\"name\":\"f\",\"arguments\":"
      "\"{\\\"a\\\":1}\"},{\"type\":\"function_call_output\",\"call_id\":\"call_0\",\"output\":"
      "\"R\"}]}" },
};

/* One line for each part. */
static Str told(Arena *arena, const ModelRequest *request)
{
    Buf out = buf_new(arena, KB(8));
    for (size_t i = 0; i < request->message_count; i++)
        for (size_t j = 0; j < request->messages[i].count; j++) {
            const ModelPart *part = &request->messages[i].parts[j];
            buf_addf(&out, "%zu %d|" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT "\n",
                     i, (int)part->kind, STR_ARG(part->text), STR_ARG(part->media_type),
                     STR_ARG(part->data), STR_ARG(part->id), STR_ARG(part->arguments));
        }
    buf_addf(&out, "%d", (int)request->output_max);
    return buf_str(&out);
}

Test(fronts, a_conversation_is_the_same_in_every_dialect)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Str first = S("");
    for (size_t i = 0; i < COUNT(talks); i++) {
        ModelRequest request;
        Error err = { 0 };
        cr_assert(read_body(arena, talks[i].front, talks[i].body, &request, &err), "%s: %s",
                  talks[i].front->name, err.message);
        Str text = told(arena, &request);
        if (!i)
            first = text;
        cr_assert(str_equal(text, first), "%s: " STR_FMT "\n" STR_FMT, talks[i].front->name,
                  STR_ARG(text), STR_ARG(first));
    }
    cr_assert(str_find(first, S("2 6||||call_0|{\"a\":1}")) >= 0, STR_FMT, STR_ARG(first));
}

/* --- Writing --- */

/* A thought, a text with a citation, two calls whose arguments interleave. */
static const ModelEvent answer[] = {
    { .kind = EVENT_START, .model = S_INIT("m") },
    { .kind = EVENT_REASONING, .text = S_INIT("Hm") },
    { .kind = EVENT_SIGNATURE, .text = S_INIT("sig") },
    { .kind = EVENT_TEXT, .text = S_INIT("One\n\"two\"") },
    { .kind = EVENT_CITATION,
      .text = S_INIT("{\"type\":\"search_result_location\",\"cited_text\":\"c\",\"source\":\"s\","
                     "\"title\":\"t\"}") },
    { .kind = EVENT_TOOL, .index = 0, .id = S_INIT("a"), .name = S_INIT("f") },
    { .kind = EVENT_ARGUMENTS, .index = 0, .text = S_INIT("{\"x\"") },
    { .kind = EVENT_TOOL, .index = 1, .id = S_INIT("b"), .name = S_INIT("g") },
    { .kind = EVENT_ARGUMENTS, .index = 1, .text = S_INIT("{\"y\":2}") },
    { .kind = EVENT_ARGUMENTS, .index = 0, .text = S_INIT(":1}") },
    { .kind = EVENT_FINISH, .finish = FINISH_TOOLS },
};

static const ModelUsage usage = { .is_known = true, .input = 5, .cache_read = 3, .output = 7 };

static FrontWriter writer_for(Arena *arena, const Front *front, const ModelRequest *request,
                              Buf *out)
{
    *out = buf_new(arena, MB(1));
    return (FrontWriter){ .front = front,
                          .arena = arena,
                          .request = request,
                          .id = S("id"),
                          .model = S("m"),
                          .created_s = 1,
                          .out = out };
}

static Str streamed(Arena *arena, const Front *front)
{
    static const ModelRequest request = { .is_stream = true, .wants_usage = true };
    Buf out;
    FrontWriter writer = writer_for(arena, front, &request, &out);
    for (size_t i = 0; i < COUNT(answer); i++)
        front->write_event(&writer, &answer[i]);
    front->write_end(&writer, FINISH_TOOLS, &usage);
    return buf_str(&out);
}

static Str whole(Arena *arena, const Front *front)
{
    static const ModelRequest request = { 0 };
    ModelCollector collector;
    Buf out;
    Error err;
    FrontWriter writer = writer_for(arena, front, &request, &out);
    model_collect_begin(&collector, arena, MB(1));
    for (size_t i = 0; i < COUNT(answer); i++)
        cr_assert(model_collect(&collector, &answer[i], &err));
    ModelReply reply = *model_collected(&collector);
    reply.usage = usage;
    front->write_reply(&writer, &reply);
    return buf_str(&out);
}

static const Front *const chats[] = { &front_openai_chat, &front_anthropic, &front_ollama_chat,
                                      &front_openai_responses };

/* Every frame is one valid object, whatever is in the texts. */
Test(fronts, a_stream_is_made_of_whole_objects)
{
    for (size_t i = 0; i < COUNT(chats); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str text = streamed(arena, chats[i]), line;
        bool is_sse = strcmp(chats[i]->stream_type, "text/event-stream") == 0;
        int objects = 0;
        while (str_next(&text, '\n', &line)) {
            Str object = is_sse && str_starts(line, S("data: ")) ? str_from(line, 6) : line;
            if (!line.length || str_is(object, "[DONE]") || str_starts(line, S("event: ")))
                continue;
            cr_assert(json_walk_is_valid(object), "%s: " STR_FMT, chats[i]->name, STR_ARG(line));
            objects++;
        }
        cr_assert(objects >= 3, "%s: %d", chats[i]->name, objects);
    }
}

static const struct {
    const Front *front;
    const char *is_in_stream, *is_in_whole;
} pieces[] = {
    { &front_openai_chat, "\"reasoning_content\":\"Hm\"", "\"reasoning_content\":\"Hm\"" },
    { &front_openai_chat, "\"finish_reason\":\"tool_calls\"", "\"arguments\":\"{\\\"x\\\":1}\"" },
    { &front_openai_chat, "\"prompt_tokens\":8", "\"cached_tokens\":3" },
    { &front_openai_chat, "\"filename\":\"t\"", "\"quote\":\"c\"" },
    { &front_openai_chat, "data: [DONE]\n\n", "\"finish_reason\":\"tool_calls\"" },
    { &front_anthropic, "\"signature_delta\",\"signature\":\"sig\"",
      "{\"type\":\"thinking\",\"thinking\":\"Hm\",\"signature\":\"sig\"}" },
    { &front_anthropic, "\"citations_delta\",\"citation\":{\"type\"", "\"citations\":[{\"type\"" },
    { &front_anthropic, "\"stop_reason\":\"tool_use\"", "\"name\":\"f\",\"input\":{\"x\":1}" },
    { &front_anthropic, "\"input_tokens\":5,", "\"cache_read_input_tokens\":3" },
    { &front_anthropic, "\"partial_json\":\"{\\\"y\\\":2}\"",
      "\"name\":\"g\",\"input\":{\"y\":2}" },
    { &front_ollama_chat, "\"thinking\":\"Hm\"", "\"thinking\":\"Hm\"" },
    { &front_ollama_chat, "\"name\":\"f\",\"arguments\":{\"x\":1}",
      "\"name\":\"g\",\"arguments\":{\"y\":2}" },
    { &front_ollama_chat, "\"prompt_eval_count\":8", "\"done\":true,\"done_reason\":\"stop\"" },
    { &front_openai_responses, "\"arguments\":\"{\\\"x\\\":1}\"",
      "\"arguments\":\"{\\\"y\\\":2}\"" },
    { &front_openai_responses, "event: response.completed\n", "\"encrypted_content\":\"sig\"" },
    { &front_openai_responses, "\"annotation\":{\"type\":\"file_citation\",\"file_id\":\"s\"",
      "\"input_tokens\":8" },
};

Test(fronts, an_answer_says_the_same_whole_and_streamed)
{
    for (size_t i = 0; i < COUNT(pieces); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str stream = streamed(arena, pieces[i].front), all = whole(arena, pieces[i].front);
        cr_assert(str_find(stream, str(pieces[i].is_in_stream)) >= 0, "%s\n" STR_FMT,
                  pieces[i].is_in_stream, STR_ARG(stream));
        cr_assert(str_find(all, str(pieces[i].is_in_whole)) >= 0, "%s\n" STR_FMT,
                  pieces[i].is_in_whole, STR_ARG(all));
    }
}

/* Anthropic's blocks never interleave, though the calls did. */
Test(fronts, blocks_come_one_after_the_other)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str text = streamed(arena, &front_anthropic), line;
    int open = -1, next = 0;
    while (str_next(&text, '\n', &line)) {
        int64_t index = -1;
        Str data = str_starts(line, S("data: ")) ? str_from(line, 6) : S("{}");
        Str type = json_text_of(arena, json_walk_member(data, "type"));
        (void)str_to_int(json_walk_member(data, "index"), 0, 99, &index);
        if (str_is(type, "content_block_start")) {
            cr_assert(open == -1 && index == next++);
            open = (int)index;
        } else if (str_is(type, "content_block_delta")) {
            cr_assert(index == open);
        } else if (str_is(type, "content_block_stop")) {
            cr_assert(index == open);
            open = -1;
        }
    }
    cr_assert(next == 4 && open == -1);
}

Test(fronts, a_failure_in_a_stream_is_never_its_good_end)
{
    static const char *const ends[] = { "[DONE]", "message_stop", "\"done\":true",
                                        "response.completed" };
    static const ModelRequest request = { .is_stream = true };
    for (size_t i = 0; i < COUNT(chats); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Buf out;
        Error err = { 0 };
        FrontWriter writer = writer_for(arena, chats[i], &request, &out);
        fail(&err, ERROR_UPSTREAM, "cut\r\n\r\ndata: [D");
        for (size_t j = 0; j < 4; j++)
            chats[i]->write_event(&writer, &answer[j]);
        chats[i]->write_stream_error(&writer, &err);
        cr_assert(str_find(buf_str(&out), S("\"error\":")) >= 0);
        cr_assert(str_find(buf_str(&out), S("\r")) < 0);
        for (size_t j = 0; j < COUNT(ends); j++)
            cr_assert(str_find(buf_str(&out), str(ends[j])) < 0, "%s", chats[i]->name);
    }
}

/* --- Thoughts --- */

/* Signed; signed, but without words; only for the service; and another service's. */
static const ModelEvent thoughts[] = {
    { .kind = EVENT_START, .model = S_INIT("m") },
    { .kind = EVENT_REASONING, .text = S_INIT("A") },
    { .kind = EVENT_SIGNATURE, .text = S_INIT("s1") },
    { .kind = EVENT_SIGNATURE, .text = S_INIT("s2") },
    { .kind = EVENT_SIGNATURE, .text = S_INIT("s3"), .is_redacted = true },
    { .kind = EVENT_REASONING, .text = S_INIT("B") },
    { .kind = EVENT_REASONING, .text = S_INIT("C") },
    { .kind = EVENT_SIGNATURE, .text = S_INIT("gemini:s4") },
    { .kind = EVENT_TEXT, .text = S_INIT("t") },
    { .kind = EVENT_FINISH, .finish = FINISH_STOP },
};

#define THOUGHTS "A|s1|0 |s2|0 |s3|1 BC|gemini:s4|0 "

static Str first_of(Str list)
{
    JsonWalk walk = json_walk_begin(list);
    Str name, item = S("");
    (void)json_walk_next(&walk, &name, &item);
    return item;
}

static void write_thoughts(Arena *arena, const Front *front, Buf *stream, Buf *all)
{
    static const ModelRequest request = { .wants_usage = true };
    ModelCollector collector;
    Error err;
    FrontWriter writer = writer_for(arena, front, &request, stream);
    model_collect_begin(&collector, arena, KB(4));
    for (size_t i = 0; i < COUNT(thoughts); i++) {
        front->write_event(&writer, &thoughts[i]);
        cr_assert(model_collect(&collector, &thoughts[i], &err));
    }
    front->write_end(&writer, FINISH_STOP, &usage);
    writer = writer_for(arena, front, &request, all);
    front->write_reply(&writer, model_collected(&collector));
}

/* What the assistant's message of a body says of its thoughts. */
static Str thoughts_in(Arena *arena, const Front *front, Str body)
{
    ModelRequest request;
    Error err;
    Buf out = buf_new(arena, KB(4));
    cr_assert(read_body(arena, front, str_c(arena, body), &request, &err), "%s", err.message);
    for (size_t i = 0; i < request.messages[0].count; i++) {
        const ModelPart *part = &request.messages[0].parts[i];
        if (part->kind == PART_REASONING)
            buf_addf(&out, STR_FMT "|" STR_FMT "|%d ", STR_ARG(part->text),
                     STR_ARG(part->signature), part->is_redacted);
    }
    return buf_str(&out);
}

/* What a member of the frames' objects says, one list behind the other. */
static Str gathered(Arena *arena, Str stream, const char *first, const char *second,
                    const char *member)
{
    Buf out = buf_new(arena, KB(16));
    Str line;
    while (str_next(&stream, '\n', &line)) {
        Str object = str_starts(line, S("data: {")) ? str_from(line, 6) : S("{}");
        Str holder = json_walk_member(object, first);
        if (json_is_list(holder))
            holder = first_of(holder);
        Str list = json_walk_member(second ? json_walk_member(holder, second) : holder, member);
        if (list.length > 2)
            buf_addf(&out, "%s" STR_FMT, out.length ? "," : "", (int)list.length - 2, list.at + 1);
    }
    return buf_str(&out);
}

#define SAID(...) str_format(arena, "{\"model\":\"m\",\"max_tokens\":9," __VA_ARGS__)

Test(fronts, thoughts_come_back_as_they_were_signed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf stream, all;
    write_thoughts(arena, &front_openai_chat, &stream, &all);
    Str message = json_walk_member(first_of(json_walk_member(buf_str(&all), "choices")), "message");
    Str details = gathered(arena, buf_str(&stream), "choices", "delta", "reasoning_details");
    Str bodies[] = { SAID("\"messages\":[" STR_FMT "]}", STR_ARG(message)),
                     SAID("\"messages\":[{\"role\":\"assistant\",\"content\":\"t\","
                          "\"reasoning_details\":[" STR_FMT "]}]}",
                          STR_ARG(details)) };
    for (size_t i = 0; i < COUNT(bodies); i++)
        cr_assert(str_is(thoughts_in(arena, &front_openai_chat, bodies[i]), THOUGHTS), STR_FMT,
                  STR_ARG(bodies[i]));

    write_thoughts(arena, &front_anthropic, &stream, &all);
    Str content = json_walk_member(buf_str(&all), "content");
    Str body =
        SAID("\"messages\":[{\"role\":\"assistant\",\"content\":" STR_FMT "}]}", STR_ARG(content));
    cr_assert(str_is(thoughts_in(arena, &front_anthropic, body), THOUGHTS), STR_FMT, STR_ARG(body));
    cr_assert(str_find(buf_str(&stream), S("{\"type\":\"redacted_thinking\",\"data\":\"s3\"}"
                                           "}\n\nevent: content_block_stop")) > 0);
    cr_assert(str_find(buf_str(&stream), S("\"index\":3,\"delta\":{\"type\":\"thinking_delta\","
                                           "\"thinking\":\"C\"}")) > 0);

    write_thoughts(arena, &front_openai_responses, &stream, &all);
    Str streamed_items = gathered(arena, buf_str(&stream), "response", NULL, "output");
    Str items[] = { json_walk_member(buf_str(&all), "output"),
                    str_format(arena, "[" STR_FMT "]", STR_ARG(streamed_items)) };
    for (size_t i = 0; i < COUNT(items); i++) {
        body = str_format(arena, "{\"model\":\"m\",\"input\":" STR_FMT "}", STR_ARG(items[i]));
        cr_assert(str_is(thoughts_in(arena, &front_openai_responses, body), THOUGHTS), STR_FMT,
                  STR_ARG(body));
    }
}

/* They may have been told in pieces, and another service's signatures stay where they are. */
Test(fronts, details_of_thoughts_are_put_together)
{
    static const char body[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"t\","
        "\"reasoning\":\"ABC\",\"reasoning_details\":["
        "{\"type\":\"reasoning.text\",\"text\":\"A\",\"format\":\"anthropic-claude-v1\"},"
        "{\"type\":\"reasoning.text\",\"text\":\"B\"},"
        "{\"type\":\"reasoning.text\",\"signature\":\"s\",\"text\":null},"
        "{\"type\":\"reasoning.encrypted\",\"data\":\"x\",\"format\":\"openai-responses-v1\"},"
        "{\"type\":\"reasoning.summary\",\"summary\":\"C\"}]}]}";
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Str got = thoughts_in(arena, &front_openai_chat, S(body));
    cr_assert(str_is(got, "AB|s|0 C||0 "), STR_FMT, STR_ARG(got));
}

/* --- Tools that the program calls --- */

Test(fronts, tools_that_are_called_here_are_seen_at_the_first_look)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    static const struct {
        const Front *front;
        const char *body;
        bool is_hosted;
    } cases[] = {
        { &front_openai_chat, "{\"messages\":[1],\"tools\":[{\"type\":\"mcp\"}]}", true },
        { &front_openai_chat, "{\"messages\":[1],\"tools\":[{\"type\":\"\\u006dcp\"}]}", true },
        { &front_openai_chat,
          "{\"messages\":[1],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"mcp\"}}]}",
          false },
        { &front_openai_responses, "{\"input\":\"x\",\"tools\":[{\"type\":\"file_search\"}]}",
          true },
        { &front_openai_responses, "{\"input\":\"x\",\"tools\":[{\"type\":\"function\"}]}", false },
        { &front_ollama_chat, "{\"messages\":[1],\"tools\":[{\"type\":\"mcp\"}]}", true },
        { &front_anthropic,
          "{\"max_tokens\":1,\"messages\":[1],\"mcp_servers\":[{\"url\":\"lectern\"}]}", true },
        { &front_anthropic,
          "{\"max_tokens\":1,\"messages\":[1],\"mcp_servers\":[{\"url\":\"https://a.b\"}]}",
          false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ModelRequest request = { 0 };
        Error err = { 0 };
        cr_assert(cases[i].front->scan(arena, str(cases[i].body), &request, &err), "%s: %s",
                  cases[i].body, err.message);
        cr_assert_eq(request.is_hosted, cases[i].is_hosted, "%s", cases[i].body);
    }
}

static const ModelEvent hosted[] = {
    { .kind = EVENT_START, .model = S_INIT("m") },
    { .kind = EVENT_TEXT, .text = S_INIT("Wait.") },
    { .kind = EVENT_HOSTED,
      .id = S_INIT("a"),
      .server = S_INIT("wiki"),
      .name = S_INIT("f"),
      .text = S_INIT("{\"x\":1}") },
    { .kind = EVENT_HOSTED_RESULT, .id = S_INIT("a"), .text = S_INIT("gone"), .is_error = true },
    { .kind = EVENT_HOSTED, .id = S_INIT("b"), .text = S_INIT("{\"query\":\"q\"}") },
    { .kind = EVENT_HOSTED_RESULT, .id = S_INIT("b"), .text = S_INIT("[]") },
    { .kind = EVENT_TEXT, .text = S_INIT("Done.") },
    { .kind = EVENT_FINISH, .finish = FINISH_STOP },
};

/* A stream's last event holds the same response that a whole answer is. */
Test(fronts, calls_that_were_made_here_are_told_alike_in_pieces_and_whole)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const ModelRequest request = { 0 };
    ModelCollector collector;
    Buf stream, whole;
    Error err;
    FrontWriter writer = writer_for(arena, &front_openai_responses, &request, &stream);
    model_collect_begin(&collector, arena, MB(1));
    for (size_t i = 0; i < COUNT(hosted); i++) {
        front_openai_responses.write_event(&writer, &hosted[i]);
        cr_assert(model_collect(&collector, &hosted[i], &err));
    }
    front_openai_responses.write_end(&writer, FINISH_STOP, &usage);
    writer = writer_for(arena, &front_openai_responses, &request, &whole);
    ModelReply reply = *model_collected(&collector);
    reply.usage = usage;
    front_openai_responses.write_reply(&writer, &reply);
    Str output = json_walk_member(buf_str(&whole), "output");
    cr_assert(str_find(buf_str(&stream), output) >= 0, STR_FMT "\n" STR_FMT, STR_ARG(output),
              STR_ARG(buf_str(&stream)));
    cr_assert(str_find(output, S("\"mcp_tool_execution_error\"")) >= 0);
    cr_assert(str_find(output, S("\"queries\":[\"q\"],\"results\":[]")) >= 0);
    cr_assert(str_find(buf_str(&stream), S("response.mcp_call.failed")) >= 0);
}

/* --- Tools --- */

Test(fronts, tools_that_may_not_be_called_are_left_out)
{
#define CHAT_TOOL(name) "{\"type\":\"function\",\"function\":{\"name\":\"" name "\"}}"
#define FLAT_TOOL(name) "{\"type\":\"function\",\"name\":\"" name "\"}"
#define ALLOWED "\"type\":\"allowed_tools\""
    static const struct {
        const Front *front;
        const char *body;
    } cases[] = {
        { &front_openai_chat,
          "{" MODEL HELLO ",\"tool_choice\":{" ALLOWED ",\"allowed_tools\":{\"mode\":\"required\","
          "\"tools\":[" CHAT_TOOL("b") "," CHAT_TOOL("x") "]}},"
                                                          "\"tools\":[" CHAT_TOOL(
                                                              "a") "," CHAT_TOOL("b") "]}" },
        { &front_openai_responses,
          "{" MODEL "\"input\":\"hi\",\"tools\":[" FLAT_TOOL("a") "," FLAT_TOOL(
              "b") "],"
                   "\"tool_choice\":{" ALLOWED
                   ",\"mode\":\"required\",\"tools\":[" FLAT_TOOL("b") "]}}" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        ModelRequest request;
        Error err;
        cr_assert(read_body(arena, cases[i].front, cases[i].body, &request, &err), "%s",
                  err.message);
        cr_assert(request.tool_count == 1 && str_is(request.tools[0].name, "b"));
        cr_assert(request.tool_choice == TOOLS_REQUIRED);
    }
}

Test(fronts, a_tool_of_ollamas_clients_may_answer_with_pictures)
{
    static const char body[] =
        "{" MODEL "\"messages\":[{\"role\":\"tool\",\"tool_name\":\"f\",\"content\":\"a map\","
        "\"images\":[\"/9j/AA==\"]}]}";
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    ModelRequest request;
    Error err;
    cr_assert(read_body(arena, &front_ollama_chat, body, &request, &err), "%s", err.message);
    const ModelPart *result = &request.messages[0].parts[0];
    cr_assert(result->kind == PART_TOOL_RESULT && result->part_count == 2);
    cr_assert(str_is(result->parts[0].text, "a map"));
    cr_assert(str_is(result->parts[1].media_type, "image/jpeg"));
}

Test(gateway, a_document_of_text_keeps_its_title_and_its_context)
{
    static const struct {
        const char *more, *text;
    } cases[] = { { "", "Rain." },
                  { ",\"title\":\"May\"", "May\nRain." },
                  { ",\"title\":\"May\",\"context\":\"of Oslo\"", "May\nof Oslo\nRain." } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ModelRequest request = { 0 };
        Error err;
        Str body = str_format(
            arena,
            "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{"
            "\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\","
            "\"data\":\"Rain.\"}%s}]}]}",
            cases[i].more);
        cr_assert(front_anthropic.scan(arena, body, &request, &err) &&
                      front_anthropic.read(arena, body, &request, &err),
                  "%s", err.message);
        Str text = request.messages[0].parts[0].text;
        cr_assert(str_is(text, cases[i].text), STR_FMT, STR_ARG(text));
    }
}
