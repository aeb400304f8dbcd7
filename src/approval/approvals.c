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
                          ? str_copy(arena, time_format(approval->deadline_at_ms, time))
                          : S("-") },
        { "state", str(approval_states[approval->state]) },
        { "reason", approval->reason.length ? approval->reason : S("-") },
    };
    const Notice notice = {
        .kind = kind,
        .users = users,
        .key = approval->id,
        .link = str_format(arena, "/approvals/" STR_FMT, STR_ARG(approval->id)),
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
