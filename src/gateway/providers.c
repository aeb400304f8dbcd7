/* providers.c - see providers.h. */
#include "gateway/providers.h"

#include "net/url.h"

const GatewayProvider gateway_providers[] = {
#define PROVIDER(name, title, base_url, dialect, is_local)                                         \
    { name, title, base_url, &dialect_##dialect, is_local },
#include "gateway/providers.def"
#undef PROVIDER
};
const size_t gateway_provider_count = COUNT(gateway_providers);

const GatewayProvider *gateway_provider_of(Str base_url)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Url url, known;
    Error ignored;
    bool is_read = url_parse(arena, base_url, &url, &ignored);
    for (size_t i = 0; is_read && i < gateway_provider_count - 1; i++) {
        Str host = str_is(url.host, "localhost") ? S("127.0.0.1") : url.host;
        if (url_parse(arena, str(gateway_providers[i].base_url), &known, &ignored) &&
            str_equal(known.host, host) && known.port == url.port)
            return &gateway_providers[i];
    }
    return &gateway_providers[gateway_provider_count - 1];
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
    DialectTarget target = { .key = service->key };
    WireRequest wire = { 0 };
    HttpAnswer answer;
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
