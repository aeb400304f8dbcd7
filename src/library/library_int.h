/* library_int.h - what the files of src/library share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "library/library.h"
#include "store/blob_removals_store.h"

struct Follower;
struct VectorStore;

/* Models that one run of the program may go through; each stays open until the end, because a
 * search may still be using it. */
#define LIBRARY_MODELS_MAX 16

/* A queue is of one model, not of one folder: a folder may hold another one later. */
typedef struct OwnModel {
    EncodeQueue *queue;
    char folder[LIBRARY_MODEL_NAME_MAX + 1]; /* its name in the models' folder */
    char model[ENCODE_MODEL_NAME_MAX];       /* the only one it loads; empty: any */
} OwnModel;

struct Library {
    Db *db;
    BlobStore *blobs;
    Sandbox *sandbox;
    LibraryOptions options;
    struct VectorStore *meter; /* in options.vectors; NULL: vectors lie in the indexes */
    Scope system;              /* jobs and the follower serve every workspace */
    /* Of the model that new documents get; NULL: there is none. It says that it lacks its model
     * when this node does. */
    _Atomic(EncodeQueue *) encoder;
    _Atomic(EncodeQueue *) coming;    /* of the model that comes; NULL: none does */
    OwnModel own[LIBRARY_MODELS_MAX]; /* that this library opened; under model_lock */
    size_t own_count;
    pthread_mutex_t model_lock;
    pthread_mutex_t choice_lock; /* held from reading the choice until all above is as it says */
    /* Since when this process has watched the model that comes (0: not yet), and what was there. */
    _Atomic int64_t change_began_ms, change_began_with;
    struct Follower *follower;
    pthread_rwlock_t blobs_in_use; /* see originals_import() */
};

/* Originals that are stored while no row names them yet. Nobody removes them meanwhile: in this
 * process by blobs_in_use, other nodes by what blob_removals_store.h says. */
typedef struct KeptOriginals {
    Library *library; /* NULL: nothing to release */
    const Scope *scope;
    Arena *arena;
    StrList blobs;
    BlobRemovals removals; /* before they were stored */
} KeptOriginals;
/* Takes the files; `kept` is released by itself at the end of the block, whatever came out. */
MUST_CHECK bool originals_import(KeptOriginals *kept, Library *library, const Scope *scope,
                                 Arena *arena, const BlobItem *items, size_t count, Error *err);
/* Runs the work, which adds rows that name them. ERROR_BUSY when another node may have removed one
 * since: the files have to come again. */
MUST_CHECK bool originals_store(const KeptOriginals *kept, DbWork *work, void *argument,
                                Error *err);
static inline void originals_release(KeptOriginals *kept)
{
    if (kept->library)
        pthread_rwlock_unlock(&kept->library->blobs_in_use);
}
#define AUTO_ORIGINALS AUTO(originals_release)

/* Removes those that no row names, which was asked for in blob_removals. The caller holds
 * blobs_in_use alone. */
MUST_CHECK bool originals_remove(Library *library, const Scope *scope, Arena *arena, StrList blobs,
                                 Error *err);
/* Ends removals that did not: a node died, or the store of originals was away. */
MUST_CHECK bool originals_remove_left(Library *library, Job *job, Error *err);
/* The same, and removes originals that no row names and no upload still
 * under way can be about to name. For the daily job. */
MUST_CHECK bool originals_tidy(Library *library, Job *job, Error *err);

/* Of the tokens a vector is made from, those kept for [CLS], [SEP], title and headings. */
#define LIBRARY_PREFIX_TOKENS 50

#define JOB_EXTRACT "extract"
#define JOB_EMBED "embed"
#define JOB_REEMBED "reembed"

/* Which models the library has, as the settings of the system keep it. */
typedef struct ModelChoice {
    Str name, folder; /* folder empty: the one the program was started with */
    size_t dims;
    Str next_name, next_folder; /* of the change that is going on; empty: none */
    size_t next_dims;
    /* Whose vectors have still to be removed: an index is of it until the next one is built. */
    Str previous, previous_folder;
    Str stored; /* the setting it was read from */
} ModelChoice;
/* Empty members when nothing is known; false when that is because it could not be read. */
bool model_choice_read(Library *library, Arena *arena, ModelChoice *choice_r);
/* In the place of what the choice was read from: ERROR_CONFLICT when another one was made since.
 * `adds_job`: with the job that embeds everything. */
MUST_CHECK bool model_choice_save(Library *library, const ModelChoice *choice, bool adds_job,
                                  Error *err);
/* Encoders and index as the saved choice has them, whichever node has made it. */
void model_choice_follow(Library *library);
/* The path of a folder of models, by its name. */
char *model_folder(Library *library, Arena *arena, Str name);
/* What `queue` loads, loading it if need be; empty when it cannot. */
Str model_of_queue(Library *library, EncodeQueue *queue, Arena *arena);
/* The chosen model's queue in place of the program's, and that of a change that goes on; from now
 * on as any node chooses. */
void library_open_models(Library *library);
void library_leave_models(Library *library); /* no longer */
void library_close_models(Library *library); /* when nobody uses the queues */
/* How far the chunks of many documents are. */
typedef struct LibraryEmbedded {
    const char *stage; /* as job_progress() has it */
    int64_t done, total;
} LibraryEmbedded;
/* Vectors of `model` for all chunks of these documents that lack one; fewer when another model is
 * chosen meanwhile. */
MUST_CHECK bool library_embed_documents(Job *job, const DocumentKeyList *documents, Str model,
                                        EncodeQueue *queue, LibraryEmbedded *progress, Error *err);

/* A document that waits for its vectors is ready, and whoever wants to know hears of it. */
MUST_CHECK bool library_document_ready(DbTx *tx, Library *library, const Scope *scope, Arena *arena,
                                       Str id, Error *err);
/* Those of these documents that wait for their vectors are ready as soon as their words are found:
 * this node lacks the model. Their jobs wait for one that has it. */
void library_ready_by_words(Library *library, const Scope *scope, Arena *arena, const Str *ids,
                            size_t count);

void library_tell(Library *library, const Scope *scope, LibraryNews news, Str document);
void library_tell_removed(Library *library, const Scope *scope, Str document, const StrList *those);
/* Whether such a file may come in: the settings allow its kind, and no scanner finds anything. */
MUST_CHECK bool library_check_file(Library *library, Arena *arena, const NewFile *file, Error *err);
/* Adds the job that reads this document, or embeds it. */
MUST_CHECK bool library_queue(DbTx *tx, const Scope *scope, Arena *arena, const char *type,
                              Str document, Error *err);
/* A password kept until the file has been read, sealed with the server's key. */
/* The version whose text is shown: the newest that has been read, else the only one there is. */
static inline int64_t shown_version(const Document *document)
{
    return document->indexed_version ? document->indexed_version : document->version;
}
/* Whether it has pages that can be drawn, in this version (0: the one that is shown). */
MUST_CHECK bool library_has_pages(Library *library, const Scope *scope, Arena *arena, Str id,
                                  int64_t version, bool *has_r, Error *err);
/* The extractor's name for a file by its first bytes; empty: nobody reads it. */
MUST_CHECK bool library_format_of(int fd, Str name, Str *format_r, Error *err);

MUST_CHECK bool password_seal(Library *library, Arena *arena, Str password, Str *sealed_r,
                              Error *err);
MUST_CHECK bool password_open(Library *library, Arena *arena, Str sealed, Str *password_r,
                              Error *err);
