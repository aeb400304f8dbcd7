/* cmd_workspaces.c - the workspaces of a server. */
#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "owner", "EMAIL", "who owns the new one: somebody who has an account" },
    { NULL, NULL, NULL },
};

static bool add(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    Str owner = option_value(line, "owner");
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", line->words[1]);
    if (owner.length)
        put_text(&json, "owner", owner);
    put_end(&json);
    if (!client_call(client, "POST", "/v1/workspaces", buf_str(&body), &answer, err))
        return false;
    output_id(line, answer);
    return true;
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *one;
    if (!client_call(client, "GET", "/v1/workspaces", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        Str due = json_member_text(one, "removal_due_at");
        printf("%s  ", output_member(one, "id"));
        output_text(json_member_text(one, "name"));
        printf(due.length ? "  (goes on %s)\n" : "\n", due.at);
    }
    json_array_foreach(json_object_get(answer, "gone"), i, one)
        printf("%s  (gone since %s)\n", output_member(one, "id"), output_member(one, "ended_at"));
    return true;
}

/* Of the one that --workspace names, or the first. */
static bool take_away(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", line->words[1]);
    put_end(&json);
    if (!client_call(client, "POST", "/v1/workspace/removal", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer))
        printf("It goes on %s; until then: lectern workspaces keep\n",
               output_member(answer, "due_at"));
    return true;
}

static bool keep(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    (void)line;
    return client_call(client, "DELETE", "/v1/workspace/removal", S(""), &answer, err);
}

static bool show_proof(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *one;
    if (!client_call(client, "GET", "/v1/workspaces", S(""), &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "gone"), i,
                       one) if (str_equal(json_member_text(one, "id"), line->words[1]))
    {
        printf("%s\n", output_member(one, "proof"));
        return true;
    }
    return fail(err, ERROR_NOT_FOUND, "no workspace '" STR_FMT "' has gone",
                STR_ARG(line->words[1]));
}

#define ARGUMENTS "ls | add NAME | rm NAME | keep | proof ID"

static bool run(CommandLine *line, Error *err)
{
    static const struct {
        const char *word, *names;
        bool (*run)(CommandLine *line, Client *client, Error *err);
    } actions[] = {
        { "ls", NULL, list },   { "add", " NAME", add },        { "rm", " NAME", take_away },
        { "keep", NULL, keep }, { "proof", " ID", show_proof },
    };
    AUTO_CLIENT Client *client = NULL;
    for (size_t i = 0; i < COUNT(actions); i++) {
        const char *names = actions[i].names;
        if (!str_is(line->words[0], actions[i].word))
            continue;
        if ((line->word_count == 2) != (names != NULL))
            return fail(err, ERROR_INVALID, "use: lectern workspaces %s%s", actions[i].word,
                        names ? names : "");
        return client_open(line, &client, err) && actions[i].run(line, client, err);
    }
    return fail(err, ERROR_INVALID, "use: lectern workspaces " ARGUMENTS);
}

const Command command_workspaces = {
    .name = "workspaces",
    .arguments = ARGUMENTS,
    .summary = "The server's workspaces: rm removes the one of --workspace with everything in it "
               "(NAME: its name, to be sure) once workspace_removal_days are over, keep takes that "
               "back, proof prints the signed proof of one that has gone",
    .options = options,
    .word_min = 1,
    .word_max = 2,
    .begins = "add",
    .run = run,
};
