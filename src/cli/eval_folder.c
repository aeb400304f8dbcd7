/* eval_folder.c - see eval_folder.h. */
#include "cli/eval_folder.h"

#include "base/clock.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/app_folder.h"
#include "cli/model_folder.h"
#include "cli/output.h"
#include "cli/term.h"
#include "store/documents_store.h"

#define DOCUMENTS_AT_ONCE 200
#define LOOK_EVERY_MS 200

struct EvalLibrary {
    App *app;
    char *folder;
    Scope scope;
    DocumentCounts counts;
};

/* Nothing of the person's own library is touched, but its model serves. */
static bool use_folder(CommandLine *line, Str folder, Error *err)
{
    Settings *settings = &line->settings;
    Str own;
    if (!settings->model.length && app_data_folder(line->arena, settings, &own, err))
        settings->model = settings_model_folder(line->arena, settings, own);
    settings->data = folder;
    settings->database = settings->master_key = STR_NONE;
    line->may_begin = true;
    return true;
}

/* On whose behalf a command on the local socket works. */
static bool find_scope(CommandLine *line, Scope *scope_r, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *session = NULL;
    if (!client_open(line, &client, err) ||
        !client_call(client, "GET", "/v1/session", S(""), &session, err))
        return false;
    *scope_r = (Scope){
        .workspace =
            str_copy(line->arena, json_member_text(json_object_get(session, "workspace"), "id")),
        .user = str_copy(line->arena, json_member_text(json_object_get(session, "user"), "id")),
        .role = ROLE_OWNER
    };
    return true;
}

static bool stopped(Error *err) { return fail(err, ERROR_CANCELLED, "stopped"); }

static bool add_all(CommandLine *line, const EvalLibrary *library, const LabFolder *folder,
                    volatile const bool *stops, Error *err)
{
    LabChunks chunks = { line->settings.chunk_size, line->settings.chunk_overlap };
    size_t count = folder->documents.count;
    for (size_t i = 0; i < count; i += DOCUMENTS_AT_ONCE) {
        if (*stops)
            return stopped(err);
        if (!line->quiet)
            term_progress("documents", "adding", (int64_t)i, (int64_t)count, -1);
        if (!lab_folder_add(app_api(library->app)->db, &library->scope, folder, i,
                            i + DOCUMENTS_AT_ONCE, &chunks, err))
            return false;
    }
    return true;
}

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    EvalLibrary *library = argument;
    return document_count(tx, &library->scope, &library->counts, err);
}

static bool wait_ready(CommandLine *line, EvalLibrary *library, volatile const bool *stops,
                       Error *err)
{
    int64_t start = monotonic_ms();
    for (;;) {
        if (*stops)
            return stopped(err);
        if (!store_read(app_api(library->app)->db, &library->scope, count_work, library, err))
            return false;
        int64_t ready = library->counts.by_state[DOCUMENT_READY];
        int64_t total = ready + library->counts.by_state[DOCUMENT_INDEXING];
        if (ready == total)
            return library_wait_indexed(app_api(library->app)->library, 60000) ||
                   fail(err, ERROR_TIMEOUT, "the documents are not indexed after a minute");
        if (!line->quiet)
            term_progress("documents", "embedding", ready, total,
                          ready ? (monotonic_ms() - start) * (total - ready) / ready / 1000 : -1);
        sleep_ms(LOOK_EVERY_MS);
    }
}

bool eval_library_open(CommandLine *line, const LabFolder *folder, volatile const bool *stops,
                       EvalLibrary **library_r, Error *err)
{
    char path[] = "/tmp/lectern-eval-XXXXXX";
    if (!mkdtemp(path))
        return fail_errno(err, "a temporary folder");
    EvalLibrary *library = heap_alloc(sizeof *library);
    library->folder = heap_text(path);
    AppOptions options = { .settings = &line->settings, .is_quiet = true };
    bool good = use_folder(line, str_copy(line->arena, str(path)), err) &&
                app_start(&options, &library->app, err) && find_scope(line, &library->scope, err) &&
                add_all(line, library, folder, stops, err) && wait_ready(line, library, stops, err);
    term_progress_end();
    if (!good) {
        eval_library_close(library);
        return false;
    }
    *library_r = library;
    return true;
}

void eval_library_close(EvalLibrary *library)
{
    Error ignored;
    if (!library)
        return;
    app_stop(library->app);
    if (!folder_remove(library->folder, &ignored))
        output_note(str(ignored.message));
    free(library->folder);
    free(library);
}
