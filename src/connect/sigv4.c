/* sigv4.c - see sigv4.h. */
#include "connect/sigv4.h"

#include "base/clock.h"
#include "base/hash.h"

#define REQUEST_MAX KB(64)
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* "20261121T100000Z" */
static Str stamp(Arena *arena, int64_t now_ms)
{
    char text[TIME_TEXT_SIZE];
    Str time = time_format(now_ms, text);
    Buf out = buf_new(arena, 32);
    for (size_t i = 0; i < 19; i++) /* without the milliseconds */
        if (!HAS_CHAR(time.at[i], "-:"))
            buf_add_char(&out, time.at[i]);
    buf_add_char(&out, 'Z');
    return buf_str(&out);
}

Str sigv4_query(Arena *arena, const HttpPairs *query)
{
    Buf out = buf_new(arena, REQUEST_MAX);
    for (size_t i = 0; i < query->count; i++) {
        if (i)
            buf_add_char(&out, '&');
        buf_add(&out, url_encode(arena, query->at[i].name));
        buf_add_char(&out, '=');
        buf_add(&out, url_encode(arena, query->at[i].value));
    }
    return buf_str(&out);
}

static Str signature(Arena *arena, const SigningKey *key, Str day, Str to_sign)
{
    Str secret = str_format(arena, "AWS4" STR_FMT, STR_ARG(key->secret));
    Str step = hmac_sha256(arena, secret, day);
    step = hmac_sha256(arena, step, key->region);
    step = hmac_sha256(arena, step, S("s3"));
    step = hmac_sha256(arena, step, S("aws4_request"));
    return hmac_sha256_hex(arena, step, to_sign);
}

void sigv4_sign(Arena *arena, const SigningKey *key, Str host, Str path, const HttpPairs *query,
                int64_t now_ms, SignedHeaders *headers_r)
{
    Str time = stamp(arena, now_ms), day = str_slice(time, 0, 8);
    bool has_token = key->session_token.length > 0;
    Str names = has_token ? S("host;x-amz-content-sha256;x-amz-date;x-amz-security-token")
                          : S("host;x-amz-content-sha256;x-amz-date");
    Str token = has_token ? str_format(arena, "x-amz-security-token:" STR_FMT "\n",
                                       STR_ARG(key->session_token))
                          : S("");
    Str asked = sigv4_query(arena, query);
    Str request = str_format(arena,
                             "GET\n" STR_FMT "\n" STR_FMT "\nhost:" STR_FMT
                             "\nx-amz-content-sha256:" EMPTY_SHA256 "\nx-amz-date:" STR_FMT
                             "\n" STR_FMT "\n" STR_FMT "\n" EMPTY_SHA256,
                             STR_ARG(path), STR_ARG(asked), STR_ARG(host), STR_ARG(time),
                             STR_ARG(token), STR_ARG(names));
    Str within = str_format(arena, STR_FMT "/" STR_FMT "/s3/aws4_request", STR_ARG(day),
                            STR_ARG(key->region));
    Str digest = sha256_hex(arena, request);
    Str to_sign = str_format(arena, "AWS4-HMAC-SHA256\n" STR_FMT "\n" STR_FMT "\n" STR_FMT,
                             STR_ARG(time), STR_ARG(within), STR_ARG(digest));
    Str sign = signature(arena, key, day, to_sign);
    Str value = str_format(arena,
                           "AWS4-HMAC-SHA256 Credential=" STR_FMT "/" STR_FMT
                           ", SignedHeaders=" STR_FMT ", Signature=" STR_FMT,
                           STR_ARG(key->key_id), STR_ARG(within), STR_ARG(names), STR_ARG(sign));
    *headers_r = (SignedHeaders){ { { S("x-amz-date"), time },
                                    { S("x-amz-content-sha256"), S(EMPTY_SHA256) },
                                    { S("Authorization"), value },
                                    { S("x-amz-security-token"), key->session_token } },
                                  has_token ? 4 : 3 };
}
