#include "store/route_sides_store.h"

#include "base/clock.h"
#include "store/call_sums.h"
#include "store/sql.h"

static SideSum *sum_for(Arena *arena, SideSums *sums, const SideSum *key)
{
    for (size_t i = 0; i < sums->count; i++)
        if (sums->at[i].day_ms == key->day_ms && str_equal(sums->at[i].route, key->route) &&
            str_equal(sums->at[i].side, key->side))
            return &sums->at[i];
    SideSum *sum = vec_push(arena, sums);
    *sum = *key;
    return sum;
}

static int compare_sums(const void *a, const void *b)
{
    const SideSum *one = a, *other = b;
    int order = str_compare(one->route, other->route);
    order = order ? order : str_compare(one->side, other->side);
    return order ? order : (one->day_ms > other->day_ms) - (one->day_ms < other->day_ms);
}

void side_sums_count(Arena *arena, SideSums *sums, const CallRow *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const CallRow *row = &rows[i];
        give_way_each(i);
        if (!row->side.length)
            continue;
        int64_t day_ms = row->started_at_ms - row->started_at_ms % call_span_ms(SPAN_DAY);
        SideSum *sum = sum_for(
            arena, sums, &(SideSum){ .route = row->route, .side = row->side, .day_ms = day_ms });
        sum->calls++;
        sum->failures += !str_is(row->status, "ok");
        sum->unpriced += row->cost_pico < 0;
        sum->cost_pico += MAX(row->cost_pico, (int64_t)0);
        sum->took_us += row->total_us;
        sum->input_tokens += row->input_tokens;
        sum->output_tokens += row->output_tokens;
    }
}

bool side_sums_add(DbTx *tx, Str workspace, SideSums *sums, Error *err)
{
    if (sums->count)
        qsort(sums->at, sums->count, sizeof *sums->at, compare_sums);
    for (size_t i = 0; i < sums->count; i++) {
        const SideSum *sum = &sums->at[i];
        if (!db_exec(tx,
                     DB_SAME("INSERT INTO route_sides AS s (workspace, route, side, day, calls,"
                             " failures, unpriced, cost_pico, took_us, input_tokens,"
                             " output_tokens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                             " ON CONFLICT (workspace, route, side, day) DO UPDATE SET"
                             " calls = s.calls + excluded.calls,"
                             " failures = s.failures + excluded.failures,"
                             " unpriced = s.unpriced + excluded.unpriced,"
                             " cost_pico = s.cost_pico + excluded.cost_pico,"
                             " took_us = s.took_us + excluded.took_us,"
                             " input_tokens = s.input_tokens + excluded.input_tokens,"
                             " output_tokens = s.output_tokens + excluded.output_tokens"),
                     DB_ARGS(db_text(workspace), db_text(sum->route), db_text(sum->side),
                             db_int(sum->day_ms), db_int(sum->calls), db_int(sum->failures),
                             db_int(sum->unpriced), db_int(sum->cost_pico), db_int(sum->took_us),
                             db_int(sum->input_tokens), db_int(sum->output_tokens)),
                     NULL, err))
            return false;
    }
    return true;
}

static void read_sum(DbRows *row, Arena *arena, void *item)
{
    *(SideSum *)item = (SideSum){ .side = db_get_text(row, 0, arena),
                                  .calls = db_get_int(row, 1),
                                  .failures = db_get_int(row, 2),
                                  .unpriced = db_get_int(row, 3),
                                  .cost_pico = db_get_int(row, 4),
                                  .took_us = db_get_int(row, 5),
                                  .input_tokens = db_get_int(row, 6),
                                  .output_tokens = db_get_int(row, 7) };
}

bool side_sums_list(DbTx *tx, const Scope *scope, Arena *arena, Str route, int64_t from_ms,
                    int64_t to_ms, SideSumList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT side, CAST(sum(calls) AS BIGINT), CAST(sum(failures) AS BIGINT),"
                    " CAST(sum(unpriced) AS BIGINT), CAST(sum(cost_pico) AS BIGINT),"
                    " CAST(sum(took_us) AS BIGINT), CAST(sum(input_tokens) AS BIGINT),"
                    " CAST(sum(output_tokens) AS BIGINT) FROM route_sides"
                    " WHERE workspace = $1 AND route = $2 AND day >= $3 AND day <= $4"
                    " GROUP BY side ORDER BY side"),
            DB_ARGS(db_text(scope->workspace), db_text(route), db_int(from_ms), db_int(to_ms)),
            read_sum, sizeof(SideSum), &items, err))
        return false;
    *list_r = (SideSumList){ .at = items.at, .count = items.count };
    return true;
}
