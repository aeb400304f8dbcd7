/* cmd_summarize.c - documents, or files that were never added, in a few sentences. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/output.h"
#include "cli/passing.h"

#define LOOK_EVERY_MS 500

static const CommandOption options[] = {
    { "length", "NAME", "short, medium (default) or long" },
    { "words", "NUMBER", "at most about so many" },
    { "form", "NAME", "prose (default) or bullets" },
    { "model", "NAME", "of the model service; rules: none is asked" },
    { "password", "TEXT", "opens the FILES" },
    { NULL, NULL, NULL },
};

static bool write_request(CommandLine *line, const Str *ids, size_t count, Buf *body, Error *err)
{
    static const char *const texts[] = { "length", "form", "model" };
    int64_t words;
    JsonWriter json = put_begin(body);
    put_array(&json, "documents");
    for (size_t i = 0; i < count; i++)
        put_text(&json, NULL, ids[i]);
    put_end(&json);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (option_is_given(line, texts[i]))
            put_text(&json, texts[i], option_value(line, texts[i]));
    if (option_is_given(line, "words")) {
        if (!str_to_int(option_value(line, "words"), 1, INT32_MAX, &words))
            return fail_field(err, "words", "--words is a number");
        put_int(&json, "words", words);
    }
    put_end(&json);
    return true;
}

static void print(const json_t *summary)
{
    size_t i;
    const json_t *citation;
    Str notice = json_member_text(summary, "notice");
    output_text(json_member_text(summary, "text"));
    putchar('\n');
    json_array_foreach(json_object_get(summary, "citations"), i, citation)
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
    if (notice.length)
        output_note(notice);
}

/* Until what takes long is there. */
static bool wait_for(CommandLine *line, Client *client, json_t **answer, Error *err)
{
    Str id = str_copy(line->arena, json_member_text(*answer, "id"));
    while (str_is(json_member_text(*answer, "state"), "running")) {
        json_t *next;
        const json_t *progress = json_object_get(*answer, "progress");
        if (!line->quiet && output_int(progress, "total"))
            output_note(str_format(line->arena, "part %" PRId64 " of %" PRId64,
                                   output_int(progress, "done") + 1,
                                   output_int(progress, "total")));
        sleep_ms(LOOK_EVERY_MS);
        if (!client_call(client, "GET", output_id_path(line->arena, "/v1/summaries", id, ""), S(""),
                         &next, err))
            return false;
        json_decref(*answer);
        *answer = next;
    }
    if (json_is_object(json_object_get(*answer, "summary")))
        return true;
    return fail(err, ERROR_UPSTREAM, "the summary was not made: " STR_FMT,
                STR_ARG(json_member_text(*answer, "error")));
}

static bool sum_up(CommandLine *line, Client *client, const Str *ids, size_t count, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(64));
    if (!write_request(line, ids, count, &body, err) ||
        !client_call(client, "POST", "/v1/summarize", buf_str(&body), &answer, err) ||
        !wait_for(line, client, &answer, err))
        return false;
    if (!output_json(line, answer))
        print(json_object_get(answer, "summary"));
    return true;
}

static bool sum_up_files(CommandLine *line, Client *client, const json_t *documents, Error *err)
{
    size_t count = json_array_size(documents), i;
    Str *ids = arena_new_array(line->arena, Str, count + 1);
    for (i = 0; i < count; i++)
        ids[i] = json_member_text(json_array_get(documents, i), "id");
    return sum_up(line, client, ids, count, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    size_t files = 0;
    for (size_t i = 0; i < line->word_count; i++)
        files += file_exists(str_c(line->arena, line->words[i]));
    if (files && files < line->word_count)
        return fail(err, ERROR_INVALID, "give files or ids of documents, not both");
    if (files)
        return passing_run(line, line->words, line->word_count, option_value(line, "password"),
                           sum_up_files, err);
    return client_open(line, &client, err) &&
           sum_up(line, client, line->words, line->word_count, err);
}

const Command command_summarize = {
    .name = "summarize",
    .arguments = "FILE... | ID...",
    .summary = "Sum up documents, or files that were never added",
    .options = options,
    .word_min = 1,
    .word_max = 50,
    .run = run,
};
