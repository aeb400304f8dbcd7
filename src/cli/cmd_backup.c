/* cmd_backup.c - a consistent copy of the library in one file, while a server runs or not. */
#include "base/file.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    char size[16];
    char *here = realpath(".", NULL);
    Str path = line->word_count ? line->words[0] : S("");
    if (path.length && path.at[0] != '/')
        path = str(path_join(line->arena, str(here), path));
    free(here);
    JsonWriter json = put_begin(&body);
    if (path.length)
        put_text(&json, "path", path);
    put_end(&json);
    if (!client_open(line, &client, err) ||
        !client_call(client, "POST", "/v1/backup", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer) && !line->quiet)
        fprintf(stderr, "%" PRId64 " originals, %s%s%s\n", output_int(answer, "originals"),
                term_bytes(output_int(answer, "bytes"), size), path.length ? "" : ": ",
                output_member(answer, "name"));
    return true;
}

const Command command_backup = {
    .name = "backup",
    .arguments = "[FILE.tar]",
    .summary = "Write a consistent copy of database and originals; without a file to backup_to",
    .word_max = 1,
    .run = run,
};
