/* cmd_tasks.c - tasks from the command line. */
#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "due", "TIME", "of a new one: 2027-03-01 or 2027-03-01T12:00:00Z" },
    { "priority", "NAME", "low, medium, high or urgent" },
    { "category", "NAME", "of a new one, or the only one to list" },
    { "assignee", "NAME", "likewise" },
    { "status", "NAME",
      "of a new one, or those to list: suggested, pending, ... (default: all that are open)" },
    { NULL, NULL, NULL },
};

static void put_option(const CommandLine *line, JsonWriter *json, const char *option,
                       const char *name)
{
    if (option_is_given(line, option))
        put_text(json, name, option_value(line, option));
}

static bool add(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(64));
    Str summary = str_join(line->arena, line->words + 1, line->word_count - 1, S(" "));
    JsonWriter json = put_begin(&body);
    put_text(&json, "summary", summary);
    put_option(line, &json, "due", "deadline");
    put_option(line, &json, "priority", "priority");
    put_option(line, &json, "category", "category");
    put_option(line, &json, "assignee", "assignee");
    put_option(line, &json, "status", "status");
    put_end(&json);
    if (!client_call(client, "POST", "/v1/tasks", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer))
        printf("%" PRId64 "\n", output_int(answer, "number"));
    return true;
}

static void print_task(const json_t *task)
{
    Str due = json_member_text(json_object_get(task, "deadline"), "end");
    printf("%5" PRId64 "  %-11s  %-6s  %-10.10s  ", output_int(task, "number"),
           output_member(task, "status"), output_member(task, "priority"),
           due.length ? due.at : "");
    output_text(json_member_text(task, "summary"));
    putchar('\n');
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    static const char *const filters[] = { "priority", "category", "assignee" };
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *task;
    Str status = option_is_given(line, "status") ? option_value(line, "status")
                                                 : S("suggested,pending,in_progress");
    char *path = output_path(line->arena, "/v1/tasks?limit=1000", "status", status);
    for (size_t n = 0; n < COUNT(filters); n++)
        if (option_is_given(line, filters[n]))
            path = output_path(line->arena, path, filters[n], option_value(line, filters[n]));
    if (!client_call(client, "GET", path, S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, task) { print_task(task); }
    return true;
}

static bool change(CommandLine *line, Client *client, const char *method, const char *body,
                   Error *err)
{
    for (size_t i = 1; i < line->word_count; i++) {
        AUTO_JSON json_t *answer = NULL;
        char *path = output_id_path(line->arena, "/v1/tasks", line->words[i], "");
        if (!client_call(client, method, path, str(body), &answer, err))
            return false;
    }
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->words[0];
    bool lists = str_is(what, "ls") && line->word_count == 1;
    bool known = str_is(what, "add") || str_is(what, "done") || str_is(what, "rm");
    if (!lists && (!known || line->word_count < 2))
        return fail(err, ERROR_INVALID,
                    "use: lectern tasks ls | add WORDS... | done NUMBER... | rm NUMBER...");
    if (!client_open(line, &client, err))
        return false;
    if (lists)
        return list(line, client, err);
    if (str_is(what, "add"))
        return add(line, client, err);
    return str_is(what, "done") ? change(line, client, "PATCH", "{\"status\":\"done\"}", err)
                                : change(line, client, "DELETE", "", err);
}

const Command command_tasks = {
    .name = "tasks",
    .arguments = "ls | add WORDS... | done NUMBER... | rm NUMBER...",
    .summary = "Tasks: list, add, complete, move to the trash",
    .options = options,
    .word_min = 1,
    .word_max = -1,
    .begins = "add",
    .run = run,
};
