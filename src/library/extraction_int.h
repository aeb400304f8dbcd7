/* extraction_int.h - what the files of an extraction share. Not for others. */
#pragma once

#include <pthread.h>

#include "base/hash.h"
#include "extract/document_wire.h"
#include "library/extraction.h"

/* Where a document's bytes are. */
typedef struct Bytes {
    Str path;         /* a spooled member */
    int64_t at, size; /* in the heap, when there is no path */
    int64_t received;
    bool is_file; /* the file itself */
} Bytes;

/* Work that one class of worker left for another. */
typedef struct Later {
    DocNode *node;
    size_t at; /* its blocks go before this one */
    Str worker;
    int page; /* 0: the whole of it */
    Bytes bytes;
    int depth;
} Later;
typedef VEC(Later) LaterList;

/* What the parts of one extraction share. */
typedef struct Reading {
    Sandbox *sandbox;
    Arena *arena;
    const ExtractionInput *input;
    Extraction *out;
    LaterList laters;
    /* Held while what a worker says is taken: members are read side by side. */
    pthread_mutex_t lock;
    size_t batch_done, batch_count; /* of those */
    int heap;                       /* a file in memory for bytes that have no path; -1: none yet */
    int64_t heap_size;
} Reading;

/* Takes what one worker says and builds a tree of it. */
typedef struct Receiver {
    Arena *arena;
    Reading *reading; /* members and laters are added to it; NULL: neither is expected */
    DocNode *root, *node;
    Bytes bytes; /* of the document it reads */
    int depth;
    bool wants_sound; /* in pieces, of the class "speech" */
    /* A finished page, for those who keep them. */
    bool (*page_done)(void *self, int page, Str frames, Error *err);
    void *self;
    /* internal */
    DocSink tree;
    WireSink sink;
    WireReader *reader;
    int spool_fd;
    Sha256 sha;
    size_t open[64]; /* members that are open: places in out->children */
    Bytes member[64];
    int level;
    Buf page_frames;
    int page;
    bool is_page_frame;
} Receiver;

void receiver_begin(Receiver *in, Str name);
/* Of a SandboxJob, with the receiver as `self`. */
MUST_CHECK bool receiver_frame(void *self, unsigned type, Str payload, Error *err);
MUST_CHECK bool receiver_end(Receiver *in, Error *err);
void receiver_close(Receiver *in);
/* Take frames that were kept of a page. */
MUST_CHECK bool receiver_replay(Receiver *in, Str frames, Error *err);

/* Ask a worker for the whole document. */
MUST_CHECK bool reading_ask(Reading *reading, const char *worker, Receiver *in, Error *err);
/* What is said in it: by input->hear, else by the class "speech". */
MUST_CHECK bool reading_hear(Reading *reading, const Later *later, Receiver *in, Error *err);
/* What a file that is a picture shows, by input->describe. Fails when it was
 * cancelled; what else goes wrong is a warning. */
MUST_CHECK bool reading_describe(Reading *reading, Error *err);
/* A descriptor of the bytes; the caller closes it, except that of the file itself. */
MUST_CHECK bool reading_open(Reading *reading, const Bytes *bytes, int *fd_r, Error *err);
/* How many threads should work on so many pieces. */
size_t reading_threads(const Reading *reading, size_t count);
/* Do all that was left, and what that leaves again. */
MUST_CHECK bool reading_laters(Reading *reading, Error *err);
/* Pages of one document: all of list are of the same node and class. */
MUST_CHECK bool reading_pages(Reading *reading, const Later *list, size_t count, Error *err);
/* Of what was recognised on a page, drop what stands there already. `at`: a place on the page. */
void overlap_drop_known(const DocNode *node, size_t at, DocNode *found);
/* Where on its page it joins the node: behind the blocks from `at` on that end above it. */
size_t overlap_place(const DocNode *node, size_t at, const DocNode *found);
/* The page's garbled text gives way to what a second reader found: marked with BLOCK_KIND_COUNT,
 * it does not join. */
void overlap_drop_page(DocNode *node, size_t at, const DocNode *found);
/* The blocks of found[i] join the node before its block at[i] (ascending); NULL: nothing. What is
 * still to be done there moves along. */
void reading_join(Reading *reading, DocNode *node, const size_t *at, DocNode *const *found,
                  size_t count);
