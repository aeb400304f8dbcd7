/* extraction.h - one file read in sandboxed workers, with its members.
 *
 *     extraction_run() --sandbox, main class--> a tree of documents; members' bytes as files
 *          |  what it left for later: pictures, sound, pages without text ...
 *          +--sandbox, other classes; pages side by side--> joins the tree where it belongs
 *
 * Threads: any. It starts threads of its own for pages that are read side by side. */
#pragma once

#include "extract/document.h"
#include "sandbox/sandbox.h"
#include "worker/worker.h"

/* What is said in a recording, from start_s to end_s. */
typedef struct SpeechSegment {
    double start_s, end_s;
    Str text;
    Str speaker; /* "" when nobody says who it is */
} SpeechSegment;

typedef struct Speech {
    Str model, text;
    const SpeechSegment *segments; /* when their times are known */
    size_t count;
} Speech;

/* What a picture shows, in the words of a model. */
typedef struct Caption {
    Str model, text;
} Caption;

/* Pages that were read before the work was interrupted. Called from several threads at once. */
typedef struct PageKeeper {
    /* What was kept of this page; empty: nothing. */
    bool (*load)(void *self, Str worker, int page, Arena *arena, Str *kept_r, Error *err);
    bool (*save)(void *self, Str worker, int page, Str kept, Error *err);
    void *self;
} PageKeeper;

typedef struct ExtractedChild {
    const DocNode *node;
    const DocNode *parent;
    Str path; /* the file with its bytes; the caller removes or moves it */
    Str sha256;
    uint64_t size;
} ExtractedChild;

typedef struct Extraction {
    DocNode *root;
    VEC(ExtractedChild) children; /* of all levels, each after its parent */
} Extraction;

typedef struct ExtractionInput {
    int fd; /* of the file; stays the caller's */
    Str name, media_type, password;
    const char *worker;       /* the class that begins; NULL: the main one, as always */
    Str languages;            /* of text in pictures and speech; empty: found out; LANGUAGES_NONE */
    bool skips_member_facts;  /* what pictures among the members show need not be found out */
    int64_t timeout_ms;       /* of one worker; 0: 600,000 */
    int parallel;             /* workers at once for pages; 0: one a core */
    const char *spool_folder; /* members' bytes are kept here; NULL: not kept */
    const PageKeeper *pages;  /* may be NULL */
    /* What is said in a piece of a recording (WAV, some minutes): its words, with segments when
     * their times are known. NULL: the class "speech" writes down what it can. Needs
     * spool_folder. */
    bool (*hear)(void *self, Arena *arena, Str sound, Speech *speech_r, Error *err);
    /* What a picture (PNG) shows: for a file that is one. May be NULL. */
    bool (*describe)(void *self, Arena *arena, Str picture, Caption *caption_r, Error *err);
    /* May be NULL. Called when the main class is done and others still have work to do: what there
     * is can be searched meanwhile. False ends the reading. */
    bool (*first)(void *self, const Extraction *so_far, Error *err);
    /* Both may be NULL. False: cancelled. */
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total);
    void *self;
    const _Atomic bool *cancelled;
} ExtractionInput;

/* Everything lives in the arena. On failure spooled files are removed. */
MUST_CHECK bool extraction_run(Sandbox *sandbox, Arena *arena, const ExtractionInput *input,
                               Extraction *extraction_r, Error *err);
/* Remove the spooled files that are still there. */
void extraction_clean(const Extraction *extraction);
