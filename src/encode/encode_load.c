/* encode_load.c - the model of an EncodeQueue: whether its files are there, its loading, what is
 * told of it. */
#include "base/file.h"
#include "encode/encode_queue_int.h"
#include "encode/model_weights.h"

static bool has_file(const EncodeQueue *queue, Str name)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return *queue->folder && file_exists(path_join(arena, str(queue->folder), name));
}

static bool has_model(const EncodeQueue *queue)
{
    return *queue->folder && model_weights_exist(queue->folder) && tokenizer_exists(queue->folder);
}

void encode_look_at_weights(EncodeQueue *queue)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ModelWeights weights = { 0 };
    Error err;
    if (has_model(queue) && !model_weights_open(queue->folder, arena, &weights, &err))
        snprintf(queue->reason, sizeof queue->reason, "%s", err.message);
    model_weights_close(&weights);
}

/* What the folder lacks, and where one gets it. */
static bool no_model(const EncodeQueue *queue, Error *err)
{
    const char *folder = queue->folder;
    if (*folder && model_weights_exist(folder))
        return fail(err, ERROR_NOT_FOUND,
                    "'%s' has no tokenizer (tokenizer.json, vocab.txt, merges.txt with vocab.json, "
                    "sentencepiece.bpe.model or spiece.model): AutoTokenizer's "
                    "save_pretrained(FOLDER) writes it",
                    folder);
    if (has_file(queue, S("config.json")))
        return fail(err, ERROR_NOT_FOUND,
                    "'%s' has no model.safetensors: AutoModel's save_pretrained(FOLDER) writes it",
                    folder);
    if (*queue->wanted)
        return fail(err, ERROR_NOT_FOUND,
                    "this server lacks the model %s, which the library uses; add it with: lectern "
                    "models add FOLDER --name " STR_FMT,
                    queue->wanted, STR_ARG(path_name(str(folder))));
    return fail(err, ERROR_NOT_FOUND,
                "there is no embedding model in '%s'; add one with: lectern models add FOLDER",
                folder);
}

/* The workers, then the one for queries; with fewer than that the queue works, only slower. */
static bool start_threads(EncodeQueue *queue, Error *err)
{
    while (queue->thread_count <= queue->thread_max) {
        bool is_last = queue->thread_count == queue->thread_max;
        int number = pthread_create(&queue->threads[queue->thread_count], NULL,
                                    is_last ? encode_work_on_queries : encode_work_on_all, queue);
        if (number && !queue->thread_count)
            return fail(err, ERROR_INTERNAL, "cannot start a thread: %s", strerror(number));
        if (number)
            break;
        pthread_setname_np(queue->threads[queue->thread_count], "encoder");
        queue->thread_count++;
    }
    return true;
}

static bool is_wanted(const EncodeQueue *queue, const char *model, Error *err)
{
    return !*queue->wanted || !strcmp(queue->wanted, model) ||
           fail(err, ERROR_CONFLICT,
                "this server has %s, and the library uses %s: put that one in its place with "
                "`lectern models add FOLDER --replace --name " STR_FMT
                "`, or change to this one with `lectern models use`",
                model, queue->wanted, STR_ARG(path_name(str(queue->folder))));
}

void encode_queue_known_as(EncodeQueue *queue, Str model)
{
    snprintf(queue->known, sizeof queue->known, STR_FMT, STR_ARG(model));
}

static const char *name_of(const EncodeQueue *queue, const Encoder *encoder)
{
    const char *known = *queue->wanted ? queue->wanted : queue->known;
    return strcmp(known, encoder_weights_name(encoder)) ? encoder_model(encoder) : known;
}

static bool load(EncodeQueue *queue, Error *err)
{
    Encoder *encoder = NULL;
    if (!has_model(queue))
        return no_model(queue, err);
    if (!encoder_open(queue->folder, &queue->options, &encoder, err))
        return false;
    const char *name = name_of(queue, encoder);
    if (!is_wanted(queue, name, err)) {
        encoder_free(encoder);
        return false;
    }
    pthread_mutex_lock(&queue->lock);
    queue->encoder = encoder;
    snprintf(queue->model, sizeof queue->model, "%s", name);
    bool started = start_threads(queue, err);
    if (!started)
        queue->encoder = NULL;
    pthread_mutex_unlock(&queue->lock);
    if (!started)
        encoder_free(encoder);
    return started;
}

Encoder *encode_queue_encoder(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    Encoder *encoder = queue->encoder;
    pthread_mutex_unlock(&queue->lock);
    return encoder;
}

bool encode_queue_load(EncodeQueue *queue, Error *err)
{
    if (encode_queue_encoder(queue))
        return true;
    Error why = { 0 };
    pthread_mutex_lock(&queue->load_lock);
    bool good = encode_queue_encoder(queue) || load(queue, &why);
    pthread_mutex_lock(&queue->lock);
    snprintf(queue->reason, sizeof queue->reason, "%s", good ? "" : why.message);
    pthread_mutex_unlock(&queue->lock);
    pthread_mutex_unlock(&queue->load_lock);
    return good || fail(err, why.code, "%s", why.message);
}

static void *load_alone(void *queue)
{
    Error ignored;
    (void)!encode_queue_load(queue, &ignored);
    return NULL;
}

void encode_queue_prepare(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (!queue->encoder && !queue->has_loader && !queue->stopping)
        queue->has_loader = !pthread_create(&queue->loader, NULL, load_alone, queue);
    pthread_mutex_unlock(&queue->lock);
}

void encode_queue_status(EncodeQueue *queue, EncodeStatus *status_r)
{
    EncodeStatus status = { .kernels = "" };
    pthread_mutex_lock(&queue->lock);
    memcpy(status.model, queue->model, sizeof status.model);
    memcpy(status.reason, queue->reason, sizeof status.reason);
    status.waiting = queue->waiting;
    if (queue->encoder) {
        status.dims = encoder_dims(queue->encoder);
        status.kernels = encoder_kernels(queue->encoder);
        status.state = ENCODE_READY;
    } else if (!has_model(queue)) {
        Error why;
        no_model(queue, &why);
        snprintf(status.reason, sizeof status.reason, "%s", why.message);
        status.state = ENCODE_NO_MODEL;
    } else {
        status.state = *queue->reason ? ENCODE_BROKEN : ENCODE_UNLOADED;
    }
    pthread_mutex_unlock(&queue->lock);
    *status_r = status;
}
