/* library.c - opening the library, its model and its index. */
#include "library/library_int.h"

#include <assert.h>
#include <pthread.h>

#include "base/log.h"
#include "extract/extractor.h"
#include "index/vector_meter.h"
#include "library/follower.h"
#include "library/workspace_removal.h"

/* --- Opening --- */

#define FORMATS_MAX 256

static void save_name(Library *library, const EncodeStatus *status)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Error err;
    ModelChoice choice;
    if (!model_choice_read(library, arena, &choice))
        return;
    choice.name = str(status->model);
    choice.dims = status->dims;
    if (!model_choice_save(library, &choice, false, &err))
        log_warn("library", "the model's name cannot be saved: %s", err.message);
}

/* Whoever loads the model first may not be library_model(), so this is asked each time. A queue
 * that has just been replaced has nothing to say any more. */
static void remember_model(Library *library, const EncodeQueue *queue, const EncodeStatus *status)
{
    char known[FOLLOWER_MODEL_SIZE];
    follower_model(library->follower, known);
    if (!strcmp(known, status->model))
        return;
    pthread_mutex_lock(&library->choice_lock);
    if (atomic_load(&library->encoder) == queue &&
        follower_set_model(library->follower, str(status->model), status->dims))
        save_name(library, status);
    pthread_mutex_unlock(&library->choice_lock);
}

/* On this node; the rows, and what all nodes share, have gone already. */
static void on_workspace_gone(void *argument, const char *channel, Str text)
{
    Library *library = argument;
    Str line;
    (void)channel;
    while (str_next(&text, '\n', &line))
        if (line.length)
            blob_forget_workspace(library->blobs, line);
    follower_look_for_gone(library->follower);
}

bool library_open(const LibraryOptions *options, Library **library_r, Error *err)
{
    Library *library = heap_alloc(sizeof *library);
    library->db = options->db;
    library->blobs = options->blobs;
    library->sandbox = options->sandbox;
    library->options = *options;
    library->system = scope_system();
    atomic_init(&library->encoder, options->encoder);
    pthread_rwlock_init(&library->blobs_in_use, NULL);
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    ModelChoice choice;
    pthread_mutex_init(&library->model_lock, NULL);
    pthread_mutex_init(&library->choice_lock, NULL);
    /* The model whose vectors are in the database, so that they can be searched before it is loaded
     * again; it is loaded for the first query. */
    (void)model_choice_read(library, arena, &choice);
    if (options->encoder)
        encode_queue_known_as(options->encoder, choice.name);
    if (options->vectors)
        library->options.vectors = library->meter = vector_meter_new(options->vectors);
    library->follower =
        follower_start(options->db, options->index_folder, choice.name, choice.dims,
                       options->vector_exact != 0, library->meter, options->holds_index);
    library_open_models(library);
    if (!db_listen(library->db, WORKSPACE_GONE_CHANNEL, on_workspace_gone, library, err)) {
        library_close(library);
        return false;
    }
    *library_r = library;
    return true;
}

void library_close(Library *library)
{
    if (!library)
        return;
    db_unlisten(library->db, WORKSPACE_GONE_CHANNEL, on_workspace_gone, library);
    library_leave_models(library);
    follower_stop(library->follower);
    library_close_models(library);
    if (library->meter)
        library->meter->free(library->meter);
    pthread_mutex_destroy(&library->choice_lock);
    pthread_mutex_destroy(&library->model_lock);
    pthread_rwlock_destroy(&library->blobs_in_use);
    free(library);
}

void library_tell(Library *library, const Scope *scope, LibraryNews news, Str document)
{
    follower_poke(library->follower);
    if (library->options.listener)
        library->options.listener(library->options.listener_argument, scope, news, document, NULL);
}

void library_tell_removed(Library *library, const Scope *scope, Str document, const StrList *those)
{
    follower_poke(library->follower);
    if (library->options.listener)
        library->options.listener(library->options.listener_argument, scope, NEWS_REMOVED, document,
                                  those);
}

/* --- The model --- */

Str model_of_queue(Library *library, EncodeQueue *queue, Arena *arena)
{
    EncodeStatus status;
    Error err;
    if (!queue)
        return S("");
    encode_queue_status(queue, &status);
    if (status.state != ENCODE_READY) {
        if (!encode_queue_load(queue, &err))
            return S("");
        encode_queue_status(queue, &status);
    }
    remember_model(library, queue, &status);
    return str_copy(arena, str(status.model));
}

Str library_model(Library *library, Arena *arena)
{
    return model_of_queue(library, atomic_load(&library->encoder), arena);
}

void library_prepare_model(Library *library)
{
    EncodeQueue *queue = atomic_load(&library->encoder);
    if (queue)
        encode_queue_prepare(queue);
}

static bool has_loaded(EncodeQueue *queue, Str model)
{
    EncodeStatus status;
    if (!queue)
        return false;
    encode_queue_status(queue, &status);
    return status.state == ENCODE_READY && str_is(model, status.model);
}

/* Of the model that was opened under that name, whether it has been loaded or not. */
static EncodeQueue *own_queue(Library *library, Str model)
{
    EncodeQueue *found = NULL;
    pthread_mutex_lock(&library->model_lock);
    for (size_t i = 0; i < library->own_count && !found; i++)
        found = str_is(model, library->own[i].model) ? library->own[i].queue : NULL;
    pthread_mutex_unlock(&library->model_lock);
    return found;
}

/* After a restart in the middle of a change nobody has loaded the model of before, whose index
 * serves until the next one is built. */
EncodeQueue *library_encoder(Library *library, Str model)
{
    EncodeQueue *now = atomic_load(&library->encoder);
    Error ignored;
    if (!model.length || has_loaded(now, model))
        return model.length ? now : NULL;
    EncodeQueue *other = own_queue(library, model);
    other = other ? other : library->options.encoder;
    return other && encode_queue_load(other, &ignored) && has_loaded(other, model) ? other : NULL;
}

LibraryModel library_model_status(Library *library)
{
    EncodeQueue *queue = atomic_load(&library->encoder), *coming = atomic_load(&library->coming);
    LibraryModel model = { .kernels = "", .is_changing = coming };
    EncodeStatus status;
    if (coming) {
        encode_queue_status(coming, &status);
        snprintf(model.reason_coming, sizeof model.reason_coming, "%s", status.reason);
    }
    if (!queue)
        return model;
    encode_queue_status(queue, &status);
    model.is_there = status.state == ENCODE_UNLOADED || status.state == ENCODE_READY;
    model.is_ready = status.state == ENCODE_READY;
    snprintf(model.reason, sizeof model.reason, "%s", model.is_there ? "" : status.reason);
    snprintf(model.name, sizeof model.name, "%s", status.model);
    model.dims = status.dims;
    model.kernels = status.kernels;
    return model;
}

#define FEW_TEXTS 8

/* What was asked to be embedded, as tokens one text after another. */
typedef struct Tokens {
    uint32_t *ids, *lengths;
    size_t count;
} Tokens;

static bool check_ids(const Tokenizer *tokenizer, const LibraryText *text, Error *err)
{
    for (size_t i = 0; i < text->id_count; i++)
        if (text->ids[i] >= tokenizer_size(tokenizer))
            return fail(err, ERROR_INVALID,
                        "token %u is not one of this model's %zu: tokens of another model mean "
                        "nothing to it, send texts",
                        text->ids[i], tokenizer_size(tokenizer));
    return true;
}

static bool find_tokens(const Encoder *encoder, const LibraryText *texts, size_t count,
                        Tokens *tokens, Error *err)
{
    const Tokenizer *tokenizer = encoder_tokenizer(encoder);
    size_t max = encoder_tokens_usual(encoder), room = 0;
    for (size_t i = 0; i < count; i++) {
        if (tokens->count + max > room) {
            room = 2 * room + max;
            tokens->ids = heap_grow(tokens->ids, room * sizeof *tokens->ids);
        }
        const LibraryText *text = &texts[i];
        uint32_t *ids = tokens->ids + tokens->count;
        if (text->ids && !check_ids(tokenizer, text, err))
            return false;
        size_t length = text->ids ? tokenizer_frame(tokenizer, text->ids, text->id_count, ids, max)
                                  : encoder_tokenize(encoder, text->text, ids, max);
        tokens->lengths[i] = (uint32_t)length;
        tokens->count += length;
        if (tokens->count > LIBRARY_EMBED_TOKENS_MAX)
            return fail(err, ERROR_INVALID, "the texts have more than %d tokens in all",
                        LIBRARY_EMBED_TOKENS_MAX);
    }
    return true;
}

bool library_embed(Library *library, Arena *arena, const LibraryText *texts, size_t count,
                   LibraryVectors *vectors_r, Error *err)
{
    EncodeQueue *queue = atomic_load(&library->encoder);
    EncodePriority priority = count <= FEW_TEXTS ? ENCODE_QUERY : ENCODE_BULK;
    if (!queue)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no embedding model; add one with `lectern models add FOLDER`");
    if (!encode_queue_load(queue, err))
        return false;
    const Encoder *encoder = encode_queue_encoder(queue);
    size_t dims = encoder_dims(encoder);
    Tokens tokens = { .lengths = arena_new_array(arena, uint32_t, count) };
    float *values = arena_new_array(arena, float, count *dims);
    bool good = find_tokens(encoder, texts, count, &tokens, err) &&
                encode_queue_run(queue, priority, tokens.ids, tokens.lengths, count, values, err);
    free(tokens.ids);
    if (good)
        *vectors_r = (LibraryVectors){ dims, values, (int64_t)tokens.count };
    return good;
}

Str library_prompt(Library *library, Arena *arena, bool is_query)
{
    EncodeQueue *queue = atomic_load(&library->encoder);
    Error ignored;
    if (!queue || !encode_queue_load(queue, &ignored))
        return S("");
    return str_copy(arena, encoder_prompt(encode_queue_encoder(queue), is_query));
}

/* --- The index --- */

Index *library_borrow_index(Library *library, Str workspace, size_t *dims_r, Str *model_r)
{
    return follower_borrow(library->follower, workspace, dims_r, model_r);
}

void library_release_index(Library *library, Index *index)
{
    follower_release(library->follower, index);
}

bool library_wait_indexed(Library *library, int64_t timeout_ms)
{
    return follower_wait(library->follower, timeout_ms);
}

bool library_hold_index(Library *library, bool is_held, int64_t timeout_ms)
{
    return follower_hold(library->follower, is_held, timeout_ms);
}

int64_t library_changes(Library *library, Str workspace)
{
    return follower_changes(library->follower, workspace);
}

void library_watch(Library *library, const LibraryWatch *watch)
{
    follower_watch(library->follower, watch);
}

bool library_followed(Library *library, Str workspace, int64_t *sequence_r)
{
    return follower_followed(library->follower, workspace, sequence_r);
}

bool library_files(Library *library, Arena *arena, Str workspace, LibraryFiles *files_r)
{
    return follower_files(library->follower, arena, workspace, files_r);
}

bool library_has_changes(Library *library, int64_t generation, bool *has_r, Error *err)
{
    return follower_has_changes(library->follower, generation, has_r, err);
}

IndexState library_index_state(Library *library) { return follower_state(library->follower); }

const char *library_vector_store(const Library *library)
{
    const VectorStore *store = library->options.vectors;
    return store ? store->name : "embedded";
}

int64_t library_vectors_failing_ms(const Library *library, Error *why_r)
{
    return library->meter ? vector_meter_failing_ms(library->meter, why_r) : 0;
}

int64_t library_originals_failing_ms(const Library *library)
{
    return blob_failing_ms(library->blobs);
}

void library_put_vector_metrics(const Library *library, Buf *out)
{
    if (!library->meter)
        return;
    VectorLag lag = follower_vector_lag(library->follower);
    vector_meter_put(library->meter, out);
#define WAITING "lectern_vector_store_waiting_passages"
#define LAG "lectern_vector_store_lag_seconds"
    buf_addf(out,
             "# HELP " WAITING " Passages whose vectors it has not yet, as far as this node "
             "knows.\n# TYPE " WAITING " gauge\n" WAITING "{store=\"%s\"} %" PRId64 "\n",
             library->meter->name, lag.passages);
    buf_addf(out,
             "# HELP " LAG " Since when the first of them has waited.\n# TYPE " LAG " gauge\n" LAG
             "{store=\"%s\"} %.3f\n",
             library->meter->name, (double)lag.oldest_ms / 1000);
#undef WAITING
#undef LAG
}

const LibraryOptions *library_options(const Library *library) { return &library->options; }

int index_building_percent(const IndexBuilding *building)
{
    return building->work ? (int)(building->done * 99 / building->work) : 0;
}

Str library_index_notice(Library *library, Arena *arena, Str workspace)
{
    IndexBuilding building = follower_building(library->follower, workspace);
    Str left = S("");
    if (!building.is_going_on)
        return left;
    if (building.seconds_left >= 0)
        left = str_format(arena, ", %" PRId64 " s left", building.seconds_left + 1);
    return str_format(arena, "The search index is being made ready (%d %%" STR_FMT "): %s.",
                      index_building_percent(&building), STR_ARG(left),
                      building.words ? "some passages are not found yet"
                                     : "not every passage is found by its meaning yet");
}

/* --- Formats and walls --- */

static LibraryFormat formats[FORMATS_MAX];

static void fill_formats(void)
{
    assert(extractor_count <= FORMATS_MAX);
    for (size_t i = 0; i < extractor_count; i++)
        formats[i] =
            (LibraryFormat){ extractors[i]->name, extractors[i]->title, extractors[i]->extensions,
                             extractors[i]->media_types, extractor_family(extractors[i]) };
}

const LibraryFormat *library_formats(size_t *count_r)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_formats);
    *count_r = extractor_count;
    return formats;
}

Str library_family(Str format)
{
    size_t count;
    const LibraryFormat *list = library_formats(&count);
    /* For each row of a list: most names begin with another letter. */
    for (size_t i = 0; format.length && i < count; i++)
        if (list[i].name[0] == format.at[0] && str_is(format, list[i].name))
            return str(list[i].family);
    return S("");
}

bool library_formats_of(Arena *arena, StrList wanted, StrList families, StrList *formats_r,
                        Error *err)
{
    size_t count;
    (void)library_formats(&count);
    VEC(Str) list = { 0 };
    for (size_t i = 0; i < wanted.count; i++)
        *vec_push(arena, &list) = wanted.at[i];
    for (size_t i = 0; i < families.count; i++) {
        size_t before = list.count;
        for (size_t j = 0; j < count; j++)
            if (str_is(families.at[i], formats[j].family))
                *vec_push(arena, &list) = str(formats[j].name);
        if (list.count == before)
            return fail_field(err, "families", "there is no family '" STR_FMT "' of formats",
                              STR_ARG(families.at[i]));
    }
    *formats_r = (StrList){ list.at, list.count };
    return true;
}

void library_describe_sandbox(Library *library, Buf *json_members)
{
    sandbox_describe(library->sandbox, json_members);
}
