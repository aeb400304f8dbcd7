#include "store/recipes_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/audit_store.h"
#include "store/sql.h"

#define ACTION_MAX 64
#define DETAILS_MAX KB(4)

#define RECIPES                                                                                    \
    "SELECT r.id, r.kind, r.user_id, r.name, v.body, r.version, r.shares, r.created_at,"           \
    " r.updated_at FROM recipes r JOIN recipe_versions v ON v.workspace = r.workspace"             \
    " AND v.recipe = r.id AND v.number = r.version WHERE r.workspace = $1 AND r.kind = $2 "

static void read_recipe(DbRows *row, Arena *arena, void *item)
{
    *(Recipe *)item = (Recipe){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .name = db_get_text(row, 3, arena),
        .body = db_get_text(row, 4, arena),
        .version = db_get_int(row, 5),
        .shares = db_get_text(row, 6, arena),
        .created_at_ms = db_get_int(row, 7),
        .updated_at_ms = db_get_int(row, 8),
    };
}

static bool check_name(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *recipe, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM recipes WHERE workspace = $1 AND kind = $2"
                              " AND name_fold = $3 AND id <> $4"),
                      DB_ARGS(db_text(scope->workspace), db_text(recipe->kind),
                              db_text(utf8_fold(arena, recipe->name)), db_text(recipe->id)),
                      0, &count, err))
        return false;
    return !count || fail(err, ERROR_CONFLICT, "there is a " STR_FMT " '" STR_FMT "' already",
                          STR_ARG(recipe->kind), STR_ARG(str_slice(recipe->name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Str kind, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM recipes WHERE workspace = $1 AND kind = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(kind)), 0, &count, err))
        return false;
    return count < RECIPES_MAX ||
           fail(err, ERROR_CONFLICT, "there are %d " STR_FMT "s already; remove one first",
                RECIPES_MAX, STR_ARG(kind));
}

static bool add_version(DbTx *tx, const Scope *scope, const Recipe *recipe, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO recipe_versions (workspace, recipe, number, user_id, body,"
                           " created_at) VALUES ($1, $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_text(scope->workspace), db_text(recipe->id), db_int(recipe->version),
                           db_text(scope->user), db_text(recipe->body),
                           db_int(recipe->updated_at_ms)),
                   NULL, err);
}

/* Who did what to it: "workflow.change". */
static bool note(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *recipe, const char *what,
                 Error *err)
{
    Buf details = buf_new(arena, DETAILS_MAX), action = buf_new(arena, ACTION_MAX);
    JsonWriter json = put_begin(&details);
    put_text(&json, "name", recipe->name);
    put_int(&json, "version", recipe->version);
    put_end(&json);
    for (size_t i = 0; i < recipe->kind.length; i++)
        buf_add_char(&action, (char)(recipe->kind.at[i] == ' ' ? '_' : recipe->kind.at[i]));
    buf_addf(&action, ".%s", what);
    const AuditEntry entry = { .action = buf_str(&action),
                               .subject_kind = recipe->kind,
                               .subject = recipe->id,
                               .details = buf_str(&details) };
    return audit_add(tx, scope, &entry, err);
}

bool recipe_add(DbTx *tx, const Scope *scope, Arena *arena, Recipe *recipe, Error *err)
{
    Recipe added = *recipe;

    added.id = id_new(arena);
    added.user = scope->user;
    added.version = 1;
    added.created_at_ms = added.updated_at_ms = now_ms();
    if (!check_room(tx, scope, added.kind, err) || !check_name(tx, scope, arena, &added, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO recipes (workspace, id, kind, user_id, name, name_fold,"
                         " version, shares, created_at, updated_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $8)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.kind),
                         db_text(added.user), db_text(added.name),
                         db_text(utf8_fold(arena, added.name)), db_text(added.shares),
                         db_int(added.created_at_ms)),
                 NULL, err) ||
        !add_version(tx, scope, &added, err) || !note(tx, scope, arena, &added, "add", err))
        return false;
    *recipe = added;
    return true;
}

bool recipe_find(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str id, Recipe *recipe_r,
                 Error *err)
{
    return sql_find(tx, arena, DB_SAME(RECIPES "AND r.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(id)), read_recipe,
                    recipe_r, str_c(arena, kind), id, err);
}

bool recipe_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str name,
                         Recipe *recipe_r, Error *err)
{
    return sql_find(
        tx, arena, DB_SAME(RECIPES "AND r.name_fold = $3"),
        DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(utf8_fold(arena, name))),
        read_recipe, recipe_r, str_c(arena, kind), name, err);
}

bool recipe_find_either(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str id_or_name,
                        Recipe *recipe_r, Error *err)
{
    Error why = { 0 };
    if (recipe_find(tx, scope, arena, kind, id_or_name, recipe_r, &why))
        return true;
    if (why.code == ERROR_NOT_FOUND)
        return recipe_find_by_name(tx, scope, arena, kind, id_or_name, recipe_r, err);
    *err = why;
    return false;
}

bool recipe_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str user, RecipeList *list_r,
                 Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(RECIPES "AND ($3 = '' OR r.user_id = $3) ORDER BY r.name_fold"),
                  DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(user)), read_recipe,
                  sizeof(Recipe), &items, err))
        return false;
    *list_r = (RecipeList){ .at = items.at, .count = items.count };
    return true;
}

/* The version grows in the database, so that two changes at once are two versions. */
static bool next_version(DbTx *tx, const Scope *scope, Recipe *recipe, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE recipes SET version = version + 1"
                           " WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(recipe->id)), NULL, err) &&
           db_query_int(tx, DB_SAME("SELECT version FROM recipes WHERE workspace = $1 AND id = $2"),
                        DB_ARGS(db_text(scope->workspace), db_text(recipe->id)), 0,
                        &recipe->version, err) &&
           (recipe->version <= RECIPE_VERSIONS_MAX ||
            fail(err, ERROR_CONFLICT, "it has %d versions already; copy it under another name",
                 RECIPE_VERSIONS_MAX)) &&
           add_version(tx, scope, recipe, err);
}

bool recipe_update(DbTx *tx, const Scope *scope, Arena *arena, Recipe *recipe, Error *err)
{
    Recipe was, now = *recipe;

    if (!recipe_find(tx, scope, arena, recipe->kind, recipe->id, &was, err) ||
        !check_name(tx, scope, arena, recipe, err))
        return false;
    now.version = was.version;
    now.user = was.user;
    now.created_at_ms = was.created_at_ms;
    now.updated_at_ms = now_ms();
    if ((!str_equal(was.body, now.body) && !next_version(tx, scope, &now, err)) ||
        !db_exec(tx,
                 DB_SAME("UPDATE recipes SET name = $3, name_fold = $4, shares = $5,"
                         " updated_at = $6 WHERE workspace = $1 AND id = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(now.id), db_text(now.name),
                         db_text(utf8_fold(arena, now.name)), db_text(now.shares),
                         db_int(now.updated_at_ms)),
                 NULL, err) ||
        !note(tx, scope, arena, &now, "change", err))
        return false;
    *recipe = now;
    return true;
}

bool recipe_remove(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *recipe, Error *err)
{
    return sql_change(
               tx, DB_SAME("DELETE FROM recipes WHERE workspace = $1 AND kind = $2 AND id = $3"),
               DB_ARGS(db_text(scope->workspace), db_text(recipe->kind), db_text(recipe->id)),
               "recipe", recipe->id, err) &&
           note(tx, scope, arena, recipe, "remove", err);
}

/* --- Versions --- */

#define VERSIONS                                                                                   \
    "SELECT number, user_id, body, created_at FROM recipe_versions"                                \
    " WHERE workspace = $1 AND recipe = $2 "

static void read_version(DbRows *row, Arena *arena, void *item)
{
    *(RecipeVersion *)item = (RecipeVersion){
        .number = db_get_int(row, 0),
        .user = db_get_text(row, 1, arena),
        .body = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
    };
}

bool recipe_version_find(DbTx *tx, const Scope *scope, Arena *arena, Str recipe, int64_t number,
                         RecipeVersion *version_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(VERSIONS "AND number = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(recipe), db_int(number)),
                    read_version, version_r, "version", str_format(arena, "%" PRId64, number), err);
}

bool recipe_version_list(DbTx *tx, const Scope *scope, Arena *arena, Str recipe,
                         RecipeVersionList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(VERSIONS "ORDER BY number DESC"),
                  DB_ARGS(db_text(scope->workspace), db_text(recipe)), read_version,
                  sizeof(RecipeVersion), &items, err))
        return false;
    *list_r = (RecipeVersionList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Defaults --- */

bool recipe_set_default(DbTx *tx, const Scope *scope, Str subject_kind, Str subject, Str recipe,
                        Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO recipe_defaults (workspace, subject_kind, subject, recipe)"
                           " VALUES ($1, $2, $3, $4)"
                           " ON CONFLICT (workspace, subject_kind, subject)"
                           " DO UPDATE SET recipe = excluded.recipe"),
                   DB_ARGS(db_text(scope->workspace), db_text(subject_kind), db_text(subject),
                           db_text(recipe)),
                   NULL, err);
}

bool recipe_default(DbTx *tx, const Scope *scope, Arena *arena, Str subject_kind, Str subject,
                    Str *recipe_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT recipe FROM recipe_defaults WHERE workspace = $1"
                          " AND subject_kind = $2 AND subject = $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(subject_kind), db_text(subject)),
                  sql_read_text, sizeof(Str), &items, err))
        return false;
    *recipe_r = items.count ? *(Str *)items.at : STR_NONE;
    return true;
}

static void read_default(DbRows *row, Arena *arena, void *item)
{
    *(RecipeDefault *)item =
        (RecipeDefault){ db_get_text(row, 0, arena), db_get_text(row, 1, arena),
                         db_get_text(row, 2, arena) };
}

bool recipe_defaults(DbTx *tx, const Scope *scope, Arena *arena, RecipeDefaultList *list_r,
                     Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT subject_kind, subject, recipe FROM recipe_defaults"
                          " WHERE workspace = $1 ORDER BY subject_kind, subject"),
                  DB_ARGS(db_text(scope->workspace)), read_default, sizeof(RecipeDefault), &items,
                  err))
        return false;
    *list_r = (RecipeDefaultList){ .at = items.at, .count = items.count };
    return true;
}

bool recipe_remove_default(DbTx *tx, const Scope *scope, Str subject_kind, Str subject, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM recipe_defaults WHERE workspace = $1"
                           " AND subject_kind = $2 AND subject = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(subject_kind), db_text(subject)),
                   NULL, err);
}
