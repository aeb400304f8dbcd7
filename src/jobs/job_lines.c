/* job_lines.c - of which workspace the next job of a lane is: their lines take turns.
 *
 * A line is known to a lane since somebody said that a job was added to it, or since the table was
 * last looked through (each poll). A round asks some lines for their shares of the room there is;
 * those with more to give come last then, and one that gave less than it was asked for is drained.
 * What is said of a line while a round looks at it keeps it open. */
#include "base/clock.h"
#include "jobs/job_run.h"

#define LINES_AT_ONCE 32 /* asked in one round */
/* Ids of jobs are times; those of other nodes may be behind ours by so much. */
#define LATE_MS 2000
/* Until a type that this process cannot do is looked at again. */
#define UNABLE_MS 1000

/* --- Under the lock ------------------------------------------------------------------ */

static LaneLine *find_line(Lane *lane, Str workspace)
{
    for (size_t i = 0; i < lane->line_count; i++)
        if (str_is(workspace, lane->lines[i].workspace))
            return &lane->lines[i];
    return NULL;
}

/* NULL: there is no room for one more. */
static LaneLine *add_line(Lane *lane, Str workspace)
{
    LaneLine *line = find_line(lane, workspace);
    if (line || lane->line_count == LANE_LINES_MAX)
        return line;
    line = &lane->lines[lane->line_count++];
    *line = (LaneLine){ .is_drained = true };
    snprintf(line->workspace, sizeof line->workspace, STR_FMT, STR_ARG(workspace));
    return line;
}

static void from_start(LaneLine *line)
{
    line->from_rank = 0;
    line->from_id[0] = '\0';
}

void lane_hear(Lane *lane, Str workspace, bool is_first)
{
    LaneLine *line = add_line(lane, workspace);
    if (!line)
        return;
    line->is_drained = false;
    line->heard++;
    if (is_first)
        from_start(line);
}

bool lane_has_lines(const Lane *lane)
{
    for (size_t i = 0; i < lane->line_count; i++)
        if (!lane->lines[i].is_drained)
            return true;
    return false;
}

int64_t lane_room(const Lane *lane)
{
    return lane->type.at_once + lane->type.ahead - lane->running_count -
           (int64_t)lane->waiting.count;
}

void lane_plan(Lane *lane, Arena *arena, bool forced, int64_t monotonic, LanePlan *plan_r)
{
    int64_t room = lane_room(lane);

    *plan_r = (LanePlan){ 0 };
    for (size_t i = 0; i < lane->line_count; i++)
        lane->lines[i].planned = lane->lines[i].heard;
    /* A lane that is refilled one by one would make each round a claim for one job. */
    if (monotonic < lane->open_at || room <= (forced ? 0 : lane->type.ahead / 2))
        return;
    if (lane->type.can && (forced || lane_has_lines(lane)) &&
        !lane->type.can(lane->type.argument)) {
        lane->open_at = monotonic + UNABLE_MS;
        return;
    }
    plan_r->lines = arena_new_array(arena, LaneLine, lane->line_count + 1);
    for (size_t i = 0; i < lane->line_count; i++)
        if (!lane->lines[i].is_drained)
            plan_r->lines[plan_r->line_count++] = lane->lines[i];
    if (forced || plan_r->line_count)
        plan_r->max = room;
}

/* Something was said of it while the round looked. */
static bool is_newer(const LaneLine *line) { return line->heard != line->planned; }

/* Everything that waits is known: what is not in the list has nothing, and keeps its place. */
static void know_all(Lane *lane, const JobLines *all)
{
    for (size_t i = 0; i < lane->line_count; i++)
        lane->lines[i].is_drained = !is_newer(&lane->lines[i]);
    for (size_t i = 0; i < all->count; i++) {
        LaneLine *line = NULL;
        if (str_is(all->at[i].type, lane->type.name))
            line = add_line(lane, all->at[i].workspace);
        if (line) {
            line->is_drained = false;
            from_start(line);
        }
    }
}

static void put_last(Lane *lane, size_t at)
{
    LaneLine line = lane->lines[at];
    memmove(&lane->lines[at], &lane->lines[at + 1],
            (lane->line_count - at - 1) * sizeof *lane->lines);
    lane->lines[lane->line_count - 1] = line;
}

static void take_turn(Lane *lane, const LaneLine *after)
{
    LaneLine *line = find_line(lane, str(after->workspace));
    if (!line)
        return;
    if (!is_newer(line)) {
        line->is_drained = after->is_drained;
        line->from_rank = after->from_rank;
        memcpy(line->from_id, after->from_id, sizeof line->from_id);
    }
    put_last(lane, (size_t)(line - lane->lines));
}

void lane_apply(Lane *lane, const LanePlan *plan, const JobLines *all, int64_t now)
{
    if (all)
        know_all(lane, all);
    for (size_t i = 0; i < plan->looked_at; i++)
        take_turn(lane, &plan->after[i]);
    if (plan->next_ms)
        lane->open_at = monotonic_ms() + MAX(plan->next_ms - now, 1);
    for (size_t i = 0; i < plan->claimed.count; i++)
        lane_give(lane, &plan->claimed.at[i]);
}

/* --- In the round -------------------------------------------------------------------- */

/* Lines of the whole table, with nothing known of them. */
static void use_lines(LanePlan *plan, const Lane *lane, const JobLines *all, Arena *results)
{
    size_t count = 0;
    LaneLine *lines = arena_new_array(results, LaneLine, all->count + 1);
    for (size_t i = 0; i < all->count; i++)
        if (str_is(all->at[i].type, lane->type.name))
            snprintf(lines[count++].workspace, sizeof lines->workspace, STR_FMT,
                     STR_ARG(all->at[i].workspace));
    plan->lines = lines;
    plan->line_count = count;
}

/* Behind what was claimed; see JobClaim. */
static void go_on_from(LaneLine *line, const JobRow *last, int64_t now)
{
    uint64_t time_ms = (uint64_t)(now - LATE_MS);
    char before[ID_LENGTH + 1];
    snprintf(before, sizeof before, "%08" PRIx64 "-%04" PRIx64, time_ms >> 16, time_ms & 0xffff);
    bool is_old = str_compare(last->id, str(before)) < 0;
    line->from_rank = JOB_PRIORITY_MAX - last->priority;
    snprintf(line->from_id, sizeof line->from_id, STR_FMT,
             STR_ARG(is_old ? last->id : str(before)));
}

static bool claim_line(DbTx *tx, const Scope *system, const Lane *lane, LaneLine *line,
                       LanePlan *plan, int64_t share, Arena *results, int64_t now, Error *err)
{
    const JobType *type = &lane->type;
    JobClaim claim = { .type = str(type->name),
                       .workspace = str(line->workspace),
                       .owner = str(lane->runner->owner),
                       .lease_ms = type->lease_s * INT64_C(1000),
                       .limit = share,
                       .attempt_max = type->attempts_max,
                       .from_rank = line->from_rank,
                       .from_id = str(line->from_id) };
    JobRowList list;

    if (!jobs_store_claim(tx, system, results, &claim, now, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        *vec_push(results, &plan->claimed) = list.at[i];
    line->is_drained = (int64_t)list.count < share;
    if (list.count)
        go_on_from(line, &list.at[list.count - 1], now);
    return true;
}

static bool claim_lines(DbTx *tx, const Scope *system, const Lane *lane, LanePlan *plan,
                        int64_t room, Arena *results, int64_t now, Error *err)
{
    size_t count = MIN(plan->line_count, LINES_AT_ONCE);

    plan->after = arena_new_array(results, LaneLine, count + 1);
    for (size_t i = 0; i < count && room > 0; i++) {
        size_t before = plan->claimed.count;
        int64_t left = (int64_t)(count - i), share = (room + left - 1) / left;
        plan->after[i] = plan->lines[i];
        if (!claim_line(tx, system, lane, &plan->after[i], plan, share, results, now, err))
            return false;
        room -= (int64_t)(plan->claimed.count - before);
        plan->looked_at++;
    }
    return true;
}

bool lane_claim(DbTx *tx, const Scope *system, const Lane *lane, LanePlan *plan,
                const JobLines *all, Arena *results, int64_t now, Error *err)
{
    const JobType *type = &lane->type;
    JobRate rate = { str(type->name), type->rate_count, type->rate_ms };
    int64_t room = plan->max, next_ms = 0;

    memset(&plan->claimed, 0, sizeof plan->claimed);
    plan->looked_at = 0;
    plan->next_ms = 0;
    if (all)
        use_lines(plan, lane, all, results);
    if (!plan->max || !plan->line_count)
        return true;
    if (rate.count && !jobs_store_rate(tx, system, &rate, plan->max, now, &room, &next_ms, err))
        return false;
    if (rate.count && room < plan->max)
        plan->next_ms = next_ms;
    return claim_lines(tx, system, lane, plan, room, results, now, err) &&
           (!rate.count || !plan->claimed.count ||
            jobs_store_rate_used(tx, system, rate.type, (int64_t)plan->claimed.count, err));
}
