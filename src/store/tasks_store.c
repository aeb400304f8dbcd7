#include "store/tasks_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/document_access_sql.h"
#include "store/events.h"
#include "store/sql.h"

#define GAP (INT64_C(1) << 20) /* between neighbours, halved by each move between two */

#define COLUMNS                                                                                    \
    "t.id, t.number, t.summary, t.description, t.category, t.priority, t.status, t.start_at,"      \
    " t.due_at, t.time_zone, t.is_all_day, t.recurrence, t.assignee, t.parent, t.position,"        \
    " t.confidence, t.made_by, t.source, t.document, t.collection, t.created_by,"                  \
    " t.completed_at, t.deleted_at, t.created_at, t.updated_at"
#define TASK "SELECT " COLUMNS " FROM tasks t WHERE t.workspace = $1 "

const TaskStateRow task_states[TASK_STATE_COUNT] = {
#define TASK_STATE(name, is_open, calendar) { #name, calendar, is_open },
#include "store/task_states.def"
#undef TASK_STATE
};

const TaskPriorityRow task_priorities[TASK_PRIORITY_COUNT] = {
#define TASK_PRIORITY(name, number) { #name, number },
#include "store/task_priorities.def"
#undef TASK_PRIORITY
};

bool task_state_named(Str name, TaskState *state_r, Error *err)
{
    for (size_t i = 0; i < TASK_STATE_COUNT; i++)
        if (str_is(name, task_states[i].name)) {
            *state_r = (TaskState)i;
            return true;
        }
    return fail_field(err, "status",
                      "'status' must be suggested, pending, in_progress, done or cancelled");
}

bool task_priority_named(Str name, TaskPriority *priority_r, Error *err)
{
    for (size_t i = 0; i < TASK_PRIORITY_COUNT; i++)
        if (str_is(name, task_priorities[i].name)) {
            *priority_r = (TaskPriority)i;
            return true;
        }
    return fail_field(err, "priority", "'priority' must be low, medium, high or urgent");
}

/* A name that an older or newer program wrote reads as the plainest. */
static TaskState state_of(Str name)
{
    Error ignored;
    TaskState state = TASK_pending;
    (void)!task_state_named(name, &state, &ignored);
    return state;
}

static TaskPriority priority_of(Str name)
{
    Error ignored;
    TaskPriority priority = TASK_PRIORITY_medium;
    (void)!task_priority_named(name, &priority, &ignored);
    return priority;
}

static void read_task(DbRows *row, Arena *arena, void *item)
{
    *(Task *)item = (Task){
        .id = db_get_text(row, 0, arena),
        .number = db_get_int(row, 1),
        .summary = db_get_text(row, 2, arena),
        .description = db_get_text(row, 3, arena),
        .category = db_get_text(row, 4, arena),
        .priority = priority_of(db_get_text(row, 5, arena)),
        .state = state_of(db_get_text(row, 6, arena)),
        .start_at_ms = db_get_int(row, 7),
        .due_at_ms = db_get_int(row, 8),
        .time_zone = db_get_text(row, 9, arena),
        .is_all_day = db_get_int(row, 10) != 0,
        .recurrence = db_get_text(row, 11, arena),
        .assignee = db_get_text(row, 12, arena),
        .parent = db_get_text(row, 13, arena),
        .position = db_get_int(row, 14),
        .confidence = db_get_real(row, 15),
        .made_by = db_get_text(row, 16, arena),
        .source = db_get_text(row, 17, arena),
        .document = db_get_text(row, 18, arena),
        .collection = db_get_text(row, 19, arena),
        .created_by = db_get_text(row, 20, arena),
        .completed_at_ms = db_get_int(row, 21),
        .deleted_at_ms = db_get_int(row, 22),
        .created_at_ms = db_get_int(row, 23),
        .updated_at_ms = db_get_int(row, 24),
    };
}

/* --- One task --- */

bool task_hold(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO task_counters (workspace, last) VALUES ($1, 0)"
                           " ON CONFLICT (workspace) DO UPDATE SET last = task_counters.last"),
                   DB_ARGS(db_text(scope->workspace)), NULL, err);
}

static bool next_number(DbTx *tx, const Scope *scope, int64_t *number_r, Error *err)
{
    return task_hold(tx, scope, err) &&
           db_exec(tx, DB_SAME("UPDATE task_counters SET last = last + 1 WHERE workspace = $1"),
                   DB_ARGS(db_text(scope->workspace)), NULL, err) &&
           db_query_int(tx, DB_SAME("SELECT last FROM task_counters WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, number_r, err);
}

bool task_number_free(DbTx *tx, const Scope *scope, int64_t *number, Error *err)
{
    int64_t taken;
    if (!task_hold(tx, scope, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM tasks WHERE workspace = $1 AND number = $2"),
                      DB_ARGS(db_text(scope->workspace), db_int(*number)), 0, &taken, err))
        return false;
    if (taken || *number < 1 || *number > TASK_NUMBER_MAX)
        return next_number(tx, scope, number, err);
    return db_exec(tx,
                   DB_SAME("UPDATE task_counters SET last = $2 WHERE workspace = $1 AND last < $2"),
                   DB_ARGS(db_text(scope->workspace), db_int(*number)), NULL, err);
}

static bool last_position(DbTx *tx, const Scope *scope, int64_t *position_r, Error *err)
{
    return db_query_int(
        tx, DB_SAME("SELECT coalesce(max(position), 0) FROM tasks WHERE workspace = $1"),
        DB_ARGS(db_text(scope->workspace)), 0, position_r, err);
}

static bool insert(DbTx *tx, const Scope *scope, Arena *arena, const Task *task, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO tasks (workspace, id, number, summary, summary_fold, description,"
                " category, priority, status, start_at, due_at, time_zone, is_all_day, recurrence,"
                " assignee, parent, position, confidence, made_by, source, document, collection,"
                " created_by, completed_at, deleted_at, created_at, updated_at) VALUES ($1, $2, $3,"
                " $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,"
                " $21, $22, $23, $24, 0, $25, $25)"),
        DB_ARGS(db_text(scope->workspace), db_text(task->id), db_int(task->number),
                db_text(task->summary), db_text(utf8_fold(arena, task->summary)),
                db_text(task->description), db_text(task->category),
                db_text(str(task_priorities[task->priority].name)),
                db_text(str(task_states[task->state].name)), db_int(task->start_at_ms),
                db_int(task->due_at_ms), db_text(task->time_zone), db_int(task->is_all_day),
                db_text(task->recurrence), db_text(task->assignee), db_text_or_null(task->parent),
                db_int(task->position), db_real(task->confidence), db_text(task->made_by),
                db_text(task->source), db_text(task->document), db_text(task->collection),
                db_text(task->created_by), db_int(task->completed_at_ms),
                db_int(task->created_at_ms)),
        NULL, err);
}

/* Those whose task it is see it even when its document is hidden from others, who are told no id.
 */
static bool tell(DbTx *tx, const Scope *scope, const Task *task, Error *err)
{
    bool is_for_all;
    return access_is_for_all(tx, scope, task->document, &is_for_all, err) &&
           event_tell(tx, scope->workspace, EVENT_task, is_for_all ? task->id : STR_NONE, STR_NONE,
                      err);
}

bool task_add(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err)
{
    Task added = *task;

    added.id = id_new(arena);
    added.created_at_ms = added.updated_at_ms = now_ms();
    added.deleted_at_ms = 0;
    if (!next_number(tx, scope, &added.number, err) ||
        !last_position(tx, scope, &added.position, err))
        return false;
    added.position += GAP;
    if (!insert(tx, scope, arena, &added, err))
        return false;
    *task = added;
    return tell(tx, scope, task, err);
}

/* What is drawn from a document says what is in it; those whose task it is see it all the same. */
static void add_seen(SqlBuild *build, const Scope *scope)
{
    if (access_sees_all(scope))
        return;
    if (scope->collections.length) { /* a limited key sees those of its documents alone */
        sql_add(build, " AND t.document IN (SELECT d.id FROM documents d WHERE d.workspace = ");
        sql_value(build, db_text(scope->workspace));
        access_add(build, scope);
        sql_add(build, ")");
        return;
    }
    sql_add(build, " AND (t.created_by = ");
    sql_value(build, db_text(scope->user));
    sql_add(build, " OR t.assignee = ");
    sql_value(build, db_text(scope->user));
    sql_add(build, " OR (1 = 1");
    access_add_named(build, scope, "t.document");
    sql_add(build, "))");
}

bool task_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Task *task_r, Error *err)
{
    SqlItems items;
    int64_t number;
    bool is_number = str_to_int(id, 1, INT64_MAX, &number);
    SqlBuild build =
        sql_build_on(tx, arena, is_number ? TASK "AND t.number = $2" : TASK "AND t.id = $2",
                     DB_ARGS(db_text(scope->workspace), is_number ? db_int(number) : db_text(id)));

    add_seen(&build, scope);
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_task, sizeof(Task),
                  &items, err))
        return false;
    if (!items.count)
        return sql_not_found(err, "task", id);
    *task_r = ((const Task *)items.at)[0];
    return true;
}

bool task_update(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Error *err)
{
    int64_t now = now_ms();

    if (!sql_change(
            tx,
            DB_SAME("UPDATE tasks SET summary = $3, summary_fold = $4, description = $5,"
                    " category = $6, priority = $7, status = $8, start_at = $9, due_at = $10,"
                    " time_zone = $11, is_all_day = $12, recurrence = $13, assignee = $14,"
                    " parent = $15, confidence = $16, made_by = $17, source = $18, document = $19,"
                    " collection = $20, completed_at = $21, deleted_at = $22, updated_at = $23"
                    " WHERE workspace = $1 AND id = $2"),
            DB_ARGS(db_text(scope->workspace), db_text(task->id), db_text(task->summary),
                    db_text(utf8_fold(arena, task->summary)), db_text(task->description),
                    db_text(task->category), db_text(str(task_priorities[task->priority].name)),
                    db_text(str(task_states[task->state].name)), db_int(task->start_at_ms),
                    db_int(task->due_at_ms), db_text(task->time_zone), db_int(task->is_all_day),
                    db_text(task->recurrence), db_text(task->assignee),
                    db_text_or_null(task->parent), db_real(task->confidence),
                    db_text(task->made_by), db_text(task->source), db_text(task->document),
                    db_text(task->collection), db_int(task->completed_at_ms),
                    db_int(task->deleted_at_ms), db_int(now)),
            "task", task->id, err))
        return false;
    task->updated_at_ms = now;
    return tell(tx, scope, task, err);
}

bool task_list_below(DbTx *tx, const Scope *scope, Arena *arena, Str id, TaskList *list_r,
                     Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(TASK "AND t.id <> $2 AND t.id IN (WITH RECURSIVE below (id) AS"
                               " (SELECT o.id FROM tasks o WHERE o.workspace = $1 AND o.id = $2"
                               " UNION SELECT c.id FROM tasks c JOIN below ON c.parent = below.id"
                               " WHERE c.workspace = $1) SELECT id FROM below)"),
                  DB_ARGS(db_text(scope->workspace), db_text(id)), read_task, sizeof(Task), &items,
                  err))
        return false;
    *list_r = (TaskList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Order --- */

/* The positions of `after` and of what comes below it, without the task itself. */
static bool neighbours(DbTx *tx, const Scope *scope, Arena *arena, const Task *task, Str after,
                       int64_t *above_r, int64_t *below_r, Error *err)
{
    Task upper = { 0 };

    if (after.length && !task_find(tx, scope, arena, after, &upper, err))
        return false;
    *above_r = upper.position;
    return db_query_int(tx,
                        DB_SAME("SELECT coalesce(min(position), 0) FROM tasks"
                                " WHERE workspace = $1 AND position > $2 AND id <> $3"),
                        DB_ARGS(db_text(scope->workspace), db_int(*above_r), db_text(task->id)), 0,
                        below_r, err);
}

/* Every position anew, a gap apart, so that there is room between any two. */
static bool spread(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE tasks SET position = (SELECT count(*) FROM tasks o"
                           " WHERE o.workspace = tasks.workspace AND (o.position < tasks.position"
                           " OR (o.position = tasks.position AND o.id <= tasks.id))) * 1048576"
                           " WHERE workspace = $1"),
                   DB_ARGS(db_text(scope->workspace)), NULL, err);
}
_Static_assert(GAP == 1048576, "spread() uses the same gap");

bool task_move(DbTx *tx, const Scope *scope, Arena *arena, Task *task, Str after, Error *err)
{
    int64_t above, below;

    if (!neighbours(tx, scope, arena, task, after, &above, &below, err))
        return false;
    if (below && below - above < 2 &&
        !(spread(tx, scope, err) && neighbours(tx, scope, arena, task, after, &above, &below, err)))
        return false;
    int64_t position = below ? above + (below - above) / 2 : above + GAP;
    if (!sql_change(tx, DB_SAME("UPDATE tasks SET position = $3 WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(task->id), db_int(position)), "task",
                    task->id, err))
        return false;
    task->position = position;
    return tell(tx, scope, task, err);
}

/* --- Lists --- */

#define DUE "CASE WHEN t.due_at = 0 THEN 9223372036854775807 ELSE t.due_at END"
#define PRIORITY                                                                                   \
    "CASE t.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END"

static const struct {
    const char *key;
    bool is_falling;
} orders[] = {
    [TASK_BY_POSITION] = { "t.position", false }, [TASK_BY_DUE] = { DUE, false },
    [TASK_BY_PRIORITY] = { PRIORITY, false },     [TASK_BY_CREATED] = { "t.created_at", true },
    [TASK_BY_UPDATED] = { "t.updated_at", true }, [TASK_BY_NUMBER] = { "t.number", false },
};

static void add_equal(SqlBuild *build, const char *condition, Str value)
{
    if (value.length) {
        sql_add(build, condition);
        sql_value(build, db_text(value));
    }
}

static void add_number(SqlBuild *build, const char *condition, int64_t value)
{
    if (value) {
        sql_add(build, condition);
        sql_value(build, db_int(value));
    }
}

static void add_states(SqlBuild *build, Arena *arena, uint32_t bits)
{
    VEC(Str) names = { 0 };
    for (size_t i = 0; i < TASK_STATE_COUNT; i++)
        if (bits & 1U << i)
            *vec_push(arena, &names) = str(task_states[i].name);
    if (!names.count)
        return;
    sql_add(build, " AND ");
    sql_value_in(build, arena, "t.status", (StrList){ names.at, names.count });
}

static void add_priorities(SqlBuild *build, Arena *arena, uint32_t bits)
{
    VEC(Str) names = { 0 };
    for (size_t i = 0; i < TASK_PRIORITY_COUNT; i++)
        if (bits & 1U << i)
            *vec_push(arena, &names) = str(task_priorities[i].name);
    if (!names.count)
        return;
    sql_add(build, " AND ");
    sql_value_in(build, arena, "t.priority", (StrList){ names.at, names.count });
}

/* A part of a text, as it stands: no pattern, so nothing to escape. */
static void add_words(SqlBuild *build, Arena *arena, Str has)
{
    const char *find = build->kind == DB_SQLITE ? "instr(" : "strpos(";
    if (!has.length)
        return;
    sql_add(build, " AND (");
    sql_add(build, find);
    sql_add(build, "t.summary_fold, ");
    sql_value(build, db_text(utf8_fold(arena, has)));
    sql_add(build, ") > 0 OR ");
    sql_add(build, find);
    sql_add(build, "lower(t.description), ");
    sql_value(build, db_text(utf8_fold(arena, has)));
    sql_add(build, ") > 0)");
}

static void add_filter(SqlBuild *build, const Scope *scope, Arena *arena, const TaskFilter *filter)
{
    add_seen(build, scope);
    sql_add(build, filter->is_in_trash ? " AND t.deleted_at > 0" : " AND t.deleted_at = 0");
    add_states(build, arena, filter->states);
    add_priorities(build, arena, filter->priorities);
    add_equal(build, " AND t.category = ", filter->category);
    add_equal(build, " AND t.assignee = ", filter->assignee);
    add_equal(build, " AND t.document = ", filter->document);
    add_equal(build, " AND t.collection = ", filter->collection);
    add_equal(build, " AND t.created_by = ", filter->created_by);
    if (str_is(filter->parent, "none"))
        sql_add(build, /* not as few as those of one */
                build->kind == DB_SQLITE ? " AND +t.parent IS NULL" : " AND t.parent IS NULL");
    else
        add_equal(build, " AND t.parent = ", filter->parent);
    if (filter->user.length) {
        add_equal(build, " AND (t.created_by = ", filter->user);
        add_equal(build, " OR t.assignee = ", filter->user);
        sql_add(build, ")");
    }
    if (filter->due_from_ms || filter->due_until_ms)
        sql_add(build, " AND t.due_at <> 0");
    add_number(build, " AND t.due_at >= ", filter->due_from_ms);
    add_number(build, " AND t.due_at < ", filter->due_until_ms);
    add_number(build, " AND t.updated_at >= ", filter->updated_from_ms);
    add_words(build, arena, filter->has);
}

static bool add_slice(SqlBuild *build, const TaskFilter *filter, const Slice *slice, Error *err)
{
    const char *key = orders[filter->order].key;
    bool is_falling = orders[filter->order].is_falling;
    DbValue from;
    Str id;

    if (slice && slice->after.length) {
        if (!sql_cursor_read(slice->after, true, &from, &id, err))
            return false;
        sql_add(build, " AND (");
        sql_add(build, key);
        sql_add(build, is_falling ? " < " : " > ");
        sql_value(build, from);
        sql_add(build, " OR (");
        sql_add(build, key);
        sql_add(build, " = ");
        sql_value(build, from);
        sql_add(build, is_falling ? " AND t.id < " : " AND t.id > ");
        sql_value(build, db_text(id));
        sql_add(build, "))");
    }
    sql_add(build, " ORDER BY ");
    sql_add(build, key);
    sql_add(build, is_falling ? " DESC, t.id DESC LIMIT " : ", t.id LIMIT ");
    sql_value(build, db_int((slice ? slice_limit(slice) : SLICE_MAX) + 1));
    return true;
}

static int64_t key_of(const Task *task, TaskOrder order)
{
    switch (order) {
    case TASK_BY_DUE: return task->due_at_ms ? task->due_at_ms : INT64_MAX;
    case TASK_BY_PRIORITY: return (int64_t)TASK_PRIORITY_urgent - (int64_t)task->priority;
    case TASK_BY_CREATED: return task->created_at_ms;
    case TASK_BY_UPDATED: return task->updated_at_ms;
    case TASK_BY_NUMBER: return task->number;
    case TASK_BY_POSITION: break;
    }
    return task->position;
}

bool task_list(DbTx *tx, const Scope *scope, Arena *arena, const TaskFilter *filter,
               const Slice *slice, TaskList *list_r, Error *err)
{
    size_t most = (size_t)(slice ? slice_limit(slice) : SLICE_MAX);
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;
    TaskList list;

    sql_add(&build, TASK);
    sql_argument(&build, db_text(scope->workspace));
    add_filter(&build, scope, arena, filter);
    if (!add_slice(&build, filter, slice, err) ||
        !sql_list(tx, arena, sql_text(&build), build.args, build.count, read_task, sizeof(Task),
                  &items, err))
        return false;
    list = (TaskList){ .at = items.at, .count = MIN(items.count, most) };
    if (items.count > most) {
        const Task *last = &list.at[most - 1];
        list.next = sql_cursor(arena, db_int(key_of(last, filter->order)), last->id);
    }
    *list_r = list;
    return true;
}

bool task_count(DbTx *tx, const Scope *scope, Arena *arena, const TaskFilter *filter,
                int64_t *count_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, "SELECT count(*) FROM tasks t WHERE t.workspace = $1");
    sql_argument(&build, db_text(scope->workspace));
    add_filter(&build, scope, arena, filter);
    return db_query_int(tx, sql_text(&build), build.args, build.count, 0, count_r, err);
}
