/* limits_api.c - which models a key, a person or a workspace may use, how often, for how much. */
#include "api/api.h"
#include "gateway/price.h"
#include "models/models.h"

#define PATTERNS_MAX 200
#define PATTERN_MAX 200
#define RATE_MAX INT64_C(1000000000)

/* --- Writing --- */

/* Dollars exactly, as a text: "12.50", "0.0000025". */
static void put_amount(JsonWriter *json, const char *name, const BudgetRow *row, int64_t amount)
{
    char text[48];
    if (row->counts_calls) {
        put_int(json, name, amount);
        return;
    }
    int64_t whole = amount < 0 ? -amount : amount;
    int length = snprintf(text, sizeof text, "%s%" PRId64 ".%012" PRId64, amount < 0 ? "-" : "",
                          whole / PICO, whole % PICO);
    while (text[length - 1] == '0' && text[length - 3] != '.')
        length--;
    put_text(json, name, (Str){ text, (size_t)length });
}

static void put_budget(JsonWriter *json, const BudgetRow *row)
{
    put_object(json, NULL);
    put_text(json, "id", row->id);
    put_text(json, "of", str(subject_kind_name(row->subject.kind)));
    put_text(json, "subject", row->subject.id);
    put_text(json, "period", str(budget_period_name(row->period)));
    put_amount(json, row->counts_calls ? "calls" : "dollars", row, row->amount);
    put_amount(json, "spent", row, row->spent);
    put_amount(json, "left", row, MAX(row->amount - row->spent, (int64_t)0));
    /* Borrowed by a node: at hand there, taken by calls that run, or lost with a node that died. */
    put_amount(json, "held", row, MAX(row->lent - row->spent, (int64_t)0));
    put_int(json, "reached", row->told); /* per cent: 50, 80, 100 */
    put_time(json, "resets_at", row->period == PERIOD_TOTAL ? 0 : row->period_end_ms);
    put_end(json);
}

static void put_rate(JsonWriter *json, const char *name, int64_t rate)
{
    if (rate)
        put_int(json, name, rate);
    else
        put_null(json, name);
}

static void put_limits(JsonWriter *json, const ModelLimits *limits)
{
    put_texts(json, "models", limits->models);
    put_rate(json, "requests_per_minute", limits->requests_per_minute);
    put_rate(json, "tokens_per_minute", limits->tokens_per_minute);
    put_rate(json, "concurrent", limits->concurrent);
    put_array(json, "budgets");
    for (size_t i = 0; i < limits->budgets.count; i++)
        put_budget(json, &limits->budgets.at[i]);
    put_end(json);
}

static bool respond(ApiRequest *request, const Subject *subject, HttpResponse *response, Error *err)
{
    ModelLimits limits;
    if (!models_limits(request->api->models, request->scope, request->arena, subject, &limits, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_limits(&json, &limits);
    put_end(&json);
    return true;
}

/* --- Reading --- */

/* "12.50", or a number. */
static bool read_dollars(const json_t *value, int64_t *pico_r, Error *err)
{
    char text[64] = "";
    if (json_is_string(value))
        snprintf(text, sizeof text, "%s", json_string_value(value));
    else if (json_is_number(value))
        snprintf(text, sizeof text, "%.12g", json_number_value(value));
    if (!price_parse(str(text), 1, pico_r))
        return fail_field(err, "dollars",
                          "dollars must be an amount such as \"12.50\", of at most "
                          "9 million");
    return true;
}

static bool read_budget(const json_t *json, Arena *arena, BudgetRow *row_r, Error *err)
{
    Str period;
    json_t *dollars = NULL;
    int64_t calls = -1;
    *row_r = (BudgetRow){ 0 };
    if (!json_read(json, arena,
                   JSON_FIELDS({ "period", JSON_STR, &period, .required = true },
                               { "dollars", JSON_ANY, &dollars },
                               { "calls", JSON_I64, &calls, .min = 0, .max = RATE_MAX }),
                   err))
        return fail_in(err, "budgets");
    if (!budget_period_named(period, &row_r->period))
        return fail_field(err, "period", "'" STR_FMT "' is no period: day, month or total",
                          STR_ARG(str_slice(period, 0, 50)));
    if ((dollars != NULL) == (calls >= 0))
        return fail_field(err, "budgets", "a budget has dollars or calls");
    row_r->counts_calls = calls >= 0;
    row_r->amount = calls;
    return row_r->counts_calls || read_dollars(dollars, &row_r->amount, err);
}

static bool read_budgets(ApiRequest *request, const json_t *list, BudgetRowList *list_r, Error *err)
{
    size_t count = json_array_size(list);
    if (list && (!json_is_array(list) || count > PERIOD_KINDS))
        return fail_field(err, "budgets", "budgets is a list of at most %d", PERIOD_KINDS);
    list_r->at = arena_new_array(request->arena, BudgetRow, count);
    for (; list_r->count < count; list_r->count++)
        if (!read_budget(json_array_get(list, list_r->count), request->arena,
                         &list_r->at[list_r->count], err))
            return false;
    return true;
}

static bool change(ApiRequest *request, const Subject *subject, HttpResponse *response, Error *err)
{
    ModelLimits limits = { 0 };
    json_t *budgets = NULL;
    if (!api_fields(
            request, err, { "models", JSON_STRS, &limits.models, .length_max = PATTERNS_MAX },
            { "requests_per_minute", JSON_I64, &limits.requests_per_minute, .max = RATE_MAX },
            { "tokens_per_minute", JSON_I64, &limits.tokens_per_minute, .max = RATE_MAX },
            { "concurrent", JSON_I64, &limits.concurrent, .max = 1000000 },
            { "budgets", JSON_ANY, &budgets }) ||
        !read_budgets(request, budgets, &limits.budgets, err))
        return false;
    for (size_t i = 0; i < limits.models.count; i++)
        if (!limits.models.at[i].length || limits.models.at[i].length > PATTERN_MAX)
            return fail_field(err, "models", "a pattern has 1 to %d bytes", PATTERN_MAX);
    return models_set_limits(request->api->models, request->scope, request->arena, subject, &limits,
                             err) &&
           respond(request, subject, response, err);
}

/* --- Routes --- */

/* Whoever has a key may see what is left of it. */
bool key_limits_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Subject subject = { SUBJECT_KEY, request->params[0] };
    if (!str_equal(subject.id, request->scope->key) &&
        !scope_may_look(request->scope, ROLE_ADMIN, err))
        return false;
    return respond(request, &subject, response, err);
}

bool key_limits_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    return change(request, &(Subject){ SUBJECT_KEY, request->params[0] }, response, err);
}

bool user_limits_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond(request, &(Subject){ SUBJECT_USER, request->params[0] }, response, err);
}

bool user_limits_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    return change(request, &(Subject){ SUBJECT_USER, request->params[0] }, response, err);
}

bool workspace_limits_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond(request, &(Subject){ SUBJECT_WORKSPACE, request->scope->workspace }, response,
                   err);
}

bool workspace_limits_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    return change(request, &(Subject){ SUBJECT_WORKSPACE, request->scope->workspace }, response,
                  err);
}

bool limits_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    LimitedSubjectList list;
    if (!models_limited(request->api->models, request->scope, request->arena, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        const LimitedSubject *one = &list.at[i];
        put_object(&json, NULL);
        put_text(&json, "of", str(subject_kind_name(one->subject.kind)));
        put_text(&json, "subject", one->subject.id);
        put_text_or_null(&json, "name", one->name);
        put_limits(&json, &one->limits);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

bool budgets_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    BudgetRowList list;
    if (!models_budgets(request->api->models, request->scope, request->arena, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++)
        put_budget(&json, &list.at[i]);
    api_list_end(&json, (int64_t)list.count, S(""));
    return true;
}

bool budgets_reclaim(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t amount;
    return models_reclaim(request->api->models, request->scope, request->params[0], &amount, err) &&
           budgets_list(request, response, err);
}
