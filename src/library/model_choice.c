/* model_choice.c - which models a library has, in the settings, and its encoders and index as they
 * say. Whoever saves the choice tells every node that shares the database. */
#include "base/file.h"
#include "base/log.h"
#include "library/follower.h"
#include "library/library_int.h"
#include "store/settings_store.h"

#define CHOICE_SETTING S("embedding_model")
#define CHOICE_CHANNEL "embedding_model"
#define DIMS_MAX 8192

/* --- What is chosen --- */

typedef struct ChoiceWork {
    const Scope *system;
    Arena *arena;
    Str was, value;
    bool adds_job;
} ChoiceWork;

static bool find_choice(DbTx *tx, void *argument, Error *err)
{
    ChoiceWork *work = argument;
    return setting_find(tx, work->system, work->arena, CHOICE_SETTING, &work->value, err);
}

static bool save_choice(DbTx *tx, void *argument, Error *err)
{
    const ChoiceWork *work = argument;
    return setting_replace(tx, work->system, CHOICE_SETTING, work->was, work->value, err) &&
           db_notify(tx, CHOICE_CHANNEL, S("changed"), err) &&
           (!work->adds_job ||
            library_queue(tx, work->system, work->arena, JOB_REEMBED, S("model"), err));
}

static size_t dims_of(const json_t *json, const char *name)
{
    json_int_t dims = json_integer_value(json_object_get(json, name));
    return dims > 0 && dims <= DIMS_MAX ? (size_t)dims : 0;
}

static Str text_of(Arena *arena, const json_t *json, const char *name)
{
    return str_copy(arena, json_member_text(json, name));
}

bool model_choice_read(Library *library, Arena *arena, ModelChoice *choice_r)
{
    AUTO_JSON json_t *json = NULL;
    ChoiceWork work = { .system = &library->system, .arena = arena };
    Error why = { 0 };
    *choice_r = (ModelChoice){ 0 };
    if (!store_read(library->db, &library->system, find_choice, &work, &why))
        return why.code == ERROR_NOT_FOUND;
    choice_r->stored = work.value;
    if (!json_parse(work.value, KB(64), &json, &why))
        return true;
    *choice_r = (ModelChoice){ .stored = work.value,
                               .dims = dims_of(json, "dims"),
                               .folder = text_of(arena, json, "folder"),
                               .next_dims = dims_of(json, "next_dims"),
                               .next_folder = text_of(arena, json, "next_folder"),
                               .previous = text_of(arena, json, "previous"),
                               .previous_folder = text_of(arena, json, "previous_folder") };
    if (choice_r->dims)
        choice_r->name = text_of(arena, json, "name");
    if (choice_r->next_dims)
        choice_r->next_name = text_of(arena, json, "next_name");
    return true;
}

bool model_choice_save(Library *library, const ModelChoice *choice, bool adds_job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf value = buf_new(arena, KB(16));
    JsonWriter json = put_begin(&value);
    put_text(&json, "name", choice->name);
    put_int(&json, "dims", (int64_t)choice->dims);
    put_text(&json, "folder", choice->folder);
    put_text(&json, "next_name", choice->next_name);
    put_int(&json, "next_dims", (int64_t)choice->next_dims);
    put_text(&json, "next_folder", choice->next_folder);
    put_text(&json, "previous", choice->previous);
    put_text(&json, "previous_folder", choice->previous_folder);
    put_end(&json);
    ChoiceWork work = { &library->system, arena, choice->stored, buf_str(&value), adds_job };
    return store_write(library->db, &library->system, save_choice, &work, err);
}

/* --- Queues --- */

char *model_folder(Library *library, Arena *arena, Str name)
{
    return path_join(arena, str(library->options.models_folder), name);
}

/* Under model_lock. */
static EncodeQueue *open_queue(Library *library, Arena *arena, Str folder, Str model)
{
    EncodeQueueOptions options = library->options.models;
    if (library->own_count == LIBRARY_MODELS_MAX) {
        log_warn("library",
                 "there were %d models; start this server again, it searches by words only",
                 LIBRARY_MODELS_MAX);
        return NULL;
    }
    options.folder = model_folder(library, arena, folder);
    options.model = str_c(arena, model);
    OwnModel *own = &library->own[library->own_count++];
    own->queue = encode_queue_new(&options);
    snprintf(own->folder, sizeof own->folder, STR_FMT, STR_ARG(folder));
    snprintf(own->model, sizeof own->model, STR_FMT, STR_ARG(model));
    return own->queue;
}

/* The queue of that model, which says itself when this node lacks the folder. */
static EncodeQueue *find_queue(Library *library, Arena *arena, Str folder, Str model)
{
    EncodeQueue *queue = NULL;
    if (!folder.length || folder.length > LIBRARY_MODEL_NAME_MAX)
        return NULL;
    /* The setting 'model', since removed, may have named one of another folder. */
    if (!str_starts(model, str_format(arena, STR_FMT "/", STR_ARG(folder))))
        model = STR_NONE;
    pthread_mutex_lock(&library->model_lock);
    for (size_t i = 0; i < library->own_count && !queue; i++) {
        const OwnModel *own = &library->own[i];
        if (str_is(folder, own->folder) && str_is(model, own->model))
            queue = own->queue;
    }
    if (!queue)
        queue = open_queue(library, arena, folder, model);
    pthread_mutex_unlock(&library->model_lock);
    return queue;
}

/* --- As it was chosen --- */

/* What this node lacks is told once for each choice; /health tells it all the time. */
static void warn_of_lack(EncodeQueue *queue)
{
    EncodeStatus status;
    if (!queue)
        return;
    encode_queue_status(queue, &status);
    if (status.state == ENCODE_NO_MODEL)
        log_warn("library", "search is by words only: %s", status.reason);
}

static void set_coming(Library *library, EncodeQueue *queue)
{
    if (atomic_exchange(&library->coming, queue) == queue)
        return;
    atomic_store(&library->change_began_ms, 0);
    warn_of_lack(queue);
}

/* A chosen model that this node lacks is not replaced by another one: that would make vectors that
 * are of no use to the other nodes, and tell them to follow. */
static void apply_choice(Library *library, Arena *arena, const ModelChoice *choice)
{
    EncodeQueue *used = find_queue(library, arena, choice->folder, choice->name);
    if (choice->previous.length) /* after a restart, see library_encoder() */
        (void)find_queue(library, arena, choice->previous_folder, choice->previous);
    set_coming(library, find_queue(library, arena, choice->next_folder, choice->next_name));
    if (choice->folder.length && atomic_exchange(&library->encoder, used) != used)
        warn_of_lack(used);
    /* At the start the follower has that model already, and nothing is loaded before it is used. */
    if (choice->name.length && follower_set_model(library->follower, choice->name, choice->dims) &&
        used)
        encode_queue_prepare(used);
}

void model_choice_follow(Library *library)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    ModelChoice choice;
    if (!library->options.models_folder || library->options.model_is_fixed)
        return;
    pthread_mutex_lock(&library->choice_lock);
    if (model_choice_read(library, arena, &choice))
        apply_choice(library, arena, &choice);
    pthread_mutex_unlock(&library->choice_lock);
}

static void on_choice(void *argument, const char *channel, Str text)
{
    (void)channel, (void)text;
    model_choice_follow(argument);
}

void library_open_models(Library *library)
{
    Error err;
    model_choice_follow(library);
    if (!db_listen(library->db, CHOICE_CHANNEL, on_choice, library, &err))
        log_warn("library", "another node's change of the model is seen at the next start: %s",
                 err.message);
}

void library_leave_models(Library *library)
{
    db_unlisten(library->db, CHOICE_CHANNEL, on_choice, library);
}

void library_close_models(Library *library)
{
    for (size_t i = 0; i < library->own_count; i++)
        encode_queue_free(library->own[i].queue);
}
