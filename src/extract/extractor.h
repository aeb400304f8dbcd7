/* extractor.h - how one file format becomes a document.
 *
 * To add a format: write formats/<name>.c that defines `const Extractor extractor_<name>`, and add
 * the line FORMAT(<name>) to formats.def. Nothing else changes: the build, media type detection,
 * `lectern extract`, /v1/formats, the docs and the fuzz target all read that list. */
#pragma once

#include "extract/document.h"

typedef struct ExtractSource {
    Str bytes;
    Str name;        /* as it was given; only breaks ties */
    Str media_type;  /* as a mail or archive declares it, or empty; only breaks ties */
    Str password;    /* empty: none was given */
    Str languages;   /* "eng+deu" in pictures and speech; empty: found out; or LANGUAGES_NONE */
    bool skips_look; /* a picture's colours and kind are not wanted */
    bool hears_elsewhere; /* speech of any language is listened to by somebody else */
    int depth;            /* 0 for the file itself, 1 for its members */
} ExtractSource;

typedef struct Extractor {
    const char *name;               /* "pdf" */
    const char *title;              /* "Comma-separated values", shown to people */
    const char *const *extensions;  /* lower case, without the dot, NULL ends the list */
    const char *const *media_types; /* the first is the one we say */
    bool is_paged;                  /* its pages can be drawn: by MuPDF, else by its worker */
    const char *worker; /* the class of worker that reads it (src/worker/<class>); NULL: this one */

    /* It only wraps another document, and says that one's format itself (doc_format()). */
    bool names_inner;

    /* How sure are we that the bytes are ours? 0 (no) to 100 (certain), by content alone; text
     * formats without marks of their own return at most 40 and win by their extension. */
    int (*sniff)(Str bytes);

    /* Write the whole document. Runs in a sandboxed worker: no files, no network. A broken file
     * gives what can be read, and fails only when nothing can. */
    bool (*extract)(const ExtractSource *source, DocWriter *doc,
                    Error *err); /* NULL with `worker` */
} Extractor;

#define LIST(...)                                                                                  \
    (const char *const[]) { __VA_ARGS__, NULL }

/* Every format, in the order of formats.def. */
extern const Extractor *const extractors[];
extern const size_t extractor_count;

/* The best extractor for these bytes; name and declared type break ties. NULL if none fits. */
const Extractor *extractor_choose(Str bytes, Str name, Str media_type);
/* "pdf" of "a/b.PDF"; of a file that has none its name: "makefile". */
Str extension_of_name(Arena *arena, Str name);
const Extractor *extractor_named(Str name);
/* "document", "sheet", "slides", "mail", "picture", "sound", "video", "archive", "data" or "code":
 * families.def, else by its media type. */
const char *extractor_family(const Extractor *extractor);

/* Choose and run. Fails with ERROR_UNSUPPORTED (saying what the file seems to be),
 * ERROR_ENCRYPTED when a password is missing or wrong, ERROR_DAMAGED, ERROR_TOO_LARGE. */
MUST_CHECK bool extract_document(const ExtractSource *source, DocWriter *doc, Error *err);
