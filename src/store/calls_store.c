#include "store/calls_store.h"

#include "base/clock.h"
#include "store/route_sides_store.h"
#include "store/sql.h"

#define DAY_MS INT64_C(86400000)
#define PAGES_A_LOOK 16
#define PAGES_MAX 256 /* that one part of a list looks into: 262,144 calls */

/* --- Adding --- */

typedef struct PageRow {
    Str id, data;
    int64_t started_first_ms, started_last_ms, ended_at_ms, count;
} PageRow;

struct CallBatch {
    Arena *arena, *scratch; /* scratch: of one page */
    Str workspace;
    VEC(PageRow) pages;
    CallSums *sums;
    SideSums sides;
};

static PageRow page_of(Arena *arena, Arena *scratch, const CallRow *rows, size_t count)
{
    PageRow page = { .id = rows[0].id,
                     .data = str_copy(arena, call_page_pack(scratch, rows, count)),
                     .started_first_ms = INT64_MAX,
                     .started_last_ms = INT64_MIN,
                     .ended_at_ms = INT64_MIN,
                     .count = (int64_t)count };
    for (size_t i = 0; i < count; i++) {
        int64_t started = rows[i].started_at_ms, ended = started + rows[i].total_us / 1000;
        page.started_first_ms = MIN(page.started_first_ms, started);
        page.started_last_ms = MAX(page.started_last_ms, started);
        page.ended_at_ms = MAX(page.ended_at_ms, ended);
        give_way_each(i);
    }
    return page;
}

CallBatch *calls_batch_new(Arena *arena, Arena *scratch, Str workspace)
{
    CallBatch *batch = arena_new_one(arena, CallBatch);
    *batch = (CallBatch){
        .arena = arena, .scratch = scratch, .workspace = workspace, .sums = call_sums_new(arena)
    };
    return batch;
}

void calls_batch_page(CallBatch *batch, const CallRow *rows, size_t count)
{
    *vec_push(batch->arena, &batch->pages) = page_of(batch->arena, batch->scratch, rows, count);
    arena_reset(batch->scratch);
    call_sums_add(batch->sums, rows, count);
    side_sums_count(batch->arena, &batch->sides, rows, count);
}

static bool add_page(DbTx *tx, Str workspace, const PageRow *page, bool *is_new_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO call_pages (workspace, id, started_first, started_last,"
                         " ended_at, calls, data) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                         " ON CONFLICT (workspace, id) DO NOTHING"),
                 DB_ARGS(db_text(workspace), db_text(page->id), db_int(page->started_first_ms),
                         db_int(page->started_last_ms), db_int(page->ended_at_ms),
                         db_int(page->count), db_blob(page->data)),
                 &changed, err))
        return false;
    *is_new_r = changed > 0;
    return true;
}

#define SUM_KEYS "workspace, span, at, model, service, key_id, user_id, feature, task, status"
enum { SUM_KEY_COUNT = 3 + CALL_NAMES, SUM_COLUMNS = SUM_KEY_COUNT + (int)CALL_TOTAL_COUNT };

static Str add_sums_sql(Arena *arena)
{
    static const char *const names[] = {
#define CALL_SUM(name, what) #name,
#include "store/call_sums.def"
#undef CALL_SUM
    };
    Buf sql = buf_new(arena, KB(16));
    buf_add(&sql, S("INSERT INTO call_sums (" SUM_KEYS));
    for (size_t i = 0; i < COUNT(names); i++)
        buf_addf(&sql, ", %s", names[i]);
    buf_add(&sql, S(") VALUES ("));
    for (int i = 1; i <= SUM_COLUMNS; i++)
        buf_addf(&sql, "%s$%d", i > 1 ? ", " : "", i);
    buf_add(&sql, S(") ON CONFLICT (" SUM_KEYS ") DO UPDATE SET "));
    for (size_t i = 0; i < COUNT(names); i++)
        buf_addf(&sql, "%s%s = call_sums.%s + excluded.%s", i ? ", " : "", names[i], names[i],
                 names[i]);
    return str(buf_c(&sql));
}

static bool add_sums(DbTx *tx, Arena *arena, Str workspace, const CallSums *all, Error *err)
{
    CallSum *sums;
    size_t count;
    call_sums_list(all, arena, &sums, &count);
    DbValue *values = arena_new_array(arena, DbValue, count * SUM_COLUMNS), *value = values;
    for (size_t i = 0; i < count; i++) {
        const int64_t *totals = (const int64_t *)&sums[i].totals;
        *value++ = db_text(workspace);
        *value++ = db_int(sums[i].span);
        *value++ = db_int(sums[i].at_ms);
        for (size_t name = 0; name < CALL_NAMES; name++)
            *value++ = db_text(sums[i].names[name]);
        for (size_t total = 0; total < CALL_TOTAL_COUNT; total++)
            *value++ = db_int(totals[total]);
    }
    return db_exec_many(tx, DB_SAME(add_sums_sql(arena).at), values, SUM_COLUMNS, count, err);
}

bool calls_add(DbTx *tx, const Scope *scope, Arena *arena, CallBatch *batch, Error *err)
{
    Str workspace = scope->is_system ? batch->workspace : scope->workspace;
    for (size_t i = 0; i < batch->pages.count; i++) {
        bool is_new;
        if (!add_page(tx, workspace, &batch->pages.at[i], &is_new, err))
            return false;
        if (!is_new)
            return true; /* the whole batch was written in one transaction: it is there */
    }
    return add_sums(tx, arena, workspace, batch->sums, err) &&
           side_sums_add(tx, workspace, &batch->sides, err);
}

/* --- One by one --- */

/* Where a list goes on: below this row of this page, then the pages before it. */
typedef struct Place {
    int64_t ended_at_ms, row;
    Str page;
} Place;

static bool read_place(Str after, Place *place_r, Error *err)
{
    DbValue ended;
    Str row;
    *place_r = (Place){ .ended_at_ms = INT64_MAX, .row = INT64_MAX };
    if (!after.length)
        return true;
    if (!str_next(&after, '.', &row) || !str_to_int(row, 0, CALL_PAGE, &place_r->row))
        return fail_field(err, "after", "this is not where a part of this list begins");
    if (!sql_cursor_read(after, true, &ended, &place_r->page, err))
        return false;
    place_r->ended_at_ms = ended.integer;
    return true;
}

static Str write_place(Arena *arena, const Place *place)
{
    Str cursor = sql_cursor(arena, db_int(place->ended_at_ms), place->page);
    return str_format(arena, "%" PRId64 "." STR_FMT, place->row, STR_ARG(cursor));
}

static void read_page(DbRows *row, Arena *arena, void *item)
{
    *(PageRow *)item = (PageRow){ .id = db_get_text(row, 0, arena),
                                  .ended_at_ms = db_get_int(row, 1),
                                  .data = db_get_blob(row, 2, arena) };
}

/* The pages from a place on, newest first, that may hold calls of the time asked for. */
static bool next_pages(DbTx *tx, Arena *arena, const Scope *scope, const CallFilter *filter,
                       const Place *place, SqlItems *pages_r, Error *err)
{
    return sql_list(tx, arena,
                    DB_SAME("SELECT id, ended_at, data FROM call_pages WHERE workspace = $1"
                            " AND (ended_at < $2 OR (ended_at = $2 AND id <= $3))"
                            " AND started_last >= $4 AND started_first < $5"
                            " ORDER BY ended_at DESC, id DESC LIMIT $6"),
                    DB_ARGS(db_text(scope->workspace), db_int(place->ended_at_ms),
                            db_text(place->page), db_int(filter->from_ms),
                            db_int(filter->to_ms ? filter->to_ms : INT64_MAX),
                            db_int(PAGES_A_LOOK)),
                    read_page, sizeof(PageRow), pages_r, err);
}

static bool fits(Str wanted, Str is) { return !wanted.length || str_equal(wanted, is); }

static bool is_wanted(const CallFilter *filter, const CallRow *row)
{
    bool is_error = !str_is(row->status, "ok");
    return row->started_at_ms >= filter->from_ms &&
           (!filter->to_ms || row->started_at_ms < filter->to_ms) &&
           fits(filter->model, row->model) && fits(filter->service, row->service) &&
           fits(filter->key, row->key) && fits(filter->user, row->user) &&
           fits(filter->feature, row->feature) && fits(filter->task, row->task) &&
           (str_is(filter->status, "error") ? is_error : fits(filter->status, row->status));
}

typedef struct Listing {
    const CallFilter *filter;
    Arena *arena, *scratch; /* scratch: of pages; emptied after each look */
    size_t limit;
    VEC(CallRow) rows;
    Place place; /* the last row that was looked at */
} Listing;

static void keep_row(Listing *in, const CallRow *row)
{
    CallRow *kept = vec_push(in->arena, &in->rows);
    *kept = *row;
    kept->id = str_copy(in->arena, row->id);
#define CALL_TEXT(member, name) kept->member = str_copy(in->arena, row->member);
#define CALL_NUMBER(member, name)
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
}

/* A page that is damaged is passed over: the others are worth more than an error. */
static void look_into(Listing *in, const PageRow *page)
{
    CallRow *rows;
    size_t count;
    Error damaged;
    bool goes_on =
        page->ended_at_ms == in->place.ended_at_ms && str_equal(page->id, in->place.page);
    if (!call_page_unpack(in->scratch, page->data, &rows, &count, &damaged))
        count = 0;
    if (goes_on)
        count = MIN(count, (size_t)in->place.row);
    in->place = (Place){ page->ended_at_ms, 0, str_copy(in->arena, page->id) };
    while (count-- > 0) {
        if (is_wanted(in->filter, &rows[count]))
            keep_row(in, &rows[count]);
        if (in->rows.count == in->limit) {
            in->place.row = (int64_t)count;
            return;
        }
    }
}

bool calls_list(DbTx *tx, const Scope *scope, Arena *arena, const CallFilter *filter,
                const Slice *slice, CallList *list_r, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(256));
    Listing in = {
        .filter = filter, .arena = arena, .scratch = scratch, .limit = (size_t)slice_limit(slice)
    };
    bool is_end = false;
    if (!read_place(slice ? slice->after : STR_NONE, &in.place, err))
        return false;
    for (size_t seen = 0; seen < PAGES_MAX && in.rows.count < in.limit && !is_end;) {
        SqlItems pages;
        arena_reset(scratch);
        if (!next_pages(tx, scratch, scope, filter, &in.place, &pages, err))
            return false;
        const PageRow *page = pages.at;
        for (size_t i = 0; i < pages.count && in.rows.count < in.limit; i++)
            look_into(&in, &page[i]);
        /* The page it went on from comes again, as the first. */
        is_end = pages.count < PAGES_A_LOOK && in.rows.count < in.limit;
        seen += pages.count;
    }
    *list_r = (CallList){ .at = in.rows.at, .count = in.rows.count };
    if (!is_end)
        list_r->next = write_place(arena, &in.place);
    return true;
}

/* --- Sums --- */

typedef struct Group {
    const char *word;
    CallSpan span; /* the longest that can tell it */
    DbSql name;
} Group;

static Group group_of(CallGroup group)
{
    switch (group) {
#define CALL_GROUP(name, word, span, sql, what)                                                    \
    case CALL_GROUP_##name:                                                                        \
        return (Group){ word, span, sql };
#include "store/call_groups.def"
#undef CALL_GROUP
    default: abort();
    }
}

bool call_group_named(Str word, CallGroup *group_r)
{
    for (int i = 0; i < CALL_GROUP_COUNT; i++)
        if (str_is(word, group_of((CallGroup)i).word)) {
            *group_r = (CallGroup)i;
            return true;
        }
    return false;
}

/* Days say it with the fewest rows when the time asked for is one of whole days; hours are
 * forgotten some day. */
static CallSpan span_for(const Group *group, const CallFilter *filter)
{
    bool is_whole = filter->from_ms % DAY_MS == 0 && filter->to_ms % DAY_MS == 0;
    bool is_old = filter->from_ms < now_ms() - CALL_HOUR_DAYS * DAY_MS;
    if (group->span != SPAN_DAY)
        return group->span;
    return is_whole || is_old ? SPAN_DAY : SPAN_HOUR;
}

static void read_sum(DbRows *row, Arena *arena, void *item)
{
    CallSumRow *sum = item;
    int column = 2;
    *sum = (CallSumRow){ .name = db_get_text(row, 0, arena), .errors = db_get_int(row, 1) };
#define CALL_SUM(name, what) sum->totals.name = db_get_int(row, column++);
#include "store/call_sums.def"
#undef CALL_SUM
}

static void add_equal(SqlBuild *build, const char *column, Str wanted)
{
    if (!wanted.length)
        return;
    sql_add(build, column);
    sql_value(build, db_text(wanted));
}

static void add_conditions(SqlBuild *build, const Scope *scope, CallSpan span,
                           const CallFilter *filter)
{
    bool any_error = str_is(filter->status, "error");
    sql_add(build, " FROM call_sums WHERE workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND span = ");
    sql_value(build, db_int(span));
    sql_add(build, " AND at >= ");
    sql_value(build, db_int(filter->from_ms - filter->from_ms % call_span_ms(span)));
    sql_add(build, " AND at < ");
    sql_value(build, db_int(filter->to_ms ? filter->to_ms : INT64_MAX));
    add_equal(build, " AND model = ", filter->model);
    add_equal(build, " AND service = ", filter->service);
    add_equal(build, " AND key_id = ", filter->key);
    add_equal(build, " AND user_id = ", filter->user);
    add_equal(build, " AND feature = ", filter->feature);
    add_equal(build, " AND task = ", filter->task);
    add_equal(build, any_error ? " AND status <> " : " AND status = ",
              any_error ? S("ok") : filter->status);
}

bool calls_sum(DbTx *tx, const Scope *scope, Arena *arena, CallGroup group,
               const CallFilter *filter, CallSumList *list_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    Group by = group_of(group);
    SqlItems items;
    sql_add(&build, "SELECT ");
    sql_add(&build, build.kind == DB_SQLITE ? by.name.sqlite : by.name.postgres);
    sql_add(&build, " AS name, CAST(sum(CASE WHEN status = 'ok' THEN 0 ELSE calls END) AS BIGINT)");
#define CALL_SUM(column, what) sql_add(&build, ", CAST(sum(" #column ") AS BIGINT)");
#include "store/call_sums.def"
#undef CALL_SUM
    add_conditions(&build, scope, span_for(&by, filter), filter);
    sql_add(&build, " GROUP BY 1 ORDER BY 1");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_sum,
                  sizeof(CallSumRow), &items, err))
        return false;
    *list_r = (CallSumList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Forgetting --- */

bool calls_remove_old(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    static const DbSql sums = DB_SAME("DELETE FROM call_sums WHERE span = $1 AND at < $2");
    int64_t now = now_ms();
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM call_pages WHERE started_last < $1"),
                   DB_ARGS(db_int(before_ms)), NULL, err) &&
           db_exec(tx, sums, DB_ARGS(db_int(SPAN_MINUTE), db_int(now - CALL_MINUTE_DAYS * DAY_MS)),
                   NULL, err) &&
           db_exec(tx, sums, DB_ARGS(db_int(SPAN_HOUR), db_int(now - CALL_HOUR_DAYS * DAY_MS)),
                   NULL, err);
}
