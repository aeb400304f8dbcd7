/* steps.h - one kind of step; for who writes another: a line in steps.def and a file step_NAME.c
 * with what it takes and does.
 *
 *     run() -> wait.kind: nothing to wait for -> commit(), result stored        (one transaction)
 *                         waits               -> commit(), the frame waits      (one transaction)
 *                                                woken -> run() again, with what woke it
 *
 * The commits of steps that join each other, and what is walked between them, make one transaction.
 *
 * run() does the work outside of any transaction and may be called again after a crash; commit()
 * writes what is to happen exactly once, in the transaction that stores the result. What run()
 * writes itself must bear being written twice, or name the key. */
#pragma once

#include "workflow/workflow.h"

typedef VEC(Notice) NoticeVec;

/* What a step waits for. */
typedef struct StepWait {
    const char *kind; /* NULL: nothing */
    int64_t until_ms; /* 0: for ever */
    Str event;        /* that wakes it; empty: none */
} StepWait;

typedef struct StepRun {
    Workflows *workflows;
    Job *job;
    Scope scope; /* of whoever started the execution */
    Arena *arena;
    const WorkflowExecution *execution;
    int64_t frame;
    Str step;
    const json_t *with;         /* filled in and of the shape that it takes */
    const json_t *names;        /* that expressions see */
    const json_t *woken;        /* what woke it; NULL: it begins */
    int64_t now_ms, timeout_ms; /* timeout_ms: of asking others */
    Str key;        /* the same for every try of this step: for who must not do a thing twice */
    json_t *output; /* a new object, or what takes its place; the engine releases it */
    int64_t tokens, cost_pd;
    StepWait wait;
    NoticeVec *notices; /* what commits tell people */
    bool is_committed;  /* commit() is not due: it was, before the step waited */
    void *made;         /* between run() and commit(), in the arena */
} StepRun;

typedef bool StepWork(StepRun *run, Error *err);
typedef bool StepCommit(StepRun *run, DbTx *tx, Error *err);

typedef struct StepType {
    StepWork *run;
    StepCommit *commit; /* NULL: nothing of ours changes */
    /* Its output is whole before commit(), which reads only what the run holds itself: so steps
     * behind it may be walked first, and what they change is stored in the same transaction. */
    bool joins;
} StepType;

#define STEP(name, effect, meaning)                                                                \
    extern const char step_##name##_takes[];                                                       \
    extern const StepType step_##name;
#include "workflow/steps.def"
#undef STEP

/* The execution's document; ERROR_NOT_FOUND when there is none, or it is gone or in the trash. */
MUST_CHECK bool step_document(StepRun *run, Str *document_r, Error *err);
/* The same within a transaction, so that it cannot go meanwhile. */
MUST_CHECK bool step_document_in(StepRun *run, DbTx *tx, Document *document_r, Error *err);
/* Its text, or `with.text`. */
MUST_CHECK bool step_source(StepRun *run, LabelSource *source_r, Error *err);
/* Members of `with`. */
Str step_text(const StepRun *run, const char *name); /* borrowed; empty: not there */
Str step_title(const StepRun *run);                  /* the same; else the workflow's name */
StrList step_texts(const StepRun *run, const char *name);
/* The id of a person of the workspace that is named by id or address. */
MUST_CHECK bool step_person(StepRun *run, DbTx *tx, Str named, Str *user_r, Error *err);
/* The id of a collection that is named by id or name. */
MUST_CHECK bool step_collection(StepRun *run, DbTx *tx, Str named, Str *collection_r, Error *err);
/* In the transaction: tags of the document. */
MUST_CHECK bool step_set_tags(StepRun *run, DbTx *tx, const Document *document, StrList add,
                              StrList remove, Error *err);
/* For a commit: a notice to a person (empty: to a role), sent with all others of the transaction.
 * The texts stay until then. */
void step_notify(StepRun *run, Str user, Role role, Str title, Str text);
/* Asks an address that is public, with the step's key; the answer's status is 2xx, or it fails. */
typedef struct StepCall {
    const char *method;
    Str url, body, media_type;
    const json_t *headers; /* an object of texts; NULL: none */
    bool takes_errors;     /* any status will do */
} StepCall;
MUST_CHECK bool step_call(StepRun *run, const StepCall *call, HttpAnswer *answer_r, Error *err);
/* Reads JSON that the program itself has written into `output`. */
MUST_CHECK bool step_output_json(StepRun *run, Str json, Error *err);
