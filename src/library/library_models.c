/* library_models.c - the models of the data folder, and changing from one to another.
 *
 *     library_use_model(B)     B is loaded, its name saved as the next one's, a job added
 *     job "reembed"            every document gets vectors of B beside those of A; A serves, also
 *                              for documents that come meanwhile: they get both
 *     all have B               B's name is saved; the follower builds B's index beside A's and
 *                              swaps; a query is always embedded with the model of its index
 *     after the swap           A's vectors are removed
 *
 * The same job embeds what lacks vectors though no other model comes, as when the setting that
 * names the model was changed: the sweep adds it (sweep_job.c).
 *
 * Each step is found again after a restart by what the settings and the rows say. Whoever saves
 * the choice tells every node that shares the database, and each does as it says. */
#include <dirent.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "encode/model.h"
#include "library/follower.h"
#include "library/library_int.h"
#include "store/vectors_store.h"

#define MODEL_FOLDERS_MAX 200
#define DOCUMENTS_AT_ONCE 64 /* small ones fill a batch of the encoder (embed_job.c) */
#define VECTORS_AT_ONCE 5000
#define CHOICES_AT_ONCE 10 /* that may come before one without its being refused */
#define SWAP_WAIT_MS 600000
#define LACKING_WAIT_MS 5000 /* until another node is likely to have taken the job */

/* --- The folders --- */

static bool name_is_simple(Str name)
{
    return name.length && name.length <= LIBRARY_MODEL_NAME_MAX && name.at[0] != '.' &&
           str_find_char(name, '/') < 0;
}

static LibraryModelFolder describe(Library *library, Arena *arena, const ModelChoice *choice,
                                   Str name)
{
    static const char *const poolings[] = { "mean", "cls", "max" };
    ModelConfig config;
    Error why = { 0 };
    struct stat status;
    StrList files;
    char *folder = model_folder(library, arena, name);
    LibraryModelFolder about = { .name = name,
                                 .is_used = str_equal(name, choice->folder),
                                 .is_coming = str_equal(name, choice->next_folder) };
    if (model_weights_list(folder, arena, &files, &why))
        for (size_t i = 0; i < files.count; i++)
            if (!stat(path_join(arena, str(folder), files.at[i]), &status))
                about.bytes += status.st_size;
    if (!model_read_config(folder, &config, &why)) {
        about.reason = str_copy(arena, str(why.message));
        return about;
    }
    about.family = str(config.family->name);
    about.is_reranker = config.is_reranker;
    about.pooling = config.is_reranker ? S("score") : str(poolings[config.pooling]);
    about.dims = config.dims;
    about.tokens_max = config.tokens_max;
    return about;
}

static int by_name(const void *a, const void *b)
{
    return str_compare(((const LibraryModelFolder *)a)->name,
                       ((const LibraryModelFolder *)b)->name);
}

bool library_models(Library *library, Arena *arena, LibraryModelList *list_r, Error *err)
{
    VEC(LibraryModelFolder) list = { 0 };
    ModelChoice choice;
    (void)err;
    *list_r = (LibraryModelList){ 0 };
    DIR *folder = library->options.models_folder ? opendir(library->options.models_folder) : NULL;
    if (!folder)
        return true;
    (void)model_choice_read(library, arena, &choice);
    /* Before any choice, the program takes the usual one. */
    if (!choice.folder.length && choice.name.length)
        choice.folder =
            str_slice(choice.name, 0, (size_t)MAX(str_find_last_char(choice.name, '/'), 0));
    for (struct dirent *entry; (entry = readdir(folder)) && list.count < MODEL_FOLDERS_MAX;)
        if (name_is_simple(str(entry->d_name)))
            *vec_push(arena, &list) =
                describe(library, arena, &choice, str_copy(arena, str(entry->d_name)));
    closedir(folder);
    if (list.count)
        qsort(list.at, list.count, sizeof *list.at, by_name);
    *list_r = (LibraryModelList){ list.at, list.count };
    return true;
}

/* --- Changing --- */

static bool check_name(Library *library, Arena *arena, Str name, Error *err)
{
    if (!library->options.models_folder || !name_is_simple(name) ||
        !file_exists(model_folder(library, arena, name)))
        return fail(err, ERROR_NOT_FOUND,
                    "there is no model '" STR_FMT "'; add one with: lectern models add FOLDER",
                    STR_ARG(str_slice(name, 0, 64)));
    return !library->options.model_is_fixed ||
           fail(err, ERROR_CONFLICT, "the setting 'model' names the model; remove it first");
}

/* What the folder holds now, whatever it held before. */
static bool try_folder(Library *library, Arena *arena, Str name, EncodeStatus *status_r, Error *err)
{
    EncodeQueueOptions options = library->options.models;
    options.folder = model_folder(library, arena, name);
    options.thread_max = 1;
    EncodeQueue *queue = encode_queue_new(&options);
    bool good = encode_queue_load(queue, err);
    if (good && encoder_is_reranker(encode_queue_encoder(queue)))
        good = fail(err, ERROR_INVALID, "this model scores pairs of texts and makes no vectors");
    encode_queue_status(queue, status_r);
    encode_queue_free(queue);
    return good;
}

static bool choose(Library *library, Arena *arena, Str name, const EncodeStatus *status, Error *err)
{
    ModelChoice choice;
    if (!model_choice_read(library, arena, &choice))
        return fail(err, ERROR_BUSY, "which model is used cannot be read now; try again later");
    bool is_used = str_is(choice.name, status->model);
    choice.folder = is_used ? name : choice.folder;
    choice.next_folder = is_used ? STR_NONE : name;
    choice.next_name = is_used ? STR_NONE : str(status->model);
    choice.next_dims = is_used ? 0 : status->dims;
    return model_choice_save(library, &choice, !is_used, err);
}

bool library_use_model(Library *library, Arena *arena, Str name, Error *err)
{
    EncodeStatus status;
    if (!check_name(library, arena, name, err) || !try_folder(library, arena, name, &status, err))
        return false;
    (void)library_model(library, arena); /* so that what serves now has a name */
    for (int left = CHOICES_AT_ONCE; !choose(library, arena, name, &status, err);)
        if (err->code != ERROR_CONFLICT || !--left)
            return false;
    model_choice_follow(library);
    return true;
}

bool library_remove_model(Library *library, Arena *arena, Str name, Error *err)
{
    LibraryModelList list;
    if (!check_name(library, arena, name, err) || !library_models(library, arena, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.at[i].name, name) && (list.at[i].is_used || list.at[i].is_coming))
            return fail(err, ERROR_CONFLICT, "the model '" STR_FMT "' is in use", STR_ARG(name));
    return folder_remove(model_folder(library, arena, name), err);
}

/* --- The job --- */

typedef struct Reembedding {
    Library *library;
    Job *job;
    Arena *arena;
    ModelChoice choice;
    Str model;          /* whose vectors are made */
    EncodeQueue *queue; /* its */
    DocumentKey after;
    DocumentKeyList found;
    int64_t with, without, removed; /* chunks that have a vector of it, and others */
} Reembedding;

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    Reembedding *in = argument;
    const Scope *system = &in->library->system;
    return vector_count(tx, system, in->model, &in->with, err) &&
           vector_missing_count(tx, system, in->model, &in->without, err);
}

/* As fast as it has been in this process; -1: it has done nothing yet. */
static int64_t seconds_left(Library *library, int64_t done, int64_t left)
{
    int64_t began_ms = atomic_load(&library->change_began_ms);
    int64_t since = done - atomic_load(&library->change_began_with);
    return began_ms && since > 0 ? (monotonic_ms() - began_ms) * left / since / 1000 : -1;
}

/* Where the vectors are made, when the first are about to be; on other nodes, when somebody first
 * asks how far it is. */
static void note_begin(Reembedding *in)
{
    Library *library = in->library;
    if (atomic_load(&library->change_began_ms))
        return;
    atomic_store(&library->change_began_with, in->with);
    atomic_store(&library->change_began_ms, monotonic_ms());
}

void library_model_change(Library *library, Arena *arena, LibraryModelChange *change_r)
{
    Reembedding in = { .library = library };
    Error ignored;
    *change_r = (LibraryModelChange){ 0 };
    if (!atomic_load(&library->coming))
        return;
    model_choice_read(library, arena, &in.choice);
    in.model = in.choice.next_name;
    if (!in.model.length || !store_read(library->db, &library->system, count_work, &in, &ignored))
        return;
    *change_r = (LibraryModelChange){ .is_going_on = true,
                                      .name = in.choice.next_folder,
                                      .model = in.choice.name.length ? in.model : STR_NONE,
                                      .done = in.with,
                                      .total = in.with + in.without };
    note_begin(&in);
    if (change_r->total)
        change_r->percent = (int)(in.with * 99 / change_r->total);
    change_r->seconds_left = seconds_left(library, in.with, in.without);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Reembedding *in = argument;
    return document_list_unembedded(tx, &in->library->system, in->arena, in->model, &in->after,
                                    DOCUMENTS_AT_ONCE, &in->found, err);
}

/* When another choice was made in the meantime the job begins again with that. */
static bool save_choice(Reembedding *in, const ModelChoice *choice, Error *err)
{
    Library *library = in->library;
    bool is_saved = model_choice_save(library, choice, false, err);
    if (!is_saved && err->code == ERROR_CONFLICT)
        job_put_off(in->job, 0);
    return is_saved && (model_choice_read(library, in->job->arena, &in->choice) ||
                        fail(err, ERROR_BUSY, "which model is used cannot be read"));
}

/* Everything is there: B instead of A, in the settings, for new documents, in the index. */
static bool swap(Reembedding *in, Error *err)
{
    ModelChoice choice = { .stored = in->choice.stored,
                           .name = in->choice.next_name,
                           .dims = in->choice.next_dims,
                           .folder = in->choice.next_folder,
                           .previous = in->choice.name,
                           .previous_folder = in->choice.folder };
    if (!save_choice(in, &choice, err))
        return false;
    model_choice_follow(in->library);
    return true;
}

/* Whether no other choice has been made since. */
static bool is_wanted(const Reembedding *in)
{
    EncodeQueue *coming = atomic_load(&in->library->coming);
    return in->choice.next_name.length ? coming == in->queue
                                       : !coming && atomic_load(&in->library->encoder) == in->queue;
}

/* Every document that lacks vectors now, in the order of their keys. */
static bool embed_pass(Reembedding *in, LibraryEmbedded *progress, Error *err)
{
    Library *library = in->library;
    in->after = (DocumentKey){ STR_NONE, STR_NONE };
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        in->arena = arena;
        if (!store_read(library->db, &library->system, find_work, in, err) ||
            !library_embed_documents(in->job, &in->found, in->model, in->queue, progress, err))
            return false;
        if (in->found.count) {
            const DocumentKey *last = &in->found.at[in->found.count - 1];
            in->after = (DocumentKey){ str_copy(in->job->arena, last->workspace),
                                       str_copy(in->job->arena, last->id) };
        }
    } while (in->found.count == DOCUMENTS_AT_ONCE && is_wanted(in));
    return true;
}

/* Documents come meanwhile, so passes are made until one finds nothing to embed. Also true, and
 * not finished, when another choice was made. */
static bool embed_missing(Reembedding *in, Error *err)
{
    Library *library = in->library;
    bool changes = in->choice.next_name.length > 0;
    int64_t before;
    if (!store_read(library->db, &library->system, count_work, in, err))
        return false;
    if (changes)
        note_begin(in);
    LibraryEmbedded progress = { .stage = changes ? "embedding with the new model" : "embedding",
                                 .done = in->with,
                                 .total = in->with + in->without };
    do {
        before = progress.done;
        if (!embed_pass(in, &progress, err))
            return false;
    } while (progress.done > before && is_wanted(in));
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    Reembedding *in = argument;
    return vector_remove_model(tx, &in->library->system, in->choice.previous, VECTORS_AT_ONCE,
                               &in->removed, err);
}

/* A's rows go when no index is made of them any more. */
static bool clean_up(Reembedding *in, Error *err)
{
    Library *library = in->library;
    if (!in->choice.previous.length)
        return true;
    if (!follower_wait_model(library->follower, SWAP_WAIT_MS))
        return fail(err, ERROR_BUSY, "the new model's index is still being built");
    for (in->removed = 1; in->removed;) {
        if (!job_progress(in->job, "removing old vectors", 0, 0))
            return job_stopped(in->job, err);
        if (!store_write(library->db, &library->system, remove_work, in, err))
            return false;
    }
    ModelChoice choice = in->choice;
    choice.previous = choice.previous_folder = STR_NONE;
    return save_choice(in, &choice, err);
}

/* A node that lacks the folder leaves the work to one that has it. */
static bool load_here(Reembedding *in, Error *err)
{
    Error why = { 0 };
    bool changes = in->choice.next_name.length > 0;
    in->queue = atomic_load(changes ? &in->library->coming : &in->library->encoder);
    if (in->queue && encode_queue_load(in->queue, &why)) {
        in->model =
            changes ? in->choice.next_name : model_of_queue(in->library, in->queue, in->job->arena);
        atomic_store(&in->library->change_began_ms, 0);
        return true;
    }
    job_put_off(in->job, LACKING_WAIT_MS);
    return fail(err, ERROR_BUSY, "%s",
                in->queue ? why.message : "the model to embed with cannot be opened on this node");
}

bool library_reembed_job(Job *job, Error *err)
{
    Reembedding in = { .library = job->argument, .job = job };
    model_choice_follow(in.library); /* it may have been made on another node a moment ago */
    if (!model_choice_read(in.library, job->arena, &in.choice))
        return fail(err, ERROR_BUSY, "which model is used cannot be read");
    /* Choices follow each other, and those of A that are left serve when A is chosen again. */
    bool returns = str_equal(in.choice.previous, in.choice.next_name);
    if (!returns && !clean_up(&in, err))
        return false;
    if (!load_here(&in, err) || !embed_missing(&in, err))
        return false;
    if (!is_wanted(&in))
        return true; /* by whom this job is wanted again */
    /* Once more after the swap, for documents whose jobs began with A and ended after the last
     * pass.
     */
    if (in.choice.next_name.length && (!swap(&in, err) || !embed_missing(&in, err)))
        return false;
    return clean_up(&in, err);
}
