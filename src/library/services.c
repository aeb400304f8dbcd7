/* services.c - what runs inside a worker: reading a file, drawing a page. */
#include "base/file.h"
#include "base/json.h"
#include "extract/document_wire.h"
#include "extract/extractor.h"
#include "extract/page_picture.h"
#include "extract/preload.h"
#include "library/extraction.h"
#include "library/page_wire.h"

typedef struct Arguments {
    Str name, media_type, password, quote;
    int64_t page, width;
} Arguments;

static bool read_arguments(const WorkerJob *job, Arena *arena, Arguments *args, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return json_parse(job->args, SANDBOX_ARGS_MAX, &json, err) &&
           json_read(
               json, arena,
               JSON_FIELDS(
                   { "name", JSON_STR, &args->name }, { "media_type", JSON_STR, &args->media_type },
                   { "password", JSON_STR, &args->password }, { "quote", JSON_STR, &args->quote },
                   { "page", JSON_I64, &args->page }, { "width", JSON_I64, &args->width }),
               err);
}

/* --- Reading --- */

static bool send_frame(void *self, unsigned type, Str payload, Error *err)
{
    return worker_send(self, type, payload, err);
}

/* The wire has no word for progress: that goes beside it. */
typedef struct Outlet {
    DocSink wire;
    WorkerJob *job;
} Outlet;

static bool out_block(void *self, const Block *block, Error *err)
{
    Outlet *out = self;
    return out->wire.block(out->wire.self, block, err);
}

static bool out_child_begin(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    Outlet *out = self;
    return out->wire.child_begin(out->wire.self, name, media_type, bytes, err);
}

static bool out_child_end(void *self, const Error *failure, Error *err)
{
    Outlet *out = self;
    return out->wire.child_end(out->wire.self, failure, err);
}

static bool out_warning(void *self, Str text, Error *err)
{
    Outlet *out = self;
    return out->wire.warning(out->wire.self, text, err);
}

static bool out_progress(void *self, const char *stage, int64_t done, int64_t total, Error *err)
{
    Outlet *out = self;
    return worker_progress(out->job, stage, done, total, err);
}

static bool extract_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    Arguments args = { 0 };
    Outlet out = { .job = job };
    if (!read_arguments(job, arena, &args, err) || !fd_map(job->fds[0], &map, err))
        return false;
    const Extractor *format = extractor_choose(map.bytes, args.name, args.media_type);
    WireWriter *wire = document_wire_writer(arena, send_frame, job, &out.wire);
    if (format && !document_wire_format(wire, str(format->name), str(format->media_types[0]), err))
        return false;
    DocSink sink = { .block = out_block,
                     .child_begin = out_child_begin,
                     .child_end = out_child_end,
                     .progress = out_progress,
                     .warning = out_warning,
                     .self = &out };
    DocWriter *doc = doc_writer_new(arena, &sink, &library_limits);
    ExtractSource source = { .bytes = map.bytes,
                             .name = args.name,
                             .media_type = args.media_type,
                             .password = args.password };
    bool good = extract_document(&source, doc, err);
    doc_writer_free(doc);
    return good;
}

/* --- Drawing --- */

static bool send_picture(WorkerJob *job, const PagePicture *picture, Error *err)
{
    int32_t marked = (int32_t)picture->boxes.count;
    Str rest = picture->png;
    if (!worker_send(job, PAGE_FRAME_MARKED, (Str){ (const char *)&marked, sizeof marked }, err))
        return false;
    while (rest.length) {
        Str piece = str_slice(rest, 0, SANDBOX_FRAME_MAX);
        if (!worker_send(job, PAGE_FRAME_PNG, piece, err))
            return false;
        rest = str_from(rest, piece.length);
    }
    return true;
}

static bool page_run(WorkerJob *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    Arguments args = { 0 };
    PagePicture picture;
    if (!read_arguments(job, arena, &args, err) || !fd_map(job->fds[0], &map, err))
        return false;
    PagePictureRequest request = { .bytes = map.bytes,
                                   .password = args.password,
                                   .page = (int)args.page,
                                   .width = (int)args.width,
                                   .quote = args.quote };
    return page_picture(arena, &request, &picture, err) && send_picture(job, &picture, err);
}

const WorkerService library_services[] = {
    { .name = "extract", .preload = extract_preload, .run = extract_run },
    { .name = "page", .preload = extract_preload, .run = page_run },
    { 0 },
};
