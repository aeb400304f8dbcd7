/* deep_check.c - see deep_check.h. */
#include "cli/deep_check.h"

#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/term.h"

#define POLL_FIRST_MS 20
#define POLL_MS 500

static void show(const CommandLine *line, const json_t *state)
{
    char size[16];
    if (!line->quiet && !line->json && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%" PRId64 " originals, %s read ", output_int(state, "originals"),
                term_bytes(output_int(state, "bytes"), size));
}

static bool wait_for_end(const CommandLine *line, Client *client, json_t **state, Error *err)
{
    for (int64_t wait_ms = POLL_FIRST_MS; json_is_true(json_object_get(*state, "is_running"));
         wait_ms = MIN(wait_ms * 2, POLL_MS)) {
        sleep_ms(wait_ms);
        json_decref(*state);
        *state = NULL;
        if (!client_call(client, "GET", "/v1/integrity", S(""), state, err))
            return false;
        show(line, *state);
    }
    return true;
}

bool deep_check(CommandLine *line, Client *client, DeepCheck *check_r, Error *err)
{
    AUTO_JSON json_t *state = NULL;
    const char *path = line->server.length ? "/v1/integrity" : "/v1/integrity?fast=1";
    if (!client_call(client, "POST", path, S(""), &state, err) ||
        !wait_for_end(line, client, &state, err))
        return false;
    *check_r = (DeepCheck){ .originals = output_int(state, "originals"),
                            .bytes = output_int(state, "bytes"),
                            .damaged = output_int(state, "damaged"),
                            .repaired = output_int(state, "repaired"),
                            .items = json_object_get(state, "items"),
                            .answer = state };
    state = NULL;
    return true;
}
