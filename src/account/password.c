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

static void start(void)
{
    char secret[32];
    random_bytes(secret, sizeof secret); /* starts libsodium too */
    sem_init(&places, 0, 2);
    if (crypto_pwhash_str(decoy, secret, sizeof secret, PASSES, MEMORY_BYTES) != 0)
        abort();
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
