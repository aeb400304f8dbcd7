/* convert.h - what the drop-in servers for clients of Apache Tika, docling-serve and others share:
 * the file of a request becomes a tree of documents, and nothing is kept of it. */
#pragma once

#include "api/api.h"
#include "api/conversions.h"
#include "library/conversion.h"

/* A fuse; the workers' limits bound what is read. */
#define CONVERT_MEMORY_MAX GB(8)
/* Of one answer. */
#define CONVERT_ANSWER_MAX MB(512)

typedef struct ConvertFile {
    int fd;
    uint64_t size;
    Str name, media_type; /* as the client says */
    Str sha256;
} ConvertFile;

typedef struct ConvertOptions {
    Str password, languages;
    bool skips_recognition;
    bool skips_member_facts;   /* of members only the text is wanted */
    bool keeps_members;        /* their bytes as files, until extraction_clean() */
    const Scope *hears_for;    /* as in ConversionInput; needs keeps_members */
    bool drops_furniture;      /* running headers and footers */
    int64_t timeout_ms;        /* 0: the server's */
    int page_first, page_last; /* 0: all */
} ConvertOptions;

/* The media type that a client says; empty when it only says that it does not know. */
Str convert_media_hint(Str type);
/* The first file of the request; its name from Content-Disposition, or the form. The descriptor is
 * the caller's. Fails when there is none. */
MUST_CHECK bool convert_open(const ApiRequest *request, ConvertFile *file_r, Error *err);
/* The same of one part of a form; texts are copied, so that it may outlive the request. */
MUST_CHECK bool convert_open_part(Arena *arena, const HttpPart *part, ConvertFile *file_r,
                                  Error *err);
/* Read it; between conversion_begin() and conversion_end(). */
MUST_CHECK bool convert_read(const Api *api, Arena *arena, const ConvertFile *file,
                             const ConvertOptions *options, Extraction *extraction_r, Error *err);
/* A document without its facts, page marks, and pages that were not asked for. With `keeps_facts`
 * those that people read as part of a mail stay. */
DocNode *convert_select(Arena *arena, const DocNode *node, const ConvertOptions *options,
                        bool keeps_facts);
/* Answer with this text: from memory when it is short, else through a file. */
MUST_CHECK bool convert_respond(const ApiRequest *request, HttpResponse *response, Str body,
                                Str media_type, Error *err);
/* Write an error as the clients of these routes expect it, with the status that the response has.
 * False: they are no drop-in routes. */
bool convert_refuse(const char *tag, const Error *err, HttpResponse *response);

#define TAG_TIKA "Instead of Tika"
#define TAG_DOCLING "Instead of docling-serve"
#define TAG_PROCESS "Processing"
#define TAG_ASSISTANT "Task assistant"
