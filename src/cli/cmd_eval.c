/* cmd_eval.c - how well searching finds what people judged right. */
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "cli/eval_folder.h"
#include "cli/output.h"
#include "cli/term.h"

#define LOOK_EVERY_MS 200
#define WORST 10
#define TSV_MAX MB(32)

static const CommandOption options[] = {
    { "mode", "MODE",
      "hybrid, keyword, semantic, private, deep, super_deep, creative or uncensored" },
    { "weights", "SHARE", "share of the semantic leg, 0.01 to 0.99" },
    { "set", "NAME=VALUE",
      "another setting of the search; several values, as 0.3,0.5, are a row each" },
    { "against", "NAME=VALUE", "the same with this changed, and whether that is better" },
    { NULL, NULL, NULL },
};

typedef struct Eval {
    CommandLine *line;
    Client *client;
    Str settings, against; /* of the search */
    Str swept;             /* the name of the setting with several values; empty: none */
    Str values;            /* its values between commas */
    SettingFlag other;     /* of the program: documents are indexed anew for it; name NULL: none */
} Eval;

static volatile bool is_stopped;

static void on_interrupt(int number)
{
    (void)number;
    is_stopped = true;
}

/* --- What is wanted --- */

static bool add_against(Eval *eval, Str pair, Error *err)
{
    CommandLine *line = eval->line;
    ptrdiff_t equals = str_find_char(pair, '=');
    Str name = str_slice(pair, 0, (size_t)MAX(equals, 0));
    if (equals <= 0)
        return fail_field(err, "against", "--against takes NAME=VALUE, not '" STR_FMT "'",
                          STR_ARG(pair));
    if (lab_has_setting(name)) {
        eval->against = str_format(line->arena, STR_FMT "%s" STR_FMT, STR_ARG(eval->against),
                                   eval->against.length ? " " : "", STR_ARG(pair));
        return true;
    }
    for (size_t i = 0; i < setting_count; i++)
        if (str_is(name, setting_rows[i].name)) {
            if (eval->other.name)
                return fail_field(err, "against", "one setting of the program at a time");
            eval->other = (SettingFlag){ setting_rows[i].name, str_from(pair, (size_t)equals + 1) };
            return true;
        }
    return fail_field(err, "against", "there is no setting '" STR_FMT "'", STR_ARG(name));
}

/* One of --set, "NAME=VALUE" or "NAME=VALUE,VALUE"; what is measured first has the first value. */
static bool add_set(Eval *eval, Str pair, Error *err)
{
    CommandLine *line = eval->line;
    ptrdiff_t comma = str_find_char(pair, ','), equals = str_find_char(pair, '=');
    Str first = comma < 0 ? pair : str_slice(pair, 0, (size_t)comma);
    if (comma >= 0 && eval->swept.length)
        return fail_field(err, "set", "one setting at a time may have several values");
    if (comma > equals && equals > 0) {
        eval->swept = str_slice(pair, 0, (size_t)equals);
        eval->values = str_from(pair, (size_t)equals + 1);
    }
    eval->settings =
        str_format(line->arena, STR_FMT " " STR_FMT, STR_ARG(eval->settings), STR_ARG(first));
    return true;
}

/* The settings with another value of the one that has several; the last of a name counts. */
static Str settings_with(const Eval *eval, Str value)
{
    return str_format(eval->line->arena, STR_FMT " " STR_FMT "=" STR_FMT, STR_ARG(eval->settings),
                      STR_ARG(eval->swept), STR_ARG(value));
}

static bool check_settings(const Eval *eval, Error *err)
{
    SearchRequest ignored = { 0 };
    Str rest = eval->values, value;
    if (eval->swept.length && eval->other.name)
        return fail_field(err, "set", "either several values or a setting of the program");
    while (str_next(&rest, ',', &value))
        if (!lab_settings_read(settings_with(eval, value), &ignored, err))
            return false;
    return lab_settings_read(eval->settings, &ignored, err) &&
           lab_settings_read(eval->against, &ignored, err);
}

static bool read_options(Eval *eval, Error *err)
{
    CommandLine *line = eval->line;
    Str mode = option_value(line, "mode"), share = option_value(line, "weights");
    Str against = option_value(line, "against"), set = option_value(line, "set"), pair;
    eval->settings =
        str_format(line->arena, "%s" STR_FMT "%s" STR_FMT, mode.length ? "mode=" : "",
                   STR_ARG(mode), share.length ? " vector_weight=" : "", STR_ARG(share));
    while (str_next(&set, ' ', &pair))
        if (pair.length && !add_set(eval, pair, err))
            return false;
    while (str_next(&against, ' ', &pair))
        if (pair.length && !add_against(eval, pair, err))
            return false;
    for (size_t i = 1; i < line->word_count; i++)
        if (!add_against(eval, line->words[i], err))
            return false;
    return check_settings(eval, err);
}

/* --- Sets and runs over HTTP --- */

static bool send_set(Eval *eval, Str name, Str tsv, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(eval->line->arena, TSV_MAX * 2 + KB(64));
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name);
    put_text(&json, "tsv", tsv);
    put_bool(&json, "replace", true);
    put_end(&json);
    if (!client_call(eval->client, "POST", "/v1/lab/sets", buf_str(&body), &answer, err))
        return false;
    int64_t unknown = output_int(answer, "unknown_count");
    if (unknown && !eval->line->quiet) {
        Str first = str(json_string_value(json_array_get(json_object_get(answer, "unknown"), 0)));
        output_note(str_format(
            eval->line->arena,
            "%" PRId64 " judgements are of documents that are not here, '" STR_FMT "' for one",
            unknown, STR_ARG(first)));
    }
    *id_r = str_copy(eval->line->arena, json_member_text(answer, "id"));
    return true;
}

static bool find_set(Eval *eval, Str name, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *set;
    if (!client_call(eval->client, "GET", "/v1/lab/sets", S(""), &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "items"), i, set)
    {
        if (!str_equal_ignore_case(json_member_text(set, "name"), name) &&
            !str_equal(json_member_text(set, "id"), name))
            continue;
        *id_r = str_copy(eval->line->arena, json_member_text(set, "id"));
        return true;
    }
    return fail(err, ERROR_NOT_FOUND, "there is no file, folder or judged set '" STR_FMT "'",
                STR_ARG(name));
}

static bool start_run(Eval *eval, Str set, Str settings, Str *id_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(eval->line->arena, KB(64));
    JsonWriter json = put_begin(&body);
    put_text(&json, "set", set);
    put_text(&json, "settings", settings);
    put_text(&json, "against", eval->against);
    put_end(&json);
    if (!client_call(eval->client, "POST", "/v1/lab/runs", buf_str(&body), &answer, err))
        return false;
    *id_r = str_copy(eval->line->arena, json_member_text(answer, "id"));
    return true;
}

static bool cancel_run(Eval *eval, Str id, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path = output_id_path(eval->line->arena, "/v1/lab/runs", id, "/cancel");
    if (!client_call(eval->client, "POST", path, S(""), &answer, err))
        return false;
    return fail(err, ERROR_CANCELLED, "stopped");
}

static bool wait_run(Eval *eval, Str id, json_t **run_r, Error *err)
{
    char *path = output_id_path(eval->line->arena, "/v1/lab/runs", id, "");
    for (;;) {
        AUTO_JSON json_t *run = NULL;
        if (is_stopped)
            return cancel_run(eval, id, err);
        if (!client_call(eval->client, "GET", path, S(""), &run, err))
            return false;
        Str state = json_member_text(run, "state");
        if (json_is_object(json_object_get(run, "result"))) {
            *run_r = json_incref(run);
            return true;
        }
        if (str_is(state, "dead") || str_is(state, "cancelled"))
            return fail(err, ERROR_INVALID, STR_FMT, STR_ARG(json_member_text(run, "error")));
        if (!eval->line->quiet)
            term_progress("queries", "searching", output_int(run, "done"), output_int(run, "total"),
                          -1);
        sleep_ms(LOOK_EVERY_MS);
    }
}

static json_t *last_leg(const json_t *run)
{
    const json_t *legs = json_object_get(json_object_get(run, "result"), "legs");
    return json_array_get(legs, json_array_size(legs) - 1);
}

static void add_value(json_t *sweep, Str value, const json_t *run)
{
    json_t *leg = json_deep_copy(last_leg(run));
    json_object_set_new(leg, "value", json_stringn(value.at, value.length));
    json_array_append_new(sweep, leg);
}

/* The figures of each value of a setting that has several into "sweep" of the result; `run` has the
 * first. */
static bool run_others(Eval *eval, Str set, json_t *run, Error *err)
{
    Str rest = eval->values, value, id;
    if (!str_next(&rest, ',', &value))
        return true;
    json_t *sweep = json_array();
    json_object_set_new(json_object_get(run, "result"), "sweep", sweep);
    add_value(sweep, value, run);
    while (str_next(&rest, ',', &value)) {
        AUTO_JSON json_t *other = NULL;
        if (!start_run(eval, set, settings_with(eval, value), &id, err) ||
            !wait_run(eval, id, &other, err))
            return false;
        add_value(sweep, value, other);
    }
    return true;
}

static bool run_set(Eval *eval, Str name, const Str *tsv, json_t **run_r, Error *err)
{
    Str set, run;
    bool good = client_open(eval->line, &eval->client, err) &&
                (tsv ? send_set(eval, name, *tsv, &set, err) : find_set(eval, name, &set, err)) &&
                start_run(eval, set, eval->settings, &run, err) &&
                wait_run(eval, run, run_r, err) && run_others(eval, set, *run_r, err);
    term_progress_end();
    client_close(eval->client);
    eval->client = NULL;
    return good;
}

/* --- Folders --- */

static bool run_folder(Eval *eval, const LabFolder *folder, json_t **run_r, Error *err)
{
    AUTO_EVAL_LIBRARY EvalLibrary *library = NULL;
    Settings own = eval->line->settings;
    Str name = path_name(eval->line->words[0]);
    bool good = eval_library_open(eval->line, folder, &is_stopped, &library, err) &&
                run_set(eval, name, &folder->judgements, run_r, err);
    eval->line->settings = own;
    return good;
}

static double figure(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

/* `other` is the run with the other setting: it becomes what `run` is compared with. */
static void join_runs(Eval *eval, json_t *run, json_t *other)
{
    json_t *mine = json_object_get(json_object_get(run, "result"), "per_query");
    const json_t *theirs = json_object_get(json_object_get(other, "result"), "per_query");
    json_t *against = json_deep_copy(last_leg(other));
    size_t count = json_array_size(mine), i, j;
    double *a = arena_new_array(eval->line->arena, double, count + 1);
    double *b = arena_new_array(eval->line->arena, double, count + 1);
    const json_t *query;
    Map found = map_new(eval->line->arena);
    json_array_foreach(theirs, j, query) map_add(&found, json_member_text(query, "query"), NULL)
        ->number = (int64_t)j;
    for (i = 0; i < count; i++) {
        json_t *own = json_array_get(mine, i);
        MapEntry *entry = map_find(&found, json_member_text(own, "query"));
        a[i] = figure(own, "ndcg10");
        b[i] = entry ? figure(json_array_get(theirs, (size_t)entry->number), "ndcg10") : 0;
        json_object_set_new(own, "against", json_real(b[i]));
    }
    LabComparison comparison = lab_compare(a, b, count);
    Str settings =
        str_format(eval->line->arena, "%s=" STR_FMT, eval->other.name, STR_ARG(eval->other.value));
    AUTO_JSON json_t *more =
        json_pack("{s:s, s:f, s:i, s:i, s:i, s:f}", "settings", settings.at, "difference",
                  comparison.difference, "better", (int)comparison.better, "worse",
                  (int)comparison.worse, "same", (int)comparison.same, "p", comparison.p);
    json_object_update(against, more);
    json_object_set_new(json_object_get(run, "result"), "against", against);
}

/* The program's settings with the other one in place. */
static bool other_settings(Eval *eval, Settings *settings_r, Error *err)
{
    CommandLine *line = eval->line;
    if (line->flag_count >= COUNT(line->flags))
        return fail(err, ERROR_INVALID, "too many settings");
    line->flags[line->flag_count] = eval->other;
    return command_settings(line, line->flag_count + 1, settings_r, &line->problems, err);
}

static bool run_other(Eval *eval, const LabFolder *folder, const Settings *settings, json_t *run,
                      Error *err)
{
    AUTO_JSON json_t *other = NULL;
    eval->line->settings = *settings;
    if (!run_folder(eval, folder, &other, err))
        return false;
    join_runs(eval, run, other);
    return true;
}

static bool eval_folder(Eval *eval, Str path, json_t **run_r, Error *err)
{
    LabFolder folder;
    Settings other;
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    if (eval->line->server.length)
        return fail_field(err, "server", "a folder is judged here, not on a server");
    if (eval->other.name && eval->against.length)
        return fail_field(err, "against", "either settings of the search or one of the program");
    return (!eval->other.name || other_settings(eval, &other, err)) &&
           lab_folder_read(arena, str_c(arena, path), &folder, err) &&
           run_folder(eval, &folder, run_r, err) &&
           (!eval->other.name || run_other(eval, &folder, &other, *run_r, err));
}

static bool eval_any(Eval *eval, json_t **run_r, Error *err)
{
    Str given = eval->line->words[0], tsv;
    struct stat about;
    bool is_there = stat(str_c(eval->line->arena, given), &about) == 0;
    if (is_there && S_ISDIR(about.st_mode))
        return eval_folder(eval, given, run_r, err);
    if (eval->other.name)
        return fail_field(err, "against",
                          "'%s' says how documents are indexed: that is compared with a folder",
                          eval->other.name);
    if (!is_there)
        return run_set(eval, given, NULL, run_r, err);
    return file_read(eval->line->arena, str_c(eval->line->arena, given), TSV_MAX, &tsv, err) &&
           run_set(eval, path_name(given), &tsv, run_r, err);
}

/* --- For people --- */

static void print_leg(const char *name, const json_t *leg)
{
    printf("%-12s %7.4f  %9.4f  %10.4f %7.4f  %7.2f  %7.2f\n", name, figure(leg, "ndcg10"),
           figure(leg, "recall10"), figure(leg, "recall100"), figure(leg, "mrr"),
           figure(leg, "p50_ms"), figure(leg, "p95_ms"));
}

static void print_query(Eval *eval, const json_t *query, bool compares)
{
    const json_t *first = json_object_get(query, "first");
    printf("%7.4f", figure(query, "ndcg10"));
    if (compares)
        printf("  %7.4f", figure(query, "against"));
    if (json_is_integer(first))
        printf("  %5" PRId64, (int64_t)json_integer_value(first));
    else
        printf("      -");
    printf("  ");
    output_text(term_fit(eval->line->arena, json_member_text(query, "query"), 70));
    printf("\n");
}

static void print_sweep(Eval *eval, const json_t *sweep)
{
    const json_t *leg;
    size_t i;
    if (!json_array_size(sweep))
        return;
    printf("\n");
    output_text(eval->swept);
    printf("\n");
    json_array_foreach(sweep, i, leg)
        print_leg(json_string_value(json_object_get(leg, "value")), leg);
}

static void print_run(Eval *eval, const json_t *run)
{
    const json_t *result = json_object_get(run, "result"), *item;
    const json_t *against = json_object_get(result, "against");
    bool compares = json_is_object(against);
    size_t i;
    output_text(json_member_text(run, "set_name"));
    printf(": %" PRId64 " queries, %" PRId64 " judgements\n\n", output_int(result, "queries"),
           output_int(result, "judgements"));
    printf("%-12s nDCG@10  recall@10  recall@100     MRR   p50 ms   p95 ms\n", "");
    json_array_foreach(json_object_get(result, "legs"), i, item)
        print_leg(json_string_value(json_object_get(item, "name")), item);
    print_sweep(eval, json_object_get(result, "sweep"));
    if (compares) {
        print_leg("against", against);
        printf("\n");
        output_text(json_member_text(against, "settings"));
        printf(": %+.4f; %" PRId64 " queries better, %" PRId64 " worse, %" PRId64
               " the same; p = %.4f\n",
               figure(against, "difference"), output_int(against, "better"),
               output_int(against, "worse"), output_int(against, "same"), figure(against, "p"));
    }
    printf("\nnDCG@10%s  first  the worst queries\n", compares ? "  against" : "");
    json_array_foreach(json_object_get(result, "per_query"), i, item)
    {
        if (i < WORST)
            print_query(eval, item, compares);
    }
}

static bool run(CommandLine *line, Error *err)
{
    Eval eval = { .line = line };
    AUTO_JSON json_t *run = NULL;
    struct sigaction interrupt = { .sa_handler = on_interrupt };
    if (!read_options(&eval, err))
        return false;
    sigaction(SIGINT, &interrupt, NULL);
    if (!eval_any(&eval, &run, err))
        return false;
    if (output_json(line, run))
        return true;
    print_run(&eval, run);
    Str notice = json_member_text(json_object_get(run, "result"), "notice");
    if (notice.length && !line->quiet)
        output_note(notice);
    return true;
}

const Command command_eval = {
    .name = "eval",
    .arguments = "SET [NAME=VALUE...]",
    .summary = "Measure searching by a judged set: its name, a file of query, document and grade, "
               "or a folder as BEIR has them",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .run = run,
};
