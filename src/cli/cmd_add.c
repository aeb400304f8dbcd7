/* cmd_add.c - files and folders into the library. */
#include "cli/adding.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "collection", "ID", "put them into this collection" },
    { "tags", "A,B", "give them these tags" },
    { "password", "TEXT", "open encrypted files with this password" },
    { "no-wait", NULL, "do not wait until they are ready (with a running server)" },
    { NULL, NULL, NULL },
};

static bool add_all(CommandLine *line, Client *client, Adding *adding, Error *err)
{
    for (size_t i = 0; i < line->word_count; i++)
        if (!adding_path(client, line, line->words[i], adding, err))
            return false;
    return !adding->waits || adding_wait(client, line, adding, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    if (!client_open(line, &client, err))
        return false;
    Adding adding = { .collection = option_value(line, "collection"),
                      .password = option_value(line, "password"),
                      .tags = option_value(line, "tags"),
                      .waits = client_is_alone(client) || !option_is_given(line, "no-wait") };
    bool good = add_all(line, client, &adding, err);
    AUTO_JSON json_t *documents = adding.documents;
    if (!good)
        return false;
    if (!output_json(line, documents) && !line->quiet)
        fprintf(stderr, "%" PRId64 " added, %" PRId64 " there already, %" PRId64 " failed\n",
                adding.added - adding.duplicates, adding.duplicates, adding.failed);
    if (adding.failed)
        return fail(err, ERROR_UNSUPPORTED, "%" PRId64 " files could not be read", adding.failed);
    return true;
}

const Command command_add = {
    .name = "add",
    .arguments = "FILE|FOLDER...",
    .summary = "Add files and folders",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .begins = "*",
    .run = run,
};
