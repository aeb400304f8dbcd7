/* report.h - failures of the program, on their way to whoever looks after it.
 *
 *     report_failure() -> at most once a minute for each kind -> queue -> report_take()
 * (net/sentry.h)
 *
 * Without report_open() nothing is kept. A report never waits and never fails. Its words are
 * scrubbed: what stands in quotes, addresses, names of files, and whatever looks like a secret is
 * replaced, so that neither people's words nor keys leave the program.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

#define REPORT_TAGS_MAX 5
#define REPORT_WORD_SIZE 120

typedef struct ReportTag {
    const char *name; /* literal */
    Str value;        /* nothing is told of an empty one */
} ReportTag;

/* What has failed. Texts are copied. */
typedef struct Failure {
    const char *area; /* literal: "http", "job" */
    Str where;        /* a route, a type of job: what the program knows of itself */
    Str what;         /* the kind of error, in a word */
    Str message;      /* is scrubbed */
    Str detail;       /* lines that hold no words of people, as the calls that led to a crash */
    ReportTag tags[REPORT_TAGS_MAX];
} Failure;

/* The same area, where and what is one kind: it is told once a minute, with how often it came. */
void report_failure(const Failure *failure);

typedef struct Report {
    const char *area;
    char where[REPORT_WORD_SIZE], what[REPORT_WORD_SIZE], message[512], detail[2000];
    const char *tag_names[REPORT_TAGS_MAX]; /* NULL: no more */
    char tags[REPORT_TAGS_MAX][REPORT_WORD_SIZE];
    char trace[33], span[17]; /* of the thread; "": none */
    int64_t at_ms, times;     /* UTC; of this kind since the last report of it */
} Report;

void report_open(void);
void report_close(void);
/* Waits for one, for at most wait_ms or until report_wake(). */
bool report_take(Report *report_r, int64_t wait_ms);
void report_wake(void);

/* What report_failure() does to a message; at most `max` bytes. */
Str report_scrub(Arena *arena, Str message, size_t max);
