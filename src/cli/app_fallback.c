/* app_fallback.c - see app_fallback.h. */
#include "cli/app_fallback.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/app_folder.h"
#include "cli/model_folder.h"

/* The embedding model and the master key are those of the data folder. */
static Settings *own_settings(Arena *arena, const Settings *settings, Str folder)
{
    Settings *own = arena_new_one(arena, Settings);
    *own = *settings;
    own->model = settings_model_folder(arena, settings, folder);
    own->master_key = str(app_master_key_path(arena, settings, folder));
    own->database = own->database_replicas = S("");
    own->blob_store = own->second_blob_store = own->backup_to = S("");
    own->vector_store_type = S("embedded");
    return own;
}

bool app_fall_back(App *app, Str *folder, Error *err)
{
    const Settings *settings = app->settings;
    Str place;
    if (!settings->database_fallback || !settings->database.length ||
        !db_is_away(str_c(app->arena, settings->database)))
        return true;
    place = str(path_join(app->arena, *folder, S("fallback")));
    if (!folder_make(place.at, 0700, err))
        return fail_in(err, "the folder of the library beside an absent database");
    log_warn("serve",
             "the database is away: as database_fallback says, this server begins with a library "
             "of its own in " STR_FMT "; start it anew once the database is back",
             STR_ARG(place));
    app->settings = own_settings(app->arena, settings, *folder);
    app->api.is_fallback = true;
    *folder = place;
    return true;
}
