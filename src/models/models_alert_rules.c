/* models_alert_rules.c - the rules of alerts, and what a workspace has set for them. */
#include "models/models_alerts.h"
#include "store/settings_store.h"

#define SETTING S("alerts")
#define SECONDS_MAX (30 * 24 * 3600)

typedef enum AlertWhen { ABOVE, BELOW } AlertWhen;

static const struct {
    const char *name, *unit, *title;
    AlertWhen when;
    double limit;
    int64_t hold_s, repeat_s;
} rules[] = {
#define ALERT(name, when, limit, hold, repeat, unit, title)                                        \
    { #name, unit, title, when, limit, hold, repeat },
#include "models/alerts.def"
#undef ALERT
};

const char *alert_rule_name(AlertRule rule) { return rules[rule].name; }
const char *alert_rule_unit(AlertRule rule) { return rules[rule].unit; }
const char *alert_rule_title(AlertRule rule) { return rules[rule].title; }
bool alert_rule_is_below(AlertRule rule) { return rules[rule].when == BELOW; }

bool alert_rule_named(Str name, AlertRule *rule_r)
{
    for (AlertRule rule = 0; rule < ALERT_RULE_COUNT; rule++)
        if (str_is(name, rules[rule].name)) {
            *rule_r = rule;
            return true;
        }
    return false;
}

/* --- What a workspace has set --- */

/* Kept flat, "NAME", "NAME.hold", "NAME.repeat": a limit is a number, as it always was. */
static double kept(Arena *arena, const json_t *json, const char *rule, const char *part,
                   double usual)
{
    const json_t *number =
        json_object_get(json, str_c(arena, str_format(arena, "%s%s", rule, part)));
    return json_is_number(number) ? json_number_value(number) : usual;
}

static void take_kept(Arena *arena, const json_t *json, AlertLimits *limits)
{
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++) {
        const char *name = rules[i].name;
        limits->at[i].limit = kept(arena, json, name, "", rules[i].limit);
        limits->at[i].hold_s = (int64_t)kept(arena, json, name, ".hold", (double)rules[i].hold_s);
        limits->at[i].repeat_s =
            (int64_t)kept(arena, json, name, ".repeat", (double)rules[i].repeat_s);
    }
}

bool alert_limits_find(DbTx *tx, const Scope *scope, Arena *arena, AlertLimits *limits_r,
                       Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str text = S("{}");
    if (!setting_find(tx, scope, arena, SETTING, &text, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        text = S("{}");
    }
    if (!json_parse(text, KB(64), &json, err))
        return false;
    take_kept(arena, json, limits_r);
    return true;
}

static bool check_seconds(const char *rule, const char *what, int64_t seconds, Error *err)
{
    return (seconds >= 0 && seconds <= SECONDS_MAX) ||
           fail_field(err, rule, "'%s' of '%s' is a number of seconds from 0 to %d", what, rule,
                      SECONDS_MAX);
}

bool alert_limits_set(DbTx *tx, const Scope *scope, Arena *arena, const AlertLimits *limits,
                      Error *err)
{
    Buf text = buf_new(arena, KB(32));
    JsonWriter json = put_begin(&text);
    if (!scope_needs(scope, ROLE_ADMIN, err))
        return false;
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++) {
        const char *name = rules[i].name;
        double limit = limits->at[i].limit;
        int64_t hold_s = limits->at[i].hold_s, repeat_s = limits->at[i].repeat_s;
        if (!(limit >= 0 && limit <= 1e6))
            return fail_field(err, name, "'%s' is a number from 0 to 1000000", name);
        if (!check_seconds(name, "hold_seconds", hold_s, err) ||
            !check_seconds(name, "repeat_seconds", repeat_s, err))
            return false;
        put_number(&json, name, limit);
        put_int(&json, str_c(arena, str_format(arena, "%s.hold", name)), hold_s);
        put_int(&json, str_c(arena, str_format(arena, "%s.repeat", name)), repeat_s);
    }
    put_end(&json);
    return setting_set(tx, scope, SETTING, buf_str(&text), err);
}
