/* cmd_search.c - passages that fit a query. */
#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "limit", "N", "at most so many (default 10)" },
    { "mode", "MODE", "hybrid, keyword or semantic" },
    { "collection", "ID", "only in this collection" },
    { "format", "NAME", "only in files of this format" },
    { "tag", "TAG", "only in documents with this tag" },
    { NULL, NULL, NULL },
};

static bool write_request(CommandLine *line, Buf *body, Error *err)
{
    int64_t limit = 10;
    Str given = option_value(line, "limit");
    if (given.length && !str_to_int(given, 1, 100, &limit))
        return fail_field(err, "limit", "--limit must be a number from 1 to 100");
    JsonWriter json = put_begin(body);
    put_text(&json, "query", str_join(line->arena, line->words, line->word_count, S(" ")));
    put_int(&json, "limit", limit);
    if (option_is_given(line, "mode"))
        put_text(&json, "mode", option_value(line, "mode"));
    output_filter(line, &json, "collection", "collections");
    output_filter(line, &json, "format", "formats");
    output_filter(line, &json, "tag", "tags");
    put_end(&json);
    return true;
}

static void print_result(size_t number, const json_t *result)
{
    const json_t *document = json_object_get(result, "document");
    printf("%2zu. ", number);
    output_text(json_member_text(document, "name"));
    Str place = json_member_text(result, "place");
    if (place.length) {
        printf(", ");
        output_text(place);
    }
    printf("  (%.2f)\n    ", json_number_value(json_object_get(result, "score")));
    output_text(json_member_text(result, "snippet"));
    printf("\n\n");
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, MB(1));
    size_t i;
    const json_t *result;
    if (!write_request(line, &body, err) || !client_open(line, &client, err) ||
        !client_call(client, "POST", "/v1/search", buf_str(&body), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "results"), i, result) print_result(i + 1, result);
    Str notice = json_member_text(answer, "notice");
    if (notice.length && !line->quiet)
        output_note(notice);
    return true;
}

const Command command_search = {
    .name = "search",
    .arguments = "WORDS...",
    .summary = "Find passages; \"quoted words\" must appear, -word must not",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
