/* conversion.h - a file read for somebody who wants its text and nothing else: no document is made,
 * nothing is stored.
 *
 * The file is read by the sandboxed workers, as an upload is. Any thread; blocks. */
#pragma once

#include <stdatomic.h>

#include "library/extraction.h"
#include "library/library.h"
#include "library/quality.h"

typedef struct ConversionInput {
    int fd; /* stays the caller's */
    Str name, media_type, password;
    Str languages;            /* of text in pictures; empty: the server's setting */
    bool skips_recognition;   /* pictures are not read */
    bool skips_member_facts;  /* only texts of members are wanted */
    int64_t timeout_ms;       /* 0, or longer than the server's setting: that one */
    const Scope *hears_for;   /* whose service writes down what is said; NULL: there is the draft */
    const char *spool_folder; /* members' bytes are kept here until extraction_clean(); NULL: not */
    const atomic_bool *cancelled;
} ConversionInput;

MUST_CHECK bool library_convert(Library *library, Arena *arena, const ConversionInput *input,
                                Extraction *extraction_r, Error *err);
/* The media type by content, with name and declared type as hints: asked of a worker, which says it
 * before it reads on. "application/octet-stream" when it is of no kind that is known. */
MUST_CHECK bool library_media_type(Library *library, Arena *arena, const ConversionInput *input,
                                   Str *media_type_r, Error *err);
/* "en"; empty: it cannot be said. */
Str library_language(Str text);
