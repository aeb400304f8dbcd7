/* approval.h - something that people have to approve before it goes on.
 *
 *     approvals_ask() -> waiting --as many approve as the quorum says--> approved
 *                           |------as many deny as `denials` says------> denied
 *                           |------deadline, or too few are left-------> expired (or as chosen)
 *                           '------whoever asked takes it back---------> cancelled
 *
 * Candidates are people of the workspace, everybody with a role, and whoever is in a group at the
 * time; who has left, is disabled or lost the role decides nothing any more, but what they decided
 * before stays. A group may have a quorum of its own besides the one of all: an approval counts for
 * each group that its person is in, a delegate for those of whom they stand in for, a deputy for
 * every one. Whoever asks does not decide, unless that is allowed. A person decides once: of two
 * decisions at one time each counts once, because every change takes the approval first
 * (approval_touch). What happens stands in the audit log, in the same transaction: action
 * "approval.*", subject kind "approval".
 *
 * Candidates are told on the page and by mail; a mail has two links, one for each decision, that
 * are good once, until the deadline (or LINK_DAYS), and need no signing in.
 *
 * Functions that take a DbTx run in the caller's transaction. Threads: any. */
#pragma once

#include "notify/notify.h"
#include "store/approvals_store.h"
#include "store/people_store.h"

#define APPROVAL_TITLE_MAX 200 /* bytes */
#define APPROVAL_TEXT_MAX KB(20)
#define APPROVAL_REASON_MAX KB(4)
#define APPROVAL_FIELDS_MAX KB(32)
#define APPROVAL_CANDIDATES_MAX 50 /* people, roles and groups together */
#define APPROVAL_QUORUM_MAX 1000
#define APPROVAL_TIME_MAX_MS (INT64_C(366) * 24 * 3600 * 1000) /* of a deadline, from now */
#define APPROVAL_REMIND_MIN_MS (INT64_C(60) * 1000)

typedef struct Approvals Approvals;

/* In the transaction that ends it: whatever waits for its `origin` goes on, or nothing has ended.
 */
typedef bool ApprovalEnded(DbTx *tx, void *argument, const Scope *scope, Arena *arena,
                           const Approval *approval, Error *err);

/* `public_url` is for links in mails and borrowed; empty: mails have none. Those that have ended
 * are kept for so many days, and those of a workflow's execution as long as that at least. */
Approvals *approvals_new(Db *db, Str public_url, int64_t keep_days);
void approvals_free(Approvals *approvals); /* NULL is fine */
/* One listener, set before anything ends. */
void approvals_set_listener(Approvals *approvals, ApprovalEnded *ended, void *argument);

/* --- Asking ----------------------------------------------------------------------------- */

typedef struct ApprovalWish {
    Approval approval;        /* what it says of itself; quorum and denials 0: 1 */
    StrList users;            /* ids or mail addresses of people of the workspace */
    StrList roles;            /* names; everybody with one of them or a higher one */
    ApprovalGroupList groups; /* each `group` an id or a name */
} ApprovalWish;

/* Groups as JSON has them, NULL: none: a list of names or ids, or of {"group": ..., "quorum": n}.
 * The texts are in the arena. ERROR_INVALID: field "groups". */
MUST_CHECK bool approval_read_groups(Arena *arena, const json_t *list, ApprovalGroupList *groups_r,
                                     Error *err);

/* Checks, adds, tells the candidates. ERROR_INVALID names the field: nobody who may decide, fewer
 * than a quorum, a deadline that is past, a schema that is none. */
MUST_CHECK bool approvals_ask(DbTx *tx, const Scope *scope, Arena *arena, const ApprovalWish *wish,
                              Approval *approval_r, Error *err);

/* --- Deciding; all fail with ERROR_CONFLICT when it has ended ---------------------------- */

typedef struct ApprovalSay {
    Str id;
    ApprovalVerdict verdict; /* approved or denied */
    Str reason;              /* a denial needs one */
    Str fields;              /* JSON: as edited; empty: as they are */
    int64_t version;         /* 0: any; else ERROR_CONFLICT when it has changed */
    bool by_mail;
} ApprovalSay;

/* The scope's person decides. ERROR_DENIED: they may not. */
MUST_CHECK bool approvals_decide(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                                 const ApprovalSay *say, Approval *approval_r, Error *err);
/* A candidate, or whoever asked, edits what the schema allows. Who approved what it was before
 * decides again. */
MUST_CHECK bool approvals_edit(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str fields,
                               int64_t version, Approval *approval_r, Error *err);
/* Another person of the workspace (id or mail address) decides instead of the scope's. */
MUST_CHECK bool approvals_delegate(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str to,
                                   Str reason, Approval *approval_r, Error *err);
/* Whoever asked, or an administrator. */
MUST_CHECK bool approvals_cancel(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                                 Str id, Str reason, Approval *approval_r, Error *err);

/* Those that wait and whose origin begins so end as cancelled: whoever asked needs them no more,
 * and is told nothing by the listener. */
MUST_CHECK bool approvals_withdraw(DbTx *tx, const Scope *scope, Arena *arena, Str origin_begins,
                                   Str reason, Error *err);

/* --- Looking ---------------------------------------------------------------------------- */

/* ERROR_NOT_FOUND also when it is none of the scope's business: below ROLE_ADMIN one sees what one
 * asked for, may decide or has decided. */
MUST_CHECK bool approvals_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                               Approval *approval_r, Error *err);
/* Also when it has ended. Those concerned are told. */
MUST_CHECK bool approvals_comment(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str text,
                                  Error *err);

/* Somebody who may decide now, or has. */
typedef struct ApprovalPerson {
    Str user, name, email;
    uint64_t groups; /* bit i: they count for ApprovalPeople.groups[i] */
    bool has_decided;
    ApprovalDecision decision;
} ApprovalPerson;

typedef struct ApprovalGroupCount {
    ApprovalGroup group;
    int64_t approved, left; /* as below, for this group */
} ApprovalGroupCount;

typedef struct ApprovalPeople {
    ApprovalPerson *at;
    size_t count;
    ApprovalGroupCount *groups;
    size_t group_count;
    int64_t approved, denied; /* so many did */
    int64_t left;             /* so many may still decide */
} ApprovalPeople;

MUST_CHECK bool approvals_people(DbTx *tx, const Scope *scope, Arena *arena,
                                 const Approval *approval, ApprovalPeople *people_r, Error *err);

/* Somebody has come into a group: they are told of what waits for it, the newest SLICE_MAX. */
MUST_CHECK bool approvals_tell_joined(DbTx *tx, const Scope *scope, Arena *arena,
                                      const Membership *member, Str group, Error *err);

/* --- By the clock ------------------------------------------------------------------------ */

/* What is due at this time of one that waits: the deadline, too few people left, a reminder. Says
 * when it is looked at next. */
MUST_CHECK bool approvals_wake(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                               Str id, int64_t now_ms, Error *err);
/* Recurring: the same of those that are to be looked at; its argument is an Approvals. */
JobHandler approvals_clock_job;
/* Recurring: removes those that ended long ago; likewise. What happened stands in the audit log. */
JobHandler approvals_tidy_job;

/* --- Links of mails --------------------------------------------------------------------- */

typedef struct ApprovalLink {
    Str workspace, approval, user;
    Str verb;    /* "approve", "deny" */
    Str expires; /* seconds since 1970, as written */
    Str nonce;   /* of this mail: another one has links of its own */
    Str token;
} ApprovalLink;

/* For NotifierOptions.more: the links of a mail that asks `user`. */
NotifyMore approvals_write_links;
/* What the link is about, without using it. ERROR_DENIED: it was not made here, or is over;
 * ERROR_CONFLICT: it was used, or the approval has ended. */
MUST_CHECK bool approvals_open_link(Approvals *approvals, Arena *arena, const ApprovalLink *link,
                                    Approval *approval_r, Error *err);
/* What tells the fields that a person has seen from those they were edited to since. */
Str approvals_seen(Arena *arena, const Approval *approval);
/* Decides as it says, and it is used. ERROR_CONFLICT also when the fields are no longer those of
 * `seen`. */
MUST_CHECK bool approvals_use_link(Approvals *approvals, Arena *arena, const ApprovalLink *link,
                                   Str reason, Str seen, Approval *approval_r, Error *err);
