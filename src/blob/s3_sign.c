/* s3_sign.c - see s3_sign.h. */
#include "blob/s3_sign.h"

#include "base/clock.h"
#include "base/hash.h"
#include "net/url.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_LENGTH 8 /* of 20260131T235959Z */

Str s3_path(Arena *arena, Str key)
{
    Buf out = buf_new(arena, KB(16));
    Str part;
    while (str_next(&key, '/', &part)) {
        buf_add_char(&out, '/');
        buf_add(&out, url_encode(arena, part));
    }
    return buf_str(&out);
}

static int compare_pairs(const void *a, const void *b)
{
    const HttpPair *first = a, *second = b;
    int order = str_compare(first->name, second->name);
    return order ? order : str_compare(first->value, second->value);
}

/* A copy with room for `more`, in order once they are there. */
static HttpPair *copy_pairs(Arena *arena, HttpPairs pairs, size_t more)
{
    HttpPair *copy = arena_new_array(arena, HttpPair, pairs.count + more);
    for (size_t i = 0; i < pairs.count; i++)
        copy[i] = pairs.at[i];
    return copy;
}

Str s3_query(Arena *arena, HttpPairs query)
{
    Buf out = buf_new(arena, KB(16));
    HttpPair *pairs = copy_pairs(arena, query, 1);
    for (size_t i = 0; i < query.count; i++)
        pairs[i] =
            (HttpPair){ url_encode(arena, pairs[i].name), url_encode(arena, pairs[i].value) };
    qsort(pairs, query.count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < query.count; i++)
        buf_addf(&out, "%s" STR_FMT "=" STR_FMT, i ? "&" : "", STR_ARG(pairs[i].name),
                 STR_ARG(pairs[i].value));
    return buf_str(&out);
}

/* "20260131T235959Z" */
static Str stamp_of(Arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    Buf out = buf_new(arena, TIME_TEXT_SIZE);
    Str time = str_slice(time_format(time_ms, text), 0, strlen("2026-01-31T23:59:59"));
    for (size_t i = 0; i < time.length; i++)
        if (!HAS_CHAR(time.at[i], "-:"))
            buf_add_char(&out, time.at[i]);
    buf_add_char(&out, 'Z');
    return buf_str(&out);
}

static Str credential_scope(Arena *arena, const S3Signer *signer, Str stamp)
{
    return str_format(arena, STR_FMT "/" STR_FMT "/s3/aws4_request",
                      STR_ARG(str_slice(stamp, 0, DATE_LENGTH)), STR_ARG(signer->region));
}

/* "host;range;x-amz-date" */
static Str names_of(Arena *arena, const HttpPair *headers, size_t count)
{
    Str names[S3_HEADERS_MAX];
    for (size_t i = 0; i < count; i++)
        names[i] = headers[i].name;
    return str_join(arena, names, count, S(";"));
}

/* `headers` in the order of their names, with host. */
static Str signature_of(Arena *arena, const S3Signer *signer, const S3Signed *request, Str stamp,
                        Str query, const HttpPair *headers, size_t count)
{
    Buf text = buf_new(arena, KB(64));
    buf_addf(&text, "%s\n" STR_FMT "\n" STR_FMT "\n", request->method, STR_ARG(request->path),
             STR_ARG(query));
    for (size_t i = 0; i < count; i++)
        buf_addf(&text, STR_FMT ":" STR_FMT "\n", STR_ARG(headers[i].name),
                 STR_ARG(str_trim(headers[i].value)));
    Str names = names_of(arena, headers, count), scope = credential_scope(arena, signer, stamp);
    buf_addf(&text, "\n" STR_FMT "\n" STR_FMT, STR_ARG(names), STR_ARG(request->payload_sha256));
    Str whole = sha256_hex(arena, buf_str(&text));
    Str to_sign = str_format(arena, ALGORITHM "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT,
                             STR_ARG(stamp), STR_ARG(scope), STR_ARG(whole));
    Str key = str_format(arena, "AWS4" STR_FMT, STR_ARG(signer->secret_key));
    key = hmac_sha256(arena, key, str_slice(stamp, 0, DATE_LENGTH));
    key = hmac_sha256(arena, key, signer->region);
    key = hmac_sha256(arena, key, S("s3"));
    key = hmac_sha256(arena, key, S("aws4_request"));
    return hmac_sha256_hex(arena, key, to_sign);
}

HttpPairs s3_sign(Arena *arena, const S3Signer *signer, const S3Signed *request)
{
    Str stamp = stamp_of(arena, signer->time_ms);
    HttpPairs given = { request->headers, request->header_count };
    HttpPair *headers = copy_pairs(arena, given, 5);
    size_t count = given.count;
    headers[count++] = (HttpPair){ S("host"), request->host };
    headers[count++] = (HttpPair){ S("x-amz-content-sha256"), request->payload_sha256 };
    headers[count++] = (HttpPair){ S("x-amz-date"), stamp };
    if (signer->session_token.length)
        headers[count++] = (HttpPair){ S("x-amz-security-token"), signer->session_token };
    qsort(headers, count, sizeof *headers, compare_pairs);
    Str signature = signature_of(arena, signer, request, stamp, s3_query(arena, request->query),
                                 headers, count);
    Str names = names_of(arena, headers, count), scope = credential_scope(arena, signer, stamp);
    headers[count++] =
        (HttpPair){ S("authorization"),
                    str_format(arena,
                               ALGORITHM " Credential=" STR_FMT "/" STR_FMT
                                         ",SignedHeaders=" STR_FMT ",Signature=" STR_FMT,
                               STR_ARG(signer->access_key), STR_ARG(scope), STR_ARG(names),
                               STR_ARG(signature)) };
    return (HttpPairs){ headers, count };
}

Str s3_presign(Arena *arena, const S3Signer *signer, const S3Signed *request, int64_t seconds)
{
    Str stamp = stamp_of(arena, signer->time_ms);
    HttpPair host = { S("host"), request->host };
    HttpPair *pairs = copy_pairs(arena, request->query, 6);
    size_t count = request->query.count;
    S3Signed as_sent = *request;
    Str scope = credential_scope(arena, signer, stamp);
    pairs[count++] = (HttpPair){ S("X-Amz-Algorithm"), S(ALGORITHM) };
    pairs[count++] = (HttpPair){ S("X-Amz-Credential"),
                                 str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(signer->access_key),
                                            STR_ARG(scope)) };
    pairs[count++] = (HttpPair){ S("X-Amz-Date"), stamp };
    pairs[count++] = (HttpPair){ S("X-Amz-Expires"), str_format(arena, "%" PRId64, seconds) };
    pairs[count++] = (HttpPair){ S("X-Amz-SignedHeaders"), S("host") };
    if (signer->session_token.length)
        pairs[count++] = (HttpPair){ S("X-Amz-Security-Token"), signer->session_token };
    as_sent.payload_sha256 = S("UNSIGNED-PAYLOAD");
    Str query = s3_query(arena, (HttpPairs){ pairs, count });
    Str signature = signature_of(arena, signer, &as_sent, stamp, query, &host, 1);
    return str_format(arena, STR_FMT "&X-Amz-Signature=" STR_FMT, STR_ARG(query),
                      STR_ARG(signature));
}
