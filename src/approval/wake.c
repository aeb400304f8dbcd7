/* wake.c - what happens to approvals by the clock; see approval.h. */
#include "approval/approval_int.h"
#include "base/clock.h"
#include "store/people_store.h"

#define AT_ONCE 200

/* --- Escalation --- */

bool approval_escalate(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval,
                       bool *is_new_r, Error *err)
{
    const ApprovalCandidate deputy = { .user = approval->deputy };
    const NoticeField details[] = { { "to", approval->deputy } };
    Role role = ROLE_NONE;
    *is_new_r = false;
    if (approval->is_escalated || !approval->deputy.length)
        return true;
    if (!membership_role(tx, scope, approval->deputy, &role, err))
        return false;
    if (role == ROLE_NONE)
        return true;
    approval->is_escalated = *is_new_r = true;
    return approval_candidate_add(tx, scope, approval->id, &deputy, err) &&
           approval_note(tx, scope, arena, approval->id, "escalate", details, COUNT(details), err);
}

/* --- The deadline --- */

/* As long again as there was at first. */
static bool prolong(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval, int64_t now,
                    Error *err)
{
    approval->deadline_at_ms = now + (approval->deadline_at_ms - approval->created_at_ms);
    return approval_save(tx, scope, approval, err) &&
           approval_tell(tx, scope, arena, approval, NOTICE_approval_asked, err);
}

static bool pass_deadline(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                          Approval *approval, int64_t now, Error *err)
{
    static const ApprovalState ends[APPROVAL_DEADLINE_COUNT] = {
        [APPROVAL_DEADLINE_expire] = APPROVAL_expired,
        [APPROVAL_DEADLINE_approve] = APPROVAL_approved,
        [APPROVAL_DEADLINE_deny] = APPROVAL_denied,
        [APPROVAL_DEADLINE_escalate] = APPROVAL_expired,
    };
    bool is_new = false;
    if (approval->on_deadline == APPROVAL_DEADLINE_escalate &&
        !approval_escalate(tx, scope, arena, approval, &is_new, err))
        return false;
    return is_new ? prolong(tx, scope, arena, approval, now, err)
                  : approval_close(approvals, tx, scope, arena, approval,
                                   ends[approval->on_deadline], S("the deadline passed"), err);
}

/* --- Too few are left --- */

static bool is_short(const Approval *approval, const ApprovalPeople *people)
{
    return people->approved + people->left < approval->quorum;
}

static bool lower(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                  Approval *approval, int64_t quorum, Error *err)
{
    const NoticeField details[] = { { "quorum", str_format(arena, "%" PRId64, quorum) } };
    approval->quorum = quorum;
    return approval_save(tx, scope, approval, err) &&
           approval_note(tx, scope, arena, approval->id, "lower", details, COUNT(details), err) &&
           approval_count(approvals, tx, scope, arena, approval, err);
}

static bool mend_shortage(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                          Approval *approval, Error *err)
{
    ApprovalPeople people;
    bool is_new;
    if (!approval_escalate(tx, scope, arena, approval, &is_new, err) ||
        (is_new && !(approval_save(tx, scope, approval, err) &&
                     approval_tell(tx, scope, arena, approval, NOTICE_approval_asked, err))) ||
        !approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    int64_t reach = people.approved + people.left;
    if (reach >= approval->quorum)
        return true;
    if (approval->on_shortage == APPROVAL_SHORTAGE_lower && reach > 0)
        return lower(approvals, tx, scope, arena, approval, reach, err);
    Str reason = str_format(arena,
                            "%" PRId64 " have to approve, and only %" PRId64
                            " of those who may are left in the workspace",
                            approval->quorum, reach);
    return approval_close(approvals, tx, scope, arena, approval, APPROVAL_expired, reason, err);
}

/* --- All of it --- */

static bool remind(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval, int64_t now,
                   Error *err)
{
    approval->remind_at_ms = now + approval->remind_every_ms;
    return approval_save(tx, scope, approval, err) &&
           approval_note(tx, scope, arena, approval->id, "remind", NULL, 0, err) &&
           approval_tell(tx, scope, arena, approval, NOTICE_approval_reminder, err);
}

static bool is_past(int64_t time_ms, int64_t now) { return time_ms && time_ms <= now; }

static bool find_due(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now,
                     bool *is_due_r, Error *err)
{
    ApprovalPeople people;
    Approval approval;
    if (!approval_find(tx, scope, arena, id, &approval, err) ||
        !approvals_people(tx, scope, arena, &approval, &people, err))
        return false;
    *is_due_r = approval.state == APPROVAL_waiting &&
                (is_past(approval.deadline_at_ms, now) || is_past(approval.remind_at_ms, now) ||
                 is_short(&approval, &people));
    return true;
}

bool approvals_wake(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena, Str id,
                    int64_t now_ms, Error *err)
{
    ApprovalPeople people;
    Approval approval;
    bool is_due;
    if (!find_due(tx, scope, arena, id, now_ms, &is_due, err))
        return false;
    if (!is_due)
        return true;
    if (!approval_touch(tx, scope, arena, id, 0, &approval, err) ||
        !approvals_people(tx, scope, arena, &approval, &people, err))
        return false;
    if (is_past(approval.deadline_at_ms, now_ms))
        return pass_deadline(approvals, tx, scope, arena, &approval, now_ms, err);
    if (is_short(&approval, &people))
        return mend_shortage(approvals, tx, scope, arena, &approval, err);
    return !is_past(approval.remind_at_ms, now_ms) ||
           remind(tx, scope, arena, &approval, now_ms, err);
}

typedef struct ClockWork {
    Approvals *approvals;
    Job *job;
    Slice slice;
    ApprovalList list;
    Scope scope;
    Arena *arena;
    Str id;
    bool is_due;
} ClockWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return approval_list_waiting(tx, &work->job->scope, work->arena, &work->slice, &work->list,
                                 err);
}

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return find_due(tx, &work->scope, work->arena, work->id, now_ms(), &work->is_due, err);
}

static bool wake_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return approvals_wake(work->approvals, tx, &work->scope, work->arena, work->id, now_ms(), err);
}

/* One that ends between the look and the write is no failure. */
static bool wake_one(ClockWork *work, const Approval *approval, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    work->arena = arena;
    work->id = approval->id;
    work->scope = (Scope){ .workspace = approval->workspace, .role = ROLE_OWNER };
    Error why = { 0 };
    if (store_read(work->job->db, &work->scope, look_work, work, &why) &&
        (!work->is_due || store_write(work->job->db, &work->scope, wake_work, work, &why)))
        return true;
    return why.code == ERROR_NOT_FOUND || why.code == ERROR_CONFLICT ||
           fail(err, why.code, "%s", why.message);
}

bool approvals_clock_job(Job *job, Error *err)
{
    ClockWork work = { .approvals = job->argument, .job = job, .slice = { .limit = AT_ONCE } };
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        work.arena = arena;
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!store_read(job->db, &job->scope, list_work, &work, err))
            return false;
        for (size_t i = 0; i < work.list.count; i++)
            if (!wake_one(&work, &work.list.at[i], err))
                return false;
        work.slice.after = str_copy(job->arena, work.list.next);
    } while (work.slice.after.length);
    return true;
}
