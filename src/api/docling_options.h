/* docling_options.h - what a client of docling-serve asks for: files or addresses, and how they are
 * to be converted. Options that have no meaning here are passed over. */
#pragma once

#include "api/convert.h"

typedef struct DoclingSource {
    ConvertFile file; /* fd -1: it is fetched from the address */
    Str url;
    HttpPairs headers;
} DoclingSource;

typedef enum DoclingForm {
    DOCLING_MD = 1,
    DOCLING_JSON = 2,
    DOCLING_HTML = 4,
    DOCLING_TEXT = 8,
    DOCLING_DOCTAGS = 16,
} DoclingForm;

typedef struct DoclingJob {
    const Api *api;
    Arena *arena; /* its own */
    bool is_stranger, is_owner;
    VEC(DoclingSource) sources;
    ConvertOptions options;
    unsigned forms; /* of DoclingForm */
    StrList from;   /* docling's names of the formats that may come; none: any */
    bool as_zip;
} DoclingJob;

/* Of a form with `files`, or JSON with `sources`. Everything is copied, so that the job may outlive
 * the request. */
MUST_CHECK bool docling_read_job(const ApiRequest *request, DoclingJob *job_r, Error *err);
void docling_close_job(DoclingJob *job);
/* Whether a document of this kind may come. */
bool docling_accepts(const DoclingJob *job, Str format, Str media_type);
