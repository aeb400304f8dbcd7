/* providers.c - see providers.h. */
#include "gateway/providers.h"

#include "net/url.h"

const GatewayProvider gateway_providers[] = {
#define PROVIDER(name, title, base_url, dialect, key_variable, is_local, ...)                      \
    { name, title, base_url, &dialect_##dialect, key_variable, is_local, { __VA_ARGS__ } },
#include "gateway/providers.def"
#undef PROVIDER
};
const size_t gateway_provider_count = COUNT(gateway_providers);

const GatewayProvider *gateway_provider_find(Str name)
{
    for (size_t i = 0; i < gateway_provider_count; i++)
        if (str_is(name, gateway_providers[i].name))
            return &gateway_providers[i];
    return NULL;
}

/* How well an address fits a row: 0 not at all, 1 by its host, more by its path too. A row's
 * address may have a name of the customer's own in front: "https://{resource}.example.com". */
static size_t fit(Arena *arena, Str known_url, const Url *url)
{
    Url known;
    Error ignored;
    Str host = str_is(url->host, "localhost") ? S("127.0.0.1") : url->host;
    ptrdiff_t open = str_find_char(known_url, '}');
    if (open >= 0) {
        Str rest = str_from(known_url, (size_t)open + 1), suffix;
        return str_next(&rest, '/', &suffix) && str_ends(host, suffix);
    }
    if (!url_parse(arena, known_url, &known, &ignored) || !str_equal(known.host, host) ||
        known.port != url->port)
        return 0;
    return str_starts(url->path, known.path) ? known.path.length : 1;
}

const GatewayProvider *gateway_provider_of(Str base_url)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const GatewayProvider *best = &gateway_providers[gateway_provider_count - 1];
    size_t best_fit = 0;
    Url url;
    Error ignored;
    bool is_read = url_parse(arena, base_url, &url, &ignored);
    for (size_t i = 0; is_read && i < gateway_provider_count - 1; i++) {
        size_t fits = fit(arena, str(gateway_providers[i].base_url), &url);
        if (fits > best_fit)
            best = &gateway_providers[i], best_fit = fits;
    }
    return best;
}

/* A status that is no success, told to people. The key never is: some services repeat it. */
static bool fail_status(Arena *arena, const ServiceAddress *service, const HttpAnswer *answer,
                        Error *err)
{
    WireError said;
    service->provider->dialect->read_error(arena, answer->body, &said);
    Str why =
        said.message.length ? str_slice(str_trim(said.message), 0, 240) : S("it gave no reason");
    if (service->key.length && str_find(why, service->key) >= 0)
        why = S("it gave a reason that holds the key");
    if (answer->status == 401 || answer->status == 403)
        return fail(err, ERROR_UPSTREAM, "it refuses the key (status %d); set another one",
                    answer->status);
    return fail(err, answer->status == 429 ? ERROR_LIMITED : ERROR_UPSTREAM,
                "it failed with status %d: " STR_FMT, answer->status, STR_ARG(why));
}

bool gateway_models(HttpClient *client, Arena *arena, const ServiceAddress *service,
                    int64_t total_ms, StrList *names_r, Error *err)
{
    const Dialect *dialect = service->provider->dialect;
    DialectTarget target = { .key = service->key, .quirks = service->provider->quirks };
    WireRequest wire = { 0 };
    HttpAnswer answer;
    if (!dialect->models_path) {
        *names_r = (StrList){ 0 };
        return true;
    }
    dialect->authorize(arena, &target, &wire);
    wire_header(&wire, S("Accept"), S("application/json"));
    HttpCall call = { .url = url_join(arena, service->base_url, str(dialect->models_path)),
                      .headers = wire.headers,
                      .header_count = wire.header_count,
                      .connect_ms = total_ms,
                      .first_byte_ms = total_ms,
                      .total_ms = total_ms,
                      .answer_max = MB(8),
                      .pinned_address = service->pinned_address };
    bool good = http_call(client, arena, &call, &answer, err) &&
                (answer.status >= 200 && answer.status < 300
                     ? dialect->read_models(arena, answer.body, names_r, err)
                     : fail_status(arena, service, &answer, err));
    return good || fail_in(err, "%s", service->provider->title);
}
