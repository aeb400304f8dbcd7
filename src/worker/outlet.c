/* outlet.c - from a worker's DocWriter to the server. */
#include "extract/document_wire.h"
#include "worker/page_wire.h"
#include "worker/worker.h"

const DocLimits worker_limits = {
    .text_max = MB(128),
    .block_max = 600000, /* about 1.1 KB each while a table is stored: measured */
    .block_text_max = KB(64),
    .child_max = 10000,
    .child_bytes_max = GB(1),
    .depth_max = 5,
    .page_max = 20000,
};

static bool send_frame(void *self, unsigned type, Str payload, Error *err)
{
    return worker_send(self, type, payload, err);
}

static bool out_block(void *self, const Block *block, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.block(out->wire.self, block, err);
}

static bool out_child_begin(void *self, Str name, Str media_type, Str bytes, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.child_begin(out->wire.self, name, media_type, bytes, err);
}

static bool out_child_end(void *self, const Error *failure, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.child_end(out->wire.self, failure, err);
}

static bool out_warning(void *self, Str text, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.warning(out->wire.self, text, err);
}

static bool out_format(void *self, Str format, Str media_type, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.format(out->wire.self, format, media_type, err);
}

static bool out_later(void *self, const char *worker, int page, Error *err)
{
    WorkerOutlet *out = self;
    return out->wire.later(out->wire.self, worker, page, err);
}

/* The wire has no word for progress: that goes beside it. */
static bool out_progress(void *self, const char *stage, int64_t done, int64_t total, Error *err)
{
    WorkerOutlet *out = self;
    return worker_progress(out->job, stage, done, total, err);
}

DocWriter *worker_outlet(Arena *arena, WorkerJob *job, bool sends_members, WorkerOutlet *outlet_r)
{
    WorkerOutlet *out = outlet_r;
    *out = (WorkerOutlet){ .job = job,
                           .sink = { .block = out_block,
                                     .child_begin = out_child_begin,
                                     .child_end = out_child_end,
                                     .progress = out_progress,
                                     .warning = out_warning,
                                     .format = out_format,
                                     .later = out_later,
                                     .self = out } };
    (void)document_wire_writer(arena, sends_members, send_frame, job, &out->wire);
    return doc_writer_new(arena, &out->sink, &worker_limits);
}

static bool send_bytes(WorkerJob *job, unsigned type, Str bytes, Error *err)
{
    while (bytes.length) {
        Str piece = str_slice(bytes, 0, SANDBOX_FRAME_MAX);
        if (!worker_send(job, type, piece, err))
            return false;
        bytes = str_from(bytes, piece.length);
    }
    return true;
}

bool worker_send_picture(WorkerJob *job, int32_t marked, Str png, Error *err)
{
    Str count = { (const char *)&marked, sizeof marked };
    return worker_send(job, PAGE_FRAME_MARKED, count, err) &&
           send_bytes(job, PAGE_FRAME_PNG, png, err);
}

bool worker_send_prepared(WorkerJob *job, const WorkerPrepared *prepared, Error *err)
{
    return worker_send(job, PREPARED_FRAME_TYPE, prepared->media_type, err) &&
           send_bytes(job, PREPARED_FRAME_BYTES, prepared->bytes, err);
}
