/* cmd_search.c - passages that fit a query. */
#include "cli/client.h"
#include "cli/output.h"
#include "store/document_facets_store.h"

static const CommandOption options[] = {
    { "limit", "N", "at most so many (default 10)" },
    { "offset", "N", "leave out so many of the best, at most 1000" },
    { "like", "ID[:PASSAGE]", "like this document, or like its passage of this number from 0" },
    { "mode", "MODE",
      "hybrid, keyword, semantic, private, deep, super_deep, creative or uncensored (see GET "
      "/v1/search/modes)" },
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

static bool read_number(const CommandLine *line, const char *name, int64_t max, int64_t *number_r,
                        Error *err)
{
    Str given = option_value(line, name);
    return !given.length || str_to_int(given, 0, max, number_r) ||
           fail_field(err, name, "--%s must be a number, at most %" PRId64, name, max);
}

/* "ID" or "ID:PASSAGE" */
static bool write_like(const CommandLine *line, JsonWriter *json, Error *err)
{
    Str like = option_value(line, "like");
    ptrdiff_t colon = str_find_char(like, ':');
    int64_t ordinal = -1;
    if (!like.length)
        return true;
    if (colon >= 0 && !str_to_int(str_from(like, (size_t)colon + 1), 0, 10000000, &ordinal))
        return fail_field(err, "like", "--like is ID or ID:PASSAGE with a number from 0");
    put_text(json, "like", colon >= 0 ? str_slice(like, 0, (size_t)colon) : like);
    put_int(json, "ordinal", ordinal);
    return true;
}

static bool write_request(const CommandLine *line, Buf *body, Error *err)
{
    int64_t limit = 10, offset = 0;
    if (!line->word_count && !option_is_given(line, "like"))
        return fail(err, ERROR_INVALID, "what is to be found? Give words, or --like ID");
    if (!read_number(line, "limit", 100, &limit, err) ||
        !read_number(line, "offset", 1000, &offset, err))
        return false;
    JsonWriter json = put_begin(body);
    put_text(&json, "query", words_of(line));
    put_int(&json, "limit", limit);
    put_int(&json, "offset", offset);
    if (!write_like(line, &json, err))
        return false;
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

/* One word may stand for several of the index: what was typed, and which of them this is. */
static void print_term(Str word, Str term)
{
    output_text(word);
    if (str_equal_ignore_case(word, term))
        return;
    printf(" as ");
    output_text(term);
}

/* The shares that add up to the score, and the words that add up to the keyword leg's. */
static void print_explanation(const json_t *explanation)
{
    const json_t *share, *term;
    size_t i;
    json_array_foreach(json_object_get(explanation, "shares"), i, share)
        printf("\n    %6.3f  %s", json_number_value(json_object_get(share, "value")),
               output_member(share, "title"));
    json_array_foreach(json_object_get(explanation, "terms"), i, term)
    {
        printf("\n    %6.3f  ", json_number_value(json_object_get(term, "value")));
        print_term(json_member_text(term, "word"), json_member_text(term, "term"));
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

/* The number of the first result that is shown. */
static size_t first_of(const CommandLine *line)
{
    int64_t offset = 0;
    (void)str_to_int(option_value(line, "offset"), 0, INT64_MAX, &offset);
    return (size_t)offset + 1;
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
    client_wait_indexed(client);
    if (!client_call(client, "POST", "/v1/search", buf_str(&body), &answer, err)) {
        show_place(line, words_of(line), err);
        return false;
    }
    if (output_json(line, answer))
        return true;
    size_t first = first_of(line);
    json_array_foreach(json_object_get(answer, "results"), i, one) print_result(first + i, one);
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
    .arguments = "[WORDS...]",
    .summary = "Find passages; \"quoted words\" must appear, -word must not, type:pdf limits",
    .options = options,
    .word_min = 0,
    .word_max = -1,
    .run = run,
};
