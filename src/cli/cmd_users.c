/* cmd_users.c - people of the workspace. */
#include <unistd.h>

#include "base/clock.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

static const CommandOption options[] = {
    { "name", "NAME", "their name" },
    { "role", "ROLE", "auditor, reader, editor, admin or owner (default: reader)" },
    { "service", NULL, "add a service account of this name: no address, no password, only keys" },
    { "days", "N", "erase: so many days later, 0 to 30 (default: 0)" },
    { NULL, NULL, NULL },
};

/* A password in the arguments would stand in the list of processes. Empty: there is none, which
 * will do for somebody who has an account already. */
static Str read_password(CommandLine *line, const char *prompt)
{
    char text[1100];
    if (isatty(STDIN_FILENO)) {
        const char *typed = getpass(prompt);
        return str_copy(line->arena, str(typed));
    }
    if (!fgets(text, sizeof text, stdin))
        return STR_NONE;
    Str password = str(text);
    while (password.length && HAS_CHAR(password.at[password.length - 1], "\r\n"))
        password.length--;
    return str_copy(line->arena, password);
}

static bool add(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    Str role = option_value(line, "role"), name = option_value(line, "name");
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", name.length ? name : line->words[1]);
    if (option_is_given(line, "service")) {
        put_text(&json, "kind", S("service"));
    } else {
        put_text(&json, "email", line->words[1]);
        put_text(&json, "password",
                 read_password(line, "Password (empty: they have an account already): "));
    }
    put_text(&json, "role", role.length ? role : S("reader"));
    put_end(&json);
    if (!client_call(client, "POST", "/v1/users", buf_str(&body), &answer, err))
        return false;
    output_id(line, answer);
    return true;
}

static bool invite(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    Str role = option_value(line, "role");
    JsonWriter json = put_begin(&body);
    put_text(&json, "email", line->words[1]);
    put_text(&json, "name", option_value(line, "name"));
    put_text(&json, "role", role.length ? role : S("reader"));
    put_end(&json);
    if (!client_call(client, "POST", "/v1/users/invitations", buf_str(&body), &answer, err))
        return false;
    output_id(line, answer);
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
        printf("%s  %-7s ", output_member(person, "id"), output_member(person, "role"));
        bool is_service = str_is(json_member_text(person, "kind"), "service");
        output_text(is_service ? S("(service)") : json_member_text(person, "email"));
        printf("  ");
        output_text(json_member_text(person, "name"));
        printf("%s\n", json_is_true(json_object_get(person, "disabled")) ? "  (disabled)" : "");
    }
    return true;
}

/* The path of somebody who is named by id or mail address. */
static bool path_of(CommandLine *line, Client *client, const char *end, char **path_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    const json_t *person;
    size_t i;
    Str named = line->words[1];
    if (!client_call(client, "GET", "/v1/users", S(""), &answer, err))
        return false;
    json_array_foreach(json_object_get(answer, "items"), i, person)
    {
        Str id = json_member_text(person, "id");
        if (str_equal(id, named) ||
            str_equal_ignore_case(json_member_text(person, "email"), named)) {
            *path_r = output_id_path(line->arena, "/v1/users", id, end);
            return true;
        }
    }
    return fail(err, ERROR_NOT_FOUND, "there is nobody '" STR_FMT "' in this workspace",
                STR_ARG(named));
}

static bool take_out(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path;
    return path_of(line, client, "", &path, err) &&
           client_call(client, "DELETE", path, S(""), &answer, err);
}

static void print_json(CommandLine *line, const json_t *answer)
{
    Str text = json_print(line->arena, answer);
    printf(STR_FMT "\n", STR_ARG(text));
}

static bool export_data(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path;
    if (!path_of(line, client, "/data", &path, err) ||
        !client_call(client, "GET", path, S(""), &answer, err))
        return false;
    print_json(line, answer);
    return true;
}

/* --- Erasing --- */

static bool show_how_far(CommandLine *line, const json_t *erasure, Error *err)
{
    const json_t *left = json_object_get(erasure, "seconds_left");
    if (str_is(json_member_text(erasure, "state"), "failed"))
        return fail(err, ERROR_INTERNAL, "the erasure failed: " STR_FMT,
                    STR_ARG(json_member_text(erasure, "error")));
    if (!line->quiet)
        term_progress("erasing", output_member(erasure, "state"), output_int(erasure, "done"),
                      output_int(erasure, "total"),
                      json_is_integer(left) ? json_integer_value(left) : -1);
    return true;
}

static bool wait_for_proof(CommandLine *line, Client *client, Str id, Error *err)
{
    char *path = output_id_path(line->arena, "/v1/erasures", id, "");
    char *proof_path = output_id_path(line->arena, "/v1/erasures", id, "/proof");
    AUTO_JSON json_t *proof = NULL;
    for (;;) {
        AUTO_JSON json_t *now = NULL;
        if (!client_call(client, "GET", path, S(""), &now, err))
            return false;
        if (str_is(json_member_text(now, "state"), "done"))
            break;
        if (!show_how_far(line, now, err))
            return false;
        sleep_ms(50);
    }
    term_progress_end();
    if (!client_call(client, "GET", proof_path, S(""), &proof, err))
        return false;
    print_json(line, proof);
    return true;
}

static bool erase_data(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(1));
    int64_t days = 0;
    char *path;
    Str wished = option_value(line, "days");
    if (wished.length && !str_to_int(wished, 0, 30, &days))
        return fail_field(err, "days", "--days is a number from 0 to 30");
    if (!path_of(line, client, "/erase", &path, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_int(&json, "days", days);
    put_end(&json);
    if (!client_call(client, "POST", path, buf_str(&body), &answer, err))
        return false;
    if (!days)
        return wait_for_proof(line, client, json_member_text(answer, "id"), err);
    if (!output_json(line, answer))
        printf("It begins on %s; until then: lectern users keep %s\n",
               output_member(answer, "due_at"), output_member(answer, "id"));
    return true;
}

/* Named by its id: who is to be erased may have no address any more. */
static bool keep(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    return client_call(client, "DELETE",
                       output_id_path(line->arena, "/v1/erasures", line->words[1], ""), S(""),
                       &answer, err);
}

static bool show_proof(CommandLine *line, Client *client, Error *err)
{
    return wait_for_proof(line, client, line->words[1], err);
}

static bool list_erasures(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *one;
    if (!client_call(client, "GET", "/v1/erasures", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        Str ended = json_member_text(one, "ended_at"), user = json_member_text(one, "user");
        /* Once it is done it leads to nobody. */
        printf("%s  %-7s  %s %s%s" STR_FMT "\n", output_member(one, "id"),
               output_member(one, "state"), ended.length ? "ended" : "due",
               ended.length ? ended.at : output_member(one, "due_at"), user.length ? "  " : "",
               STR_ARG(user));
    }
    return true;
}

static bool reset_factor(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path;
    return path_of(line, client, "/second_factor", &path, err) &&
           client_call(client, "DELETE", path, S(""), &answer, err);
}

static bool list_passkeys(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    const json_t *one;
    size_t i;
    char *path;
    if (!path_of(line, client, "/passkeys", &path, err) ||
        !client_call(client, "GET", path, S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one)
    {
        Str used = json_member_text(one, "last_used_at");
        printf("%s  made %s  used %s  ", output_member(one, "id"), output_member(one, "created_at"),
               used.length ? used.at : "never");
        output_text(json_member_text(one, "name"));
        printf("\n");
    }
    return true;
}

static bool remove_passkey(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    char *path;
    if (!path_of(line, client, "/passkeys", &path, err))
        return false;
    return client_call(client, "DELETE", output_id_path(line->arena, path, line->words[2], ""),
                       S(""), &answer, err);
}

static bool set_password(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    Buf body = buf_new(line->arena, KB(16));
    char *path;
    if (!path_of(line, client, "", &path, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_text(&json, "password", read_password(line, "New password: "));
    put_end(&json);
    return client_call(client, "PATCH", path, buf_str(&body), &answer, err);
}

#define ARGUMENTS                                                                                  \
    "add EMAIL | invite EMAIL | ls | rm EMAIL | password EMAIL | reset-factor EMAIL | passkeys "   \
    "EMAIL"                                                                                        \
    " | rm-passkey EMAIL ID | export EMAIL | erase EMAIL | erasures | keep ID | proof ID"

static bool run(CommandLine *line, Error *err)
{
    static const struct {
        const char *word;
        const char *names;
        bool (*run)(CommandLine *line, Client *client, Error *err);
    } actions[] = {
        { "add", " EMAIL", add },
        { "invite", " EMAIL", invite },
        { "ls", NULL, list },
        { "rm", " EMAIL", take_out },
        { "password", " EMAIL", set_password },
        { "reset-factor", " EMAIL", reset_factor },
        { "passkeys", " EMAIL", list_passkeys },
        { "rm-passkey", " EMAIL ID", remove_passkey },
        { "export", " EMAIL", export_data },
        { "erase", " EMAIL", erase_data },
        { "erasures", NULL, list_erasures },
        { "keep", " ID", keep },
        { "proof", " ID", show_proof },
    };
    AUTO_CLIENT Client *client = NULL;
    for (size_t i = 0; i < COUNT(actions); i++) {
        if (!str_is(line->words[0], actions[i].word))
            continue;
        const char *names = actions[i].names;
        size_t wanted = 1;
        for (const char *at = names; at && *at; at++)
            wanted += *at == ' ';
        if ((size_t)line->word_count != wanted)
            return fail(err, ERROR_INVALID, "use: lectern users %s%s", actions[i].word,
                        names ? names : "");
        return client_open(line, &client, err) && actions[i].run(line, client, err);
    }
    return fail(err, ERROR_INVALID, "use: lectern users " ARGUMENTS);
}

const Command command_users = {
    .name = "users",
    .arguments = ARGUMENTS,
    .summary =
        "People: add and password read the password from standard input, invite mails a link that "
        "sets it, rm takes them out of the "
        "workspace, reset-factor takes away a second factor that is lost and rm-passkey one of "
        "their passkeys, export prints all that is known of them, erase erases it and prints the "
        "signed proof (after --days, until which keep takes it back), erasures lists what is to be "
        "erased and was",
    .options = options,
    .word_min = 1,
    .word_max = 3,
    .begins = "add",
    .run = run,
};
