/* notices_store.h - the tables `notice_events`, `notices` and `notice_choices`: what happened, who
 * is told of it and how, and what each person has chosen.
 *
 * A notice belongs to one person; the person '' is the workspace itself, whose keys read it. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct NoticeEvent {
    Str id, kind, level; /* "info", "warning", "problem" */
    Str dedup;           /* an event that has the same happens once; empty: its id */
    Str title, body, link;
    int64_t created_at_ms;
} NoticeEvent;

typedef struct NoticeEventList {
    NoticeEvent *at;
    size_t count;
} NoticeEventList;

/* What is to be mailed, and was. The numbers are in the table. */
typedef enum NoticeMail {
    NOTICE_MAIL_NONE = 0,
    NOTICE_MAIL_NOW = 1,
    NOTICE_MAIL_DIGEST = 2,
    NOTICE_MAIL_SENT = 3
} NoticeMail;

/* A person who is told of an event. */
typedef struct NewNotice {
    Str user, event;
    bool is_shown;
    NoticeMail mail;
} NewNotice;

typedef struct NoticeRow {
    NoticeEvent event;
    int64_t read_at_ms; /* 0: not yet */
} NoticeRow;

typedef struct NoticeList {
    NoticeRow *at;
    size_t count;
    Str next; /* see slice.h */
} NoticeList;

/* Adds each with a new id, set in it. `*added_r`: those that had not happened already, copies in
 * their order. Two statements however many there are. */
MUST_CHECK bool notice_events_add(DbTx *tx, const Scope *scope, Arena *arena, NoticeEvent *events,
                                  size_t count, NoticeEventList *added_r, Error *err);
/* Tells people of the scope's workspace. */
MUST_CHECK bool notices_add(DbTx *tx, const Scope *scope, Arena *arena, const NewNotice *notices,
                            size_t count, Error *err);
/* Those shown to the scope's user, newest first. */
MUST_CHECK bool notice_list(DbTx *tx, const Scope *scope, Arena *arena, bool only_unread,
                            const Slice *slice, NoticeList *list_r, Error *err);
MUST_CHECK bool notice_count_unread(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);
/* The scope's user has read it; all of them when `event` is empty. */
MUST_CHECK bool notice_mark_read(DbTx *tx, const Scope *scope, Str event, Error *err);
/* What waits to be mailed to this person in this way, oldest first, at most `limit`. */
MUST_CHECK bool notice_list_to_mail(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                    NoticeMail mail, int64_t limit, NoticeList *list_r, Error *err);
/* That was done, or is not wanted any more. */
MUST_CHECK bool notice_mark_mailed(DbTx *tx, const Scope *scope, Str user, const NoticeList *list,
                                   Error *err);

typedef struct NoticeChoice {
    Str user, kind;
    bool on_page, by_mail;
} NoticeChoice;

typedef struct NoticeChoiceList {
    NoticeChoice *at;
    size_t count;
} NoticeChoiceList;

MUST_CHECK bool notice_choice_set(DbTx *tx, const Scope *scope, const NoticeChoice *choice,
                                  Error *err);
/* Of everybody in the workspace; of one kind, or of all when it is empty. */
MUST_CHECK bool notice_choice_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind,
                                   NoticeChoiceList *list_r, Error *err);
