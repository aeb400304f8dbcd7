/* export_int.h - what the files of src/export share. */
#pragma once

#include "export/export.h"
#include "export/export_out.h"
#include "store/collections_store.h"
#include "store/export_store.h"

struct Exports {
    ExportsOptions options;
};

typedef struct ExportMissing {
    Str name;
    const char *reason;
} ExportMissing;
#define EXPORT_MISSING_MAX 1000 /* that the manifest names; all are counted */

/* One export on its way. */
typedef struct ExportWork {
    Exports *exports;
    Job *job;
    Scope scope;  /* the workspace's, as its owner */
    Arena *arena; /* of the item at hand */
    ExportOut out;
    ExportSize size;
    int64_t documents;          /* that are through */
    VEC(ExportMissing) missing; /* in the job's arena */
    int64_t missing_count;
    CollectionList collections;
    int lines_fd; /* documents.jsonl, until the originals are through; -1: not open */
} ExportWork;

/* True in a transaction of the workspace for each of them; `visit` runs outside of one, with
 * work->arena fresh. Fails when the job has to stop. */
typedef bool ExportVisit(ExportWork *work, const ExportOwned *owned, Error *err);
MUST_CHECK bool export_each(ExportWork *work, ExportList list, ExportVisit *visit, Error *err);

/* Parts of an export, in their order. */
MUST_CHECK bool export_documents(ExportWork *work, Error *err);
MUST_CHECK bool export_conversations(ExportWork *work, Error *err);
MUST_CHECK bool export_tasks(ExportWork *work, Error *err);
MUST_CHECK bool export_cards(ExportWork *work, Error *err);
MUST_CHECK bool export_recipes(ExportWork *work, Error *err);
MUST_CHECK bool export_meetings(ExportWork *work, Error *err);
MUST_CHECK bool export_people(ExportWork *work, Error *err);
MUST_CHECK bool export_all_tables(ExportWork *work, Error *err);
Str export_manifest(ExportWork *work, Str workspace_name);
