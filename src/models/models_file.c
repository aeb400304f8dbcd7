/* models_file.c - the server's file of services and routes (the setting gateway): read at the
 * start, on request and when it changes. One that cannot be read changes nothing. */
#include <sys/stat.h>

#include "base/file.h"
#include "models/models_int.h"

#define LOOK_AGAIN_MS 1000

/* What tells one state of a file from another. */
static FileMark mark_of(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return (FileMark){ 0 };
    return (FileMark){ about.st_ino, about.st_size,
                       about.st_mtim.tv_sec * INT64_C(1000000000) + about.st_mtim.tv_nsec };
}

Str models_file_text(Models *models, Arena *arena)
{
    pthread_mutex_lock(&models->lock);
    Str text = str_copy(arena, str(models->file_text ? models->file_text : ""));
    pthread_mutex_unlock(&models->lock);
    return text;
}

bool models_check_file(Str text, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Setup setup = { 0 };
    (void)setup_add_itself(arena, &setup);
    setup_read_environment(arena, &setup);
    if (!setup_read_file(arena, text, &setup, err))
        return false;
    setup_settle(&setup);
    return setup_check(&setup, err);
}

bool models_config_of_file(Str text, TargetStates *states, const GatewayConfig **config_r,
                           Error *err)
{
    Models none = { 0 }; /* a file has nothing that is sealed */
    Arena *arena = arena_new(MB(128));
    Setup *setup = arena_new_one(arena, Setup);
    (void)setup_add_itself(arena, setup);
    setup_read_environment(arena, setup);
    if (!setup_read_file(arena, text, setup, err)) {
        arena_free(arena);
        return false;
    }
    setup_settle(setup);
    *config_r = config_make(&none, states, arena, setup);
    return true;
}

bool models_reload(Models *models, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    const char *path = models->file_path;
    Str text;
    if (!path)
        return true;
    if (!file_read(arena, path, SETUP_FILE_MAX, &text, err) || !models_check_file(text, err))
        return fail_in(err, "%s", path);
    pthread_mutex_lock(&models->lock);
    free(models->file_text);
    models->file_text = heap_text(text.at);
    pthread_mutex_unlock(&models->lock);
    pictures_forget(models, S(""));
    return true;
}

static void look_again(void *argument)
{
    Models *models = argument;
    Error err = { 0 };
    FileMark now = mark_of(models->file_path);
    if (!memcmp(&now, &models->file_mark, sizeof now))
        return;
    models->file_mark = now;
    bool good = models_reload(models, &err);
    if (models->options.on_reload)
        models->options.on_reload(models->options.load_app, good ? NULL : &err);
}

bool file_open(Models *models, Error *err)
{
    if (!models->options.file.length)
        return true;
    models->file_path = str_c(models->arena, models->options.file);
    models->file_mark = mark_of(models->file_path); /* before it is read: no change is missed */
    if (!models_reload(models, err))
        return false;
    models->watcher = ticker_start(&(TickerOptions){ .name = "models-file",
                                                     .every_ms = LOOK_AGAIN_MS,
                                                     .rests_first = true,
                                                     .tick = look_again,
                                                     .argument = models });
    return models->watcher || fail(err, ERROR_INTERNAL, "no thread can be started");
}

void file_close(Models *models)
{
    ticker_stop(models->watcher);
    free(models->file_text);
}
