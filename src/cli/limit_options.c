#include "cli/limit_options.h"

static const char *const periods[] = { "day", "month", "total" };
typedef struct Rate {
    const char *option, *member;
} Rate;
/* Of keys, people and the workspace as of services; and of services alone. */
static const Rate rates[] = { { "requests", "requests_per_minute" },
                              { "tokens", "tokens_per_minute" },
                              { "concurrent", "concurrent" } };
static const Rate day_rates[] = { { "requests-day", "requests_per_day" },
                                  { "tokens-day", "tokens_per_day" } };

bool limit_options_given(const CommandLine *line)
{
    bool is_given = option_is_given(line, "models");
    for (size_t i = 0; i < COUNT(periods); i++)
        is_given |= option_is_given(line, periods[i]);
    for (size_t i = 0; i < COUNT(rates); i++)
        is_given |= option_is_given(line, rates[i].option);
    return is_given;
}

static bool is_none(Str value) { return str_is(value, "none"); }

/* --- Budgets --- */

static const json_t *budget_of(const json_t *now, const char *period)
{
    size_t i;
    json_t *budget;
    json_array_foreach(
        json_object_get(now, "budgets"), i,
        budget) if (str_is(json_member_text(budget, "period"), period)) return budget;
    return NULL;
}

static void put_budget_as_it_is(JsonWriter *json, const json_t *budget, const char *period)
{
    put_object(json, NULL);
    put_text(json, "period", str(period));
    if (json_object_get(budget, "dollars"))
        put_text(json, "dollars", json_member_text(budget, "dollars"));
    else
        put_int(json, "calls", json_integer_value(json_object_get(budget, "calls")));
    put_end(json);
}

/* Dollars go on as they were written: the server reads amounts exactly. */
static bool put_budget(JsonWriter *json, Str value, const char *period, Error *err)
{
    Str suffix = S("calls");
    bool counts_calls = str_ends(value, suffix);
    Str amount = str_trim(counts_calls ? str_slice(value, 0, value.length - suffix.length) : value);
    int64_t calls = 0;
    if (!amount.length || (counts_calls && !str_to_int(amount, 0, 1000000000, &calls)))
        return fail_field(err, period, "--%s is an amount: 5.00 (dollars), 500calls, or none",
                          period);
    put_object(json, NULL);
    put_text(json, "period", str(period));
    if (counts_calls)
        put_int(json, "calls", calls);
    else
        put_text(json, "dollars", amount);
    put_end(json);
    return true;
}

static bool put_budgets(const CommandLine *line, JsonWriter *json, const json_t *now, Error *err)
{
    put_array(json, "budgets");
    for (size_t i = 0; i < COUNT(periods); i++) {
        Str value = option_value(line, periods[i]);
        const json_t *budget = budget_of(now, periods[i]);
        bool is_given = option_is_given(line, periods[i]);
        if (is_given && !is_none(value) && !put_budget(json, value, periods[i], err))
            return false;
        if (!is_given && budget)
            put_budget_as_it_is(json, budget, periods[i]);
    }
    put_end(json);
    return true;
}

/* --- Rates and models --- */

/* `rate` is what it was, unless the option is given; 0 is none. */
static bool read_rate(const CommandLine *line, const Rate *one, int64_t *rate, Error *err)
{
    Str value = option_value(line, one->option);
    if (!option_is_given(line, one->option))
        return true;
    *rate = 0;
    return is_none(value) || str_to_int(value, 1, 1000000000, rate) ||
           fail_field(err, one->option, "--%s is a number from 1 on, or none", one->option);
}

static bool put_rates(const CommandLine *line, JsonWriter *json, const json_t *now, Error *err)
{
    for (size_t i = 0; i < COUNT(rates); i++) {
        int64_t rate = json_integer_value(json_object_get(now, rates[i].member));
        if (!read_rate(line, &rates[i], &rate, err))
            return false;
        put_int(json, rates[i].member, rate);
    }
    return true;
}

static void put_models(const CommandLine *line, JsonWriter *json, const json_t *now)
{
    Str models = option_value(line, "models");
    if (option_is_given(line, "models")) {
        put_pieces(json, "models", is_none(models) ? STR_NONE : models, ',');
        return;
    }
    size_t i;
    json_t *model;
    put_array(json, "models");
    json_array_foreach(json_object_get(now, "models"), i, model)
        put_text(json, NULL, str(json_string_value(model)));
    put_end(json);
}

bool limit_options_document(const CommandLine *line, const json_t *now, Str *document_r, Error *err)
{
    Buf document = buf_new(line->arena, KB(64));
    JsonWriter json = put_begin(&document);
    if (!put_rates(line, &json, now, err) || !put_budgets(line, &json, now, err))
        return false;
    put_models(line, &json, now);
    put_end(&json);
    *document_r = buf_str(&document);
    return true;
}

/* --- Services --- */

bool limit_options_check(const CommandLine *line, bool is_service, Error *err)
{
    bool has_day_rate = false;
    for (size_t i = 0; i < COUNT(day_rates); i++)
        has_day_rate |= option_is_given(line, day_rates[i].option);
    if (has_day_rate && !is_service)
        return fail(err, ERROR_INVALID,
                    "--requests-day and --tokens-day are limits of services; of others --day "
                    "500calls is one");
    bool has_budget = option_is_given(line, "models");
    for (size_t i = 0; i < COUNT(periods); i++)
        has_budget |= option_is_given(line, periods[i]);
    if (has_budget && is_service)
        return fail(err, ERROR_INVALID,
                    "a service has --requests, --tokens, --concurrent, --requests-day and "
                    "--tokens-day; budgets and models are set for who asks");
    return has_day_rate || limit_options_given(line) ||
           fail(err, ERROR_INVALID, "say what to set, such as %s--requests 60",
                is_service ? "" : "--day 5.00 or ");
}

static bool set_rates(const CommandLine *line, const Rate *list, size_t count, json_t *limits,
                      Error *err)
{
    for (size_t i = 0; i < count; i++) {
        int64_t rate = json_integer_value(json_object_get(limits, list[i].member));
        if (!read_rate(line, &list[i], &rate, err))
            return false;
        if (rate)
            json_object_set_new(limits, list[i].member, json_integer(rate));
        else
            json_object_del(limits, list[i].member);
    }
    return true;
}

bool limit_options_of_service(const CommandLine *line, json_t *document, Error *err)
{
    if (!json_object_get(document, "limits"))
        json_object_set_new(document, "limits", json_object());
    json_t *limits = json_object_get(document, "limits");
    return set_rates(line, rates, COUNT(rates), limits, err) &&
           set_rates(line, day_rates, COUNT(day_rates), limits, err);
}
