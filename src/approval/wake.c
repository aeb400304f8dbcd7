/* wake.c - what happens to approvals by the clock; see approval.h. */
#include "approval/approval_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/people_store.h"

#define AT_ONCE 200

/* --- Escalation --- */

static bool approval_escalate(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval,
                              bool *is_new_r, Error *err)
{
    ApprovalCandidate deputy = { .user = approval->deputy };
    const NoticeField details[] = { { "to", approval->deputy } };
    bool is_self = !approval->allows_self && str_equal(approval->deputy, approval->requester);
    Role role = ROLE_NONE;
    ApprovalPeople people;
    *is_new_r = false;
    if (approval->is_escalated || !approval->deputy.length || is_self)
        return true;
    if (!membership_role(tx, scope, approval->deputy, &role, err))
        return false;
    if (role == ROLE_NONE)
        return true;
    if (!approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    deputy.for_groups = approval_groups_text(arena, &people, UINT64_MAX);
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

/* Of those who are left everybody has to, and one at least. */
static bool lower_groups(DbTx *tx, const Scope *scope, Str approval, const ApprovalPeople *people,
                         Error *err)
{
    for (size_t i = 0; i < people->group_count; i++) {
        const ApprovalGroupCount *each = &people->groups[i];
        ApprovalGroup group = each->group;
        group.quorum = MIN(group.quorum, each->approved + each->left);
        if (group.quorum < each->group.quorum &&
            !approval_group_set(tx, scope, approval, &group, err))
            return false;
    }
    return true;
}

static bool lower(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena,
                  Approval *approval, const ApprovalPeople *people, Error *err)
{
    approval->quorum = MIN(approval->quorum, people->approved + people->left);
    const NoticeField details[] = { { "quorum", str_format(arena, "%" PRId64, approval->quorum) } };
    return approval_save(tx, scope, approval, err) &&
           lower_groups(tx, scope, approval->id, people, err) &&
           approval_note(tx, scope, arena, approval->id, "lower", details, COUNT(details), err) &&
           approval_count(approvals, tx, scope, arena, approval, err);
}

static Str shortage(Arena *arena, const Approval *approval, const ApprovalPeople *people)
{
    const ApprovalGroupCount *group = approval_short_group(people);
    if (group)
        return str_format(arena,
                          "%" PRId64 " of the group '" STR_FMT
                          "' have to approve, and only %" PRId64 " of those who may are left",
                          group->group.quorum, STR_ARG(group->group.name),
                          group->approved + group->left);
    return str_format(arena,
                      "%" PRId64 " have to approve, and only %" PRId64
                      " of those who may are left in the workspace",
                      approval->quorum, people->approved + people->left);
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
    if (!approval_is_short(approval, &people))
        return true;
    if (approval->on_shortage == APPROVAL_SHORTAGE_lower && people.approved + people.left > 0)
        return lower(approvals, tx, scope, arena, approval, &people, err);
    return approval_close(approvals, tx, scope, arena, approval, APPROVAL_expired,
                          shortage(arena, approval, &people), err);
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

/* Its next time, or the day after, so that nothing is missed for good. */
static int64_t next_look(const Approval *approval, int64_t now)
{
    int64_t next = now + DAY_MS;
    if (approval->deadline_at_ms)
        next = MIN(next, approval->deadline_at_ms);
    if (approval->remind_at_ms)
        next = MIN(next, approval->remind_at_ms);
    return next;
}

/* When it is looked at next is said before it is looked at: who changes it or its people meanwhile
 * comes after that, and makes it due again. */
bool approvals_wake(Approvals *approvals, DbTx *tx, const Scope *scope, Arena *arena, Str id,
                    int64_t now_ms, Error *err)
{
    ApprovalPeople people;
    Approval approval;
    bool is_ours;
    if (!approval_find(tx, scope, arena, id, &approval, err) ||
        !approval_look_at(tx, scope, &approval, next_look(&approval, now_ms), &is_ours, err))
        return false;
    if (!is_ours)
        return true;
    if (!approvals_people(tx, scope, arena, &approval, &people, err))
        return false;
    bool is_late = is_past(approval.deadline_at_ms, now_ms);
    bool is_short = approval_is_short(&approval, &people);
    if (!is_late && !is_short && !is_past(approval.remind_at_ms, now_ms))
        return true;
    if (!approval_touch(tx, scope, arena, id, 0, &approval, err))
        return false;
    if (is_late)
        return pass_deadline(approvals, tx, scope, arena, &approval, now_ms, err);
    return is_short ? mend_shortage(approvals, tx, scope, arena, &approval, err)
                    : remind(tx, scope, arena, &approval, now_ms, err);
}

typedef struct ClockWork {
    Job *job;
    Slice slice;
    ApprovalKeyList list;
    Scope scope;
    Arena *arena;
    Str id;
    int64_t before_ms, removed;
} ClockWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return approval_list_due(tx, &work->job->scope, work->arena, now_ms(), &work->slice,
                             &work->list, err);
}

static bool wake_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return approvals_wake(work->job->argument, tx, &work->scope, work->arena, work->id, now_ms(),
                          err);
}

/* One that cannot be looked at is tried again the next time, and keeps no other from its turn. */
static void wake_one(ClockWork *work, const ApprovalKey *key)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    work->arena = arena;
    work->id = key->id;
    work->scope = (Scope){ .workspace = key->workspace, .role = ROLE_OWNER };
    Error why = { 0 };
    if (!store_write(work->job->db, &work->scope, wake_work, work, &why) &&
        why.code != ERROR_NOT_FOUND && why.code != ERROR_CONFLICT)
        log_warn("approval", "an approval cannot be looked after: %s", why.message);
}

bool approvals_clock_job(Job *job, Error *err)
{
    ClockWork work = { .job = job, .slice = { .limit = AT_ONCE } };
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        work.arena = arena;
        if (!store_read(job->db, &job->scope, list_work, &work, err))
            return false;
        for (size_t i = 0; i < work.list.count; i++) {
            if (job_is_stopped(job))
                return job_stopped(job, err);
            wake_one(&work, &work.list.at[i]);
        }
        work.slice.after = str_copy(job->arena, work.list.next);
    } while (work.slice.after.length);
    return true;
}

/* --- How long they are kept --- */

static bool purge_work(DbTx *tx, void *argument, Error *err)
{
    ClockWork *work = argument;
    return approval_purge(tx, &work->job->scope, work->before_ms, AT_ONCE, &work->removed, err);
}

bool approvals_tidy_job(Job *job, Error *err)
{
    const Approvals *approvals = job->argument;
    ClockWork work = { .job = job, .before_ms = now_ms() - approvals->keep_days * DAY_MS };
    do {
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!store_write(job->db, &job->scope, purge_work, &work, err))
            return false;
    } while (work.removed == AT_ONCE);
    return true;
}
