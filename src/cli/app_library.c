/* app_library.c - opens the library of the program, and the models that read for it. */
#include "cli/app_int.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/model_folder.h"
#include "index/weaviate_store.h"
#include "library/extraction.h"
#include "library/pgvector_store.h"
#include "library/vector_exact.h"
#include "workflow/workflow.h"

bool app_open_encoder(App *app, Str folder, bool is_quiet, Error *err)
{
    Str model = settings_model_folder(app->arena, app->settings, folder);
    if (!model.length) {
        if (!is_quiet)
            log_warn("serve", "no embedding model: search is by words only; add one with `lectern "
                              "models add FOLDER`");
        return true;
    }
    EncodeQueueOptions options = { .folder = str_c(app->arena, model),
                                   .thread_max = (int)app->settings->encoder_threads };
    if (!settings_encoder_options(app->arena, app->settings, folder, &options.encoder, err))
        return false;
    app->encoder = encode_queue_new(&options);
    EncodeStatus status;
    encode_queue_status(app->encoder, &status);
    if (status.state == ENCODE_BROKEN && !is_quiet)
        log_error("serve", "search is by words only: %s", status.reason);
    return true;
}

bool app_open_reranker(App *app, Str folder, Error *err)
{
    EncoderOptions options = { 0 };
    if (!app->settings->rerank_model.length)
        return true;
    if (!settings_encoder_options(app->arena, app->settings, folder, &options, err))
        return false;
    app->reranker = reranker_new(str_c(app->arena, app->settings->rerank_model), &options);
    return true;
}

static bool hear(void *argument, const Scope *scope, Arena *arena, Str sound, Speech *speech_r,
                 Error *err)
{
    App *app = argument;
    GatewayAnswer answer;
    if (!models_hear(app->api.models, scope, arena, app->settings->speech_model, sound, &answer,
                     err))
        return false;
    size_t count = answer.reply->segments.count;
    SpeechSegment *segments = arena_new_array(arena, SpeechSegment, count);
    for (size_t i = 0; i < count; i++) {
        const ModelSegment *from = &answer.reply->segments.at[i];
        segments[i] = (SpeechSegment){ from->start_s, from->end_s, from->text, from->speaker };
    }
    *speech_r = (Speech){ answer.model, answer.text, segments, count };
    return true;
}

static bool describe(void *argument, const Scope *scope, Arena *arena, Str picture,
                     Caption *caption_r, Error *err)
{
    App *app = argument;
    GatewayAnswer answer;
    if (!models_describe(app->api.models, scope, arena, app->settings->caption_model, picture,
                         &answer, err))
        return false;
    *caption_r = (Caption){ answer.model, answer.text };
    return true;
}

static bool on_document_ready(DbTx *tx, const Scope *scope, Arena *arena, const Document *document,
                              Error *err)
{
    return labels_document_ready(tx, scope, arena, document, err) &&
           workflow_document_ready(tx, scope, arena, document, err);
}

/* None where vectors lie in the indexes. */
bool app_open_vectors(App *app, Error *err)
{
    const Settings *settings = app->settings;
    WeaviateOptions weaviate = { .url = settings->weaviate_url,
                                 .key = settings->weaviate_key,
                                 .ca_file = settings->weaviate_ca,
                                 .exact = vector_exact_of(app->api.db) };
    switch (vector_store_named(settings->vector_store_type)) {
    case VECTOR_STORE_PGVECTOR: return pgvector_store_open(app->api.db, &app->vectors, err);
    case VECTOR_STORE_WEAVIATE: return weaviate_store_open(&weaviate, &app->vectors, err);
    case VECTOR_STORE_EMBEDDED:
    case VECTOR_STORE_FAISS:
    case VECTOR_STORE_COUNT: break;
    }
    return true;
}

bool app_open_library(App *app, Str folder, Error *err)
{
    const Settings *settings = app->settings;
    LibraryOptions options = { .models = { .thread_max = (int)settings->encoder_threads },
                               .models_folder = path_join(app->arena, folder, S("models")),
                               .model_is_fixed = settings->model.length > 0,
                               .db = app->api.db,
                               .blobs = app->blobs,
                               .sandbox = app->sandbox,
                               .encoder = app->encoder,
                               .index_folder = path_join(app->arena, folder, S("index")),
                               .vectors = app->vectors,
                               .holds_index = app->restart.take != NULL,
                               .chunk_size = settings->chunk_size,
                               .vectors_per_chunk = settings->vectors_per_chunk,
                               .vector_exact = settings->vector_exact,
                               .chunk_overlap = settings->chunk_overlap,
                               .extract_timeout_s = settings->extract_timeout,
                               .page_workers = settings->page_workers,
                               .languages = settings->languages,
                               .allowed_types = settings->allowed_types,
                               .trash_days = settings->trash_days,
                               .upload_max = settings->upload_max,
                               .upload_hours = settings->upload_hours,
                               .disk_reserve = settings->disk_reserve,
                               .integrity_rate = settings->integrity_rate,
                               .integrity_days = settings->integrity_days,
                               .second_blobs = app->second_blobs,
                               .backup_to = app->backup_to,
                               .backup_hours = settings->backup_hours,
                               .backup_keep = settings->backup_keep,
                               .storage = { .workspace_bytes = settings->workspace_bytes,
                                            .person_bytes = settings->person_bytes,
                                            .open_max = settings->uploads_open },
                               .clamd = { .address = settings->clamd },
                               .clamd_may_lack = str_is(settings->clamd_away, "accept"),
                               .hear = settings->speech_model.length ? hear : NULL,
                               .describe = settings->caption_model.length ? describe : NULL,
                               .model_argument = app,
                               .on_ready = on_document_ready,
                               .listener = app_news_of_library,
                               .listener_argument = &app->news };
    return restart_open(&app->restart, err) &&
           settings_encoder_options(app->arena, settings, folder, &options.models.encoder, err) &&
           library_open(&options, &app->api.library, err);
}
