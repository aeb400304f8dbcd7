/* import_limits.c - models, rates and budgets of the workspace and of people, by the routes that
 * people use: what was spent there is not spent here. */
#include "cli/importing.h"
#include "cli/output.h"
#include "gateway/price.h"

/* Where limits are set; empty: of whom is not here, as every key. */
static Str path_of(const Importing *in, Arena *arena, const json_t *row)
{
    Str kind = json_member_text(row, "kind"), old_id = json_member_text(row, "subject");
    if (str_is(kind, "workspace"))
        return S("/v1/workspace/limits");
    Str id = str_is(kind, "user") ? importing_id(in, old_id) : STR_NONE;
    return id.length ? str(output_id_path(arena, "/v1/users", id, "/limits")) : STR_NONE;
}

/* The body of a path, with its list of budgets; NULL: left out. */
static json_t *body_of(Importing *in, const char *table, const json_t *row)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str path = path_of(in, arena, row);
    if (!path.length) {
        importing_leave(in, table, S("it was of a key, or of somebody who is not here"));
        return NULL;
    }
    json_t *body = json_object_get(in->limits, str_c(arena, path));
    if (!body) {
        body = json_pack("{s:[]}", "budgets");
        json_object_set_new(in->limits, str_c(arena, path), body);
    }
    return body;
}

static void take_rate(json_t *body, const char *name, const json_t *row, const char *column)
{
    if (output_int(row, column) > 0)
        json_object_set_new(body, name, json_integer(output_int(row, column)));
}

static bool take_limits(Importing *in, const json_t *row, Error *err)
{
    AUTO_JSON json_t *models = NULL;
    Error ignored;
    (void)err;
    json_t *body = body_of(in, "key_limits", row);
    if (!body)
        return true;
    if (json_parse(json_member_text(row, "models"), MB(1), &models, &ignored))
        json_object_set(body, "models", models);
    take_rate(body, "requests_per_minute", row, "requests");
    take_rate(body, "tokens_per_minute", row, "tokens");
    take_rate(body, "concurrent", row, "concurrent");
    return true;
}

static bool take_budget(Importing *in, const json_t *row, Error *err)
{
    char dollars[48];
    (void)err;
    json_t *body = body_of(in, "budgets", row), *budget = json_object();
    if (!body) {
        json_decref(budget);
        return true;
    }
    int64_t amount = output_int(row, "amount");
    snprintf(dollars, sizeof dollars, "%" PRId64 ".%012" PRId64, amount / PICO, amount % PICO);
    json_object_set(budget, "period", json_object_get(row, "period"));
    if (output_int(row, "counts_calls"))
        json_object_set_new(budget, "calls", json_integer(amount));
    else
        json_object_set_new(budget, "dollars", json_string(dollars));
    json_array_append_new(json_object_get(body, "budgets"), budget);
    return true;
}

static bool has_limits(const json_t *now)
{
    return json_array_size(json_object_get(now, "models")) ||
           json_array_size(json_object_get(now, "budgets")) ||
           json_is_integer(json_object_get(now, "requests_per_minute")) ||
           json_is_integer(json_object_get(now, "tokens_per_minute")) ||
           json_is_integer(json_object_get(now, "concurrent"));
}

/* Whoever has limits here keeps them. */
static bool set_limits(Importing *in, const char *path, const json_t *body, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    AUTO_JSON json_t *now = NULL, *answer = NULL;
    Error why = { 0 };
    int64_t count = (int64_t)json_array_size(json_object_get(body, "budgets"));
    if (!client_call(in->client, "GET", path, S(""), &now, &why))
        return importing_refused(in, "key_limits", &why, err);
    if (has_limits(now)) {
        importing_count(in, "key_limits", 0, 1);
        importing_count(in, "budgets", 0, count);
        return true;
    }
    if (!client_call(in->client, "PUT", path, json_print(arena, body), &answer, &why))
        return importing_refused(in, "key_limits", &why, err);
    importing_count(in, "key_limits", 1, 0);
    importing_count(in, "budgets", count, 0);
    return true;
}

bool import_limits(Importing *in, Error *err)
{
    const char *path;
    json_t *body;
    in->limits = json_object();
    if (!importing_each(in, "key_limits", "tables/key_limits.jsonl", take_limits, err) ||
        !importing_each(in, "budgets", "tables/budgets.jsonl", take_budget, err))
        return false;
    json_object_foreach(in->limits, path, body)
    {
        if (!set_limits(in, path, body, err))
            return false;
    }
    return true;
}
