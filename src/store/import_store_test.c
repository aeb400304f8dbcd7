#include "store/import_store.h"

#include "base/id.h"
#include "store/export_store.h"
#include "store/isolation_world_test.h"
#include "store/move_int.h"
#include "store/tasks_store.h"

static const ImportTable *find_table(const char *name)
{
    for (size_t i = 0; i < import_table_count; i++)
        if (strcmp(import_tables[i].name, name) == 0)
            return &import_tables[i];
    return NULL;
}

Test(store, every_exported_table_says_how_it_comes_back_or_why_not)
{
    for (size_t i = 0; i < export_table_count; i++) {
        const ImportTable *table = find_table(export_tables[i].name);
        cr_assert_eq(table != NULL, export_tables[i].is_written, "%s", export_tables[i].name);
        cr_assert(!table || table->how == IMPORT_ROWS || table->reason[0], "%s", table->name);
    }
}

STORE_TEST(rules_are_for_columns_that_there_are)
{
    static const char *const rules[][2] = {
#define IMPORT_COLUMN(table, column, rule, argument) { table, column },
#include "store/import_columns.def"
#undef IMPORT_COLUMN
    };
    MoveShapes shapes;
    CALL(move_shapes(tx, world->arena, &shapes, err));
    for (size_t i = 0; i < COUNT(rules); i++) {
        bool is_there = false;
        for (size_t k = 0; k < shapes.count; k++)
            for (size_t c = 0; c < shapes.at[k].column_count; c++)
                is_there |= str_is(shapes.at[k].name, rules[i][0]) &&
                            str_is(shapes.at[k].columns[c].name, rules[i][1]);
        if (!is_there)
            return fail(err, ERROR_INTERNAL, "no column %s.%s", rules[i][0], rules[i][1]);
    }
    return true;
}

/* The lines of a table as an array. */
static bool read_rows(DbTx *tx, World *world, const Scope *scope, const char *table,
                      json_t **rows_r, Error *err)
{
    const MoveShapes *shapes;
    Buf lines = buf_new(world->arena, MB(8)), array = buf_new(world->arena, MB(8));
    Str line;
    CALL(export_shapes(tx, world->arena, &shapes, err));
    ExportCursor cursor = { .shapes = shapes, .table = table };
    while (!cursor.is_over)
        CALL(export_rows(tx, scope, world->arena, &cursor, &lines, err));
    buf_add_char(&array, '[');
    for (Str rest = buf_str(&lines); str_next(&rest, '\n', &line);)
        if (line.length)
            buf_addf(&array, "%s" STR_FMT, array.length > 1 ? "," : "", STR_ARG(line));
    buf_add_char(&array, ']');
    return json_parse(buf_str(&array), MB(8), rows_r, err);
}

STORE_TEST(rows_that_are_there_are_left_as_they_are)
{
    CALL(isolation_fill(tx, world, err));
    for (size_t i = 0; i < import_table_count; i++) {
        AUTO_JSON json_t *rows = NULL;
        ImportResult result;
        if (import_tables[i].how != IMPORT_ROWS)
            continue;
        CALL(read_rows(tx, world, &world->ours, import_tables[i].name, &rows, err));
        CALL(import_rows(tx, &world->ours, world->arena, str(import_tables[i].name), rows, &result,
                         err));
        if (result.added ||
            result.there + (int64_t)result.left.count != (int64_t)json_array_size(rows) ||
            !json_array_size(rows))
            return fail(err, ERROR_INTERNAL, "%s: %" PRId64 " added", import_tables[i].name,
                        result.added);
    }
    return true;
}

/* What is exported of one workspace, by the place of its table. */
static json_t *exported[128];

static bool export_ours(DbTx *tx, World *world, Error *err)
{
    cr_assert(import_table_count <= COUNT(exported));
    for (size_t i = 0; i < import_table_count; i++)
        if (import_tables[i].how == IMPORT_ROWS)
            CALL(read_rows(tx, world, &world->ours, import_tables[i].name, &exported[i], err));
    return true;
}

static bool import_exported(DbTx *tx, World *world, int64_t *added_r, Error *err)
{
    *added_r = 0;
    for (size_t i = 0; i < import_table_count; i++) {
        AUTO_JSON json_t *back = NULL;
        ImportResult result;
        if (import_tables[i].how != IMPORT_ROWS)
            continue;
        CALL(import_rows(tx, &world->theirs, world->arena, str(import_tables[i].name), exported[i],
                         &result, err));
        CALL(read_rows(tx, world, &world->theirs, import_tables[i].name, &back, err));
        *added_r += result.added;
        if (str_find(json_print(world->arena, back), world->ours.user) >= 0)
            return fail(err, ERROR_INTERNAL, "%s names somebody", import_tables[i].name);
        EXPECT(result.added + result.there + (int64_t)result.left.count ==
               (int64_t)json_array_size(exported[i]));
    }
    return true;
}

static bool import_twice(DbTx *tx, World *world, Error *err)
{
    int64_t added, again;
    CALL(import_exported(tx, world, &added, err));
    EXPECT(added > 15);
    CALL(import_exported(tx, world, &again, err));
    EXPECT(again == 0);
    return true;
}

TEST_BOTH(store, rows_of_another_workspace_become_rows_of_this_one_and_name_nobody_of_the_other)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.ours, export_ours);
    world_write(&world, &world.theirs, import_twice);
    for (size_t i = 0; i < import_table_count; i++)
        json_decref(exported[i]);
    world_close(&world);
}

/* What is wrong with the only row; empty: nothing, it was added. */
static bool reason_of(DbTx *tx, World *world, const char *table, const char *row, Str *reason_r,
                      Error *err)
{
    AUTO_JSON json_t *rows = NULL;
    ImportResult result;
    CALL(json_parse(str_format(world->arena, "[%s]", row), MB(4), &rows, err));
    CALL(import_rows(tx, &world->ours, world->arena, str(table), rows, &result, err));
    *reason_r = result.left.count ? result.left.at[0].reason : S("");
    return true;
}

#define RECIPE_ID "\"id\":\"01900000-0000-7000-8000-000000000001\""
#define RECIPE_REST                                                                                \
    ",\"user_id\":\"\",\"name\":\"x\",\"name_fold\":\"x\",\"version\":1,\"shares\":\"\","          \
    "\"created_at\":1,\"updated_at\":1}"
#define TASK_REST                                                                                  \
    "\"summary\":\"s\",\"summary_fold\":\"s\",\"description\":\"\",\"category\":\"\",\"start_"     \
    "at\":"                                                                                        \
    "0,\"due_at\":0,\"time_zone\":\"\",\"is_all_day\":0,\"recurrence\":\"\",\"assignee\":\"\","    \
    "\"parent\":null,\"position\":1,\"made_by\":\"person\",\"source\":\"\",\"document\":\"\","     \
    "\"collection\":\"\",\"created_by\":\"\",\"completed_at\":0,\"deleted_at\":0,\"created_at\":"  \
    "1,"                                                                                           \
    "\"updated_at\":1}"
#define TASK(more) "{" RECIPE_ID "," more "," TASK_REST

STORE_TEST(a_row_that_is_not_what_it_must_be_is_left_out_and_said)
{
    static const struct {
        const char *table, *row, *reason;
    } cases[] = {
        { "recipes", "7", "no object" },
        { "recipes", "[]", "no object" },
        { "recipes", "{}", "missing" },
        { "recipes", "{\"id\":\"../../etc\",\"kind\":\"prompt\"" RECIPE_REST, "no id" },
        { "recipes", "{" RECIPE_ID ",\"kind\":\"root\"" RECIPE_REST, "none of" },
        { "recipes", "{" RECIPE_ID ",\"kind\":7" RECIPE_REST, "no text" },
        { "recipes", "{" RECIPE_ID ",\"kind\":null" RECIPE_REST, "missing" },
        { "recipes", "{" RECIPE_ID ",\"kind\":[\"prompt\"]" RECIPE_REST, "no text" },
        { "tasks",
          TASK("\"number\":1e300,\"priority\":\"low\",\"status\":\"done\",\"confidence\":1"),
          "no number" },
        { "tasks",
          TASK("\"number\":\"1\",\"priority\":\"low\",\"status\":\"done\",\"confidence\":1"),
          "no number" },
        { "tasks",
          TASK("\"number\":9223372036854775807,\"priority\":\"low\",\"status\":\"done\","
               "\"confidence\":1"),
          "too large" },
        { "tasks", TASK("\"number\":1,\"priority\":\"low\",\"status\":\"done\",\"confidence\":-1"),
          "not within" },
        { "tasks", TASK("\"number\":1,\"priority\":\"low\",\"status\":\"done\""), "missing" },
        { "recipe_versions",
          "{\"recipe\":\"01900000-0000-7000-8000-000000000009\",\"number\":1,\"user_id\":\"\","
          "\"body\":\"{}\",\"created_at\":1}",
          "belongs to is not here" },
        { "recipe_versions",
          "{\"recipe\":\"01900000-0000-7000-8000-000000000009\",\"number\":1,\"user_id\":\"\","
          "\"body\":\"{\",\"created_at\":1}",
          "not the JSON" },
        { "recipes", "{" RECIPE_ID ",\"kind\":\"prompt\"" RECIPE_REST, "" },
        { "recipes",
          "{\"id\":\"01900000-0000-7000-8000-000000000002\",\"kind\":\"prompt\"" RECIPE_REST,
          "same name" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str reason;
        CALL(reason_of(tx, world, cases[i].table, cases[i].row, &reason, err));
        if (str_find(reason, str(cases[i].reason)) < 0 || !cases[i].reason[0] != !reason.length)
            return fail(err, ERROR_INTERNAL, "case %zu: " STR_FMT, i, STR_ARG(reason));
    }
    return true;
}

STORE_TEST(rows_of_tables_that_do_not_come_back_are_refused)
{
    AUTO_JSON json_t *rows = json_array();
    ImportResult result;
    static const char *const tables[] = { "audit",    "memberships",
                                          "api_keys", "users",
                                          "secrets",  "connections",
                                          "nothing",  "tasks; DROP TABLE tasks" };
    for (size_t i = 0; i < COUNT(tables); i++)
        EXPECT_CODE(ERROR_NOT_FOUND, import_rows(tx, &world->ours, world->arena, str(tables[i]),
                                                 rows, &result, err));
    for (size_t i = 0; i <= IMPORT_ROWS_MAX; i++)
        json_array_append_new(rows, json_object());
    EXPECT_CODE(ERROR_TOO_LARGE,
                import_rows(tx, &world->ours, world->arena, S("tasks"), rows, &result, err));
    return true;
}

STORE_TEST(a_task_whose_number_is_taken_gets_the_next_one_and_new_ones_follow)
{
    Task task = { .summary = S("here"), .made_by = S("person") };
    Str reason;
    int64_t number;
    CALL(task_add(tx, &world->ours, world->arena, &task, err));
    EXPECT(task.number == 1);
    CALL(reason_of(tx, world, "tasks",
                   TASK("\"number\":1,\"priority\":\"low\",\"status\":\"done\",\"confidence\":1"),
                   &reason, err));
    EXPECT(!reason.length);
    CALL(db_query_int(
        tx, DB_SAME("SELECT number FROM tasks WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(world->ours.workspace), db_text(S("01900000-0000-7000-8000-000000000001"))),
        0, &number, err));
    EXPECT(number == 2);
    CALL(task_add(tx, &world->ours, world->arena, &task, err));
    EXPECT(task.number == 3);
    return true;
}
