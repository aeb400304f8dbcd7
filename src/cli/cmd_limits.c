/* cmd_limits.c - which models keys, people and the workspace may use, how often, for how much; and
 * what services allow. */
#include "cli/client.h"
#include "cli/limit_options.h"
#include "cli/named.h"
#include "cli/output.h"

#define WORDS "ls | set key NAME | set user EMAIL | set workspace | set service NAME"
#define USE "use: lectern limits " WORDS

static const CommandOption options[] = {
    LIMIT_OPTIONS,
    { "requests-day", "N", "requests a day, of a service" },
    { "tokens-day", "N", "tokens a day, of a service" },
    { NULL, NULL, NULL },
};

/* --- ls --- */

/* An amount of money is a text, one of calls a number. */
static const char *amount_of(Arena *arena, const json_t *budget, const char *name)
{
    const json_t *value = json_object_get(budget, name);
    Str text = json_is_string(value)
                   ? str_format(arena, "$%s", json_string_value(value))
                   : str_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return str_c(arena, text);
}

static bool is_nothing(const json_t *budget, const char *name)
{
    const json_t *value = json_object_get(budget, name);
    return json_is_string(value) ? str_is(json_member_text(budget, name), "0.00")
                                 : !json_integer_value(value);
}

static void print_budget(Arena *arena, const json_t *budget)
{
    bool counts_calls = json_object_get(budget, "calls") != NULL;
    printf("  %-6s %s of %s%s spent", output_member(budget, "period"),
           amount_of(arena, budget, "spent"),
           amount_of(arena, budget, counts_calls ? "calls" : "dollars"),
           counts_calls ? " calls" : "");
    if (!is_nothing(budget, "held"))
        printf(", %s reserved", amount_of(arena, budget, "held"));
    if (json_is_string(json_object_get(budget, "resets_at")))
        printf(", anew at %s", output_member(budget, "resets_at"));
    putchar('\n');
}

static void print_rate(const json_t *one, const char *name, const char *what)
{
    int64_t rate = output_int(one, name);
    if (rate)
        printf("  %" PRId64 " %s\n", rate, what);
}

static void print_models(const json_t *one)
{
    size_t i;
    json_t *model;
    json_array_foreach(json_object_get(one, "models"), i, model)
    {
        printf(i ? ", " : "  models ");
        output_text(str(json_string_value(model)));
    }
    if (i)
        putchar('\n');
}

static void print_one(Arena *arena, const json_t *one)
{
    size_t i;
    json_t *budget;
    bool is_workspace = str_is(json_member_text(one, "of"), "workspace");
    printf("%s", output_member(one, "of"));
    if (!is_workspace) {
        printf("  %s  ", output_member(one, "subject"));
        output_text(json_member_text(one, "name"));
    }
    putchar('\n');
    json_array_foreach(json_object_get(one, "budgets"), i, budget) print_budget(arena, budget);
    print_rate(one, "requests_per_minute", "requests a minute");
    print_rate(one, "tokens_per_minute", "tokens a minute");
    print_rate(one, "concurrent", "calls at the same time");
    print_models(one);
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *one;
    if (!client_call(client, "GET", "/v1/limits", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one) print_one(line->arena, one);
    if (!i)
        printf("nobody is limited: lectern limits set workspace --month 100\n");
    return true;
}

/* --- set --- */

static bool path_of(CommandLine *line, Client *client, Str kind, char **path_r, Error *err)
{
    Str id;
    if (str_is(kind, "workspace")) {
        *path_r = str_c(line->arena, S("/v1/workspace/limits"));
        return true;
    }
    bool is_key = str_is(kind, "key");
    const char *folder = is_key ? "/v1/keys" : "/v1/users";
    if (!named_id(client, line->arena, folder, is_key ? "key" : "person",
                  is_key ? "lectern keys ls" : "lectern users ls", line->words[2], &id, err))
        return false;
    *path_r = output_id_path(line->arena, folder, id, "/limits");
    return true;
}

/* What no option names stays as it is. */
static bool set_of(CommandLine *line, Client *client, Str kind, Error *err)
{
    AUTO_JSON json_t *now = NULL;
    AUTO_JSON json_t *answer = NULL;
    Str document;
    char *path;
    if (!path_of(line, client, kind, &path, err) ||
        !client_call(client, "GET", path, S(""), &now, err) ||
        !limit_options_document(line, now, &document, err) ||
        !client_call(client, "PUT", path, document, &answer, err))
        return false;
    (void)output_json(line, answer);
    return true;
}

/* The document of a service that this workspace has set; others have none. */
static bool find_service(const json_t *services, Str name, json_t **document_r, Error *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(services, "items"), i, one)
    {
        if (!str_equal(json_member_text(one, "name"), name))
            continue;
        *document_r = json_object_get(one, "document");
        return json_is_object(*document_r) ||
               fail(err, ERROR_DENIED,
                    "the service '" STR_FMT "' is not of this workspace: its limits are set where "
                    "it is (its 'limits' in the file of the setting gateway)",
                    STR_ARG(name));
    }
    return fail(err, ERROR_NOT_FOUND,
                "there is no service '" STR_FMT "': 'lectern gateway ls' shows them",
                STR_ARG(name));
}

static bool set_service(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *services = NULL;
    AUTO_JSON json_t *answer = NULL;
    Str name = line->words[2];
    json_t *document = NULL;
    if (!client_call(client, "GET", "/v1/gateway/services", S(""), &services, err) ||
        !find_service(services, name, &document, err) ||
        !limit_options_of_service(line, document, err))
        return false;
    char *path = output_id_path(line->arena, "/v1/gateway/services", name, "");
    return client_call(client, "PUT", path, json_print(line->arena, document), &answer, err);
}

static bool set(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str kind = line->word_count > 1 ? line->words[1] : S("");
    bool is_service = str_is(kind, "service"), is_workspace = str_is(kind, "workspace");
    bool is_known = is_service || is_workspace || str_is(kind, "key") || str_is(kind, "user");
    if (!is_known || line->word_count != (is_workspace ? 2 : 3))
        return fail(err, ERROR_INVALID, USE);
    if (!limit_options_check(line, is_service, err) || !client_open(line, &client, err))
        return false;
    return is_service ? set_service(line, client, err) : set_of(line, client, kind, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("ls");
    if (str_is(what, "set"))
        return set(line, err);
    if (!str_is(what, "ls") || line->word_count > 1)
        return fail(err, ERROR_INVALID, USE);
    return client_open(line, &client, err) && list(line, client, err);
}

const Command command_limits = {
    .name = "limits",
    .arguments = WORDS,
    .summary =
        "Limits and budgets of keys, people, the workspace and services: who has some, set them",
    .options = options,
    .word_max = 3,
    .run = run,
};
