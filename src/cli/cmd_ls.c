/* cmd_ls.c - the documents of the library. */
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

static const CommandOption options[] = {
    { "state", "STATE", "only those queued, extracting, indexing, ready, failed or cancelled" },
    { "format", "NAME", "only this format, such as pdf" },
    { "collection", "ID", "only this collection" },
    { "tag", "TAG", "only those with this tag" },
    { "trash", NULL, "what is in the trash" },
    { "limit", "N", "at most so many (default 1,000)" },
    { NULL, NULL, NULL },
};

static char *list_path(CommandLine *line)
{
    static const char *const filters[] = { "state", "format", "collection", "tag" };
    Str limit = option_value(line, "limit");
    char *path =
        output_path(line->arena, "/v1/documents", "limit", limit.length ? limit : S("1000"));
    for (size_t i = 0; i < COUNT(filters); i++)
        if (option_is_given(line, filters[i]))
            path = output_path(line->arena, path, filters[i], option_value(line, filters[i]));
    if (line->word_count)
        path = output_path(line->arena, path, "q", line->words[0]);
    return option_is_given(line, "trash") ? output_path(line->arena, path, "trash", S("1")) : path;
}

static void print_one(CommandLine *line, const json_t *document)
{
    char size[16];
    const json_t *error = json_object_get(document, "error");
    Str reason = json_member_text(error, "message");
    printf("%s  %-10s %9s  ", output_member(document, "id"), output_member(document, "state"),
           term_bytes(output_int(document, "size"), size));
    output_text(term_fit(line->arena, json_member_text(document, "name"), 60));
    if (reason.length) {
        printf("  - ");
        output_text(reason);
    }
    putchar('\n');
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *document;
    if (!client_open(line, &client, err) ||
        !client_call(client, "GET", list_path(line), S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    const json_t *items = json_object_get(answer, "items");
    json_array_foreach(items, i, document) print_one(line, document);
    if (!line->quiet)
        fprintf(stderr, "%zu of %s%" PRId64 " documents\n", json_array_size(items),
                json_is_false(json_object_get(answer, "total_is_exact")) ? "more than " : "",
                output_int(answer, "total"));
    return true;
}

const Command command_ls = {
    .name = "ls",
    .arguments = "[PART OF A NAME]",
    .summary = "List documents",
    .options = options,
    .word_max = 1,
    .run = run,
};
