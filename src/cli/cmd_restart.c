/* cmd_restart.c - the running server is started anew, without refusing anybody. */
#include "cli/client.h"
#include "cli/output.h"

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL;
    if (!client_open(line, &client, err))
        return false;
    if (client_is_alone(client))
        return fail(err, ERROR_NOT_FOUND, "no server runs on this data folder");
    if (!client_call(client, "POST", "/v1/restart", S("{}"), &answer, err))
        return false;
    if (!output_json(line, answer) && !line->quiet)
        printf("process %" PRId64 " has its place\n", output_int(answer, "process"));
    return true;
}

const Command command_restart = {
    .name = "restart",
    .arguments = "",
    .summary =
        "Start the running server anew, with its program and settings of now; no request fails",
    .run = run,
};
