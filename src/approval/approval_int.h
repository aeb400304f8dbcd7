/* approval_int.h - what the files of src/approval share. Not for other folders. */
#pragma once

#include "approval/approval.h"

#define LINK_DAYS 14 /* of an approval without a deadline */
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct Approvals {
    Db *db;
    Str public_url;
    int64_t keep_days;
    ApprovalEnded *ended;
    void *argument;
};

/* Texts of one entry of the audit log: name, value, name, value, ... NULL. */
MUST_CHECK bool approval_note(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                              const char *action, const NoticeField *details, size_t count,
                              Error *err);
/* By name, or by a role; groups are not looked at. */
bool approval_is_candidate(const ApprovalCandidateList *list, Str user, Role role);
/* The ids of the groups with a bit here, with commas between. */
Str approval_groups_text(Arena *arena, const ApprovalPeople *people, uint64_t bits);
/* Enough have approved, in all and of each group. */
bool approval_is_reached(const Approval *approval, const ApprovalPeople *people);
/* The first group of which too few are left, or NULL. */
const ApprovalGroupCount *approval_short_group(const ApprovalPeople *people);
/* Too few are left, in all or of a group. */
bool approval_is_short(const Approval *approval, const ApprovalPeople *people);
/* Tells those who may still decide. */
MUST_CHECK bool approval_tell(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                              NoticeKind kind, Error *err);
/* Tells whoever asked and who may decide or has, but the scope's own person. */
MUST_CHECK bool approval_tell_comment(DbTx *tx, const Scope *scope, Arena *arena,
                                      const Approval *approval, Str text, Error *err);
/* It ends, whoever asked is told, and the listener; `approvals` NULL: not the listener. */
MUST_CHECK bool approval_close(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                               Approval *approval, ApprovalState state, Str reason, Error *err);
/* Ends it when enough have approved. */
MUST_CHECK bool approval_count(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                               Approval *approval, Error *err);
/* The id of a person of the workspace, by id or mail address. */
MUST_CHECK bool approval_member(DbTx *tx, const Scope *scope, Arena *arena, const char *field,
                                Str who, Str *user_r, Error *err);
/* The fields are as their schema wants them. */
MUST_CHECK bool approval_check_fields(Str schema, Str fields, Error *err);
