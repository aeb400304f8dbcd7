/* cmd_rm.c - documents into the trash, or gone for good. */
#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "erase", NULL, "remove for good, at once: text, index, original" },
    { NULL, NULL, NULL },
};

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    if (!client_open(line, &client, err))
        return false;
    for (size_t i = 0; i < line->word_count; i++) {
        AUTO_JSON json_t *answer = NULL;
        char *path = output_id_path(line->arena, "/v1/documents", line->words[i],
                                    option_is_given(line, "erase") ? "?erase=1" : "");
        if (!client_call(client, "DELETE", path, S(""), &answer, err))
            return fail_in(err, STR_FMT, STR_ARG(line->words[i]));
    }
    return true;
}

const Command command_rm = {
    .name = "rm",
    .arguments = "ID...",
    .summary = "Move documents to the trash, or erase them",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
