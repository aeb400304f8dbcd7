/* adding.c - see adding.h. */
#include "cli/adding.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/output.h"
#include "cli/term.h"

#define FOLDER_DEPTH_MAX 64

static void say_failure(Adding *adding, Str name, Str reason)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    term_progress_end();
    output_note(str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(str_slice(name, 0, KB(8))),
                           STR_ARG(str_slice(reason, 0, KB(8)))));
    adding->failed++;
}

static void keep_answer(Adding *adding, json_t *answer)
{
    size_t i;
    json_t *item;
    if (adding->document.length) {
        adding->added++;
        json_array_append(adding->documents, answer);
        return;
    }
    json_array_foreach(json_object_get(answer, "documents"), i, item)
    {
        adding->added++;
        adding->duplicates += json_is_true(json_object_get(item, "duplicate"));
        json_array_append(adding->documents, item);
    }
    json_array_foreach(json_object_get(answer, "refused"), i, item)
        say_failure(adding, json_member_text(item, "name"),
                    json_member_text(json_object_get(item, "error"), "message"));
}

bool adding_file(Client *client, CommandLine *line, Str path, Str name, Adding *adding, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    UploadFields fields = { name, adding->collection, adding->password, adding->tags,
                            adding->document };
    Error why = { 0 };
    if (!line->quiet)
        term_progress(str_c(line->arena, name), "sending", 0, 1, -1);
    if (client_upload(client, str_c(line->arena, path), &fields, &answer, &why)) {
        keep_answer(adding, answer);
        return true;
    }
    if (why.code == ERROR_UPSTREAM) {
        *err = why;
        return false;
    }
    say_failure(adding, name, str(why.message));
    return true;
}

static bool add_folder(Client *client, CommandLine *line, Str path, Str name, int depth,
                       Adding *adding, Error *err)
{
    DIR *folder = opendir(str_c(line->arena, path));
    bool good = true;
    if (!folder || depth > FOLDER_DEPTH_MAX) {
        say_failure(adding, path, S("the folder cannot be read"));
        if (folder)
            closedir(folder);
        return true;
    }
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue; /* hidden files are rarely meant */
        Str inner = str(path_join(line->arena, path, str(entry->d_name)));
        Str inner_name = str(path_join(line->arena, name, str(entry->d_name)));
        struct stat about;
        if (lstat(inner.at, &about) != 0 || S_ISLNK(about.st_mode))
            continue; /* links may lead out of the folder or in circles */
        if (S_ISDIR(about.st_mode))
            good = add_folder(client, line, inner, inner_name, depth + 1, adding, err);
        else if (S_ISREG(about.st_mode))
            good = adding_file(client, line, inner, inner_name, adding, err);
    }
    closedir(folder);
    return good;
}

bool adding_path(Client *client, CommandLine *line, Str path, Adding *adding, Error *err)
{
    struct stat about;
    while (path.length > 1 && path.at[path.length - 1] == '/')
        path.length--;
    if (!adding->documents)
        adding->documents = json_array();
    if (stat(str_c(line->arena, path), &about) != 0) {
        Error why = { 0 };
        fail_errno(&why, "reading");
        say_failure(adding, path, str(why.message));
        return true;
    }
    Str name = path_name(path);
    return S_ISDIR(about.st_mode) ? add_folder(client, line, path, name, 0, adding, err)
                                  : adding_file(client, line, path, name, adding, err);
}

static bool is_over(const json_t *document)
{
    Str state = json_member_text(document, "state");
    return str_is(state, "ready") || str_is(state, "failed") || str_is(state, "cancelled");
}

typedef struct Shown {
    CommandLine *line;
    size_t done, count;
} Shown;

static void show_progress(void *self, const json_t *document)
{
    const Shown *shown = self;
    CommandLine *line = shown->line;
    const json_t *progress = json_object_get(document, "progress");
    const json_t *left = json_object_get(progress, "seconds_left");
    if (line->quiet)
        return;
    Str label = str_format(line->arena, "%zu/%zu " STR_FMT, shown->done + 1, shown->count,
                           STR_ARG(json_member_text(document, "name")));
    Str stage = json_member_text(progress, "stage");
    term_progress(label.at, stage.length ? stage.at : "waiting", output_int(progress, "done"),
                  output_int(progress, "total"),
                  json_is_integer(left) ? json_integer_value(left) : -1);
}

bool adding_wait_one(Client *client, Str id, AddingShow *show, void *self, json_t **now_r,
                     Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const char *path = output_id_path(arena, "/v1/documents", id, "");
    for (;;) {
        AUTO_JSON json_t *now = NULL;
        if (!client_call(client, "GET", path, S(""), &now, err))
            return false;
        if (is_over(now)) {
            *now_r = json_incref(now);
            return true;
        }
        if (show)
            show(self, now);
        sleep_ms(50);
    }
}

bool adding_wait(Client *client, CommandLine *line, Adding *adding, Error *err)
{
    size_t count = json_array_size(adding->documents);
    for (size_t i = 0; i < count; i++) {
        Shown shown = { line, i, count };
        json_t *now;
        Str id = json_member_text(json_array_get(adding->documents, i), "id");
        if (!adding_wait_one(client, id, show_progress, &shown, &now, err))
            return false;
        json_array_set_new(adding->documents, i, now);
        Str reason = json_member_text(json_object_get(now, "error"), "message");
        if (str_is(json_member_text(now, "state"), "failed"))
            say_failure(adding, json_member_text(now, "name"), reason);
    }
    term_progress_end();
    return true;
}
