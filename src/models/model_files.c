/* model_files.c - see model_files.h. */
#include "models/model_files.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "models/llama_process.h"
#include "net/http_client.h"

#define FILES_MAX 256
#define NAME_MAX_BYTES 120
#define TICK_MS 100
#define CHECK_MS 5000  /* between two looks at one that is ready */
#define ANSWER_MS 2000 /* for /health */
#define MISSES_MAX 3   /* looks without an answer: it hangs */
#define LOAD_MAX_MS 600000
#define PAUSE_MS 1000 /* before it is started again; twice as long each time */
#define PAUSE_MAX_MS 60000
#define STEADY_MS 60000 /* who ran for so long begins again with a short pause */
#define KEY_BYTES 24

typedef enum FileState { FILE_ASLEEP, FILE_LOADING, FILE_READY, FILE_BROKEN } FileState;
static const char *const state_words[] = { "asleep", "loading", "ready", "broken" };

typedef struct ModelFile {
    char name[NAME_MAX_BYTES + 1];
    char *path; /* in the arena of all */
    int64_t bytes;
    bool is_there; /* in the folder, when that was last looked into */
    FileState state;
    LlamaProcess process;
    int port;
    TargetState *calls; /* who is called */
    GatewayWaker *wakers;
    int64_t started_ms, checked_ms, used_ms, retry_ms, pause_ms;
    int64_t calls_seen;
    int64_t memory;
    int misses;
    bool is_warm; /* wanted before anybody calls */
    char reason[400];
} ModelFile;

struct ModelFiles {
    Arena *arena;
    ModelFilesOptions options;
    TargetStates *states;
    HttpClient *http;
    char key[2 * KEY_BYTES + 1];
    char *program; /* NULL: not installed */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* of all below, but for `process` and what only the thread uses */
    pthread_cond_t has_work;
    ModelFile *at[FILES_MAX];
    size_t count;
    bool is_closing;
};

/* --- The folder --- */

/* Of a model in several parts the first, which finds the others; what sees pictures for a model is
 * no model. */
static bool is_model(Str file, Str *name_r)
{
    Str name = file;
    if (!str_ends(name, S(".gguf")) || str_find(name, S("mmproj")) >= 0)
        return false;
    name.length -= strlen(".gguf");
    ptrdiff_t part = str_find(name, S("-00001-of-"));
    if (part > 0)
        name.length = (size_t)part;
    else if (str_find(name, S("-of-0")) >= 0)
        return false;
    *name_r = name;
    bool good = name.length && name.length <= NAME_MAX_BYTES;
    for (size_t i = 0; good && i < name.length; i++)
        good = (unsigned char)name.at[i] > ' ' && name.at[i] != 0x7f && name.at[i] != '"';
    return good && utf8_is_valid(name);
}

static ModelFile *find(ModelFiles *files, Str name)
{
    for (size_t i = 0; i < files->count; i++)
        if (str_is(name, files->at[i]->name))
            return files->at[i];
    return NULL;
}

typedef struct FoundFile {
    Str name, file_name;
    int64_t bytes;
} FoundFile;
typedef VEC(FoundFile) FoundFiles;

static void add(ModelFiles *files, const FoundFile *found)
{
    Str name = found->name;
    ModelFile *file = find(files, name);
    if (!file) {
        if (files->count == FILES_MAX)
            return;
        file = files->at[files->count++] = arena_new_one(files->arena, ModelFile);
        snprintf(file->name, sizeof file->name, STR_FMT, STR_ARG(name));
        file->path = path_join(files->arena, files->options.folder, found->file_name);
        file->calls = target_state(files->states, model_files_state(files->arena, name));
        file->is_warm = str_equal(name, files->options.warm);
        file->process.log_fd = -1;
    }
    file->bytes = found->bytes;
    file->is_there = true;
}

static FoundFiles list_folder(Arena *arena, Str path)
{
    FoundFiles found = { 0 };
    DIR *folder = opendir(str_c(arena, path));
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct stat about;
        Str name;
        if (is_model(str(entry->d_name), &name) &&
            fstatat(dirfd(folder), entry->d_name, &about, 0) == 0 && S_ISREG(about.st_mode))
            *vec_push(arena, &found) =
                (FoundFile){ str_copy(arena, name), str_copy(arena, str(entry->d_name)),
                             about.st_size };
    }
    if (folder)
        closedir(folder);
    return found;
}

/* The disk is asked without the lock, for which calls may wait. */
static void look_into_folder(ModelFiles *files)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    FoundFiles found = list_folder(arena, files->options.folder);
    pthread_mutex_lock(&files->lock);
    for (size_t i = 0; i < files->count; i++)
        files->at[i]->is_there = false;
    for (size_t i = 0; i < found.count; i++)
        add(files, &found.at[i]);
    pthread_mutex_unlock(&files->lock);
}

Str model_files_state(Arena *arena, Str name)
{
    return str_format(arena, "server/local/" STR_FMT, STR_ARG(name));
}

/* --- Who waits --- */

static void tell_all(ModelFile *file, const Error *failure)
{
    GatewayWaker *wakers = file->wakers;
    file->wakers = NULL;
    for (GatewayWaker *next; wakers; wakers = next) {
        next = wakers->next;
        wakers->done(wakers, file->port, failure);
    }
}

static void fail_all(ModelFile *file, ErrorCode code)
{
    Error err;
    fail(&err, code, "the model '%s' cannot be loaded: %s", file->name, file->reason);
    tell_all(file, &err);
}

/* --- One server, on the thread --- */

/* Starting and stopping takes a while, which nobody waits for. */
static void stop(ModelFiles *files, ModelFile *file)
{
    file->state = FILE_ASLEEP;
    file->memory = 0;
    pthread_mutex_unlock(&files->lock);
    llama_stop(&file->process);
    pthread_mutex_lock(&files->lock);
}

static void become_broken(ModelFile *file, int64_t now_ms)
{
    if (now_ms - file->started_ms > STEADY_MS)
        file->pause_ms = 0;
    file->pause_ms = file->pause_ms ? MIN(file->pause_ms * 2, (int64_t)PAUSE_MAX_MS) : PAUSE_MS;
    file->retry_ms = now_ms + file->pause_ms;
    file->state = FILE_BROKEN;
    fail_all(file, ERROR_BUSY);
}

static void end(ModelFiles *files, ModelFile *file, const char *why)
{
    stop(files, file);
    snprintf(file->reason, sizeof file->reason, "%s", why);
    become_broken(file, monotonic_ms());
}

static StrList split(Arena *arena, Str text)
{
    VEC(Str) words = { 0 };
    Str word;
    while (text.length && str_next(&text, ' ', &word))
        if (word.length)
            *vec_push(arena, &words) = word;
    return (StrList){ words.at, words.count };
}

static void start(ModelFiles *files, ModelFile *file, int64_t now_ms)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Error err;
    file->port = llama_free_port();
    LlamaStart how = { .program = files->program,
                       .model = file->path,
                       .name = file->name,
                       .key = files->key,
                       .port = file->port,
                       .arguments = split(arena, files->options.arguments) };
    file->started_ms = file->checked_ms = file->used_ms = now_ms;
    file->misses = 0;
    file->reason[0] = '\0';
    file->is_warm = false;
    pthread_mutex_unlock(&files->lock);
    bool good = llama_start(&file->process, &how, &err);
    pthread_mutex_lock(&files->lock);
    if (good) {
        file->state = FILE_LOADING;
        return;
    }
    snprintf(file->reason, sizeof file->reason, "%s", err.message);
    become_broken(file, now_ms);
}

/* Is it well? Without the lock: it takes a while when it is not. */
static int ask_health(ModelFiles *files, int port)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HttpAnswer answer = { 0 };
    Error ignored;
    HttpCall call = { .url = str_format(arena, "http://127.0.0.1:%d/health", port),
                      .connect_ms = ANSWER_MS,
                      .first_byte_ms = ANSWER_MS,
                      .total_ms = ANSWER_MS,
                      .answer_max = KB(64) };
    pthread_mutex_unlock(&files->lock);
    bool good = http_call(files->http, arena, &call, &answer, &ignored);
    pthread_mutex_lock(&files->lock);
    return good ? answer.status : 0;
}

static void look_at_loading(ModelFiles *files, ModelFile *file, int64_t now_ms)
{
    if (now_ms - file->started_ms > LOAD_MAX_MS) {
        end(files, file, "it was not ready within ten minutes");
    } else if (ask_health(files, file->port) == 200) {
        file->state = FILE_READY;
        file->memory = llama_memory(&file->process);
        file->used_ms = file->checked_ms = monotonic_ms();
        tell_all(file, NULL);
    }
}

static bool is_called(ModelFile *file, int64_t now_ms)
{
    TargetView view = target_view(file->calls);
    if (view.running || view.calls != file->calls_seen)
        file->used_ms = now_ms;
    file->calls_seen = view.calls;
    return view.running > 0;
}

static void look_at_ready(ModelFiles *files, ModelFile *file, int64_t now_ms)
{
    const ModelFilesOptions *options = &files->options;
    bool is_busy = is_called(file, now_ms);
    file->memory = llama_memory(&file->process);
    if (!file->is_there && !is_busy) {
        stop(files, file);
    } else if (options->idle_ms && now_ms - file->used_ms > options->idle_ms) {
        stop(files, file);
    } else if (options->memory_bytes && file->memory > options->memory_bytes) {
        end(files, file, "it took more memory than model_files_memory allows");
    } else if (now_ms - file->checked_ms > CHECK_MS) {
        file->checked_ms = now_ms;
        file->misses = ask_health(files, file->port) ? 0 : file->misses + 1;
        if (file->misses >= MISSES_MAX)
            end(files, file, "it hung: /health did not answer");
    }
}

/* --- All of them, on the thread --- */

static bool is_running(const ModelFile *file)
{
    return file->state == FILE_LOADING || file->state == FILE_READY;
}

/* The one that was not called for longest, if nobody waits for its answer. */
static ModelFile *find_idle(ModelFiles *files, int64_t now_ms)
{
    ModelFile *found = NULL;
    for (size_t i = 0; i < files->count; i++) {
        ModelFile *file = files->at[i];
        if (file->state == FILE_READY && !is_called(file, now_ms) &&
            (!found || file->used_ms < found->used_ms))
            found = file;
    }
    return found;
}

static bool has_room(ModelFiles *files, int64_t now_ms)
{
    int64_t running = 0;
    for (size_t i = 0; i < files->count; i++)
        running += is_running(files->at[i]);
    if (running < files->options.at_once)
        return true;
    ModelFile *idle = find_idle(files, now_ms);
    if (idle)
        stop(files, idle);
    return idle != NULL;
}

static void step(ModelFiles *files, ModelFile *file)
{
    int64_t now_ms = monotonic_ms();
    bool is_wanted = file->wakers || file->is_warm;
    if (file->process.pid && llama_has_ended(&file->process, file->reason, sizeof file->reason)) {
        become_broken(file, now_ms);
        return;
    }
    switch (file->state) {
    case FILE_LOADING: look_at_loading(files, file, now_ms); break;
    case FILE_READY: look_at_ready(files, file, now_ms); break;
    case FILE_BROKEN:
        if (is_wanted && now_ms < file->retry_ms) {
            fail_all(file, ERROR_BUSY);
            break;
        }
        /* fall through */
    case FILE_ASLEEP:
        if (is_wanted && has_room(files, now_ms))
            start(files, file, now_ms);
        break;
    }
}

static bool is_at_rest(const ModelFiles *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (is_running(files->at[i]) || files->at[i]->wakers || files->at[i]->is_warm)
            return false;
    return true;
}

static void wait_for_work(ModelFiles *files)
{
    if (is_at_rest(files))
        pthread_cond_wait(&files->has_work, &files->lock);
    else
        (void)cond_wait_until(&files->has_work, &files->lock, monotonic_ms() + TICK_MS);
}

static void *run(void *argument)
{
    ModelFiles *files = argument;
    pthread_mutex_lock(&files->lock);
    while (!files->is_closing) {
        for (size_t i = 0; i < files->count && !files->is_closing; i++)
            step(files, files->at[i]);
        if (!files->is_closing)
            wait_for_work(files);
    }
    for (size_t i = 0; i < files->count; i++) {
        ModelFile *file = files->at[i];
        stop(files, file);
        snprintf(file->reason, sizeof file->reason, "the server stops");
        fail_all(file, ERROR_CANCELLED);
    }
    pthread_mutex_unlock(&files->lock);
    return NULL;
}

/* --- From any thread --- */

void model_files_wake(ModelFiles *files, Str name, GatewayWaker *waker)
{
    Error err;
    pthread_mutex_lock(&files->lock);
    ModelFile *file = find(files, name);
    bool is_ready = file && file->state == FILE_READY;
    bool may_wait = file && file->is_there && files->program && !files->is_closing;
    int port = is_ready ? file->port : 0;
    if (is_ready) {
        file->used_ms = monotonic_ms();
    } else if (may_wait) {
        waker->next = file->wakers;
        file->wakers = waker;
        pthread_cond_signal(&files->has_work);
    }
    pthread_mutex_unlock(&files->lock);
    if (is_ready) {
        waker->done(waker, port, NULL);
    } else if (!may_wait) {
        fail(&err, ERROR_UNSUPPORTED, "the model '" STR_FMT "' cannot be loaded: %s",
             STR_ARG(str_slice(name, 0, 100)),
             file && file->is_there ? "llama.cpp is not installed; install its llama-server, or "
                                      "name it in the setting llama_server"
                                    : "there is no such file in the folder model_files");
        waker->done(waker, 0, &err);
    }
}

ModelFileViews model_files_view(ModelFiles *files, Arena *arena)
{
    VEC(ModelFileView) views = { 0 };
    if (!files)
        return (ModelFileViews){ 0 };
    look_into_folder(files);
    pthread_mutex_lock(&files->lock);
    for (size_t i = 0; i < files->count; i++) {
        const ModelFile *file = files->at[i];
        if (!file->is_there)
            continue;
        *vec_push(arena, &views) = (ModelFileView){
            .name = str(file->name),
            .state = state_words[file->state],
            .reason = str_copy(arena, str(file->state == FILE_BROKEN ? file->reason : "")),
            .bytes = file->bytes,
            .memory = file->memory
        };
    }
    pthread_mutex_unlock(&files->lock);
    return (ModelFileViews){ views.at, views.count,
                             files->program ? S("")
                                            : S("llama.cpp's llama-server is not installed") };
}

Str model_files_key(const ModelFiles *files) { return str(files->key); }

ModelFiles *model_files_new(const ModelFilesOptions *options, TargetStates *states)
{
    unsigned char noise[KEY_BYTES];
    HttpClientOptions http = { 0 };
    if (!options->folder.length)
        return NULL;
    Arena *arena = arena_new(MB(8));
    ModelFiles *files = arena_new_one(arena, ModelFiles);
    files->arena = arena;
    files->options = *options;
    files->options.folder = str_copy(arena, options->folder);
    files->options.arguments = str_copy(arena, options->arguments);
    files->options.warm = str_copy(arena, options->warm);
    files->states = states;
    files->http = http_client_new(&http);
    files->program = llama_find(arena, options->program);
    random_bytes(noise, sizeof noise);
    for (size_t i = 0; i < sizeof noise; i++)
        snprintf(files->key + 2 * i, 3, "%02x", noise[i]);
    pthread_mutex_init(&files->lock, NULL);
    pthread_cond_init(&files->has_work, NULL);
    look_into_folder(files);
    files->has_thread = files->program && pthread_create(&files->thread, NULL, run, files) == 0;
    return files;
}

void model_files_free(ModelFiles *files)
{
    if (!files)
        return;
    pthread_mutex_lock(&files->lock);
    files->is_closing = true;
    pthread_cond_signal(&files->has_work);
    pthread_mutex_unlock(&files->lock);
    if (files->has_thread)
        pthread_join(files->thread, NULL);
    http_client_free(files->http);
    pthread_cond_destroy(&files->has_work);
    pthread_mutex_destroy(&files->lock);
    arena_free(files->arena);
}
