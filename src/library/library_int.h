/* library_int.h - what the files of src/library share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "library/library.h"

struct Follower;

struct Library {
    Db *db;
    BlobStore *blobs;
    Sandbox *sandbox;
    LibraryOptions options;
    Scope system; /* jobs and the follower serve every workspace */
    _Atomic(EncodeQueue *) encoder;
    struct Follower *follower;
};

/* Of the tokens a vector is made from, those kept for [CLS], [SEP], title and headings. */
#define LIBRARY_PREFIX_TOKENS 50

#define JOB_EXTRACT "extract"
#define JOB_EMBED "embed"

void library_tell(Library *library, const Scope *scope, LibraryNews news, Str document);
/* Adds the job that reads this document, or embeds it. */
MUST_CHECK bool library_queue(DbTx *tx, const Scope *scope, Arena *arena, const char *type,
                              Str document, Error *err);
/* A password kept until the file has been read, sealed with the server's key. */
MUST_CHECK bool password_seal(Library *library, Arena *arena, Str password, Str *sealed_r,
                              Error *err);
MUST_CHECK bool password_open(Library *library, Arena *arena, Str sealed, Str *password_r,
                              Error *err);
