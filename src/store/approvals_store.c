#include "store/approvals_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/events.h"
#include "store/sql.h"

const char *const approval_states[APPROVAL_STATE_COUNT] = {
#define APPROVAL_STATE(name, title) #name,
#include "store/approval_states.def"
#undef APPROVAL_STATE
};
const char *const approval_deadlines[APPROVAL_DEADLINE_COUNT] = {
#define APPROVAL_DEADLINE(name, title) #name,
#include "store/approval_deadlines.def"
#undef APPROVAL_DEADLINE
};
const char *const approval_shortages[APPROVAL_SHORTAGE_COUNT] = {
#define APPROVAL_SHORTAGE(name, title) #name,
#include "store/approval_shortages.def"
#undef APPROVAL_SHORTAGE
};
const char *const approval_verdicts[APPROVAL_VERDICT_COUNT] = {
#define APPROVAL_DECISION(name, verb, title) #name,
#include "store/approval_decisions.def"
#undef APPROVAL_DECISION
};
const char *const approval_verbs[APPROVAL_VERDICT_COUNT] = {
#define APPROVAL_DECISION(name, verb, title) verb,
#include "store/approval_decisions.def"
#undef APPROVAL_DECISION
};

#define COLUMNS                                                                                    \
    "SELECT a.id, a.workspace, a.title, a.body, a.document, a.origin, a.requester, a.state,"       \
    " a.version, a.quorum, a.denials, a.allows_self, a.on_deadline, a.deadline_at, a.deputy,"      \
    " a.is_escalated, a.on_shortage, a.remind_every, a.remind_at, a.fields_schema, a.fields,"      \
    " a.reason, a.created_at, a.ended_at FROM approvals a "

/* Who the scope's user is: $2 their id, $3 their role. */
#define MAY_DECIDE                                                                                 \
    "(EXISTS (SELECT 1 FROM approval_candidates c WHERE c.workspace = a.workspace"                 \
    " AND c.approval = a.id AND (c.user_id = $2 OR (c.role > 0 AND c.role <= $3)))"                \
    " OR EXISTS (SELECT 1 FROM approval_groups g JOIN group_members m"                             \
    " ON m.workspace = g.workspace AND m.group_id = g.group_id WHERE g.workspace = a.workspace"    \
    " AND g.approval = a.id AND m.user_id = $2))"
#define HAS_DECIDED                                                                                \
    "EXISTS (SELECT 1 FROM approval_decisions d WHERE d.workspace = a.workspace"                   \
    " AND d.approval = a.id AND d.user_id = $2)"
#define IS_KNOWN                                                                                   \
    "($2 <> '' AND (a.requester = $2 OR a.deputy = $2 OR " MAY_DECIDE " OR " HAS_DECIDED "))"
#define IS_MINE                                                                                    \
    "($2 <> '' AND a.state = 'waiting' AND (a.allows_self = 1 OR a.requester <> $2)"               \
    " AND " MAY_DECIDE " AND NOT " HAS_DECIDED ")"

static int number_of(Str name, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (str_is(name, names[i]))
            return i;
    return 0;
}

static void read_approval(DbRows *row, Arena *arena, void *item)
{
    *(Approval *)item = (Approval){
        .id = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .title = db_get_text(row, 2, arena),
        .text = db_get_text(row, 3, arena),
        .document = db_get_text(row, 4, arena),
        .origin = db_get_text(row, 5, arena),
        .requester = db_get_text(row, 6, arena),
        .state = (ApprovalState)number_of(db_get_text(row, 7, arena), approval_states,
                                          APPROVAL_STATE_COUNT),
        .version = db_get_int(row, 8),
        .quorum = db_get_int(row, 9),
        .denials = db_get_int(row, 10),
        .allows_self = db_get_int(row, 11) != 0,
        .on_deadline = (ApprovalDeadline)number_of(db_get_text(row, 12, arena), approval_deadlines,
                                                   APPROVAL_DEADLINE_COUNT),
        .deadline_at_ms = db_get_int(row, 13),
        .deputy = db_get_text(row, 14, arena),
        .is_escalated = db_get_int(row, 15) != 0,
        .on_shortage = (ApprovalShortage)number_of(db_get_text(row, 16, arena), approval_shortages,
                                                   APPROVAL_SHORTAGE_COUNT),
        .remind_every_ms = db_get_int(row, 17),
        .remind_at_ms = db_get_int(row, 18),
        .schema = db_get_text(row, 19, arena),
        .fields = db_get_text(row, 20, arena),
        .reason = db_get_text(row, 21, arena),
        .created_at_ms = db_get_int(row, 22),
        .ended_at_ms = db_get_int(row, 23),
    };
}

bool approval_add(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval, Error *err)
{
    Approval added = *approval;

    added.id = id_new(arena);
    added.workspace = scope->workspace;
    added.requester = scope->user;
    added.state = APPROVAL_waiting;
    added.version = 1;
    added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO approvals (workspace, id, title, body, document, origin,"
                         " requester, state, version, quorum, denials, allows_self, on_deadline,"
                         " deadline_at, deputy, is_escalated, on_shortage, remind_every, remind_at,"
                         " fields_schema, fields, reason, created_at, ended_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 1, $8, $9, $10, $11, $12,"
                         " $13, 0, $14, $15, $16, $17, $18, '', $19, 0)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.title),
                         db_text(added.text), db_text(added.document), db_text(added.origin),
                         db_text(added.requester), db_int(added.quorum), db_int(added.denials),
                         db_int(added.allows_self),
                         db_text(str(approval_deadlines[added.on_deadline])),
                         db_int(added.deadline_at_ms), db_text(added.deputy),
                         db_text(str(approval_shortages[added.on_shortage])),
                         db_int(added.remind_every_ms), db_int(added.remind_at_ms),
                         db_text(added.schema), db_text(added.fields), db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *approval = added;
    return event_tell(tx, scope->workspace, EVENT_approval, approval->id, STR_NONE, err);
}

bool approval_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Approval *approval_r,
                   Error *err)
{
    return sql_find(tx, arena, DB_SAME(COLUMNS "WHERE a.workspace = $1 AND a.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_approval, approval_r,
                    "approval", id, err);
}

static ApprovalList part(const SqlItems *items, int64_t limit)
{
    ApprovalList list = { .at = items->at, .count = MIN(items->count, (size_t)limit) };
    if (items->count > (size_t)limit)
        list.next = list.at[limit - 1].id;
    return list;
}

bool approval_list(DbTx *tx, const Scope *scope, Arena *arena, const ApprovalFilter *filter,
                   const Slice *slice, ApprovalList *list_r, Error *err)
{
    Str state = filter->state ? str(approval_states[*filter->state]) : S("");
    int64_t limit = slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(COLUMNS "WHERE a.workspace = $1 AND ($4 = '' OR a.state = $4)"
                                  " AND ($5 = '' OR a.document = $5)"
                                  " AND ($6 = 0 OR " IS_MINE ") AND ($7 = 0 OR " IS_KNOWN ")"
                                  " AND ($8 = '' OR substr(a.origin, 1, length($8)) = $8)"
                                  " AND ($9 = '' OR a.id < $9) ORDER BY a.id DESC LIMIT $10"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(scope->role),
                          db_text(state), db_text(filter->document), db_int(filter->only_mine),
                          db_int(filter->only_known), db_text(filter->origin_begins),
                          db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                  read_approval, sizeof(Approval), &items, err))
        return false;
    *list_r = part(&items, limit);
    return true;
}

bool approval_knows(DbTx *tx, const Scope *scope, Str id, bool *knows_r, Error *err)
{
    int64_t count;

    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM approvals a WHERE a.workspace = $1"
                              " AND a.id = $4 AND " IS_KNOWN),
                      DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(scope->role),
                              db_text(id)),
                      0, &count, err))
        return false;
    *knows_r = count > 0;
    return true;
}

bool approval_touch(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t version,
                    Approval *approval_r, Error *err)
{
    int64_t changed;
    Approval found;

    if (!db_exec(tx,
                 DB_SAME("UPDATE approvals SET version = version + 1, look_at = 0"
                         " WHERE workspace = $1 AND id = $2 AND state = 'waiting'"
                         " AND ($3 = 0 OR version = $3)"),
                 DB_ARGS(db_text(scope->workspace), db_text(id), db_int(version)), &changed, err) ||
        !approval_find(tx, scope, arena, id, &found, err))
        return false;
    if (!changed && found.state != APPROVAL_waiting)
        return fail(err, ERROR_CONFLICT, "this approval has ended: it is %s",
                    approval_states[found.state]);
    if (!changed)
        return fail(err, ERROR_CONFLICT,
                    "it has changed meanwhile: it is version %" PRId64 "; look at it again",
                    found.version);
    *approval_r = found;
    return event_tell(tx, scope->workspace, EVENT_approval, id, STR_NONE, err);
}

bool approval_save(DbTx *tx, const Scope *scope, const Approval *approval, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE approvals SET quorum = $3, deadline_at = $4, is_escalated = $5,"
                       " remind_at = $6, fields = $7 WHERE workspace = $1 AND id = $2"
                       " AND state = 'waiting'"),
               DB_ARGS(db_text(scope->workspace), db_text(approval->id), db_int(approval->quorum),
                       db_int(approval->deadline_at_ms), db_int(approval->is_escalated),
                       db_int(approval->remind_at_ms), db_text(approval->fields)),
               "approval", approval->id, err) &&
           event_tell(tx, scope->workspace, EVENT_approval, approval->id, STR_NONE, err);
}

bool approval_end(DbTx *tx, const Scope *scope, const Approval *approval, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE approvals SET state = $3, reason = $4, ended_at = $5,"
                              " remind_at = 0 WHERE workspace = $1 AND id = $2"
                              " AND state = 'waiting'"),
                      DB_ARGS(db_text(scope->workspace), db_text(approval->id),
                              db_text(str(approval_states[approval->state])),
                              db_text(approval->reason), db_int(approval->ended_at_ms)),
                      "approval", approval->id, err) &&
           event_tell(tx, scope->workspace, EVENT_approval, approval->id,
                      str(approval_states[approval->state]), err);
}

/* --- Candidates ------------------------------------------------------------------------- */

bool approval_candidate_add(DbTx *tx, const Scope *scope, Str approval,
                            const ApprovalCandidate *candidate, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO approval_candidates (workspace, approval, user_id, role,"
                           " for_groups) VALUES ($1, $2, $3, $4, $5)"
                           " ON CONFLICT (workspace, approval, user_id, role)"
                           " DO UPDATE SET for_groups = excluded.for_groups"),
                   DB_ARGS(db_text(scope->workspace), db_text(approval), db_text(candidate->user),
                           db_int(candidate->user.length ? ROLE_NONE : candidate->role),
                           db_text(candidate->for_groups)),
                   NULL, err);
}

static void read_candidate(DbRows *row, Arena *arena, void *item)
{
    *(ApprovalCandidate *)item = (ApprovalCandidate){
        .user = db_get_text(row, 0, arena),
        .role = (Role)db_get_int(row, 1),
        .for_groups = db_get_text(row, 2, arena),
    };
}

bool approval_candidate_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                             ApprovalCandidateList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT user_id, role, for_groups FROM approval_candidates"
                          " WHERE workspace = $1 AND approval = $2 ORDER BY user_id, role"),
                  DB_ARGS(db_text(scope->workspace), db_text(approval)), read_candidate,
                  sizeof(ApprovalCandidate), &items, err))
        return false;
    *list_r = (ApprovalCandidateList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Decisions -------------------------------------------------------------------------- */

bool approval_decision_add(DbTx *tx, const Scope *scope, Str approval,
                           const ApprovalDecision *decision, Error *err)
{
    int64_t added;

    if (!db_exec(tx,
                 DB_SAME("INSERT INTO approval_decisions (workspace, approval, user_id, verdict,"
                         " reason, by_mail, created_at, for_groups)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(approval), db_text(scope->user),
                         db_text(str(approval_verdicts[decision->verdict])),
                         db_text(decision->reason), db_int(decision->by_mail), db_int(now_ms()),
                         db_text(decision->for_groups)),
                 &added, err))
        return false;
    return added || fail(err, ERROR_CONFLICT, "you have decided this already");
}

static void read_decision(DbRows *row, Arena *arena, void *item)
{
    *(ApprovalDecision *)item = (ApprovalDecision){
        .user = db_get_text(row, 0, arena),
        .verdict = (ApprovalVerdict)number_of(db_get_text(row, 1, arena), approval_verdicts,
                                              APPROVAL_VERDICT_COUNT),
        .reason = db_get_text(row, 2, arena),
        .by_mail = db_get_int(row, 3) != 0,
        .at_ms = db_get_int(row, 4),
        .for_groups = db_get_text(row, 5, arena),
    };
}

bool approval_decision_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                            ApprovalDecisionList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT user_id, verdict, reason, by_mail, created_at, for_groups"
                          " FROM approval_decisions WHERE workspace = $1 AND approval = $2"
                          " ORDER BY created_at, user_id"),
                  DB_ARGS(db_text(scope->workspace), db_text(approval)), read_decision,
                  sizeof(ApprovalDecision), &items, err))
        return false;
    *list_r = (ApprovalDecisionList){ .at = items.at, .count = items.count };
    return true;
}

bool approval_decisions_withdraw(DbTx *tx, const Scope *scope, Str approval, int64_t *count_r,
                                 Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM approval_decisions WHERE workspace = $1"
                           " AND approval = $2 AND verdict = 'approved'"),
                   DB_ARGS(db_text(scope->workspace), db_text(approval)), count_r, err);
}

/* --- Links ------------------------------------------------------------------------------ */

bool approval_link_add(DbTx *tx, const Scope *scope, Str approval, Str user, Str hash, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO approval_links (workspace, hash, approval, user_id,"
                           " created_at, used_at) VALUES ($1, $2, $3, $4, $5, 0)"
                           " ON CONFLICT DO NOTHING"),
                   DB_ARGS(db_text(scope->workspace), db_text(hash), db_text(approval),
                           db_text(user), db_int(now_ms())),
                   NULL, err);
}

bool approval_link_check(DbTx *tx, const Scope *scope, Str hash, Error *err)
{
    int64_t used_at;

    if (!db_query_int(tx,
                      DB_SAME("SELECT used_at FROM approval_links WHERE workspace = $1"
                              " AND hash = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(hash)), -1, &used_at, err))
        return false;
    if (used_at < 0)
        return fail(err, ERROR_NOT_FOUND, "there is no such link");
    return !used_at || fail(err, ERROR_CONFLICT, "this link was used already; it is good once");
}

bool approval_link_use(DbTx *tx, const Scope *scope, Str hash, Error *err)
{
    int64_t used;

    if (!db_exec(tx,
                 DB_SAME("UPDATE approval_links SET used_at = $3 WHERE workspace = $1"
                         " AND hash = $2 AND used_at = 0"),
                 DB_ARGS(db_text(scope->workspace), db_text(hash), db_int(now_ms())), &used, err))
        return false;
    return used || approval_link_check(tx, scope, hash, err);
}
