/* document_wire.h - a document on its way from the worker to the server, as frames.
 *
 *     worker: DocSink --document_wire_sink()--> frames --document_wire_read()--> WireSink: server
 *
 * The reader trusts nothing: every length, UTF-8 text, number and nesting is checked, and limits
 * are counted again. A frame that is wrong ends the worker. Children's bytes come in pieces, so
 * that the server can spool them to disk. */
#pragma once

#include "extract/document.h"

/* Sends one frame. */
typedef bool WireSend(void *self, unsigned type, Str payload, Error *err);

typedef struct WireWriter WireWriter;
/* Lives in the arena; *sink_r is what a DocWriter writes to. Members' bytes are all sent, or
 * (`sends_bytes` false) only those of a member that is left for later. */
WireWriter *document_wire_writer(Arena *arena, bool sends_bytes, WireSend *send, void *self,
                                 DocSink *sink_r);

/* What the server is told. Like DocSink, but a child's bytes arrive in pieces: after child_begin,
 * or before `later`, or never. Texts are valid during the call. */
typedef struct WireSink {
    bool (*block)(void *self, const Block *block, Error *err);
    bool (*child_begin)(void *self, Str name, Str media_type, uint64_t bytes, Error *err);
    bool (*child_bytes)(void *self, Str bytes, Error *err);
    bool (*child_end)(void *self, const Error *failure, Error *err);
    bool (*warning)(void *self, Str text, Error *err);
    bool (*later)(void *self, Str worker, int page, Error *err);
    bool (*format)(void *self, Str format, Str media_type, Error *err);
    void *self;
} WireSink;

typedef struct WireReader WireReader;
WireReader *document_wire_reader(Arena *arena, const WireSink *sink, const DocLimits *limits);
/* Check one frame and pass it on. On false the worker is broken or hostile. */
MUST_CHECK bool document_wire_read(WireReader *reader, unsigned type, Str payload, Error *err);
/* Everything was closed properly. */
MUST_CHECK bool document_wire_end(const WireReader *reader, Error *err);
