/* library.h - documents from upload to searchable, and back out again.
 *
 *     upload --library_add()--> queued          acknowledged: blob, row and job are durable
 *     job "extract"   worker reads the file --> text, blocks, chunks in one transaction
 *                                               -> indexing: keyword-searchable
 *     job "embed"     encoder, in batches   --> vectors -> ready
 *     follower        reads index_changes   --> keyword and vector index of each workspace
 *
 * Without an embedding model a document is ready once its words are indexed; when a model comes
 * later, the sweep at start embeds what lacks vectors. Every step is safe to repeat from its start.
 *
 * Threads: any, all functions. Texts of results live in the arena of the call. */
#pragma once

#include "blob/blob_store.h"
#include "encode/encode_queue.h"

#include "jobs/job_queue.h"
#include "library/backup.h"
#include "net/clamd.h"
#include "sandbox/sandbox.h"
#include "store/blocks_store.h"
#include "store/chunks_store.h"
#include "store/collections_store.h"
#include "store/document_keys.h"
#include "store/document_versions_store.h"
#include "store/file_uploads_store.h"

typedef struct Library Library;
typedef struct Index Index;

typedef enum LibraryNews { NEWS_DOCUMENT, NEWS_REMOVED } LibraryNews;
/* Something a page shows has changed. Called on threads of the library: must not block long.
 * `those`: the people and keys who saw what is removed, borrowed; NULL: everybody, or whoever sees
 * the document. */
typedef void LibraryListener(void *argument, const Scope *scope, LibraryNews news, Str document,
                             const StrList *those);

#define VECTORS_PER_CHUNK_MAX 8

struct Speech;
struct Caption; /* extraction.h */

typedef struct LibraryOptions {
    Db *db;
    BlobStore *blobs;
    Sandbox *sandbox;
    EncodeQueue *encoder;      /* NULL: no model, keyword search only */
    EncodeQueueOptions models; /* how others are opened; without a folder */
    const char *models_folder; /* where they are; NULL: nowhere, there is only `encoder` */
    bool model_is_fixed;       /* a setting of the program names it */
    const char *index_folder;
    struct VectorStore *vectors; /* borrowed; NULL: they lie in the indexes */
    bool holds_index;            /* as library_hold_index() from the beginning */
    int64_t chunk_size, chunk_overlap;
    int64_t vector_exact;      /* 1: vectors are kept in full, and searched in half precision */
    int64_t vectors_per_chunk; /* its own and those of its windows; 0: 1 */
    int64_t extract_timeout_s;
    int64_t page_workers; /* pages of one file recognised at the same time; 0: one a core */
    Str languages;        /* of text in pictures and of speech, "eng+deu"; empty: found out */
    Str allowed_types;    /* formats or media types with commas between; "": all that are read */
    int64_t trash_days;
    int64_t upload_max;   /* bytes of one file that comes in parts */
    int64_t upload_hours; /* without a part until such an upload goes */
    int64_t disk_reserve; /* bytes that it leaves on the disk */
    /* The scan of originals (integrity.h): bytes a second, 0: there is none; days from the start of
     * a round to the next; a store that has the same originals, borrowed, NULL: none. */
    int64_t integrity_rate, integrity_days;
    BlobStore *second_blobs;
    struct FilePlace *backup_to;       /* borrowed; NULL: no backups are made by themselves */
    int64_t backup_hours, backup_keep; /* 0: none is made; 0: none is removed */
    StorageLimits storage;
    Clamd clamd;         /* looks at each file before it becomes a document; address empty: none */
    bool clamd_may_lack; /* files come in while it does not answer, and the log says so */
    /* ExtractionInput.hear, for whoever has added the recording; NULL: there is only the draft. */
    bool (*hear)(void *argument, const Scope *scope, Arena *arena, Str sound,
                 struct Speech *speech_r, Error *err);
    /* ExtractionInput.describe; NULL: pictures are not described. */
    bool (*describe)(void *argument, const Scope *scope, Arena *arena, Str picture,
                     struct Caption *caption_r, Error *err);
    void *model_argument; /* of both */
    /* In the transaction that makes a document ready, for what is to be done with it then; NULL:
     * nothing is. */
    bool (*on_ready)(DbTx *tx, const Scope *scope, Arena *arena, const Document *document,
                     Error *err);
    LibraryListener *listener; /* may be NULL */
    void *listener_argument;
} LibraryOptions;

MUST_CHECK bool library_open(const LibraryOptions *options, Library **library_r, Error *err);
void library_close(Library *library);

/* --- Uploads ---------------------------------------------------------------------------- */

typedef struct NewFile {
    const char *path; /* a file of ours on the file system of the originals: it is moved */
    Str name;         /* as given, may hold folders; cleaned here */
    Str media_type;   /* as declared; may be empty */
    uint64_t size;
    Str sha256; /* lower-case hex */
    Str collection, password, source;
    StrList tags;
    bool has_room; /* its bytes count already, as an upload in parts */
} NewFile;

/* Whether the content is of a kind that is read; ERROR_UNSUPPORTED says what it seems to be. Looks
 * at the head of the file only and parses nothing. */
MUST_CHECK bool library_accepts(const char *path, Str name, Str media_type, Error *err);
/* Whether files of this content have a media type that begins so, "audio/". The same. */
MUST_CHECK bool library_is_of_type(const char *path, Str name, const char *prefix, bool *is_r,
                                   Error *err);
/* Stores the file for good and queues its extraction. When it returns true nothing short of losing
 * the disk loses the file. The same bytes again: the document that has them, is_new false; it comes
 * back from the trash, and is read again when reading it had failed. A password is kept, sealed,
 * for as long as the document: its pages cannot be drawn without it. */
MUST_CHECK bool library_add(Library *library, const Scope *scope, Arena *arena, const NewFile *file,
                            Document *document_r, bool *is_new_r, Error *err);
/* The file takes the place of the document's: it is read anew and found once it has been, and what
 * was before stays as a version, for the citations of then. Collection and tags stay as they are.
 * ERROR_CONFLICT: these bytes are in the workspace already, or the document is in the trash or a
 * member of another; ERROR_BUSY: it is still being read. */
MUST_CHECK bool library_add_version(Library *library, const Scope *scope, Arena *arena, Str id,
                                    const NewFile *file, Error *err);
/* Newest first. */
MUST_CHECK bool library_versions(Library *library, const Scope *scope, Arena *arena, Str id,
                                 DocumentVersionList *list_r, Error *err);
/* "a/b.pdf" from whatever a client sent: no "..", no leading slash, no control characters. */
Str library_clean_name(Arena *arena, Str name);

/* --- One document ----------------------------------------------------------------------- */

typedef struct DocumentProgress {
    bool is_running;
    Str stage; /* "waiting", "reading", "indexing", "embedding" */
    int64_t done, total;
    int64_t seconds_left; /* -1: unknown */
} DocumentProgress;

typedef struct DocumentView {
    Document document;
    DocumentProgress progress;
    bool is_searchable; /* its words can be found */
    int64_t child_count;
} DocumentView;

MUST_CHECK bool library_find(Library *library, const Scope *scope, Arena *arena, Str id,
                             DocumentView *view_r, Error *err);
typedef struct DocumentViewList {
    DocumentView *at;
    size_t count;
    int64_t total; /* as in a DocumentList */
    bool has_more;
    Str next;
} DocumentViewList;
MUST_CHECK bool library_list(Library *library, const Scope *scope, Arena *arena,
                             const DocumentFilter *filter, DocumentOrder order, bool descending,
                             const Slice *slice, DocumentViewList *list_r, Error *err);
/* The same part as it was chosen already (NULL: it was not), unless its rows are others by now. */
MUST_CHECK bool library_list_chosen(Library *library, const Scope *scope, Arena *arena,
                                    const DocumentFilter *filter, DocumentOrder order,
                                    bool descending, const Slice *slice,
                                    const DocumentChoice *choice, DocumentViewList *list_r,
                                    Error *err);

typedef struct DocumentChange {
    const Str *name, *title, *collection; /* NULL: as it is */
    const StrList *tags;
} DocumentChange;
MUST_CHECK bool library_change(Library *library, const Scope *scope, Str id,
                               const DocumentChange *change, Error *err);
MUST_CHECK bool library_retry(Library *library, const Scope *scope, Str id, Str password,
                              Error *err);
MUST_CHECK bool library_cancel(Library *library, const Scope *scope, Str id, Error *err);
MUST_CHECK bool library_trash(Library *library, const Scope *scope, Str id, Error *err);
MUST_CHECK bool library_restore(Library *library, const Scope *scope, Str id, Error *err);
MUST_CHECK bool library_erase(Library *library, const Scope *scope, Str id, Error *err);

/* An address that gives the original to whoever has it for some seconds; "" when the store of
 * originals has none: then it is opened. */
MUST_CHECK bool library_original_url(Library *library, const Scope *scope, Arena *arena, Str id,
                                     int64_t version, int64_t seconds, Str *url_r, Error *err);
/* The original, open for reading. `version`, here and below: 0 is the newest, of texts the newest
 * that has been read. */
MUST_CHECK bool library_open_original(Library *library, const Scope *scope, Arena *arena, Str id,
                                      int64_t version, Document *document_r, int *fd_r, Error *err);
/* For who wants this part of it alone; see blob_open_part(). */
MUST_CHECK bool library_open_part(Library *library, const Scope *scope, const Document *document,
                                  const BlobPart *part, int *fd_r, uint64_t *from_r, Error *err);

/* --- Originals that are no document's: files of programs (client_files_store.h) ---------- */

/* Where such a file is written before it is kept. */
const char *library_incoming(Library *library);
/* Takes the files, then runs the work, which names them in rows. */
MUST_CHECK bool library_keep_originals(Library *library, const Scope *scope, const BlobItem *items,
                                       size_t count, DbWork *work, void *argument, Error *err);
MUST_CHECK bool library_open_by_digest(Library *library, const Scope *scope, Str sha256, int *fd_r,
                                       uint64_t *size_r, Error *err);
/* Runs the work, which removes the row that named it, and then the original when nothing else in
 * the workspace names it. */
MUST_CHECK bool library_drop_original(Library *library, const Scope *scope, Str sha256,
                                      DbWork *work, void *argument, Error *err);

/* --- Looking inside --------------------------------------------------------------------- */

typedef enum TextForm { TEXT_PLAIN, TEXT_MARKDOWN, TEXT_JSON, TEXT_HTML } TextForm;
/* The whole document in a form, from what is stored. */
MUST_CHECK bool library_print(Library *library, const Scope *scope, Arena *arena, Str id,
                              int64_t version, TextForm form, Buf *out, Error *err);
/* Its text, at most so many bytes of the beginning. */
MUST_CHECK bool library_beginning(Library *library, const Scope *scope, Arena *arena, Str id,
                                  size_t most, Str *text_r, Error *err);
MUST_CHECK bool library_blocks(Library *library, const Scope *scope, Arena *arena, Str id,
                               int64_t version, int64_t first, int64_t count,
                               StoredBlockList *list_r, Str *text_r, Error *err);
/* The ordinal of the block that holds this byte of the text, or comes next; 0 when there is none.
 */
MUST_CHECK bool library_block_at(Library *library, const Scope *scope, Arena *arena, Str id,
                                 int64_t version, int64_t byte, int64_t *ordinal_r, Error *err);
MUST_CHECK bool library_chunks(Library *library, const Scope *scope, Arena *arena, Str id,
                               int64_t version, int64_t first, int64_t count, ChunkList *list_r,
                               Error *err);
typedef struct OutlineEntry {
    const char *kind; /* "heading", "slide" or "sheet" */
    int64_t ordinal;  /* of the block it begins with */
    int32_t level;    /* of a heading */
    Str text, place;
    bool is_hidden;
} OutlineEntry;
typedef struct OutlineList {
    OutlineEntry *at;
    size_t count;
} OutlineList;
/* Headings, slides and sheets in their order; the first OUTLINE_MAX of them. */
#define OUTLINE_MAX 5000
MUST_CHECK bool library_outline(Library *library, const Scope *scope, Arena *arena, Str id,
                                int64_t version, OutlineList *list_r, Error *err);
/* What the document is made of: how many blocks of each kind, tables and sheets. */
#define BLOCK_KINDS_MAX 16
typedef struct DocumentStructure {
    int64_t blocks[BLOCK_KINDS_MAX]; /* by kind; library_block_kind() names it */
    int64_t tables, sheets;
} DocumentStructure;
MUST_CHECK bool library_structure(Library *library, const Scope *scope, Str id, int64_t version,
                                  DocumentStructure *structure_r, Error *err);
/* HTML around text bytes start..end, with <mark id="passage">; the whole document when it is small,
 * else the blocks near the passage. */
MUST_CHECK bool library_view(Library *library, const Scope *scope, Arena *arena, Str id,
                             int64_t version, int64_t start, int64_t end, Buf *out, Error *err);

/* Whether documents of this format have pages that can be drawn. */
bool library_is_paged(Str format);
/* "heading", "row", ... and "page 3", "Sheet1!A4:F4" of a stored block. */
const char *library_block_kind(int32_t kind);
Str library_block_place(Arena *arena, const StoredBlock *block);

typedef struct PageSize {
    float width, height; /* points */
} PageSize;
typedef struct PageSizeList {
    PageSize *at;
    size_t count;
} PageSizeList;
/* Of a paged document; empty for others. */
MUST_CHECK bool library_page_sizes(Library *library, const Scope *scope, Arena *arena, Str id,
                                   int64_t version, PageSizeList *list_r, Error *err);

typedef struct DrawnPage {
    Str png;
    int marked; /* boxes that show the quote */
} DrawnPage;
typedef struct PageWanted {
    Str document;
    int64_t version;
    int page, width; /* from 1; pixels */
    Str quote;       /* marked; empty: nothing is */
} PageWanted;
/* One page of a paged document as PNG. */
MUST_CHECK bool library_page(Library *library, const Scope *scope, Arena *arena,
                             const PageWanted *wanted, DrawnPage *picture_r, Error *err);

/* --- For search --------------------------------------------------------------------------- */

/* The index of a workspace, until library_release_index(); one that still loads finds nothing. The
 * model whose vectors it holds has *dims_r values; 0: it has no vectors. */
Index *library_borrow_index(Library *library, Str workspace, size_t *dims_r, Str *model_r);
void library_release_index(Library *library, Index *index);
/* Waits until this node's indexes hold everything committed so far; false when it takes longer. */
bool library_wait_indexed(Library *library, int64_t timeout_ms);
/* While another process may use the files of the indexes: they are brought up to date and then left
 * alone, until they are released; searches go on. False: not within the time. */
bool library_hold_index(Library *library, bool is_held, int64_t timeout_ms);

/* A leg is being filled from the database: until it has ended, not all is found. */
typedef struct IndexBuilding {
    bool is_going_on;
    bool words; /* the keyword leg; false: only that of vectors */
    int64_t done, work;
    int64_t seconds_left; /* -1: not known yet */
} IndexBuilding;
/* 0 to 99. */
int index_building_percent(const IndexBuilding *building);

typedef struct IndexState {
    bool is_ready; /* both legs of every workspace hold what the database holds */
    int64_t chunks, vectors, waiting_changes;
    IndexBuilding building;
    const char *text; /* "ready", "loading", "rebuilding" */
} IndexState;
IndexState library_index_state(Library *library);
/* Where vectors are kept: a name of index/vector_stores.def. */
const char *library_vector_store(const Library *library);
/* Since when the store of vectors outside the indexes has not answered; 0: it did when it was last
 * asked, or there is none. *why_r may be NULL. */
int64_t library_vectors_failing_ms(const Library *library, Error *why_r);
/* What it was asked, and what waits for it: lines for /metrics, without asking it. */
void library_put_vector_metrics(const Library *library, Buf *out);
/* The same of the store of originals. */
int64_t library_originals_failing_ms(const Library *library);
/* Borrowed, as it was opened. */
const LibraryOptions *library_options(const Library *library);
/* Another number after each change of a workspace's documents that this node's index has taken.
 * Never blocks. */
int64_t library_changes(Library *library, Str workspace);
/* Whoever keeps something else in step; both are called on the follower's thread and must not block
 * long. */
struct IndexChange;
typedef struct LibraryWatch {
    /* For every change, before it counts as followed; perhaps more than once. */
    void (*on_change)(void *argument, const struct IndexChange *change);
    /* For each workspace from when library_followed() is true, with how many chunks it has; again
     * when its index was built, and when it has grown to more than twice as many. */
    void (*on_follow)(void *argument, Str workspace, size_t chunks);
    /* The workspace's index was written, with everything up to this change. Returns up
     * to which change it needs none any more; NULL: any. */
    int64_t (*on_save)(void *argument, Str workspace, int64_t generation);
    void *argument;
} LibraryWatch;
/* NULL: nobody; when it returns, the one before is not called any more. */
void library_watch(Library *library, const LibraryWatch *watch);
/* See follower_followed(). */
bool library_followed(Library *library, Str workspace, int64_t *sequence_r);
/* Where the files of a workspace's index lie, for others that are made from the same changes. */
typedef struct LibraryFiles {
    const char *folder;
    Str database;   /* which one they are of */
    bool may_write; /* false: they are another process's at the moment */
} LibraryFiles;
/* False: not known yet, or the workspace is no more. */
bool library_files(Library *library, Arena *arena, Str workspace, LibraryFiles *files_r);
/* Whether all changes behind this one are still there to be read. */
MUST_CHECK bool library_has_changes(Library *library, int64_t generation, bool *has_r, Error *err);
/* For those who search a workspace: what they miss while its index is built; empty: nothing. */
Str library_index_notice(Library *library, Arena *arena, Str workspace);

typedef struct LibraryModel {
    bool is_there, is_ready; /* ready: loaded */
    bool is_changing;
    char reason[400];        /* why this node has not the one that is chosen; else "" */
    char reason_coming[400]; /* the same of the one that comes */
    char name[96];
    size_t dims;
    const char *kernels;
} LibraryModel;
LibraryModel library_model_status(Library *library);
/* The model's name, loading it if need be; empty when there is none. */
Str library_model(Library *library, Arena *arena);
/* Begins to load it, for who will need it in a moment. */
void library_prepare_model(Library *library);
/* The queue of the model whose vectors an index holds; NULL when it is not there. While a model
 * changes, two serve. */
EncodeQueue *library_encoder(Library *library, Str model);

/* --- Changing the model (library_models.c) --- */

#define LIBRARY_MODEL_NAME_MAX 64

typedef struct LibraryModelFolder {
    Str name, family, pooling, reason; /* reason: why it cannot be used; else empty */
    size_t dims, tokens_max;
    int64_t bytes; /* of the weights */
    bool is_reranker, is_used, is_coming;
} LibraryModelFolder;
typedef struct LibraryModelList {
    LibraryModelFolder *at;
    size_t count;
} LibraryModelList;
/* The models in the data folder, by name. */
MUST_CHECK bool library_models(Library *library, Arena *arena, LibraryModelList *list_r,
                               Error *err);

/* From now on every document is embedded with the model of that name, in the background; the old
 * vectors are searched until the new ones are complete. The name in use ends a change that is going
 * on. ERROR_NOT_FOUND, ERROR_INVALID: nothing has changed. */
MUST_CHECK bool library_use_model(Library *library, Arena *arena, Str name, Error *err);
/* ERROR_CONFLICT when it is in use or comes. */
MUST_CHECK bool library_remove_model(Library *library, Arena *arena, Str name, Error *err);

typedef struct LibraryModelChange {
    bool is_going_on;
    Str name;             /* that comes */
    Str model;            /* as its vectors name it, if another's serve meanwhile; else empty */
    int64_t done, total;  /* passages */
    int percent;          /* 0 to 99 */
    int64_t seconds_left; /* -1: not known yet */
} LibraryModelChange;
void library_model_change(Library *library, Arena *arena, LibraryModelChange *change_r);

/* A text, or what the model's own tokenizer made of one. */
typedef struct LibraryText {
    Str text;
    const uint32_t *ids; /* NULL: the text; those around a text may be left out */
    size_t id_count;
} LibraryText;
typedef struct LibraryVectors {
    size_t dims;
    const float *at; /* one unit vector after the other */
    int64_t tokens;  /* that were read: longer texts are cut */
} LibraryVectors;
#define LIBRARY_EMBED_TOKENS_MAX 300000 /* in one call, as OpenAI has it */
/* Embed texts, loading the model if need be. Few texts go before bulk work. ERROR_NOT_FOUND: there
 * is no model; ERROR_INVALID: too many tokens, or one that the model has not. */
MUST_CHECK bool library_embed(Library *library, Arena *arena, const LibraryText *texts,
                              size_t count, LibraryVectors *vectors_r, Error *err);
/* What the model in use wants before a query, or before a passage; loads it if need be. */
Str library_prompt(Library *library, Arena *arena, bool is_query);

/* One kind of file that is read. */
typedef struct LibraryFormat {
    const char *name, *title;
    const char *const *extensions, *const *media_types;
    const char *family; /* "document", "sheet", "mail", ... (extract/extractor.h) */
} LibraryFormat;
const LibraryFormat *library_formats(size_t *count_r);
/* Its family; empty when there is no such format. */
Str library_family(Str format);
/* `formats` and those of these families. */
MUST_CHECK bool library_formats_of(Arena *arena, StrList formats, StrList families,
                                   StrList *formats_r, Error *err);
/* A client's picture or sound as a model service takes it, made in the sandbox
 * (gateway/media_wish.h). Fails when it is none, is damaged, or cannot be made to fit. */
struct MediaWish;
struct PreparedMedia;
MUST_CHECK bool library_prepare_media(Library *library, Arena *arena, const struct MediaWish *wish,
                                      struct PreparedMedia *prepared_r, Error *err);
/* Which walls stand around the workers, as members of a JSON object. */
void library_describe_sandbox(Library *library, Buf *json_members);

/* --- Looking after it -------------------------------------------------------------------- */

MUST_CHECK bool library_backup(Library *library, const char *path, BackupCounts *counts_r,
                               Error *err);
typedef struct LibraryCheck {
    int64_t originals, missing, spare; /* spare: without a document */
    const char *vector_store;          /* outside the indexes; NULL: there is none */
    int64_t vectors;                   /* that rows have */
    int64_t vectors_lacking, vectors_different, vectors_spare; /* in the store */
} LibraryCheck;
/* Compares the rows of every workspace with the originals, and with the store of vectors. */
MUST_CHECK bool library_check(Library *library, LibraryCheck *check_r, Error *err);

/* How many vectors there are, without looking at each. */
typedef struct LibraryVectorCount {
    const char *store;    /* "embedded" where they lie in the indexes */
    int64_t rows, stored; /* passages with one in the database; vectors in the store */
} LibraryVectorCount;
/* Fails where the store does not answer. */
MUST_CHECK bool library_count_vectors(Library *library, LibraryVectorCount *vectors_r, Error *err);
/* How many of the passages with a vector have none in the store though nothing waits to be filled
 * in; 0 while something does. */
int64_t library_vectors_missing(Library *library, const LibraryVectorCount *vectors);

/* --- Jobs --------------------------------------------------------------------------------- */

JobHandler library_extract_job;
JobHandler library_embed_job;
/* JobType.can of that: false where the chosen model is lacking. Another node takes the job then. */
bool library_can_embed(void *library);
/* The same of this one: the model that comes, while there is one. */
bool library_can_reembed(void *library);
JobHandler library_follow_guard_job; /* see guard_job.c */
JobHandler library_reembed_job;      /* all documents, after library_use_model() */
JobHandler library_purge_job;        /* erases what was in the trash long enough; recurring */
/* Looks for documents that no job works on any more, and for passages without vectors; recurring.
 */
JobHandler library_sweep_job;
