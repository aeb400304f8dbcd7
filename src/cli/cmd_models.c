/* cmd_models.c - the embedding model of this machine. */

#include "base/file.h"
#include "cli/app.h"
#include "cli/output.h"
#include "encode/encode_queue.h"

/* Everything a model folder may have; the first two it must have. */
static const char *const model_files[] = {
    "model.safetensors",         "vocab.txt",   "config.json", "tokenizer_config.json",
    "sentence_bert_config.json", "modules.json"
};

static bool try_model(const CommandLine *line, Str data, Str folder, EncodeStatus *status_r,
                      Error *err)
{
    EncodeQueueOptions options = { .folder = str_c(line->arena, folder), .thread_max = 1 };
    if (!app_encoder_options(line->arena, &line->settings, data, &options.encoder, err))
        return false;
    EncodeQueue *queue = encode_queue_new(&options);
    bool good = encode_queue_load(queue, err);
    encode_queue_status(queue, status_r);
    encode_queue_free(queue);
    return good;
}

static bool list(CommandLine *line, Str data, Error *err)
{
    Str folder = app_model_folder(line->arena, &line->settings, data);
    EncodeStatus status = { 0 };
    if (!folder.length)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no embedding model; add one with `lectern models add FOLDER`");
    if (!try_model(line, data, folder, &status, err))
        return false;
    AUTO_JSON json_t *about = json_pack("{s:s, s:s, s:I, s:s}", "name", status.model, "folder",
                                        str_c(line->arena, folder), "dims", (json_int_t)status.dims,
                                        "kernels", status.kernels);
    if (!output_json(line, about))
        printf("%s  %zu values  %s\n" STR_FMT "\n", status.model, status.dims, status.kernels,
               STR_ARG(folder));
    return true;
}

static bool copy_file(Arena *arena, Str from, Str to, const char *name, bool required, Error *err)
{
    char *source = path_join(arena, from, str(name));
    AUTO_MAP FileMap map = { 0 };
    if (!file_exists(source))
        return !required || fail(err, ERROR_NOT_FOUND, "%s is missing", source);
    return file_map(source, &map, err) &&
           file_write(path_join(arena, to, str(name)), map.bytes, 0600, err);
}

static bool add(CommandLine *line, Str data, Error *err)
{
    EncodeStatus status = { 0 };
    if (line->word_count != 2)
        return fail(err, ERROR_INVALID, "use: lectern models add FOLDER");
    if (!try_model(line, data, line->words[1], &status, err))
        return fail_in(err, "the folder holds no model that can be used");
    Str to = str(path_join(line->arena, data, S("models/all-MiniLM-L6-v2")));
    if (!folder_make(to.at, 0700, err))
        return false;
    for (size_t i = 0; i < COUNT(model_files); i++)
        if (!copy_file(line->arena, line->words[1], to, model_files[i], i < 2, err))
            return false;
    printf("%s is used from the next start on\n", status.model);
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    Str data, what = line->word_count ? line->words[0] : S("ls");
    if (!str_is(what, "ls") && !str_is(what, "add"))
        return fail(err, ERROR_INVALID, "use: lectern models ls | add FOLDER");
    if (!app_data_folder(line->arena, &line->settings, &data, err))
        return false;
    return str_is(what, "ls") ? list(line, data, err) : add(line, data, err);
}

const Command command_models = {
    .name = "models",
    .arguments = "ls | add FOLDER",
    .summary = "The embedding model: which one is used, or add one",
    .word_max = 2,
    .run = run,
};
