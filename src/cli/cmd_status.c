/* cmd_status.c - how the library and the server are. */
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

static void print(const json_t *health, const json_t *statistics)
{
    char size[16];
    size_t i;
    const json_t *notice;
    printf("status     %s\n", json_member_text(health, "status").at);
    printf("documents  %" PRId64 " (%" PRId64 " ready, %" PRId64 " failed, %" PRId64 " running)\n",
           output_int(statistics, "documents"), output_int(statistics, "ready"),
           output_int(statistics, "failed"), output_int(statistics, "running"));
    printf("passages   %" PRId64 "\nvectors    %" PRId64 "\noriginals  %s\n",
           output_int(statistics, "chunks"), output_int(statistics, "vectors"),
           term_bytes(output_int(statistics, "bytes"), size));
    json_array_foreach(json_object_get(health, "notices"), i, notice)
    {
        printf("note       ");
        output_text(str(json_string_value(notice)));
        putchar('\n');
    }
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *health = NULL;
    AUTO_JSON json_t *statistics = NULL;
    if (!client_open(line, &client, err) ||
        !client_call(client, "GET", "/health", S(""), &health, err) ||
        !client_call(client, "GET", "/v1/statistics", S(""), &statistics, err))
        return false;
    AUTO_JSON json_t *both = json_pack("{s:O, s:O, s:b}", "health", health, "statistics",
                                       statistics, "server_runs", !client_is_alone(client));
    if (!output_json(line, both))
        print(health, statistics);
    return true;
}

const Command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "How the library and the server are",
    .run = run,
};
