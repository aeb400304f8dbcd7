/* wire_sink.h - what a reader writes goes over the wire, as from a worker to the server: a frame
 * that is refused there as wrong would fail the whole file, and is a finding. */
#pragma once

#include "extract/document_wire.h"

typedef struct WirePath {
    WireSink end;
    WireReader *reader;
    size_t seen; /* that what is read is used */
} WirePath;

static bool wire_block(void *self, const Block *block, Error *err)
{
    (void)err;
    ((WirePath *)self)->seen += str_hash(block->text) + str_hash(block->label);
    return true;
}

static bool wire_child(void *self, Str name, Str media_type, uint64_t bytes, Error *err)
{
    (void)bytes, (void)err;
    ((WirePath *)self)->seen += str_hash(name) + str_hash(media_type);
    return true;
}

static bool wire_text(void *self, Str text, Error *err)
{
    (void)err;
    ((WirePath *)self)->seen += str_hash(text);
    return true;
}

static bool wire_child_end(void *self, const Error *failure, Error *err)
{
    (void)self, (void)err;
    if (failure && (failure->code == ERROR_NONE || failure->message[0] == '\0'))
        abort();
    return true;
}

static bool wire_later(void *self, Str worker, int page, Error *err)
{
    ((WirePath *)self)->seen += (size_t)page;
    return wire_text(self, worker, err);
}

static bool wire_format(void *self, Str format, Str media_type, Error *err)
{
    return wire_text(self, format, err) && wire_text(self, media_type, err);
}

static bool wire_send(void *self, unsigned type, Str payload, Error *err)
{
    WirePath *path = self;
    if (document_wire_read(path->reader, type, payload, err))
        return true;
    if (err->code == ERROR_DAMAGED) {
        fprintf(stderr, "fuzz: over the wire, %s\n", err->message);
        abort();
    }
    return false;
}

static inline DocSink wire_path(Arena *arena, WirePath *path, const DocLimits *limits)
{
    DocSink sink;
    path->end = (WireSink){ wire_block, wire_child, wire_text,   wire_child_end,
                            wire_text,  wire_later, wire_format, path };
    path->reader = document_wire_reader(arena, &path->end, limits);
    document_wire_writer(arena, true, wire_send, path, &sink);
    return sink;
}
