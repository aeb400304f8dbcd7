/* counting.h - how many tokens a message has, counted by the service that would answer it.
 *
 * Threads: any; blocks, for ten seconds at most. */
#pragma once

#include "gateway/gateway.h"
#include "net/http_client.h"

/* `body`: of a request in Anthropic's dialect, scanned into `request`. *count_r is -1 where the
 * first target of its route does not count, or may not see it as it is. */
MUST_CHECK bool gateway_count_tokens(HttpClient *client, Arena *arena, const GatewayCaller *caller,
                                     const ModelRequest *request, Str body, int64_t *count_r,
                                     Error *err);
