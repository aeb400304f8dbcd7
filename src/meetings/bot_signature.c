/* bot_signature.c - how webhooks of bots prove where they come from; see bot_service.h.
 *
 *     CANONICAL  X-Webhook-Signature: base64(HMAC(base64(secret), canonical JSON of the body));
 *                no time is signed, so that events are told apart by their ids alone
 *     SVIX       svix-signature or webhook-signature: "v1,base64 v1,base64"; of id.timestamp.body
 *     STAMPED    X-Webhook-Signature: sha256=hex(HMAC(secret, timestamp.body)); before Vexa 0.12
 * the secret itself, as a bearer */
#include "base/base64.h"
#include "base/hash.h"
#include "base/json_canonical.h"
#include "meetings/bot_service.h"

#define CLOCKS_APART_S 300

BotHeaders bot_headers(const BotService *service, const HttpRequest *request)
{
    if (service->signs != BOT_SIGNS_SVIX)
        return (BotHeaders){ .timestamp = http_header_in(request, "X-Webhook-Timestamp"),
                             .signature = http_header_in(request, "X-Webhook-Signature"),
                             .authorization = http_header_in(request, "Authorization") };
    bool is_plain = http_header_in(request, "webhook-id").length > 0;
    return (BotHeaders){
        .id = http_header_in(request, is_plain ? "webhook-id" : "svix-id"),
        .timestamp = http_header_in(request, is_plain ? "webhook-timestamp" : "svix-timestamp"),
        .signature = http_header_in(request, is_plain ? "webhook-signature" : "svix-signature"),
    };
}

static bool refuse(Error *err)
{
    return fail(err, ERROR_DENIED, "the signature is not of this service's secret");
}

static bool is_lately(Str timestamp, int64_t now_ms)
{
    int64_t time_s;
    return str_to_int(timestamp, 0, INT64_C(100000000000), &time_s) &&
           time_s > now_ms / 1000 - CLOCKS_APART_S && time_s < now_ms / 1000 + CLOCKS_APART_S;
}

static bool check_canonical(Arena *arena, Str secret, const BotHeaders *headers, Str body,
                            Error *err)
{
    Str key, canonical;
    Error ignored;
    if (!base64_decode(arena, secret, &key) ||
        !json_canonical(arena, body, MB(8), &canonical, &ignored))
        return refuse(err);
    Str wanted = base64_encode(arena, hmac_sha256(arena, key, canonical));
    return secret_equal(wanted, headers->signature) || refuse(err);
}

static bool check_svix(Arena *arena, Str secret, const BotHeaders *headers, Str body,
                       int64_t now_ms, Error *err)
{
    Str key, rest = headers->signature, each;
    bool is_good = false;
    if (str_starts(secret, S("whsec_")))
        secret = str_from(secret, 6);
    if (!headers->id.length || !is_lately(headers->timestamp, now_ms) ||
        !base64_decode(arena, secret, &key))
        return refuse(err);
    Str said = str_format(arena, STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(headers->id),
                          STR_ARG(headers->timestamp), STR_ARG(body));
    Str digest = base64_encode(arena, hmac_sha256(arena, key, said));
    Str wanted = str_format(arena, "v1," STR_FMT, STR_ARG(digest));
    while (str_next(&rest, ' ', &each))
        is_good |= secret_equal(wanted, each);
    return is_good || refuse(err);
}

static bool check_stamped(Arena *arena, Str secret, const BotHeaders *headers, Str body,
                          int64_t now_ms, Error *err)
{
    Str said = str_format(arena, STR_FMT "." STR_FMT, STR_ARG(headers->timestamp), STR_ARG(body));
    Str digest = hmac_sha256_hex(arena, secret, said);
    Str wanted = str_format(arena, "sha256=" STR_FMT, STR_ARG(digest));
    if (!headers->signature.length && str_starts(headers->authorization, S("Bearer ")))
        return secret_equal(secret, str_from(headers->authorization, 7)) || refuse(err);
    return (is_lately(headers->timestamp, now_ms) && secret_equal(wanted, headers->signature)) ||
           refuse(err);
}

bool bot_signature_check(Arena *arena, const BotService *service, Str secret,
                         const BotHeaders *headers, Str body, int64_t now_ms, Error *err)
{
    if (!secret.length)
        return fail(err, ERROR_DENIED,
                    "this service has no webhook secret; give it one before it tells anything");
    switch (service->signs) {
    case BOT_SIGNS_CANONICAL: return check_canonical(arena, secret, headers, body, err);
    case BOT_SIGNS_SVIX: return check_svix(arena, secret, headers, body, now_ms, err);
    case BOT_SIGNS_STAMPED: return check_stamped(arena, secret, headers, body, now_ms, err);
    }
    return refuse(err);
}
