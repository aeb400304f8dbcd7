/* passing.c - see passing.h. */
#include "cli/passing.h"
#include "cli/model_folder.h"

#include <unistd.h>

#include "base/file.h"
#include "cli/adding.h"
#include "cli/app_folder.h"

static bool add_and_run(CommandLine *line, Client *client, const Str *files, size_t count,
                        Adding *adding, PassingRun *run, Error *err)
{
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = adding_path(client, line, files[i], adding, err);
    if (!good || !adding_wait(client, line, adding, err))
        return false;
    if (adding->failed && (size_t)adding->failed >= json_array_size(adding->documents))
        return fail(err, ERROR_UNSUPPORTED, "none of the files could be read");
    return run(line, client, adding->documents, err);
}

bool passing_run(CommandLine *line, const Str *files, size_t count, Str password, PassingRun *run,
                 Error *err)
{
    char folder[] = "/tmp/lectern-read-XXXXXX";
    Str data = line->settings.data;
    Adding adding = { .password = password, .waits = true };
    Error ignored;
    if (line->server.length)
        return fail(err, ERROR_INVALID,
                    "files that were never added are read on this machine, so --server does not go "
                    "with them; add them first with `lectern add`");
    if (!data.length && !app_data_folder(line->arena, &line->settings, &data, err))
        return false;
    if (!mkdtemp(folder))
        return fail_errno(err, "making a temporary folder");
    Str model = settings_model_folder(line->arena, &line->settings, data);
    if (model.length)
        line->settings.model = model;
    line->settings.data = str(folder);
    line->settings.database = S("");
    line->may_begin = true;
    Client *client = NULL;
    bool good = client_open(line, &client, err) &&
                add_and_run(line, client, files, count, &adding, run, err);
    json_decref(adding.documents);
    client_close(client);
    (void)!folder_remove(folder, &ignored);
    return good;
}
