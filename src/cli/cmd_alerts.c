/* cmd_alerts.c - what is wrong now and was, when it is told, and silences. */
#include "cli/client.h"
#include "cli/output.h"
#include "gateway/hints.h"

#define WORDS                                                                                      \
    "ls | history | see ID | rules | set RULE [LIMIT] | silence [RULE [SUBJECT]] | silences | "    \
    "unsilence ID"
#define USE "use: lectern alerts " WORDS
#define LIST_MAX "200"

static const CommandOption options[] = {
    { "for", "TIME", "how long a silence lasts: 30m, 2h, 72h (default: 1h)" },
    { "reason", "TEXT", "why, for others" },
    { "hold", "TIME", "how long a rule must hold before it is told: 0, 5m" },
    { "repeat", "TIME", "after how long it is told again: 24h; 0: once" },
    { NULL, NULL, NULL },
};

static bool read_seconds(CommandLine *line, const char *option, const char *usual,
                         int64_t *seconds_r, Error *err)
{
    Str text = option_is_given(line, option) ? option_value(line, option) : str(usual);
    int64_t ms = 0;
    if (!str_is(text, "0") && !hint_parse_duration(text, &ms))
        return fail(err, ERROR_INVALID, "--%s is a time such as 90s, 30m or 2h", option);
    *seconds_r = ms / 1000;
    return true;
}

/* --- Alerts --- */

static void print_alert(const json_t *alert)
{
    Str subject = json_member_text(alert, "subject");
    printf("%-8s %s  %s", output_member(alert, "state"), output_member(alert, "opened_at"),
           output_member(alert, "rule"));
    if (subject.length) {
        printf(" of ");
        output_text(subject);
    }
    printf(": %.3g (the limit is %.3g)%s\n         %s\n",
           json_number_value(json_object_get(alert, "value")),
           json_number_value(json_object_get(alert, "limit")),
           json_is_string(json_object_get(alert, "acknowledged_at")) ? ", somebody sees to it" : "",
           output_member(alert, "id"));
}

static bool list(CommandLine *line, Client *client, bool only_open, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *alert;
    const char *path =
        only_open ? "/v1/alerts?open=1&limit=" LIST_MAX : "/v1/alerts?limit=" LIST_MAX;
    if (!client_call(client, "GET", path, S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, alert) print_alert(alert);
    if (!i)
        puts(only_open ? "nothing is wrong that is watched" : "nothing was wrong that is watched");
    return true;
}

static bool see(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path = output_id_path(line->arena, "/v1/alerts", line->words[1], "/acknowledge");
    return client_call(client, "POST", path, S(""), &answer, err);
}

/* --- Rules --- */

static void print_rule(const json_t *rule)
{
    double limit = json_number_value(json_object_get(rule, "limit"));
    int64_t hold_s = output_int(rule, "hold_seconds"),
            repeat_s = output_int(rule, "repeat_seconds");
    printf("%-21s ", output_member(rule, "rule"));
    if (limit > 0)
        printf("%s %.6g %s", output_member(rule, "when"), limit, output_member(rule, "unit"));
    else
        printf("off");
    if (hold_s)
        printf(", for %" PRId64 " s", hold_s);
    if (repeat_s)
        printf(", again every %" PRId64 " s", repeat_s);
    printf("\n    %s\n", output_member(rule, "title"));
}

static bool print_rules(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *rule;
    if (!client_call(client, "GET", "/v1/alerts/rules", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, rule) print_rule(rule);
    return true;
}

/* A time that was given, as a member. */
static bool put_seconds(CommandLine *line, JsonWriter *json, const char *option, const char *member,
                        Error *err)
{
    int64_t seconds;
    if (!option_is_given(line, option))
        return true;
    if (!read_seconds(line, option, "", &seconds, err))
        return false;
    put_int(json, member, seconds);
    return true;
}

static bool set_rule(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(4));
    double limit;
    JsonWriter json = put_begin(&body);
    put_object(&json, str_c(line->arena, line->words[1]));
    if (line->word_count == 3) {
        if (!str_to_double(line->words[2], &limit))
            return fail(err, ERROR_INVALID, "the limit is a number; 0 switches the rule off");
        put_number(&json, "limit", limit);
    }
    if (!put_seconds(line, &json, "hold", "hold_seconds", err) ||
        !put_seconds(line, &json, "repeat", "repeat_seconds", err))
        return false;
    put_end(&json);
    put_end(&json);
    return client_call(client, "PUT", "/v1/alerts/rules", buf_str(&body), &answer, err);
}

/* --- Silences --- */

static bool silence(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(4));
    int64_t seconds;
    if (!read_seconds(line, "for", "1h", &seconds, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_int(&json, "seconds", seconds);
    put_text(&json, "reason", option_value(line, "reason"));
    if (line->word_count > 1)
        put_text(&json, "rule", line->words[1]);
    if (line->word_count > 2)
        put_text(&json, "subject", line->words[2]);
    put_end(&json);
    if (!client_call(client, "POST", "/v1/alerts/silences", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer) && !line->quiet)
        printf("nobody is told until %s; lectern alerts unsilence %s ends it\n",
               output_member(answer, "ends_at"), output_member(answer, "id"));
    return true;
}

static void print_silence(const json_t *one)
{
    Str rule = json_member_text(one, "rule"), subject = json_member_text(one, "subject");
    printf("%s  until %s  %s", output_member(one, "id"), output_member(one, "ends_at"),
           rule.length ? rule.at : "every rule");
    if (subject.length) {
        printf(" of ");
        output_text(subject);
    }
    printf("  ");
    output_text(json_member_text(one, "reason"));
    putchar('\n');
}

static bool list_silences(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *one;
    if (!client_call(client, "GET", "/v1/alerts/silences", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one) print_silence(one);
    return true;
}

static bool unsilence(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path = output_id_path(line->arena, "/v1/alerts/silences", line->words[1], "");
    return client_call(client, "DELETE", path, S(""), &answer, err);
}

/* --- The command --- */

static bool list_open(CommandLine *line, Client *client, Error *err)
{
    return list(line, client, true, err);
}

static bool list_all(CommandLine *line, Client *client, Error *err)
{
    return list(line, client, false, err);
}

static const struct {
    const char *name;
    size_t word_min, word_max;
    bool (*run)(CommandLine *line, Client *client, Error *err);
} parts[] = {
    { "ls", 1, 1, list_open },
    { "history", 1, 1, list_all },
    { "see", 2, 2, see },
    { "rules", 1, 1, print_rules },
    { "set", 2, 3, set_rule },
    { "silence", 1, 3, silence },
    { "silences", 1, 1, list_silences },
    { "unsilence", 2, 2, unsilence },
};

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("ls");
    size_t count = MAX(line->word_count, 1);
    for (size_t i = 0; i < COUNT(parts); i++)
        if (str_is(what, parts[i].name) && count >= parts[i].word_min && count <= parts[i].word_max)
            return client_open(line, &client, err) && parts[i].run(line, client, err);
    return fail(err, ERROR_INVALID, USE);
}

const Command command_alerts = {
    .name = "alerts",
    .arguments = WORDS,
    .summary = "What is wrong now and was, from where on it is told, and silences",
    .options = options,
    .word_max = 3,
    .run = run,
};
