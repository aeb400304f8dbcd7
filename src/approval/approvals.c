/* approvals.c - who is told, and how one ends; see approval.h. */
#include "approval/approval_int.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/people_store.h"

Approvals *approvals_new(Db *db, Str public_url, int64_t keep_days)
{
    Approvals *approvals = heap_alloc(sizeof *approvals);
    approvals->db = db;
    approvals->public_url = public_url;
    approvals->keep_days = keep_days;
    return approvals;
}

void approvals_free(Approvals *approvals) { free(approvals); }

void approvals_set_listener(Approvals *approvals, ApprovalEnded *ended, void *argument)
{
    approvals->ended = ended;
    approvals->argument = argument;
}

bool approval_note(DbTx *tx, const Scope *scope, Arena *arena, Str approval, const char *action,
                   const NoticeField *details, size_t count, Error *err)
{
    Buf out = buf_new(arena, KB(128));
    JsonWriter json = put_begin(&out);
    for (size_t i = 0; i < count; i++)
        if (details[i].value.length)
            put_text(&json, details[i].name, details[i].value);
    put_end(&json);
    AuditEntry entry = { .action = str_format(arena, "approval.%s", action),
                         .subject_kind = S("approval"),
                         .subject = approval,
                         .details = buf_str(&out) };
    return audit_add(tx, scope, &entry, err);
}

/* --- Telling --- */

static Str link_of(Arena *arena, const Approval *approval)
{
    return str_format(arena, "/approvals/" STR_FMT, STR_ARG(approval->id));
}

static bool send(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                 NoticeKind kind, StrList users, Error *err)
{
    char time[TIME_TEXT_SIZE];
    User requester = { .name = S("A program") };
    Error gone;
    if (!users.count)
        return true;
    if (approval->requester.length &&
        !user_find(tx, scope, arena, approval->requester, &requester, &gone))
        requester.name = S("Somebody who has left");
    const NoticeField fields[] = {
        { "requester", requester.name },
        { "title", approval->title },
        { "text", str_slice(approval->text, 0, KB(4)) },
        { "deadline", approval->deadline_at_ms
                          ? str_copy(arena, time_words(approval->deadline_at_ms, time))
                          : S("-") },
        { "state", str(approval_states[approval->state]) },
        { "reason", approval->reason.length ? approval->reason : S("-") },
    };
    const Notice notice = {
        .kind = kind,
        .users = users,
        .key = approval->id,
        .link = link_of(arena, approval),
        .fields = fields,
        .field_count = COUNT(fields),
    };
    return notify_send(tx, scope, arena, &notice, err);
}

bool approval_tell(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                   NoticeKind kind, Error *err)
{
    ApprovalPeople people;
    if (!approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    Str *users = arena_new_array(arena, Str, people.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < people.count; i++)
        if (!people.at[i].has_decided)
            users[count++] = people.at[i].user;
    return send(tx, scope, arena, approval, kind, (StrList){ users, count }, err);
}

bool approval_tell_comment(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                           Str text, Error *err)
{
    ApprovalPeople people;
    User writer = { .name = S("A program") };
    if (!approvals_people(tx, scope, arena, approval, &people, err) ||
        (scope->user.length && !user_find(tx, scope, arena, scope->user, &writer, err)))
        return false;
    VEC(Str) users = { 0 };
    if (approval->requester.length && !str_equal(approval->requester, scope->user))
        *vec_push(arena, &users) = approval->requester;
    for (size_t i = 0; i < people.count; i++) {
        const ApprovalPerson *person = &people.at[i];
        bool is_member = person->email.length > 0;
        if (is_member && !str_equal(person->user, scope->user) &&
            !str_equal(person->user, approval->requester))
            *vec_push(arena, &users) = person->user;
    }
    const NoticeField fields[] = { { "writer", writer.name },
                                   { "title", approval->title },
                                   { "text", text } };
    const Notice notice = { .kind = NOTICE_approval_comment,
                            .users = { users.at, users.count },
                            .key = approval->id,
                            .link = link_of(arena, approval),
                            .fields = fields,
                            .field_count = COUNT(fields) };
    return !users.count || notify_send(tx, scope, arena, &notice, err);
}

/* Whether the group is asked, and the person by nothing else. */
static bool is_asked_by_group(DbTx *tx, const Scope *scope, Arena *arena, Str approval, Str group,
                              bool *is_asked_r, Error *err)
{
    ApprovalCandidateList candidates;
    ApprovalGroupList groups;
    *is_asked_r = false;
    if (!approval_candidate_list(tx, scope, arena, approval, &candidates, err) ||
        !approval_group_list(tx, scope, arena, approval, &groups, err))
        return false;
    for (size_t i = 0; i < groups.count; i++)
        *is_asked_r |= str_equal(groups.at[i].group, group);
    *is_asked_r &= !approval_is_candidate(&candidates, scope->user, scope->role);
    return true;
}

bool approvals_tell_joined(DbTx *tx, const Scope *scope, Arena *arena, const Membership *member,
                           Str group, Error *err)
{
    static const ApprovalState waiting = APPROVAL_waiting;
    const ApprovalFilter filter = { .state = &waiting, .only_mine = true };
    const Slice slice = { .limit = SLICE_MAX };
    const Scope theirs = { .workspace = scope->workspace,
                           .user = member->user,
                           .role = member->role };
    StrList user = { &theirs.user, 1 };
    ApprovalList list;
    if (!approval_list(tx, &theirs, arena, &filter, &slice, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        const Approval *approval = &list.at[i];
        bool is_asked;
        if (!is_asked_by_group(tx, &theirs, arena, approval->id, group, &is_asked, err) ||
            (is_asked && !send(tx, scope, arena, approval, NOTICE_approval_asked, user, err)))
            return false;
    }
    return true;
}

/* --- Ending --- */

bool approval_close(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                    Approval *approval, ApprovalState state, Str reason, Error *err)
{
    approval->state = state;
    approval->reason = reason;
    approval->ended_at_ms = now_ms();
    const NoticeField details[] = { { "state", str(approval_states[state]) },
                                    { "reason", reason } };
    StrList requester = { &approval->requester, approval->requester.length ? 1 : 0 };
    return approval_end(tx, scope, approval, err) &&
           approval_note(tx, scope, arena, approval->id, "end", details, COUNT(details), err) &&
           send(tx, scope, arena, approval, NOTICE_approval_ended, requester, err) &&
           (!approvals || !approvals->ended ||
            approvals->ended(tx, approvals->argument, scope, arena, approval, err));
}

bool approvals_withdraw(DbTx *tx, const Scope *scope, Arena *arena, Str origin_begins, Str reason,
                        Error *err)
{
    static const ApprovalState waiting = APPROVAL_waiting;
    const ApprovalFilter filter = { .state = &waiting, .origin_begins = origin_begins };
    Slice slice = { .limit = SLICE_MAX };
    ApprovalList list;
    do {
        if (!approval_list(tx, scope, arena, &filter, &slice, &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++) {
            Approval approval;
            Error why = { 0 };
            if ((!approval_touch(tx, scope, arena, list.at[i].id, 0, &approval, &why) ||
                 !approval_close(NULL, tx, scope, arena, &approval, APPROVAL_cancelled, reason,
                                 &why)) &&
                why.code != ERROR_CONFLICT) /* it ended meanwhile */
                return *err = why, false;
        }
        slice.after = list.next;
    } while (list.next.length);
    return true;
}

bool approval_count(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                    Approval *approval, Error *err)
{
    ApprovalPeople people;
    if (!approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    if (approval_is_reached(approval, &people))
        return approval_close(approvals, tx, scope, arena, approval, APPROVAL_approved, S(""), err);
    bool is_denied = people.denied >= approval->denials ||
                     (people.denied && approval_is_short(approval, &people));
    if (!is_denied)
        return true;
    Str reason = S("");
    for (size_t i = 0; i < people.count; i++)
        if (people.at[i].has_decided && people.at[i].decision.verdict == APPROVAL_VERDICT_denied)
            reason = people.at[i].decision.reason;
    return approval_close(approvals, tx, scope, arena, approval, APPROVAL_denied, reason, err);
}
