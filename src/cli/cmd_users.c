/* cmd_users.c - people of the workspace. */
#include <unistd.h>

#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "name", "NAME", "their name" },
    { "role", "ROLE", "reader, editor, admin or owner (default: reader)" },
    { NULL, NULL, NULL },
};

/* A password in the arguments would stand in the list of processes. */
static bool read_password(CommandLine *line, Str *password_r, Error *err)
{
    char text[1100];
    if (isatty(STDIN_FILENO)) {
        const char *typed = getpass("Password: ");
        *password_r = str_copy(line->arena, str(typed));
        return true;
    }
    if (!fgets(text, sizeof text, stdin))
        return fail(err, ERROR_INVALID, "the password is read from standard input; there was none");
    Str password = str(text);
    while (password.length && HAS_CHAR(password.at[password.length - 1], "\r\n"))
        password.length--;
    *password_r = str_copy(line->arena, password);
    return true;
}

static bool add(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    Str password, role = option_value(line, "role"), name = option_value(line, "name");
    if (line->word_count != 2)
        return fail(err, ERROR_INVALID, "use: lectern users add EMAIL --name NAME");
    if (!read_password(line, &password, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_text(&json, "email", line->words[1]);
    put_text(&json, "name", name.length ? name : line->words[1]);
    put_text(&json, "password", password);
    put_text(&json, "role", role.length ? role : S("reader"));
    put_end(&json);
    if (!client_call(client, "POST", "/v1/users", buf_str(&body), &answer, err))
        return false;
    if (!output_json(line, answer))
        printf("%s\n", json_member_text(answer, "id").at);
    return true;
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *person;
    if (!client_call(client, "GET", "/v1/users", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, person)
    {
        printf("%s  %-7s ", json_member_text(person, "id").at, json_member_text(person, "role").at);
        output_text(json_member_text(person, "email"));
        printf("  ");
        output_text(json_member_text(person, "name"));
        printf("%s\n", json_is_true(json_object_get(person, "disabled")) ? "  (disabled)" : "");
    }
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    if (!str_is(line->words[0], "add") && !str_is(line->words[0], "ls"))
        return fail(err, ERROR_INVALID, "use: lectern users add EMAIL | ls");
    if (!client_open(line, &client, err))
        return false;
    return str_is(line->words[0], "add") ? add(line, client, err) : list(line, client, err);
}

const Command command_users = {
    .name = "users",
    .arguments = "add EMAIL | ls",
    .summary = "People: add reads the password from standard input",
    .options = options,
    .word_min = 1,
    .word_max = 2,
    .run = run,
};
