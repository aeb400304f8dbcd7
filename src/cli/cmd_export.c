/* cmd_export.c - everything of a workspace as plain files. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

#define LOOK_MS 100

static bool is_over(Str state)
{
    return str_is(state, "done") || str_is(state, "dead") || str_is(state, "cancelled");
}

static void show_progress(const CommandLine *line, const json_t *work)
{
    const json_t *left = json_object_get(work, "seconds_left");
    Str stage = json_member_text(work, "stage");
    if (!line->quiet)
        term_progress("export", stage.length ? stage.at : "waiting", output_int(work, "done"),
                      output_int(work, "total"),
                      json_is_integer(left) ? json_integer_value(left) : -1);
}

static bool wait_for(Client *client, CommandLine *line, Str job, Error *err)
{
    char *path = output_id_path(line->arena, "/v1/work", job, "");
    for (;; sleep_ms(LOOK_MS)) {
        AUTO_JSON json_t *work = NULL;
        if (!client_call(client, "GET", path, S(""), &work, err))
            return false;
        Str state = json_member_text(work, "state");
        if (!is_over(state)) {
            show_progress(line, work);
            continue;
        }
        term_progress_end();
        const json_t *error = json_object_get(work, "error");
        return str_is(state, "done") ||
               fail(err, error_code(str_c(line->arena, json_member_text(error, "code"))),
                    "the export ended (" STR_FMT "): " STR_FMT, STR_ARG(state),
                    STR_ARG(json_member_text(error, "message")));
    }
}

static bool show_result(Client *client, CommandLine *line, Str job, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char size[16];
    int64_t files = 0, bytes = 0;
    size_t i;
    json_t *kind;
    if (!client_call(client, "GET", output_id_path(line->arena, "/v1/jobs", job, ""), S(""),
                     &answer, err))
        return false;
    const json_t *result = json_object_get(answer, "result");
    if (output_json(line, result) || line->quiet)
        return true;
    json_array_foreach(json_object_get(result, "kinds"), i, kind)
    {
        files += output_int(kind, "files");
        bytes += output_int(kind, "bytes");
    }
    fprintf(stderr, "%" PRId64 " files, %s; %" PRId64 " originals are missing\n", files,
            term_bytes(bytes, size), output_int(result, "missing"));
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    Str path = line->words[0];
    char *here = realpath(".", NULL);
    if (path.at[0] != '/')
        path = str(path_join(line->arena, str(here), path));
    free(here);
    JsonWriter json = put_begin(&body);
    put_text(&json, "path", path);
    put_end(&json);
    if (!client_open(line, &client, err) ||
        !client_call(client, "POST", "/v1/exports", buf_str(&body), &answer, err))
        return false;
    Str job = str_copy(line->arena, json_member_text(answer, "job"));
    return wait_for(client, line, job, err) && show_result(client, line, job, err);
}

const Command command_export = {
    .name = "export",
    .arguments = "FOLDER|FILE.zip",
    .summary = "Write everything of a workspace as plain files",
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
