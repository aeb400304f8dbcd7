/* decide.c - what people do with an approval that waits; see approval.h. */
#include "approval/approval_int.h"
#include "base/clock.h"

/* --- May they? --- */

static bool needs_person(const Scope *scope, Error *err)
{
    return scope->user.length ||
           fail(err, ERROR_DENIED,
                "a person decides, and this key is nobody's: sign in, or use a key of your own");
}

/* Whether the scope's person may still decide; a key that was given a lower role than they have is
 * no way around it. *groups_r: the groups that they count for. */
static bool may_decide(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                       Str *groups_r, Error *err)
{
    ApprovalCandidateList candidates;
    ApprovalPeople people;
    if (!needs_person(scope, err) ||
        !approval_candidate_list(tx, scope, arena, approval->id, &candidates, err) ||
        !approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    for (size_t i = 0; i < people.count; i++) {
        const ApprovalPerson *person = &people.at[i];
        if (!str_equal(person->user, scope->user))
            continue;
        if (person->has_decided)
            return fail(err, ERROR_CONFLICT, "you have decided this already: %s",
                        approval_verdicts[person->decision.verdict]);
        *groups_r = approval_groups_text(arena, &people, person->groups);
        return person->groups || approval_is_candidate(&candidates, scope->user, scope->role) ||
               fail(err, ERROR_DENIED, "this key has a lower role than those who decide this");
    }
    if (!approval->allows_self && str_equal(approval->requester, scope->user))
        return fail(err, ERROR_DENIED, "whoever asks does not decide");
    return fail(err, ERROR_DENIED, "you are not among those who decide this");
}

/* --- Editing --- */

static bool same_json(Str a, Str b)
{
    AUTO_JSON json_t *first = NULL;
    AUTO_JSON json_t *second = NULL;
    Error ignored;
    return json_parse(a, APPROVAL_FIELDS_MAX, &first, &ignored) &&
           json_parse(b, APPROVAL_FIELDS_MAX, &second, &ignored) && json_equal(first, second);
}

/* *withdrawn_r: so many have to decide again, and are to be told. */
static bool edit(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval, Str fields,
                 int64_t *withdrawn_r, Error *err)
{
    *withdrawn_r = 0;
    if (!fields.length)
        return true;
    if (!approval_check_fields(approval->schema, fields, err))
        return false;
    if (same_json(fields, approval->fields))
        return true;
    const NoticeField details[] = { { "before", approval->fields }, { "after", fields } };
    approval->fields = fields;
    return approval_save(tx, scope, approval, err) &&
           approval_decisions_withdraw(tx, scope, approval->id, withdrawn_r, err) &&
           approval_note(tx, scope, arena, approval->id, "edit", details, COUNT(details), err);
}

static bool tell_again(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                       int64_t withdrawn, Error *err)
{
    return !withdrawn || approval_tell(tx, scope, arena, approval, NOTICE_approval_asked, err);
}

bool approvals_edit(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str fields, int64_t version,
                    Approval *approval_r, Error *err)
{
    Approval approval;
    Str groups;
    int64_t withdrawn;
    if (!approvals_find(tx, scope, arena, id, &approval, err) ||
        !approval_touch(tx, scope, arena, id, version, &approval, err))
        return false;
    bool is_requester = scope->user.length && str_equal(scope->user, approval.requester);
    if ((!is_requester && !may_decide(tx, scope, arena, &approval, &groups, err)) ||
        !edit(tx, scope, arena, &approval, fields, &withdrawn, err) ||
        !tell_again(tx, scope, arena, &approval, withdrawn, err))
        return false;
    *approval_r = approval;
    return true;
}

/* --- Deciding --- */

static bool check_reason(Str reason, bool is_needed, Error *err)
{
    if (is_needed && !str_trim(reason).length)
        return fail_field(err, "reason", "a denial needs a reason");
    return reason.length <= APPROVAL_REASON_MAX ||
           fail_field(err, "reason", "'reason' must have at most %zu bytes", APPROVAL_REASON_MAX);
}

bool approvals_decide(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                      const ApprovalSay *say, Approval *approval_r, Error *err)
{
    ApprovalDecision decision = { .verdict = say->verdict,
                                  .reason = str_trim(say->reason),
                                  .by_mail = say->by_mail };
    const NoticeField details[] = { { "verdict", str(approval_verdicts[say->verdict]) },
                                    { "reason", decision.reason },
                                    { "by", say->by_mail ? S("mail") : S("") } };
    Approval approval;
    int64_t withdrawn;
    if (!check_reason(say->reason, say->verdict == APPROVAL_VERDICT_denied, err) ||
        !approvals_find(tx, scope, arena, say->id, &approval, err) ||
        !approval_touch(tx, scope, arena, say->id, say->version, &approval, err) ||
        !may_decide(tx, scope, arena, &approval, &decision.for_groups, err) ||
        !edit(tx, scope, arena, &approval, say->fields, &withdrawn, err) ||
        !approval_decision_add(tx, scope, approval.id, &decision, err) ||
        !approval_note(tx, scope, arena, approval.id, "decide", details, COUNT(details), err) ||
        !tell_again(tx, scope, arena, &approval, withdrawn, err) ||
        !approval_count(approvals, tx, scope, arena, &approval, err))
        return false;
    *approval_r = approval;
    return true;
}

/* Who they delegate to must be somebody who could not decide before, so that no voice is lost. */
static bool check_delegate(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                           Str to, Error *err)
{
    ApprovalPeople people;
    if (!approval->allows_self && str_equal(to, approval->requester))
        return fail_field(err, "to", "whoever asks does not decide; name somebody else");
    if (!approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    for (size_t i = 0; i < people.count; i++)
        if (str_equal(people.at[i].user, to))
            return fail_field(err, "to",
                              people.at[i].has_decided
                                  ? "they have decided this already; name somebody else"
                                  : "they may decide this already; name somebody else");
    return true;
}

bool approvals_delegate(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str to, Str reason,
                        Approval *approval_r, Error *err)
{
    ApprovalDecision decision = { .verdict = APPROVAL_VERDICT_delegated,
                                  .reason = str_trim(reason) };
    ApprovalCandidate delegate = { 0 };
    Approval approval;
    if (!check_reason(reason, false, err) ||
        !approvals_find(tx, scope, arena, id, &approval, err) ||
        !approval_touch(tx, scope, arena, id, 0, &approval, err) ||
        !may_decide(tx, scope, arena, &approval, &delegate.for_groups, err) ||
        !approval_member(tx, scope, arena, "to", to, &delegate.user, err) ||
        !check_delegate(tx, scope, arena, &approval, delegate.user, err))
        return false;
    const NoticeField details[] = { { "to", delegate.user }, { "reason", decision.reason } };
    decision.for_groups = delegate.for_groups;
    if (!approval_decision_add(tx, scope, id, &decision, err) ||
        !approval_candidate_add(tx, scope, id, &delegate, err) ||
        !approval_note(tx, scope, arena, id, "delegate", details, COUNT(details), err) ||
        !approval_tell(tx, scope, arena, &approval, NOTICE_approval_asked, err))
        return false;
    *approval_r = approval;
    return true;
}

bool approvals_cancel(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena, Str id,
                      Str reason, Approval *approval_r, Error *err)
{
    Approval approval;
    if (!check_reason(reason, false, err) ||
        !approvals_find(tx, scope, arena, id, &approval, err) ||
        !approval_touch(tx, scope, arena, id, 0, &approval, err))
        return false;
    bool is_requester = scope->user.length && str_equal(scope->user, approval.requester);
    if (!is_requester && scope->role < ROLE_ADMIN)
        return fail(err, ERROR_DENIED, "only whoever asked, or an administrator, takes it back");
    if (!approval_close(approvals, tx, scope, arena, &approval, APPROVAL_cancelled,
                        str_trim(reason), err))
        return false;
    *approval_r = approval;
    return true;
}

/* --- Looking --- */

bool approvals_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Approval *approval_r,
                    Error *err)
{
    Approval found;
    bool knows = scope->role >= ROLE_ADMIN;
    if (!approval_find(tx, scope, arena, id, &found, err) ||
        (!knows && !approval_knows(tx, scope, id, &knows, err)))
        return false;
    if (!knows)
        return fail(err, ERROR_NOT_FOUND, "there is no approval '" STR_FMT "'",
                    STR_ARG(str_slice(id, 0, 40)));
    *approval_r = found;
    return true;
}

bool approvals_comment(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str text, Error *err)
{
    const NoticeField details[] = { { "text", str_trim(text) } };
    Approval approval;
    if (!details[0].value.length || text.length > APPROVAL_REASON_MAX)
        return fail_field(err, "text", "'text' must have 1 to %zu bytes", APPROVAL_REASON_MAX);
    return approvals_find(tx, scope, arena, id, &approval, err) &&
           approval_note(tx, scope, arena, id, "comment", details, COUNT(details), err) &&
           approval_tell_comment(tx, scope, arena, &approval, details[0].value, err);
}
