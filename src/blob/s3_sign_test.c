#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/hash.h"
#include "blob/s3_sign.h"

/* The examples of Amazon's own description of the signature, with the answers it gives. */
#define PUT_SHA256 "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define NO_BODY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const S3Signer signer = {
    .access_key = S_INIT("AKIAIOSFODNN7EXAMPLE"),
    .secret_key = S_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    .region = S_INIT("us-east-1"),
    .time_ms = INT64_C(1369353600000), /* 2013-05-24 */
};
static const Str host = S_INIT("examplebucket.s3.amazonaws.com");

static const HttpPair range[] = { { S_INIT("range"), S_INIT("bytes=0-9") } };
static const HttpPair stored[] = { { S_INIT("x-amz-storage-class"), S_INIT("REDUCED_REDUNDANCY") },
                                   { S_INIT("date"), S_INIT("Fri, 24 May 2013 00:00:00 GMT") } };
static const HttpPair lifecycle[] = { { S_INIT("lifecycle"), S_INIT("") } };
static const HttpPair listing[] = { { S_INIT("prefix"), S_INIT("J") },
                                    { S_INIT("max-keys"), S_INIT("2") } };

static const struct {
    const char *method, *key;
    HttpPairs query, headers;
    const char *sha256, *signature;
} examples[] = {
    { "GET",
      "test.txt",
      { 0 },
      { range, 1 },
      NO_BODY_SHA256,
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
    { "PUT",
      "test$file.text",
      { 0 },
      { stored, 2 },
      PUT_SHA256,
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
    { "GET",
      "",
      { lifecycle, 1 },
      { 0 },
      NO_BODY_SHA256,
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
    { "GET",
      "",
      { listing, 2 },
      { 0 },
      NO_BODY_SHA256,
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

static Str header_of(HttpPairs headers, const char *name)
{
    for (size_t i = 0; i < headers.count; i++)
        if (str_is(headers.at[i].name, name))
            return headers.at[i].value;
    return S("");
}

Test(s3_sign, the_documented_examples_have_the_documented_signatures)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(examples); i++) {
        S3Signed request = { .method = examples[i].method,
                             .host = host,
                             .path = s3_path(arena, str(examples[i].key)),
                             .query = examples[i].query,
                             .headers = examples[i].headers.at,
                             .header_count = examples[i].headers.count,
                             .payload_sha256 = str(examples[i].sha256) };
        Str got = header_of(s3_sign(arena, &signer, &request), "authorization");
        cr_expect(str_ends(got, str(examples[i].signature)), "%zu: " STR_FMT, i, STR_ARG(got));
    }
}

Test(s3_sign, the_documented_address_has_the_documented_signature)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    S3Signed request = { .method = "GET", .host = host, .path = S("/test.txt") };
    cr_expect(str_is(
        s3_presign(arena, &signer, &request, 86400),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
        "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

Test(s3_sign, a_session_token_is_signed_and_sent)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    S3Signer with = signer;
    S3Signed request = {
        .method = "GET", .host = host, .path = S("/a"), .payload_sha256 = S(NO_BODY_SHA256)
    };
    with.session_token = S("token/1");
    HttpPairs headers = s3_sign(arena, &with, &request);
    cr_expect(str_is(header_of(headers, "x-amz-security-token"), "token/1"));
    cr_expect(str_find(header_of(headers, "authorization"), S(";x-amz-security-token,")) > 0);
    cr_expect(str_find(s3_presign(arena, &with, &request, 60), S("Token=token%2F1")) > 0);
}
