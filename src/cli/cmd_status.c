/* cmd_status.c - how the library and the server are. */
#include "cli/client.h"
#include "cli/output.h"
#include "cli/term.h"

static void print_model(Arena *arena, const json_t *health)
{
    const json_t *model = json_object_get(health, "model");
    const json_t *change = json_object_get(health, "model_change");
    const json_t *building = json_object_get(json_object_get(health, "index"), "building");
    if (json_is_object(model))
        printf("model      %s\n", json_is_true(json_object_get(model, "ready"))
                                      ? output_member(model, "name")
                                      : "loaded when it is needed");
    if (json_is_object(change))
        printf("changing   to %s: %s\n", output_member(change, "name"),
               output_progress(arena, change).at);
    if (json_is_object(building))
        printf("index      %s\n", output_progress(arena, building).at);
}

static void print(Arena *arena, const json_t *health, const json_t *statistics)
{
    char size[16];
    size_t i;
    const json_t *notice;
    printf("status     %s\n", output_member(health, "status"));
    printf("documents  %" PRId64 " (%" PRId64 " ready, %" PRId64 " failed, %" PRId64 " running)\n",
           output_int(statistics, "documents"), output_int(statistics, "ready"),
           output_int(statistics, "failed"), output_int(statistics, "running"));
    printf("passages   %" PRId64 "\nvectors    %" PRId64, output_int(statistics, "chunks"),
           output_int(statistics, "vectors"));
    if (json_object_get(statistics, "vectors_coming"))
        printf(", and %" PRId64 " of the model that comes",
               output_int(statistics, "vectors_coming"));
    printf("\noriginals  %s\n", term_bytes(output_int(statistics, "bytes"), size));
    print_model(arena, health);
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
        print(line->arena, health, statistics);
    return true;
}

const Command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "How the library and the server are",
    .run = run,
};
