/* cmd_models.c - the embedding model of this machine. */

#include <dirent.h>
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "cli/app_folder.h"
#include "cli/client.h"
#include "cli/model_folder.h"
#include "cli/output.h"
#include "encode/encode_queue.h"
#include "encode/model_weights.h"
#include "library/library.h"

static const char *const model_files[] = {
#define MODEL_FILE(name, shapes) name,
#include "encode/model_files.def"
#undef MODEL_FILE
};
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* A trial: a model that reads well may still make no numbers. */
static bool try_text(EncodeQueue *queue, Error *err)
{
    Encoder *encoder = encode_queue_encoder(queue);
    size_t dims = encoder_dims(encoder);
    AUTO_FREE float *vector = heap_alloc(dims * sizeof *vector);
    Str text = S("The pump must be inspected every six months.");
    double square = 0;
    if (!encode_queue_embed(queue, ENCODE_QUERY, &text, 1, 0, vector, err))
        return false;
    for (size_t i = 0; i < dims; i++)
        square += (double)vector[i] * (double)vector[i];
    return encoder_is_reranker(encoder) || fabs(square - 1) < 1e-3 ||
           fail(err, ERROR_INVALID, "it makes no vector of a simple text");
}

static bool try_model(const CommandLine *line, Str data, Str folder, EncodeStatus *status_r,
                      Error *err)
{
    EncodeQueueOptions options = { .folder = str_c(line->arena, folder), .thread_max = 1 };
    if (!settings_encoder_options(line->arena, &line->settings, data, &options.encoder, err))
        return false;
    EncodeQueue *queue = encode_queue_new(&options);
    bool good = encode_queue_load(queue, err) && try_text(queue, err);
    encode_queue_status(queue, status_r);
    encode_queue_free(queue);
    return good;
}

static void print_model(const json_t *model)
{
    bool used = json_is_true(json_object_get(model, "used"));
    bool coming = json_is_true(json_object_get(model, "coming"));
    Str error = json_member_text(model, "error");
    printf("%c "
           "%-36s",
           used     ? '*'
           : coming ? '>'
                    : ' ',
           json_string_value(json_object_get(model, "name")));
    if (error.length)
        printf("  " STR_FMT "\n", STR_ARG(error));
    else
        printf("  %s  %s  %" JSON_INTEGER_FORMAT " values  %" JSON_INTEGER_FORMAT
               " tokens  %" JSON_INTEGER_FORMAT " MB\n",
               json_string_value(json_object_get(model, "family")),
               json_string_value(json_object_get(model, "pooling")),
               json_integer_value(json_object_get(model, "dims")),
               json_integer_value(json_object_get(model, "tokens")),
               json_integer_value(json_object_get(model, "bytes")) / 1000000);
}

static bool print_list(CommandLine *line, json_t *answer)
{
    size_t i;
    json_t *model;
    const json_t *change = json_object_get(answer, "change");
    const char *now = json_string_value(json_object_get(answer, "model"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    if (output_json(line, answer))
        return true;
    if (reason)
        printf("searched by words only: %s\n", reason);
    else
        printf("searched with: %s, %" JSON_INTEGER_FORMAT " vectors\n",
               now ? now : "(loaded when needed)",
               json_integer_value(json_object_get(answer, "vectors")));
    json_array_foreach(json_object_get(answer, "models"), i, model) print_model(model);
    if (json_is_object(change))
        printf("changing to %s: %s\n", json_string_value(json_object_get(change, "name")),
               output_progress(line->arena, change).at);
    return true;
}

static bool list(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    return client_open(line, &client, err) &&
           client_call(client, "GET", "/v1/models/local", S(""), &answer, err) &&
           print_list(line, answer);
}

/* The model that is used before any is chosen is found outside the data folder: what brings it back
 * is to add it. */
static bool is_usual(const CommandLine *line, Str name, Str *folder_r)
{
    Str data;
    Error ignored;
    if (!app_data_folder(line->arena, &line->settings, &data, &ignored))
        return false;
    *folder_r = settings_model_folder(line->arena, &line->settings, data);
    return folder_r->length && str_equal(path_name(*folder_r), name);
}

/* use NAME, rm NAME */
static bool change(CommandLine *line, const char *method, const char *end, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    Str name = line->word_count == 2 ? line->words[1] : S("");
    for (size_t i = 0; i < name.length; i++)
        if (!HAS_CHAR(name.at[i], NAME_CHARS))
            name = S("");
    if (!name.length)
        return fail(err, ERROR_INVALID, "say which model; lectern models ls shows their names");
    Str path = str_format(line->arena, "/v1/models/local/" STR_FMT "%s", STR_ARG(name), end), usual;
    if (!client_open(line, &client, err))
        return false;
    if (!client_call(client, method, path.at, S(""), &answer, err))
        return err->code == ERROR_NOT_FOUND && is_usual(line, name, &usual)
                   ? fail(err, ERROR_NOT_FOUND,
                          "the model '" STR_FMT "' is not in the data folder yet; add it with: "
                          "lectern models add " STR_FMT,
                          STR_ARG(name), STR_ARG(usual))
                   : false;
    return json_is_object(answer) ? print_list(line, answer) : true;
}

static bool copy_file(Arena *arena, Str from, Str to, const char *name, Error *err)
{
    char *source = path_join(arena, from, str(name));
    AUTO_MAP FileMap map = { 0 };
    return !file_exists(source) ||
           (file_map(source, &map, err) &&
            file_write(path_join(arena, to, str(name)), map.bytes, 0600, err));
}

static bool copy_files(Arena *arena, Str from, Str to, Error *err)
{
    if (!folder_make(to.at, 0700, err))
        return false;
    for (size_t i = 0; i < COUNT(model_files); i++)
        if (!copy_file(arena, from, to, model_files[i], err))
            return false;
    return true;
}

/* The files that the weights are divided into; one file is among model_files. */
static bool copy_parts(Arena *arena, Str from, Str to, Error *err)
{
    StrList files;
    if (!model_weights_list(str_c(arena, from), arena, &files, err))
        return false;
    for (size_t i = 0; i < files.count; i++)
        if (!str_is(files.at[i], WEIGHTS_FILE) && !copy_file(arena, from, to, files.at[i].at, err))
            return false;
    return true;
}

/* The folders of modules: 1_Pooling, 2_Dense. */
static bool copy_modules(Arena *arena, Str from, Str to, Error *err)
{
    DIR *folder = opendir(str_c(arena, from));
    bool good = folder != NULL || fail_errno(err, "opening " STR_FMT, STR_ARG(from));
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        Str name = str_copy(arena, str(entry->d_name));
        if (HAS_CHAR(name.at[0], "0123456789") && str_find_char(name, '_') > 0)
            good = copy_files(arena, str(path_join(arena, from, name)),
                              str(path_join(arena, to, name)), err);
    }
    if (folder)
        closedir(folder);
    return good;
}

/* Beside where it belongs, then there as one step: a server never sees half of it, nor a file of
 * the model that was there before. Names with a dot in front are no models. */
static bool put_folder(Arena *arena, Str from, Str models, Str name, Error *err)
{
    Str fresh = str(path_join(arena, models, str_format(arena, "." STR_FMT, STR_ARG(name))));
    Str past = str_format(arena, "." STR_FMT ".old", STR_ARG(name));
    char *to = path_join(arena, models, name), *old = path_join(arena, models, past);
    if (!folder_remove(fresh.at, err) || !folder_remove(old, err) ||
        !copy_files(arena, from, fresh, err) || !copy_parts(arena, from, fresh, err) ||
        !copy_modules(arena, from, fresh, err))
        return false;
    if (file_exists(to) && rename(to, old) != 0)
        return fail_errno(err, "replacing %s", to);
    if (rename(fresh.at, to) != 0)
        return fail_errno(err, "putting the model into %s", to);
    return folder_sync(str_c(arena, models), err) && folder_remove(old, err);
}

static Str name_of(CommandLine *line)
{
    Str folder = line->words[1], name = option_value(line, "name");
    while (folder.length > 1 && folder.at[folder.length - 1] == '/')
        folder.length--;
    return name.length ? name : path_name(folder);
}

static bool add(CommandLine *line, Error *err)
{
    EncodeStatus status = { 0 };
    Str data, name;
    if (line->word_count != 2)
        return fail(err, ERROR_INVALID, "use: lectern models add FOLDER");
    name = name_of(line);
    if (!app_data_folder(line->arena, &line->settings, &data, err))
        return false;
    if (!try_model(line, data, line->words[1], &status, err))
        return fail_in(err, "the folder holds no model that can be used");
    Str models = str(path_join(line->arena, data, S("models")));
    for (size_t i = 0; i < name.length; i++)
        if (!HAS_CHAR(name.at[i], NAME_CHARS) || name.at[0] == '.' ||
            name.length > LIBRARY_MODEL_NAME_MAX)
            return fail(err, ERROR_INVALID,
                        "a name has letters, digits and . _ - only, at most %d; use --name",
                        LIBRARY_MODEL_NAME_MAX);
    if (file_exists(path_join(line->arena, models, name)) && !option_is_given(line, "replace"))
        return fail(err, ERROR_CONFLICT,
                    "there is a model '" STR_FMT "' already; use --name or --replace",
                    STR_ARG(name));
    if (!put_folder(line->arena, line->words[1], models, name, err))
        return false;
    const char *digest = strchr(status.model, '/'); /* before it stands the given folder's name */
    printf(STR_FMT "%s is added; use it with: lectern models use " STR_FMT "\n", STR_ARG(name),
           digest ? digest : "", STR_ARG(name));
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    Str what = line->word_count ? line->words[0] : S("ls");
    if (str_is(what, "ls"))
        return list(line, err);
    if (str_is(what, "add"))
        return add(line, err);
    if (str_is(what, "use"))
        return change(line, "POST", "/use", err);
    if (str_is(what, "rm"))
        return change(line, "DELETE", "", err);
    return fail(err, ERROR_INVALID, "use: lectern models ls | add FOLDER | use NAME | rm NAME");
}

static const CommandOption options[] = {
    { "name", "NAME", "how the added model is called; else as its folder" },
    { "replace", NULL, "put the added model in the place of one of that name" },
    { NULL, NULL, NULL },
};

const Command command_models = {
    .name = "models",
    .arguments = "ls | add FOLDER | use NAME | rm NAME",
    .summary = "The embedding models: which there are, add one, embed everything with another",
    .options = options,
    .word_max = 2,
    .begins = "*",
    .run = run,
};
