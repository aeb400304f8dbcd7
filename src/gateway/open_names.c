/* open_names.c - see open_names.h. */
#include "gateway/open_names.h"

#include <pthread.h>

#include "base/map.h"

#define NAME_MAX_BYTES 200

struct OpenNames {
    pthread_mutex_t lock;
    Arena *arena;
    Map names;  /* "workspace/model" */
    Map counts; /* by workspace */
};

OpenNames *open_names_new(void)
{
    OpenNames *names = heap_alloc(sizeof *names);
    pthread_mutex_init(&names->lock, NULL);
    names->arena = arena_new(MB(32));
    names->names = map_new(names->arena);
    names->counts = map_new(names->arena);
    return names;
}

void open_names_free(OpenNames *names)
{
    if (!names)
        return;
    arena_free(names->arena);
    pthread_mutex_destroy(&names->lock);
    free(names);
}

/* Under the lock. */
static bool has_room(OpenNames *names, Str workspace, Str full)
{
    bool is_new;
    if (names->names.count >= OPEN_NAMES_MAX)
        return false;
    MapEntry *count = map_find(&names->counts, workspace);
    if (!count)
        count = map_add(&names->counts, str_copy(names->arena, workspace), &is_new);
    if (count->number >= OPEN_NAMES_EACH)
        return false;
    count->number++;
    (void)map_add(&names->names, str_copy(names->arena, full), &is_new);
    return true;
}

Str open_name(OpenNames *names, Str workspace, Str model)
{
    char key[2 * NAME_MAX_BYTES + 1];
    if (model.length > NAME_MAX_BYTES || workspace.length > NAME_MAX_BYTES)
        return S("other");
    memcpy(key, workspace.at, workspace.length);
    key[workspace.length] = '/';
    memcpy(key + workspace.length + 1, model.at, model.length);
    Str full = { key, workspace.length + 1 + model.length };
    pthread_mutex_lock(&names->lock);
    bool is_kept = map_find(&names->names, full) || has_room(names, workspace, full);
    pthread_mutex_unlock(&names->lock);
    return is_kept ? model : S("other");
}
