/* digest.h - what is new in a collection: documents with a sentence or two of each, what they are
 * about, what they say together, and the tasks that came of them.
 *
 *     digest_make() <- GET .../digest
 *     a plan (digest_plan_set) -> job "digests" -> digest kept -> notice "digest"
 *
 * Made of the documents' own sentences: nobody waits for it, so that it costs no calls. Any thread.
 */
#pragma once

#include "jobs/job_queue.h"
#include "store/summaries_store.h"
#include "summary/summary.h"

#define DIGEST_DOCUMENTS_MAX 100 /* that are told one by one */

typedef struct DigestWish {
    Str collection;
    int64_t since_ms, until_ms;
} DigestWish;

/* A JSON object: collection, since, until, total, documents, key_phrases, summary, tasks. *total_r:
 * how many documents are new. ERROR_NOT_FOUND: there is no such collection. */
MUST_CHECK bool digest_make(Summaries *summaries, const Scope *scope, Arena *arena,
                            const DigestWish *wish, Str *json_r, int64_t *total_r, Error *err);

JobHandler digest_job; /* of all plans that are due; recurring; its argument is a Summaries */
