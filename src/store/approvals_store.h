/* approvals_store.h - the tables `approvals`, `approval_candidates`, `approval_groups`,
 * `approval_decisions` and `approval_links`: what people are asked to approve, who may, what they
 * said, and the links of mails that say it for them.
 *
 *     waiting -> approved, denied, expired, cancelled
 *
 * Whoever changes one calls approval_touch() first: it fails unless the approval waits, and holds
 * it until the transaction ends, so of two who decide at once the second sees what the first did.
 * Each one that waits has a time when the clock looks at it (approval_list_due); every change, also
 * of those who may decide it, sets that to at once, and the clock says when it looks again.
 * What happened stands in the audit log (subject kind "approval"). */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

typedef enum ApprovalState {
#define APPROVAL_STATE(name, title) APPROVAL_##name,
#include "store/approval_states.def"
#undef APPROVAL_STATE
    APPROVAL_STATE_COUNT
} ApprovalState;

typedef enum ApprovalDeadline {
#define APPROVAL_DEADLINE(name, title) APPROVAL_DEADLINE_##name,
#include "store/approval_deadlines.def"
#undef APPROVAL_DEADLINE
    APPROVAL_DEADLINE_COUNT
} ApprovalDeadline;

typedef enum ApprovalShortage {
#define APPROVAL_SHORTAGE(name, title) APPROVAL_SHORTAGE_##name,
#include "store/approval_shortages.def"
#undef APPROVAL_SHORTAGE
    APPROVAL_SHORTAGE_COUNT
} ApprovalShortage;

typedef enum ApprovalVerdict {
#define APPROVAL_DECISION(name, verb, title) APPROVAL_VERDICT_##name,
#include "store/approval_decisions.def"
#undef APPROVAL_DECISION
    APPROVAL_VERDICT_COUNT
} ApprovalVerdict;

extern const char *const approval_states[APPROVAL_STATE_COUNT];
extern const char *const approval_deadlines[APPROVAL_DEADLINE_COUNT];
extern const char *const approval_shortages[APPROVAL_SHORTAGE_COUNT];
extern const char *const approval_verdicts[APPROVAL_VERDICT_COUNT];
extern const char *const approval_verbs[APPROVAL_VERDICT_COUNT]; /* "approve", ... */

typedef struct Approval {
    Str id, workspace;
    Str title, text;
    Str document;  /* what it is about; empty: none, or it was erased */
    Str origin;    /* who waits for it, in their own words; empty: nobody but its requester */
    Str requester; /* a person; empty: a key of the workspace, or the program */
    ApprovalState state;
    int64_t version; /* raised by every change */
    int64_t quorum;  /* how many have to approve */
    int64_t denials; /* how many denials end it */
    bool allows_self;
    ApprovalDeadline on_deadline;
    int64_t deadline_at_ms; /* 0: none */
    Str deputy;             /* a person; empty: none */
    bool is_escalated;      /* the deputy has been asked */
    ApprovalShortage on_shortage;
    int64_t remind_every_ms, remind_at_ms; /* 0: never */
    Str schema, fields; /* JSON: what may be edited before it is decided; empty: nothing */
    Str reason;         /* why it ended */
    int64_t created_at_ms, ended_at_ms;
} Approval;

typedef struct ApprovalList {
    Approval *at;
    size_t count;
    Str next; /* see slice.h */
} ApprovalList;

/* Adds it with a new id, set in *approval with what else is new; its requester is the scope's. */
MUST_CHECK bool approval_add(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval,
                             Error *err);
MUST_CHECK bool approval_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                              Approval *approval_r, Error *err);
typedef struct ApprovalFilter {
    const ApprovalState *state; /* NULL: any */
    Str document;               /* empty: any */
    Str origin_begins;          /* so does its origin; empty: any */
    bool only_mine;  /* the scope's user may decide it now: see also approval_candidate_add() */
    bool only_known; /* they asked for it, may decide or have decided */
} ApprovalFilter;
/* Newest first. */
MUST_CHECK bool approval_list(DbTx *tx, const Scope *scope, Arena *arena,
                              const ApprovalFilter *filter, const Slice *slice,
                              ApprovalList *list_r, Error *err);
/* Whether the scope's user may see it: only_known, of one. */
MUST_CHECK bool approval_knows(DbTx *tx, const Scope *scope, Str id, bool *knows_r, Error *err);

/* --- By the clock ---------------------------------------------------------------------- */

/* One of any workspace, for the job that serves all of them. */
typedef struct ApprovalKey {
    Str workspace, id;
} ApprovalKey;

typedef struct ApprovalKeyList {
    ApprovalKey *at;
    size_t count;
    Str next; /* see slice.h */
} ApprovalKeyList;

/* Those that wait and are to be looked at by now, of all workspaces. System scope. */
MUST_CHECK bool approval_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                  const Slice *slice, ApprovalKeyList *list_r, Error *err);
/* The next look is at this time. *set_r false: it has ended, or is no longer of this version, and
 * is due as it was. */
MUST_CHECK bool approval_look_at(DbTx *tx, const Scope *scope, const Approval *approval,
                                 int64_t time_ms, bool *set_r, Error *err);
/* Those that this person may decide, or a group, are due at once. Called wherever people change
 * (people_store.c, groups_store.c), before a membership goes. */
MUST_CHECK bool approval_look_for_user(DbTx *tx, const Scope *scope, Str user, Error *err);
MUST_CHECK bool approval_look_for_group(DbTx *tx, const Scope *scope, Str group, Error *err);

/* Those that ended before this time, and not those that a workflow execution asked for that is
 * still kept; *count_r, at most `limit` at once. System scope. */
MUST_CHECK bool approval_purge(DbTx *tx, const Scope *scope, int64_t before_ms, int64_t limit,
                               int64_t *count_r, Error *err);

/* --- Changing -------------------------------------------------------------------------- */

/* Takes it for the rest of the transaction and raises its version. ERROR_CONFLICT: it has ended, or
 * is no longer of this version (0: any). */
MUST_CHECK bool approval_touch(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t version,
                               Approval *approval_r, Error *err);
/* Saves quorum, deadline, escalation, reminder and fields of one that was touched. */
MUST_CHECK bool approval_save(DbTx *tx, const Scope *scope, const Approval *approval, Error *err);
/* Saves state and reason of one that was touched; it waits no more. */
MUST_CHECK bool approval_end(DbTx *tx, const Scope *scope, const Approval *approval, Error *err);

/* --- Who may decide, and who did ------------------------------------------------------- */

/* A person, or everybody with this role or a higher one. */
typedef struct ApprovalCandidate {
    Str user; /* empty: a role */
    Role role;
    Str for_groups; /* whom a person stands in for counts for these: ids with commas between */
} ApprovalCandidate;

typedef struct ApprovalCandidateList {
    ApprovalCandidate *at;
    size_t count;
} ApprovalCandidateList;

/* True also when they are one already; then they stand in for these groups. */
MUST_CHECK bool approval_candidate_add(DbTx *tx, const Scope *scope, Str approval,
                                       const ApprovalCandidate *candidate, Error *err);
MUST_CHECK bool approval_candidate_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                                        ApprovalCandidateList *list_r, Error *err);

/* A group whose people may decide, whoever is in it at the time. */
typedef struct ApprovalGroup {
    Str group;
    Str name;       /* as it is called now; of one that is gone, as it was */
    int64_t quorum; /* how many of it have to approve; 0: it has none of its own */
} ApprovalGroup;

typedef struct ApprovalGroupList {
    ApprovalGroup *at;
    size_t count;
} ApprovalGroupList;

/* Adds it, or sets its quorum. */
MUST_CHECK bool approval_group_set(DbTx *tx, const Scope *scope, Str approval,
                                   const ApprovalGroup *group, Error *err);
/* By name. */
MUST_CHECK bool approval_group_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                                    ApprovalGroupList *list_r, Error *err);

typedef struct ApprovalGroupMember {
    Str user, group;
} ApprovalGroupMember;

typedef struct ApprovalGroupMemberList {
    ApprovalGroupMember *at;
    size_t count;
} ApprovalGroupMemberList;

/* Who is in its groups now, by person as str_compare() has them. */
MUST_CHECK bool approval_group_member_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                                           ApprovalGroupMemberList *list_r, Error *err);

typedef struct ApprovalDecision {
    Str user;
    ApprovalVerdict verdict;
    Str reason;
    Str for_groups; /* it counts for these: ids with commas between */
    bool by_mail;   /* through the link of a mail */
    int64_t at_ms;
} ApprovalDecision;

typedef struct ApprovalDecisionList {
    ApprovalDecision *at;
    size_t count;
} ApprovalDecisionList;

/* The scope's user decides. ERROR_CONFLICT: they have already. */
MUST_CHECK bool approval_decision_add(DbTx *tx, const Scope *scope, Str approval,
                                      const ApprovalDecision *decision, Error *err);
/* Oldest first. */
MUST_CHECK bool approval_decision_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                                       ApprovalDecisionList *list_r, Error *err);
/* What was approved has changed: those who approved decide again. *count_r: so many. */
MUST_CHECK bool approval_decisions_withdraw(DbTx *tx, const Scope *scope, Str approval,
                                            int64_t *count_r, Error *err);

/* --- Links of mails -------------------------------------------------------------------- */

/* Only a hash of it is kept. True also when it is there. */
MUST_CHECK bool approval_link_add(DbTx *tx, const Scope *scope, Str approval, Str user, Str hash,
                                  Error *err);
/* ERROR_NOT_FOUND: there is none; ERROR_CONFLICT: it was used. */
MUST_CHECK bool approval_link_check(DbTx *tx, const Scope *scope, Str hash, Error *err);
/* The same, and it is used from now on. */
MUST_CHECK bool approval_link_use(DbTx *tx, const Scope *scope, Str hash, Error *err);
