/* cmd_ask.c - a question answered from the library, or from files that were never added. */
#include "cli/output.h"
#include "cli/passing.h"

static const CommandOption options[] = {
    { "collection", "ID", "only from this collection" },
    { "format", "NAME", "only from files of this format" },
    { "tag", "TAG", "only from documents with this tag" },
    { "password", "TEXT", "opens the FILES" },
    { NULL, NULL, NULL },
};

static void write_request(CommandLine *line, bool stream, Buf *body)
{
    JsonWriter json = put_begin(body);
    put_text(&json, "question", line->words[0]);
    put_bool(&json, "stream", stream);
    put_bool(&json, "save", false);
    output_filter(line, &json, "collection", "collections");
    output_filter(line, &json, "format", "formats");
    output_filter(line, &json, "tag", "tags");
    put_end(&json);
}

static void print_sources(const json_t *answer)
{
    size_t i;
    const json_t *citation;
    json_array_foreach(json_object_get(answer, "citations"), i, citation)
    {
        Str place = json_member_text(citation, "place");
        printf("%s[%" PRId64 "] ", i ? "" : "\n", output_int(citation, "number"));
        output_text(json_member_text(json_object_get(citation, "document"), "path"));
        if (place.length) {
            printf(", ");
            output_text(place);
        }
        putchar('\n');
    }
}

typedef struct Watching {
    CommandLine *line;
    json_t *answer;
} Watching;

static bool on_event(void *self, Str event, Str data, Error *err)
{
    Watching *watching = self;
    json_t *json = NULL;
    if (!json_parse(data, MB(16), &json, err))
        return false;
    if (str_is(event, "delta") && !watching->line->json) {
        output_text(json_member_text(json, "text"));
        fflush(stdout);
    }
    if (str_is(event, "error")) {
        Str message = json_member_text(json_object_get(json, "error"), "message");
        fail(err, ERROR_UPSTREAM, STR_FMT, STR_ARG(message));
        json_decref(json);
        return false;
    }
    if (str_is(event, "done"))
        watching->answer = json;
    else
        json_decref(json);
    return true;
}

static bool ask(CommandLine *line, Client *client, Error *err)
{
    Buf body = buf_new(line->arena, MB(1));
    Watching watching = { line, NULL };
    write_request(line, true, &body);
    client_wait_indexed(client);
    bool good = client_stream(client, "/v1/ask", buf_str(&body), on_event, &watching, err);
    AUTO_JSON json_t *answer = watching.answer;
    if (!good)
        return false;
    if (!answer)
        return fail(err, ERROR_UPSTREAM, "the answer was cut off");
    if (output_json(line, answer))
        return true;
    putchar('\n');
    print_sources(answer);
    return true;
}

static bool ask_files(CommandLine *line, Client *client, const json_t *documents, Error *err)
{
    (void)documents; /* the library has no others */
    return ask(line, client, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    if (line->word_count > 1)
        return passing_run(line, line->words + 1, line->word_count - 1,
                           option_value(line, "password"), ask_files, err);
    return client_open(line, &client, err) && ask(line, client, err);
}

const Command command_ask = {
    .name = "ask",
    .arguments = "QUESTION [FILE...]",
    .summary = "Answer from the library, or from files that were never added",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
