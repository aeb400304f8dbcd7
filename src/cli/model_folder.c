/* model_folder.c - see model_folder.h. */
#include "cli/model_folder.h"

#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "encode/model_weights.h"
#include "text/tokenizer.h"

static bool is_model(Arena *arena, Str folder)
{
    const char *path = str_c(arena, folder);
    return model_weights_exist(path) && tokenizer_exists(path);
}

/* Of /usr/bin/lectern: /usr */
static Str installed_under(Arena *arena)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self);
    if (length <= 0 || (size_t)length == sizeof self)
        return S("");
    Str program = { self, (size_t)length };
    for (int level = 0; level < 2; level++) {
        while (program.length && program.at[program.length - 1] != '/')
            program.length--;
        program.length -= program.length > 0;
    }
    return str_copy(arena, program);
}

Str settings_model_folder(Arena *arena, const Settings *settings, Str data_folder)
{
    static const char name[] = "all-MiniLM-L6-v2";
    if (settings->model.length)
        return is_model(arena, settings->model) ? settings->model : S("");
    const char *home = getenv("HOME");
    const struct {
        Str root, below;
    } places[] = {
        { data_folder, S("models") },
        { home ? str(home) : S(""), S(".cache/lectern/models") },
        { installed_under(arena), S("share/lectern/models") },
    };
    for (size_t i = 0; i < COUNT(places); i++) {
        if (!places[i].root.length)
            continue;
        Str models = str(path_join(arena, places[i].root, places[i].below));
        Str folder = str(path_join(arena, models, str(name)));
        if (is_model(arena, folder))
            return folder;
    }
    return S("");
}

bool settings_encoder_options(Arena *arena, const Settings *settings, Str data_folder,
                              EncoderOptions *options_r, Error *err)
{
    *options_r = (EncoderOptions){ .cache = path_join(arena, data_folder, S("cache")) };
    if (!kernel_set_find(settings->encoder_kernels, &options_r->set, err))
        return fail_in(err, "encoder_kernels");
    return precision_find(settings->encoder_precision, &options_r->precision, err) ||
           fail_in(err, "encoder_precision");
}
