/* fuzz_webauthn.c - answers of browsers and authenticators of any bytes: read or refused, and no
 * signature is ever right. The first byte says which part it is. */
#include "account/webauthn.h"

#include "base/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const WebauthnRules rules = { .origin = S_INIT("https://a.example"),
                                     .rp_id = S_INIT("a.example") };

/* An Ed25519 key whose private one nobody kept. */
static const WebauthnKey known = {
    .id = S_INIT("known"),
    .public_key = S_INIT("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20\xd7\x5a\x98\x01\x82\xb1\x0a\xb7"
                         "\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02"
                         "\x1a\x68\xf7\x07\x51\x1a")
};

static void pass_all(Str bytes)
{
    CborItem item;
    Error err = { 0 };
    Str one = bytes;
    (void)!cbor_pass(&one, &err);
    while (cbor_next(&bytes, &item, &err)) {
    }
    if (err.code == ERROR_NONE)
        abort(); /* a failure must say why */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    if (!size)
        return 0;
    Str bytes = { (const char *)data + 1, MIN(size - 1, KB(64)) }, challenge;
    WebauthnKey key;
    int64_t counter;
    Error err = { 0 };
    switch (data[0] % 4) {
    case 0:
        (void)!webauthn_client_data(arena, bytes, "webauthn.get", rules.origin, &challenge, &err);
        break;
    case 1: (void)!webauthn_new_key(&rules, bytes, &key, &err); break;
    case 2:
        if (webauthn_signed(&rules, &known, S("{}"), str_slice(bytes, 0, 37), str_from(bytes, 37),
                            &counter, &err))
            abort();
        break;
    default: pass_all(bytes);
    }
    return 0;
}
