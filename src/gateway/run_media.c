/* run_media.c - see run_media.h. */
#include "gateway/run_media.h"

#include "base/base64.h"
#include "gateway/gateway_int.h"
#include "gateway/media.h"

#define ITEMS_MAX 100
#define MADE_ALL_MAX MB(24) /* of one call, together */

/* A picture or sound that is to be made anew. */
typedef struct MediaItem {
    const char *original; /* where its base64 begins in what was read of the call */
    size_t number;        /* among the call's pictures and sounds, from 1 */
    Str data, why;
    MediaWish wish;
    PreparedMedia made; /* the bytes as base64 */
} MediaItem;

typedef VEC(MediaItem) MediaItems;

/* What was made for services with these limits. */
typedef struct RunMedia {
    MediaRules rules;
    const MediaItem *items;
    size_t count;
    struct RunMedia *next;
} RunMedia;

typedef struct MediaWork {
    atomic_int holders; /* the attempt, and the pool */
    Arena *arena;       /* of all that it works with: the call may be gone before it is done */
    Reactor *reactor;
    const GatewayPorts *ports;
    MediaRules rules;
    MediaItems items;
    bool is_good;
    Error err;

    pthread_mutex_t lock;
    RunTry *try; /* NULL: nobody waits any more. Written on the reactor only */
} MediaWork;

static MediaRules rules_of(const RunTry *try) { return try->target->service->quirks.media; }

/* --- What is over the limits --- */

typedef struct MediaLook {
    Arena *arena;
    const MediaLimits *limits;
    size_t pictures, seen;
    MediaItems items;
} MediaLook;

static size_t count_pictures(const ModelPart *parts, size_t count)
{
    size_t pictures = 0;
    for (size_t i = 0; i < count; i++)
        pictures +=
            (parts[i].kind == PART_IMAGE) + count_pictures(parts[i].parts, parts[i].part_count);
    return pictures;
}

static void look_at_parts(MediaLook *look, const ModelPart *parts, size_t count)
{
    for (size_t i = 0; i < count && look->items.count < ITEMS_MAX; i++) {
        const ModelPart *part = &parts[i];
        MediaItem item = { .original = part->data.at, .data = part->data };
        look->seen += part->kind == PART_IMAGE || part->kind == PART_AUDIO;
        item.number = look->seen;
        if (!media_fits(look->arena, look->limits, part, look->pictures, &item.why, &item.wish))
            *vec_push(look->arena, &look->items) = item;
        look_at_parts(look, part->parts, part->part_count);
    }
}

static void look_at(MediaLook *look, const ModelRequest *request)
{
    for (size_t i = 0; i < request->message_count; i++)
        look->pictures += count_pictures(request->messages[i].parts, request->messages[i].count);
    for (size_t i = 0; i < request->message_count; i++)
        look_at_parts(look, request->messages[i].parts, request->messages[i].count);
}

/* --- Making, on the pool --- */

static bool make_item(const MediaWork *work, MediaItem *item, size_t *left, Error *err)
{
    PreparedMedia made;
    const char *what = item->wish.is_sound ? "sound" : "picture";
    item->wish.bytes_max = MIN(item->wish.bytes_max, *left);
    bool good =
        (base64_decode(work->arena, item->data, &item->wish.bytes) ||
         fail(err, ERROR_INVALID, "it is no base64")) &&
        work->ports->prepare_media(work->ports->load_app, work->arena, &item->wish, &made, err);
    if (!good) {
        Str reason = str_format(work->arena, "%s", err->message);
        ErrorCode code = err->code == ERROR_BUSY ? ERROR_BUSY : ERROR_INVALID;
        fail(err, code,
             "the %s number %zu cannot be sent: " STR_FMT "; it could not be made to fit: " STR_FMT,
             what, item->number, STR_ARG(item->why), STR_ARG(reason));
        snprintf(err->field, sizeof err->field, "messages");
        return false;
    }
    *left -= MIN(made.bytes.length, *left);
    item->made = (PreparedMedia){ base64_encode(work->arena, made.bytes), made.media_type };
    return true;
}

static void release(MediaWork *work)
{
    if (atomic_fetch_sub(&work->holders, 1) > 1)
        return;
    pthread_mutex_destroy(&work->lock);
    arena_free(work->arena);
    free(work);
}

static void keep(RunTry *try, const MediaWork *work)
{
    Run *run = try->run;
    RunMedia *media = arena_new_one(run->arena, RunMedia);
    MediaItem *items = arena_new_array(run->arena, MediaItem, work->items.count);
    for (size_t i = 0; i < work->items.count; i++) {
        const MediaItem *item = &work->items.at[i];
        items[i] = (MediaItem){ .original = item->original,
                                .wish.is_sound = item->wish.is_sound,
                                .made = { str_copy(run->arena, item->made.bytes),
                                          str_copy(run->arena, item->made.media_type) } };
    }
    *media = (RunMedia){ work->rules, items, work->items.count, run->media };
    run->media = media;
}

static void on_made(void *argument)
{
    MediaWork *work = argument;
    RunTry *try = work->try;
    if (try) {
        media_stop(try);
        if (work->is_good)
            keep(try, work);
        try_prepared(try, work->is_good ? NULL : &work->err);
    }
    release(work);
}

static void make(void *argument)
{
    MediaWork *work = argument;
    size_t left = MADE_ALL_MAX;
    work->is_good = true;
    for (size_t i = 0; i < work->items.count && work->is_good; i++)
        work->is_good = make_item(work, &work->items.at[i], &left, &work->err);
    pthread_mutex_lock(&work->lock);
    bool is_wanted = work->try != NULL;
    if (is_wanted)
        reactor_post(work->reactor, on_made, work);
    pthread_mutex_unlock(&work->lock);
    if (!is_wanted)
        release(work);
}

/* --- The attempt --- */

static const RunMedia *media_of(const RunTry *try)
{
    const RunMedia *media = try->run->media;
    while (media && media->rules != rules_of(try))
        media = media->next;
    return media;
}

bool media_is_made(const RunTry *try) { return media_of(try) != NULL; }

static void begin(RunTry *try, Arena *arena, const MediaItems *items)
{
    MediaWork *work = heap_alloc(sizeof *work);
    Gateway *gateway = try->run->loop->gateway;
    work->holders = 2;
    work->arena = arena;
    work->reactor = try->run->loop->reactor;
    work->ports = &gateway->ports;
    work->rules = rules_of(try);
    work->items = *items;
    work->try = try;
    for (size_t i = 0; i < items->count; i++)
        work->items.at[i].data = str_copy(arena, items->at[i].data);
    pthread_mutex_init(&work->lock, NULL);
    try->making = work;
    if (pool_add(gateway->pool, make, work))
        return;
    fail(&work->err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    reactor_post(work->reactor, on_made, work);
}

bool media_waits(RunTry *try)
{
    Run *run = try->run;
    Error ignored;
    bool has_media = run->needs.abilities & (1U << ABILITY_IMAGES | 1U << ABILITY_AUDIO);
    if (!has_media || rules_of(try) == MEDIA_UNSTATED || !run->loop->gateway->ports.prepare_media ||
        media_is_made(try) ||
        !run_read(run, &ignored)) /* what we do not understand is the service's to judge */
        return false;
    Arena *arena = arena_new(MB(512));
    MediaLook look = { .arena = arena, .limits = &media_limits[rules_of(try)] };
    look_at(&look, &run->request);
    if (look.items.count) {
        begin(try, arena, &look.items);
        return true;
    }
    arena_free(arena);
    return false;
}

void media_stop(RunTry *try)
{
    MediaWork *work = try->making;
    if (!work)
        return;
    try->making = NULL;
    pthread_mutex_lock(&work->lock);
    work->try = NULL;
    pthread_mutex_unlock(&work->lock);
    release(work);
}

/* --- What is sent --- */

static void swap(const RunMedia *media, ModelPart *part)
{
    for (size_t i = 0; part->data.length && i < media->count; i++)
        if (part->data.at == media->items[i].original) {
            part->data = media->items[i].made.bytes;
            part->media_type = media->items[i].made.media_type;
            return;
        }
}

static const ModelPart *swap_parts(Arena *arena, const RunMedia *media, const ModelPart *parts,
                                   size_t count)
{
    ModelPart *swapped = arena_new_array(arena, ModelPart, count + 1);
    for (size_t i = 0; i < count; i++) {
        swapped[i] = parts[i];
        swap(media, &swapped[i]);
        if (parts[i].part_count)
            swapped[i].parts = swap_parts(arena, media, parts[i].parts, parts[i].part_count);
    }
    return swapped;
}

const ModelRequest *media_request(const RunTry *try, const ModelRequest *request)
{
    const RunMedia *media = media_of(try);
    Arena *arena = try->run->arena;
    if (!media)
        return request;
    ModelRequest *made = arena_new_one(arena, ModelRequest);
    ModelMessage *messages = arena_new_array(arena, ModelMessage, request->message_count + 1);
    for (size_t i = 0; i < request->message_count; i++) {
        messages[i] = request->messages[i];
        messages[i].parts =
            swap_parts(arena, media, request->messages[i].parts, request->messages[i].count);
    }
    *made = *request;
    made->messages = messages;
    return made;
}
