/* cmd_workflows.c - workflows from the command line: kept, started, followed, carried elsewhere. */
#include "base/file.h"
#include "cli/client.h"
#include "cli/execution_follow.h"
#include "cli/named.h"
#include "cli/output.h"
#include "workflow/definition.h"

#define USE                                                                                        \
    "ls | show NAME | run NAME [INPUT=VALUE...] | follow ID | executions [NAME] | cancel ID... | " \
    "import FILE | export NAME | check FILE"
#define FILE_MAX (WORKFLOW_BYTES_MAX + KB(4)) /* what an export has around the definition */
#define BODY_MAX MB(2)
#define LISTED 100
#define PAGE_MAX 1000

static const CommandOption options[] = {
    { "document", "ID", "run: the document that goes its way" },
    { "dry-run", NULL, "run: nothing is changed, nobody outside is asked, nothing is waited for" },
    { "no-wait", NULL, "run: print the id of the execution, and do not wait until it is over" },
    { "state", "STATE", "executions: only those running, paused, done, failed or cancelled" },
    { "limit", "N", "executions: at most so many (default 100)" },
    { "name", "NAME", "import: under this name" },
    { "replace", NULL, "import: as a new version of the workflow that has this name" },
    { NULL, NULL, NULL },
};

static bool find(CommandLine *line, Client *client, Str name, Str *id_r, Error *err)
{
    return named_id(client, line->arena, "/v1/workflows", "workflow", "lectern workflows ls", name,
                    id_r, err);
}

/* The path of the workflow that words[1] names, and `end`. */
static bool path_of(CommandLine *line, Client *client, const char *end, char **path_r, Error *err)
{
    Str id;
    if (!find(line, client, line->words[1], &id, err))
        return false;
    *path_r = output_id_path(line->arena, "/v1/workflows", id, end);
    return true;
}

static bool get(CommandLine *line, Client *client, const char *end, json_t **answer_r, Error *err)
{
    char *path;
    return path_of(line, client, end, &path, err) &&
           client_call(client, "GET", path, S(""), answer_r, err);
}

/* --- ls, show, export --- */

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *workflow;
    if (!client_call(client, "GET", "/v1/workflows", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, workflow)
    {
        printf("%s  version %-3" PRId64 " %3" PRId64 " steps  %-3s  ",
               output_member(workflow, "id"), output_int(workflow, "version"),
               output_int(workflow, "steps"),
               json_is_true(json_object_get(workflow, "enabled")) ? "on" : "off");
        output_text(json_member_text(workflow, "name"));
        putchar('\n');
    }
    return true;
}

/* Those of branches and items stand behind the step that they belong to. */
static void print_steps(const json_t *steps, int depth)
{
    size_t i, j;
    const json_t *step, *branch;
    json_array_foreach(steps, i, step)
    {
        printf("%*s%-*s %s\n", 2 + 2 * depth, "", 24 - 2 * depth, output_member(step, "id"),
               output_member(step, "type"));
        print_steps(json_object_get(step, "steps"), depth + 1);
        json_array_foreach(json_object_get(step, "branches"), j, branch)
            print_steps(json_object_get(branch, "steps"), depth + 1);
    }
}

static bool show(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *trigger;
    if (!get(line, client, "", &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    const json_t *definition = json_object_get(answer, "definition");
    Str description = json_member_text(answer, "description");
    output_text(json_member_text(answer, "name"));
    printf("  %s, version %" PRId64 "%s\n", output_member(answer, "id"),
           output_int(answer, "version"),
           json_is_true(json_object_get(answer, "enabled")) ? "" : ", off");
    if (description.length) {
        output_text(description);
        putchar('\n');
    }
    json_array_foreach(json_object_get(definition, "triggers"), i, trigger)
        printf("starts by %s\n", output_member(trigger, "on"));
    print_steps(json_object_get(definition, "steps"), 0);
    return true;
}

static bool export(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    if (!get(line, client, "/export", &answer, err))
        return false;
    json_dumpf(answer, stdout, JSON_INDENT(2));
    putchar('\n');
    return true;
}

/* --- run, follow --- */

/* limit=100 lines=[1,2] name=Ann: what is no JSON is a text. */
static bool add_inputs(const CommandLine *line, json_t *input, Error *err)
{
    for (size_t i = 2; i < line->word_count; i++) {
        Str word = line->words[i];
        ptrdiff_t equals = str_find_char(word, '=');
        Str text = str_from(word, (size_t)(equals + 1));
        if (equals <= 0)
            return fail(err, ERROR_INVALID,
                        "'" STR_FMT "' is no input: write INPUT=VALUE, such as limit=100",
                        STR_ARG(word));
        json_t *value = json_loadb(text.at, text.length, JSON_DECODE_ANY, NULL);
        if (!value)
            value = json_stringn(text.at, text.length);
        if (!value || json_object_setn_new(input, word.at, (size_t)equals, value) != 0)
            return fail(err, ERROR_INVALID, "input %zu is no UTF-8 text", i - 1);
    }
    return true;
}

static bool run_one(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *input = json_object();
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, BODY_MAX);
    char *path;
    if (!add_inputs(line, input, err) || !path_of(line, client, "/start", &path, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_raw(&json, "input", json_print(line->arena, input));
    put_bool(&json, "dry_run", option_is_given(line, "dry-run"));
    if (option_is_given(line, "document"))
        put_text(&json, "document", option_value(line, "document"));
    put_end(&json);
    if (!client_call(client, "POST", path, buf_str(&body), &answer, err))
        return false;
    if (!option_is_given(line, "no-wait"))
        return execution_follow(line, client, json_member_text(answer, "id"), err);
    output_id(line, answer);
    return true;
}

static bool follow(CommandLine *line, Client *client, Error *err)
{
    return execution_follow(line, client, line->words[1], err);
}

/* --- executions, cancel --- */

static void print_execution(const json_t *execution)
{
    Str message = json_member_text(json_object_get(execution, "error"), "message");
    printf("%s  %-9s  %.19s  ", output_member(execution, "id"), output_member(execution, "state"),
           output_member(execution, "created_at"));
    output_text(json_member_text(json_object_get(execution, "workflow"), "name"));
    if (message.length) {
        printf("  - ");
        output_text(message);
    }
    putchar('\n');
}

static bool executions_path(CommandLine *line, Client *client, char **path_r, Error *err)
{
    char *path = str_c(line->arena, S("/v1/workflow-executions"));
    if (option_is_given(line, "state"))
        path = output_path(line->arena, path, "state", option_value(line, "state"));
    if (line->word_count == 2) {
        Str id;
        if (!find(line, client, line->words[1], &id, err))
            return false;
        path = output_path(line->arena, path, "workflow", id);
    }
    *path_r = path;
    return true;
}

static bool read_pages(CommandLine *line, Client *client, char *path, int64_t limit, json_t *items,
                       Error *err)
{
    Str after = STR_NONE;
    do {
        AUTO_JSON json_t *answer = NULL;
        int64_t left = limit - (int64_t)json_array_size(items);
        char *page = output_path(line->arena, path, "limit",
                                 str_format(line->arena, "%" PRId64, MIN(left, PAGE_MAX)));
        if (after.length)
            page = output_path(line->arena, page, "after", after);
        if (!client_call(client, "GET", page, S(""), &answer, err))
            return false;
        json_array_extend(items, json_object_get(answer, "items"));
        after = str_copy(line->arena, json_member_text(answer, "next"));
    } while (after.length && (int64_t)json_array_size(items) < limit);
    return true;
}

static bool executions(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *all = json_pack("{s:[]}", "items");
    json_t *items = json_object_get(all, "items");
    Str wanted = option_value(line, "limit");
    int64_t limit = LISTED;
    size_t i;
    const json_t *execution;
    char *path;
    if (wanted.length && !str_to_int(wanted, 1, INT32_MAX, &limit))
        return fail_field(err, "limit", "--limit is a number of executions");
    if (!executions_path(line, client, &path, err) ||
        !read_pages(line, client, path, limit, items, err))
        return false;
    if (!output_json(line, all))
        json_array_foreach(items, i, execution) print_execution(execution);
    return true;
}

static bool cancel(CommandLine *line, Client *client, Error *err)
{
    for (size_t i = 1; i < line->word_count; i++) {
        AUTO_JSON json_t *answer = NULL;
        char *path =
            output_id_path(line->arena, "/v1/workflow-executions", line->words[i], "/cancel");
        if (!client_call(client, "POST", path, S(""), &answer, err))
            return false;
    }
    return true;
}

/* --- import, check --- */

/* What an export gave, or a definition alone. *definition_r is of the file. */
static bool read_definition(CommandLine *line, json_t **file_r, json_t **definition_r, Error *err)
{
    Str path = line->words[1], text;
    if (!file_read(line->arena, str_c(line->arena, path), FILE_MAX, &text, err))
        return false;
    if (!json_parse(text, FILE_MAX, file_r, err))
        return fail_in(err, STR_FMT, STR_ARG(path));
    json_t *inner = json_object_get(*file_r, "definition");
    *definition_r = inner ? inner : *file_r;
    return true;
}

/* Here, without a server: as it is checked when it is saved. */
static bool check(CommandLine *line, Error *err)
{
    AUTO_JSON json_t *file = NULL;
    json_t *definition;
    if (!read_definition(line, &file, &definition, err))
        return false;
    if (!workflow_check(line->arena, definition, err))
        return fail_in(err, STR_FMT, STR_ARG(line->words[1]));
    AUTO_JSON json_t *valid = json_pack("{s:b}", "valid", 1);
    if (!output_json(line, valid))
        printf(STR_FMT " is right\n", STR_ARG(line->words[1]));
    return true;
}

static bool save(CommandLine *line, Client *client, Str name, Str body, json_t **answer_r,
                 Error *err)
{
    Str id;
    if (option_is_given(line, "replace")) {
        if (find(line, client, name, &id, err))
            return client_call(client, "PATCH",
                               output_id_path(line->arena, "/v1/workflows", id, ""), body, answer_r,
                               err);
        if (err->code != ERROR_NOT_FOUND)
            return false;
    }
    return client_call(client, "POST", "/v1/workflows", body, answer_r, err);
}

static bool import(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *file = NULL;
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, BODY_MAX);
    json_t *definition;
    Str name = option_value(line, "name");
    if (!read_definition(line, &file, &definition, err))
        return false;
    if (!name.length)
        name = json_member_text(file, "name");
    if (!name.length)
        return fail(err, ERROR_INVALID, "the file does not say what it is called: use --name");
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name);
    put_raw(&json, "definition", json_print(line->arena, definition));
    put_end(&json);
    if (!save(line, client, name, buf_str(&body), &answer, err))
        return fail_in(err, STR_FMT, STR_ARG(line->words[1]));
    output_id(line, answer);
    return true;
}

/* --- Which --- */

static const struct {
    const char *word;
    size_t least, most; /* words, with this one */
    bool (*run)(CommandLine *line, Client *client, Error *err);
} actions[] = {
    { "ls", 1, 1, list },
    { "show", 2, 2, show },
    { "run", 2, SIZE_MAX, run_one },
    { "follow", 2, 2, follow },
    { "executions", 1, 2, executions },
    { "cancel", 2, SIZE_MAX, cancel },
    { "import", 2, 2, import },
    { "export", 2, 2, export },
};

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("ls");
    size_t count = MAX(line->word_count, 1);
    if (str_is(what, "check") && count == 2)
        return check(line, err);
    for (size_t i = 0; i < COUNT(actions); i++)
        if (str_is(what, actions[i].word) && count >= actions[i].least && count <= actions[i].most)
            return client_open(line, &client, err) && actions[i].run(line, client, err);
    return fail(err, ERROR_INVALID, "use: lectern workflows " USE);
}

const Command command_workflows = {
    .name = "workflows",
    .arguments = USE,
    .summary = "Workflows: which there are, start one and follow its steps, carry one elsewhere, "
               "check a file",
    .options = options,
    .word_max = -1,
    .run = run,
};
