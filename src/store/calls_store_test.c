/* calls_store_test.c - calls are packed, found again, summed, and forgotten. */
#include "store/world_test.h"

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "store/calls_store.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

/* --- Pages --- */

static int64_t random_number(void)
{
    int64_t number;
    uint8_t bits;
    random_bytes(&number, sizeof number);
    random_bytes(&bits, 1);
    return (int64_t)((uint64_t)number >> bits % 64);
}

static CallRow random_call(Arena *arena, size_t i)
{
    static const char *const words[] = { "", "a", "gpt-4o-mini", "größer" };
    CallRow row = { .id = random_number() % 5 ? id_new(arena) : str_format(arena, "call %zu", i) };
#define CALL_TEXT(member, name)                                                                    \
    row.member = random_number() % 7 ? str(words[(uint64_t)random_number() % COUNT(words)])        \
                                     : str_format(arena, "%" PRId64, random_number());
#define CALL_NUMBER(member, name) row.member = random_number() % 3 ? random_number() : 7;
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
    return row;
}

static void assert_same(const CallRow *a, const CallRow *b)
{
    cr_assert(str_equal(a->id, b->id));
#define CALL_TEXT(member, name) cr_assert(str_equal(a->member, b->member), #member);
#define CALL_NUMBER(member, name) cr_assert_eq(a->member, b->member, #member);
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
}

Test(store, a_page_of_calls_gives_back_what_was_packed)
{
    static const size_t counts[] = { 1, 2, 3, 100, CALL_PAGE };
    for (int round = 0; round < 20; round++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        size_t count = counts[round % (int)COUNT(counts)], got;
        CallRow *rows = arena_new_array(arena, CallRow, count), *back;
        Error err = { 0 };
        for (size_t i = 0; i < count; i++)
            rows[i] = i && round % 2 && random_number() % 4 ? rows[i - 1] : random_call(arena, i);
        Str page = call_page_pack(arena, rows, count);
        cr_assert(call_page_unpack(arena, page, &back, &got, &err), "%s", err.message);
        cr_assert_eq(got, count);
        for (size_t i = 0; i < count; i++)
            assert_same(&rows[i], &back[i]);
    }
}

Test(store, a_damaged_page_of_calls_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    CallRow rows[20], *back;
    size_t got;
    Error err;
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = random_call(arena, i);
    Str page = call_page_pack(arena, rows, COUNT(rows));
    for (size_t i = 0; i < page.length; i++) {
        Str cut = str_copy(arena, str_slice(page, 0, i)), bad = str_copy(arena, page);
        ((char *)(uintptr_t)bad.at)[i] ^= 0x20;
        cr_assert(!call_page_unpack(arena, cut, &back, &got, &err));
        cr_assert(!call_page_unpack(arena, bad, &back, &got, &err));
    }
}

/* --- Tables --- */

static CallRow call(Arena *arena, int64_t started_at_ms, const char *model, const char *status)
{
    return (CallRow){ .id = id_new(arena),
                      .user = S("someone"),
                      .key = S("k1"),
                      .feature = S("api"),
                      .task = S("chat"),
                      .model = str(model),
                      .status = str(status),
                      .started_at_ms = started_at_ms,
                      .total_us = 2000,
                      .input_tokens = 10,
                      .cost_pico = 5,
                      .tries = 1 };
}

STORE_TEST(calls_are_summed_once_by_whatever_is_asked)
{
    static const struct {
        CallGroup by;
        CallFilter filter;
        size_t count;
        const char *first;
        int64_t calls, errors;
    } cases[] = {
        { CALL_GROUP_DAY, { .to_ms = 0 }, 2, "1970-01-01", 4, 1 },
        { CALL_GROUP_DAY, { .from_ms = DAY }, 1, "1970-01-02", 2, 1 },
        { CALL_GROUP_HOUR, { .to_ms = 0 }, 3, "1970-01-01T00:00Z", 2, 0 },
        { CALL_GROUP_HOUR, { .from_ms = HOUR + 5, .to_ms = DAY }, 1, "1970-01-01T01:00Z", 2, 1 },
        { CALL_GROUP_MINUTE, { .to_ms = 0 }, 3, "1970-01-01T00:00Z", 2, 0 },
        { CALL_GROUP_CLOCK, { .to_ms = 0 }, 2, "00:00", 4, 1 },
        { CALL_GROUP_MODEL, { .to_ms = 0 }, 2, "big", 3, 1 },
        { CALL_GROUP_MODEL, { .model = S_INIT("small") }, 1, "small", 3, 1 },
        { CALL_GROUP_STATUS, { .to_ms = 0 }, 2, "ok", 4, 0 },
        { CALL_GROUP_USER, { .status = S_INIT("error") }, 1, "someone", 2, 2 },
        { CALL_GROUP_KEY, { .key = S_INIT("k2") }, 0, "", 0, 0 },
        { CALL_GROUP_TASK, { .user = S_INIT("someone") }, 1, "chat", 6, 2 },
    };
    Arena *arena = world->arena;
    CallRow rows[6];
    CallSumList sums;
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = call(arena, (int64_t[]){ 5, HOUR + 5, DAY + 5 }[i / 2] + (int64_t)i,
                       i % 2 ? "big" : "small", i == 3 || i == 4 ? "upstream" : "ok");
    CALL(world_calls(tx, world, rows, COUNT(rows), err));
    CALL(world_calls(tx, world, rows, COUNT(rows), err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(calls_sum(tx, &world->ours, arena, cases[i].by, &cases[i].filter, &sums, err));
        if (sums.count != cases[i].count ||
            (sums.count &&
             (!str_is(sums.at[0].name, cases[i].first) ||
              sums.at[0].totals.calls != cases[i].calls || sums.at[0].errors != cases[i].errors)))
            return fail(err, ERROR_INTERNAL, "case %zu: %zu sums, the first " STR_FMT, i,
                        sums.count, STR_ARG(sums.count ? sums.at[0].name : STR_NONE));
    }
    CALL(calls_sum(tx, &world->ours, arena, CALL_GROUP_FEATURE, &(CallFilter){ 0 }, &sums, err));
    EXPECT(sums.at[0].totals.cost_pico == 30 && sums.at[0].totals.input_tokens == 60 &&
           sums.at[0].totals.took_us == 12000);
    return true;
}

STORE_TEST(sums_grow_with_later_calls)
{
    CallSumList sums;
    for (int i = 0; i < 3; i++) {
        CallRow row = call(world->arena, 5, "small", "ok");
        CALL(world_calls(tx, world, &row, 1, err));
    }
    CALL(calls_sum(tx, &world->ours, world->arena, CALL_GROUP_DAY, &(CallFilter){ 0 }, &sums, err));
    EXPECT(sums.count == 1 && sums.at[0].totals.calls == 3 && sums.at[0].totals.cost_pico == 15);
    return true;
}

/* All parts of a list, each of at most `limit`. */
static bool list_all(DbTx *tx, World *world, const CallFilter *filter, int64_t limit, Str *models_r,
                     Error *err)
{
    Slice slice = { .limit = limit };
    Buf models = buf_new(world->arena, KB(64));
    do {
        CallList list;
        CALL(calls_list(tx, &world->ours, world->arena, filter, &slice, &list, err));
        EXPECT(list.count <= (size_t)limit);
        for (size_t i = 0; i < list.count; i++)
            buf_add(&models, list.at[i].model);
        slice.after = list.next;
    } while (slice.after.length);
    *models_r = buf_str(&models);
    return true;
}

STORE_TEST(calls_are_listed_newest_first_in_parts)
{
    Str names;
    for (int page = 0; page < 40; page++) {
        CallRow rows[3];
        for (int i = 0; i < 3; i++)
            rows[i] = call(world->arena, page * 1000 + i, (const char *[]){ "a", "b", "c" }[i],
                           page == 20 && i == 1 ? "upstream" : "ok");
        CALL(world_calls(tx, world, rows, COUNT(rows), err));
    }
    for (int64_t limit = 1; limit < 9; limit++) {
        CALL(list_all(tx, world, &(CallFilter){ 0 }, limit, &names, err));
        EXPECT(names.length == 120 && str_starts(names, S("cbacba")));
        CALL(list_all(tx, world, &(CallFilter){ .model = S("b") }, limit, &names, err));
        EXPECT(names.length == 40 && str_find(names, S("a")) < 0);
        CALL(list_all(tx, world, &(CallFilter){ .from_ms = 2001, .to_ms = 3001 }, limit, &names,
                      err));
        EXPECT(str_is(names, "acb"));
        CALL(list_all(tx, world, &(CallFilter){ .status = S("error") }, limit, &names, err));
        EXPECT(str_is(names, "b"));
    }
    EXPECT_CODE(ERROR_INVALID,
                calls_list(tx, &world->ours, world->arena, &(CallFilter){ 0 },
                           &(Slice){ .after = S("1.nonsense") }, &(CallList){ 0 }, err));
    return true;
}

static bool forget(DbTx *tx, World *world, Error *err)
{
    CallList list;
    CallSumList sums;
    CallFilter any = { 0 };
    CALL(calls_remove_old(tx, &world->system, now_ms() - 2 * DAY, err));
    CALL(calls_list(tx, &world->ours, world->arena, &any, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].model, "new"));
    CALL(calls_sum(tx, &world->ours, world->arena, CALL_GROUP_DAY, &any, &sums, err));
    EXPECT(sums.count == 3);
    CALL(calls_sum(tx, &world->ours, world->arena, CALL_GROUP_HOUR, &any, &sums, err));
    EXPECT(sums.count == 2);
    CALL(calls_sum(tx, &world->ours, world->arena, CALL_GROUP_MINUTE, &any, &sums, err));
    EXPECT(sums.count == 1);
    return true;
}

static bool fill_old(DbTx *tx, World *world, Error *err)
{
    static const int64_t ages[] = { 0, 10 * DAY, 500 * DAY };
    for (size_t i = 0; i < COUNT(ages); i++) {
        CallRow row = call(world->arena, now_ms() - ages[i], i ? "old" : "new", "ok");
        CALL(world_calls(tx, world, &row, 1, err));
    }
    EXPECT_CODE(ERROR_DENIED, calls_remove_old(tx, &world->ours, now_ms(), err));
    return true;
}

TEST_BOTH(store, calls_are_forgotten_and_their_sums_kept)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.ours, fill_old);
    world_write(&world, &world.system, forget);
    world_close(&world);
}
