/* providers.h - the model services that are known by name, and what any service says of itself. */
#pragma once

#include "gateway/dialect.h"
#include "net/http_client.h"

typedef struct GatewayProvider {
    const char *name, *title, *base_url;
    const Dialect *dialect;
    const char *key_variable; /* environment variable that usually has its key; NULL: none */
    bool is_local;            /* looked for on this machine at its usual port */
    DialectQuirks quirks;
} GatewayProvider;

extern const GatewayProvider gateway_providers[];
extern const size_t gateway_provider_count;
/* The row of this name; NULL when there is none. */
const GatewayProvider *gateway_provider_find(Str name);
/* The row whose service has this address; "openai-compatible" for any other. Of two at one host the
 * one whose path it is, else the first. */
const GatewayProvider *gateway_provider_of(Str base_url);

/* One service as it is reached. */
typedef struct ServiceAddress {
    const GatewayProvider *provider;
    Str base_url;       /* without a slash at its end */
    Str key;            /* may be empty */
    Str pinned_address; /* numeric; "" to resolve as usual */
} ServiceAddress;

/* The names of the service's models, within `total_ms`. Blocks. */
MUST_CHECK bool gateway_models(HttpClient *client, Arena *arena, const ServiceAddress *service,
                               int64_t total_ms, StrList *names_r, Error *err);
