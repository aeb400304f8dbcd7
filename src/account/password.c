/* password.c - see password.h. */
#include "account/password.h"

#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

#include "base/hash.h"

/* OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB and two passes. */
#define MEMORY_BYTES MB(19)
#define PASSES 2

static sem_t places;
static char decoy[crypto_pwhash_STRBYTES]; /* hash of nothing anyone knows */

/* As libsodium writes one of these costs; what is random has no password, so none is hashed. */
static void make_decoy(void)
{
    enum { SALT_BYTES = crypto_pwhash_argon2id_SALTBYTES, HASH_BYTES = 32 };
    uint8_t salt[SALT_BYTES], hash[HASH_BYTES];
    char salt_text[2 * SALT_BYTES], hash_text[2 * HASH_BYTES];
    random_bytes(salt, sizeof salt); /* starts libsodium too */
    random_bytes(hash, sizeof hash);
    sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(hash_text, sizeof hash_text, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    snprintf(decoy, sizeof decoy, "$argon2id$v=19$m=%zu,t=%d,p=1$%s$%s", MEMORY_BYTES / KB(1),
             PASSES, salt_text, hash_text);
}

static void start(void)
{
    sem_init(&places, 0, 2);
    make_decoy();
}

static void need_places(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

bool password_is_good(Str password, Error *err)
{
    bool varied = false;
    for (size_t i = 1; i < password.length; i++)
        varied |= password.at[i] != password.at[0];
    if (password.length < PASSWORD_LENGTH_MIN)
        return fail_field(err, "password", "the password needs at least %d characters",
                          PASSWORD_LENGTH_MIN);
    if (password.length > PASSWORD_LENGTH_MAX)
        return fail_field(err, "password", "the password may have at most %d bytes",
                          PASSWORD_LENGTH_MAX);
    if (!varied)
        return fail_field(err, "password", "the password is one character repeated");
    return true;
}

bool password_hash(Arena *arena, Str password, Str *hash_r, Error *err)
{
    char hash[crypto_pwhash_STRBYTES];
    need_places();
    sem_wait(&places);
    int failed = crypto_pwhash_str(hash, password.at, password.length, PASSES, MEMORY_BYTES);
    sem_post(&places);
    if (failed)
        return fail(err, ERROR_BUSY, "there is not enough memory to hash a password; try again");
    *hash_r = str_copy(arena, str(hash));
    return true;
}

bool password_fits(Str password, Str hash)
{
    char stored[crypto_pwhash_STRBYTES] = { 0 };
    bool known = hash.length > 0 && hash.length < sizeof stored;
    need_places();
    memcpy(stored, known ? hash.at : decoy, known ? hash.length : strlen(decoy));
    if (password.length > PASSWORD_LENGTH_MAX)
        password.length = 0;
    sem_wait(&places);
    bool fits = crypto_pwhash_str_verify(stored, password.at, password.length) == 0;
    sem_post(&places);
    return fits && known;
}
