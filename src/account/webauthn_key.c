/* webauthn_key.c - see webauthn_key.h. */
#include "account/webauthn_key.h"

#include <openssl/evp.h>

#include "base/cbor.h"

#define PAIRS_MAX 16

/* Labels of a COSE key; of RSA -1 is the modulus and -2 the exponent. */
enum { LABEL_KIND = 1, LABEL_ALGORITHM = 3, LABEL_CURVE = -1, LABEL_X = -2, LABEL_Y = -3 };

typedef struct CoseKey {
    CborItem kind, algorithm, curve, x, y;
    bool has_kind, has_algorithm, has_curve, has_x, has_y;
} CoseKey;

static const struct {
    JwtAlgorithm algorithm;
    int64_t number, kind, curve;
} algorithms[] = {
#define WEBAUTHN_ALGORITHM(algorithm, number, kind, curve) { JWT_##algorithm, number, kind, curve },
#include "account/webauthn_algorithms.def"
#undef WEBAUTHN_ALGORITHM
};

static bool refuse(Error *err, const char *why)
{
    return fail(err, ERROR_INVALID, "the public key of the passkey is not usable: %s", why);
}

/* One label stands for one thing only. */
static bool take(Str *rest, CborItem *item, bool *has_one, Error *err)
{
    if (*has_one)
        return refuse(err, "it says something twice");
    *has_one = true;
    return cbor_next(rest, item, err) && ((item->kind != CBOR_LIST && item->kind != CBOR_MAP) ||
                                          refuse(err, "a value is a list or a map"));
}

static bool read_pair(Str *rest, CoseKey *cose, Error *err)
{
    CborItem label;
    if (!cbor_next(rest, &label, err))
        return false;
    if (label.kind != CBOR_NUMBER)
        return refuse(err, "a label is no number");
    switch (label.number) {
    case LABEL_KIND: return take(rest, &cose->kind, &cose->has_kind, err);
    case LABEL_ALGORITHM: return take(rest, &cose->algorithm, &cose->has_algorithm, err);
    case LABEL_CURVE: return take(rest, &cose->curve, &cose->has_curve, err);
    case LABEL_X: return take(rest, &cose->x, &cose->has_x, err);
    case LABEL_Y: return take(rest, &cose->y, &cose->has_y, err);
    default: return cbor_pass(rest, err);
    }
}

static bool is_number(const CborItem *item, int64_t number)
{
    return item->kind == CBOR_NUMBER && item->number == number;
}

static PublicKey *make(const CoseKey *cose, JwtAlgorithm algorithm)
{
    bool has_x = cose->x.kind == CBOR_BYTES, has_y = cose->y.kind == CBOR_BYTES;
    switch (algorithm) {
    case JWT_ES256: return has_x && has_y ? public_key_curve(cose->x.bytes, cose->y.bytes) : NULL;
    case JWT_EDDSA: return has_x && !cose->has_y ? public_key_edwards(cose->x.bytes) : NULL;
    case JWT_RS256:
        return cose->curve.kind == CBOR_BYTES && has_x && !cose->has_y
                   ? public_key_rsa(cose->curve.bytes, cose->x.bytes)
                   : NULL;
    case JWT_HS256: return NULL;
    }
    return NULL;
}

bool webauthn_key_read(Str *rest, PublicKey **key_r, JwtAlgorithm *algorithm_r, Error *err)
{
    CoseKey cose = { 0 };
    CborItem map;
    size_t i = 0;
    if (!cbor_next(rest, &map, err))
        return false;
    if (map.kind != CBOR_MAP || map.number > PAIRS_MAX)
        return refuse(err, "it is no small map");
    for (int64_t pair = 0; pair < map.number; pair++)
        if (!read_pair(rest, &cose, err))
            return false;
    while (i < COUNT(algorithms) && !is_number(&cose.algorithm, algorithms[i].number))
        i++;
    if (!cose.has_algorithm || i == COUNT(algorithms))
        return refuse(err, "it signs with another algorithm than ES256, EdDSA and RS256");
    if (!is_number(&cose.kind, algorithms[i].kind) ||
        (algorithms[i].curve && !is_number(&cose.curve, algorithms[i].curve)))
        return refuse(err, "its kind or curve is not that of its algorithm");
    PublicKey *key = make(&cose, algorithms[i].algorithm);
    bool is_good =
        key && public_key_algorithm(key, algorithm_r) && *algorithm_r == algorithms[i].algorithm;
    if (!is_good) {
        EVP_PKEY_free(key);
        return refuse(err, "its numbers are no key");
    }
    *key_r = key;
    return true;
}
