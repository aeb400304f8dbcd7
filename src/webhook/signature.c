/* signature.c - see signature.h. */
#include "webhook/signature.h"

#include <assert.h>

#include "base/base64.h"
#include "base/hash.h"

#define SECRET_BYTES 32
#define SECRET_MIN 8
#define SECRET_MAX 500
#define STANDARD_PREFIX "whsec_"

typedef enum Coding { CODING_HEX, CODING_BASE64 } Coding;

typedef struct Scheme {
    const char *name, *header, *time_header, *id_header;
    char between;
    const char *prefix, *said;
    Coding coding; /* of signatures; a secret of a BASE64 scheme is base64 too */
    const char *title;
} Scheme;

static const Scheme schemes[] = {
#define SIGNATURE_SCHEME(name, header, time_header, id_header, between, prefix, said, coding,      \
                         title)                                                                    \
    { #name, header, time_header, id_header, between, prefix, said, CODING_##coding, title },
#include "webhook/schemes.def"
#undef SIGNATURE_SCHEME
};

const char *signature_scheme_name(SignatureScheme scheme) { return schemes[scheme].name; }
const char *signature_scheme_title(SignatureScheme scheme) { return schemes[scheme].title; }
bool signature_has_time(SignatureScheme scheme) { return schemes[scheme].time_header != NULL; }

bool signature_scheme_named(Str name, SignatureScheme *scheme_r, Error *err)
{
    char all[120] = "";
    for (size_t i = 0; i < SIGNATURE_SCHEME_COUNT; i++) {
        if (str_is(name, schemes[i].name)) {
            *scheme_r = (SignatureScheme)i;
            return true;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", schemes[i].name);
    }
    return fail_field(err, "scheme", "'scheme' must be one of %s", all);
}

/* --- Secrets --- */

static Str secret_text(Str secret)
{
    Str prefix = S(STANDARD_PREFIX);
    return str_starts(secret, prefix) ? str_from(secret, prefix.length) : secret;
}

static bool secret_key(Arena *arena, Coding coding, Str secret, Str *key_r)
{
    *key_r = secret;
    return coding == CODING_HEX || base64_decode(arena, secret_text(secret), key_r);
}

Str signature_new_secret(Arena *arena, SignatureScheme scheme)
{
    uint8_t random[SECRET_BYTES];
    random_bytes(random, sizeof random);
    if (schemes[scheme].coding == CODING_HEX)
        return str_hex(arena, random, sizeof random);
    Str text = base64_encode(arena, (Str){ (const char *)random, sizeof random });
    return str_format(arena, STANDARD_PREFIX STR_FMT, STR_ARG(text));
}

bool signature_check_secret(Arena *arena, SignatureScheme scheme, Str secret, Error *err)
{
    Str key;
    if (scheme == SIGNATURE_path)
        return fail_field(err, "secret", "a secret address is made here; leave 'secret' out");
    if (secret.length < SECRET_MIN || secret.length > SECRET_MAX)
        return fail_field(err, "secret", "'secret' must have %d to %d bytes", SECRET_MIN,
                          SECRET_MAX);
    return secret_key(arena, schemes[scheme].coding, secret, &key) ||
           fail_field(err, "secret", "'secret' must be base64, as whsec_...");
}

/* --- Signing --- */

typedef struct Said {
    Str id, time, body;
} Said;

static Str fill(Arena *arena, const char *pattern, const Said *said)
{
    static const char *const names[] = { "{id}", "{time}", "{body}" };
    const Str values[] = { said->id, said->time, said->body };
    Buf out = buf_new(arena, said->id.length + said->time.length + said->body.length + 64);
    for (Str rest = str(pattern); rest.length;) {
        size_t name = 0;
        while (name < COUNT(names) && !str_starts(rest, str(names[name])))
            name++;
        buf_add(&out, name < COUNT(names) ? values[name] : str_slice(rest, 0, 1));
        rest = str_from(rest, name < COUNT(names) ? strlen(names[name]) : 1);
    }
    return buf_str(&out);
}

/* Without the prefix. */
static Str sign(Arena *arena, const Scheme *scheme, Str key, const Said *said)
{
    Str digest = hmac_sha256(arena, key, fill(arena, scheme->said, said));
    return scheme->coding == CODING_HEX ? str_hex(arena, digest.at, digest.length)
                                        : base64_encode(arena, digest);
}

Str signature_standard(Arena *arena, Str secret, Str id, int64_t timestamp_s, Str body)
{
    const Scheme *scheme = &schemes[SIGNATURE_standard];
    const Said said = { id, str_format(arena, "%" PRId64, timestamp_s), body };
    Str key = S("");
    bool is_good = secret_key(arena, scheme->coding, secret, &key);
    assert(is_good); /* it was made here */
    Str signature = sign(arena, scheme, key, &said);
    return str_format(arena, "%s" STR_FMT, scheme->prefix, STR_ARG(signature));
}

/* --- Checking --- */

static Str header_of(const SignedCall *call, const char *name)
{
    for (size_t i = 0; name && i < call->headers.count; i++)
        if (str_equal_ignore_case(call->headers.at[i].name, str(name)))
            return str_trim(call->headers.at[i].value);
    return S("");
}

/* The next part of a header that holds several. */
static bool next_part(const Scheme *scheme, Str *rest, Str *part_r)
{
    Str part = *rest;
    if (!rest->length)
        return false;
    if (!scheme->between)
        *rest = S("");
    else if (!str_next(rest, scheme->between, &part))
        return false;
    *part_r = str_trim(part);
    return true;
}

static Str time_of(const Scheme *scheme, const SignedCall *call)
{
    Str rest = header_of(call, scheme->header), part, mark = S("t=");
    if (!scheme->time_header || !str_is(mark, scheme->time_header))
        return header_of(call, scheme->time_header);
    while (next_part(scheme, &rest, &part))
        if (str_starts(part, mark))
            return str_from(part, mark.length);
    return S("");
}

static bool check_time(const Scheme *scheme, const SignedCall *call, Str time, Error *err)
{
    int64_t seconds;
    if (!scheme->time_header)
        return true;
    if (!str_to_int(time, 0, INT64_MAX / 1000, &seconds))
        return fail(err, ERROR_DENIED, "the call does not say when it was signed");
    int64_t off = call->now_ms - seconds * 1000;
    return (off <= SIGNATURE_WINDOW_MS && -off <= SIGNATURE_WINDOW_MS) ||
           fail(err, ERROR_DENIED,
                "the call was signed too long ago, or a clock is wrong: its time is off by "
                "%" PRId64 " seconds",
                off / 1000);
}

static bool has_signature(Arena *arena, const Scheme *scheme, const SignedCall *call, Str key,
                          const Said *said)
{
    Str rest = header_of(call, scheme->header), part, right = sign(arena, scheme, key, said);
    Str prefix = str(scheme->prefix);
    bool is_right = false;
    while (next_part(scheme, &rest, &part))
        if (str_starts(part, prefix))
            is_right |= secret_equal(str_from(part, prefix.length), right);
    return is_right;
}

bool signature_check(Arena *arena, SignatureScheme number, Str secret, const SignedCall *call,
                     Str *seen_r, Error *err)
{
    const Scheme *scheme = &schemes[number];
    const Said said = { header_of(call, scheme->id_header), time_of(scheme, call), call->body };
    bool has_id = scheme->id_header != NULL;
    Str key;
    *seen_r = S("");
    if (!scheme->said[0]) {
        Str shown = scheme->header ? header_of(call, scheme->header) : call->address;
        return secret_equal(shown, secret) ||
               fail(err, ERROR_DENIED, "the call's secret is missing or wrong");
    }
    if (!header_of(call, scheme->header).length)
        return fail(err, ERROR_DENIED, "the call is not signed: the header %s is missing",
                    scheme->header);
    if (has_id && !said.id.length)
        return fail(err, ERROR_DENIED, "the header %s is missing", scheme->id_header);
    if (!secret_key(arena, scheme->coding, secret, &key) ||
        !has_signature(arena, scheme, call, key, &said))
        return fail(err, ERROR_DENIED, "the call's signature is wrong");
    if (!check_time(scheme, call, said.time, err))
        return false;
    /* An id that is not signed could be another one with every copy. */
    *seen_r = has_id ? sha256_hex(arena, said.id) : sign(arena, scheme, key, &said);
    return true;
}
