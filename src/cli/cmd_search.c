/* cmd_search.c - passages that fit a query. */
#include "cli/client.h"
#include "cli/output.h"
#include "store/document_facets_store.h"

static const CommandOption options[] = {
    { "limit", "N", "at most so many (default 10)" },
    { "mode", "MODE", "hybrid, keyword, semantic or private (see GET /v1/search/modes)" },
    { "collection", "ID", "only in this collection" },
    { "format", "NAME", "only in files of this format" },
    { "tag", "TAG", "only in documents with this tag" },
    { "facets", NULL, "also how many documents have each type, tag, author ..." },
    { "explain", NULL, "also what each score is made of" },
    { NULL, NULL, NULL },
};

static Str words_of(const CommandLine *line)
{
    return str_join(line->arena, line->words, line->word_count, S(" "));
}

static bool write_request(CommandLine *line, Buf *body, Error *err)
{
    int64_t limit = 10;
    Str given = option_value(line, "limit");
    if (given.length && !str_to_int(given, 1, 100, &limit))
        return fail_field(err, "limit", "--limit must be a number from 1 to 100");
    JsonWriter json = put_begin(body);
    put_text(&json, "query", words_of(line));
    put_int(&json, "limit", limit);
    if (option_is_given(line, "mode"))
        put_text(&json, "mode", option_value(line, "mode"));
    output_filter(line, &json, "collection", "collections");
    output_filter(line, &json, "format", "formats");
    output_filter(line, &json, "tag", "tags");
    if (option_is_given(line, "explain"))
        put_bool(&json, "explain", true);
    put_array(&json, "facets");
    for (size_t i = 0; option_is_given(line, "facets") && i < FACET_COUNT; i++)
        put_text(&json, NULL, str(facet_name((Facet)i)));
    put_end(&json);
    put_end(&json);
    return true;
}

/* The shares that add up to the score, and the words that add up to the keyword leg's. */
static void print_explanation(const json_t *explanation)
{
    const json_t *share, *term;
    size_t i;
    json_array_foreach(json_object_get(explanation, "shares"), i, share)
        printf("\n    %6.3f  %s", json_number_value(json_object_get(share, "value")),
               json_member_text(share, "title").at);
    json_array_foreach(json_object_get(explanation, "terms"), i, term)
    {
        printf("\n    %6.3f  ", json_number_value(json_object_get(term, "value")));
        output_text(json_member_text(term, "word"));
        printf(" (idf %.2f, tf %.0f)", json_number_value(json_object_get(term, "idf")),
               json_number_value(json_object_get(term, "tf")));
    }
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
    print_explanation(json_object_get(result, "explanation"));
    printf("\n\n");
}

/* The query with signs under what is wrong with it; places are UTF-16 units, as the server says. */
static void show_place(const CommandLine *line, Str query, const Error *err)
{
    if (!err->end || line->json || line->quiet)
        return;
    output_note(query);
    for (uint32_t i = 0; i < err->start; i++)
        fputc(' ', stderr);
    for (uint32_t i = err->start; i < err->end; i++)
        fputc('^', stderr);
    fputc('\n', stderr);
}

static void print_facet(const json_t *facet)
{
    size_t i;
    const json_t *value;
    output_text(json_member_text(facet, "title"));
    json_array_foreach(json_object_get(facet, "values"), i, value)
    {
        printf(i ? ", " : ": ");
        output_text(json_member_text(value, "title"));
        printf(" %" PRId64, output_int(value, "count"));
    }
    putchar('\n');
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, MB(1));
    size_t i;
    const json_t *one;
    if (!write_request(line, &body, err) || !client_open(line, &client, err))
        return false;
    if (!client_call(client, "POST", "/v1/search", buf_str(&body), &answer, err)) {
        show_place(line, words_of(line), err);
        return false;
    }
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "results"), i, one) print_result(i + 1, one);
    json_array_foreach(json_object_get(answer, "facets"), i, one) print_facet(one);
    Str meant = json_member_text(json_object_get(answer, "suggestion"), "query");
    if (meant.length && !line->quiet)
        output_note(str_format(line->arena, "Did you mean: " STR_FMT, STR_ARG(meant)));
    Str notice = json_member_text(answer, "notice");
    if (notice.length && !line->quiet)
        output_note(notice);
    return true;
}

const Command command_search = {
    .name = "search",
    .arguments = "WORDS...",
    .summary = "Find passages; \"quoted words\" must appear, -word must not, type:pdf limits",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
