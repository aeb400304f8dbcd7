/* lab_folder.h - a judged collection on disk, as BEIR lays it out, made into a library.
 *
 *     corpus.jsonl   {"_id", "title", "text"}      or corpus.tsv: id, title, text
 *     queries.jsonl  {"_id", "text"}               or queries.tsv: id, text
 *     qrels/test.tsv, dev.tsv or train.tsv         or qrels.tsv: query, document, grade
 *     qrels/test.txt or qrels.txt                  as TREC has them: query, 0, document, grade
 *
 * "id" and "contents" are taken for "_id" and "text", as Anserini's collections have them.
 * Its queries are prose, so nothing in them is an operator of the query language. */
#pragma once

#include "search/lab.h"

typedef struct LabDocument {
    Str id, title, text;
} LabDocument;

typedef struct LabFolder {
    VEC(LabDocument) documents;
    Str judgements; /* lines for lab_import() */
} LabFolder;

/* Fails with the file and line that is wrong. */
MUST_CHECK bool lab_folder_read(Arena *arena, const char *path, LabFolder *folder_r, Error *err);

typedef struct LabChunks {
    int64_t size, overlap; /* characters, as the library's settings say */
} LabChunks;
/* Adds the documents first <= i < end, which are then embedded by the jobs of the library: names
 * are their ids, and there are no originals. Returns before that is done. */
MUST_CHECK bool lab_folder_add(Db *db, const Scope *scope, const LabFolder *folder, size_t first,
                               size_t end, const LabChunks *chunks, Error *err);
