/* factor_proof.c - see second_factor_int.h. */
#include "account/password.h"
#include "account/second_factor_int.h"
#include "account/token.h"
#include "account/totp.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/seal.h"
#include "store/server_key.h"

#define SEAL_KEY S("second-factors")
#define RECOVERY_BYTES 10 /* too many to be tried against the digests */
#define RECOVERY_LETTERS 16

FactorWork factor_work(Account *account, Arena *arena, const Visitor *visitor, Str code)
{
    return (FactorWork){ .account = account,
                         .arena = arena,
                         .visitor = visitor,
                         .guess = { .account = account,
                                    .arena = arena,
                                    .user = visitor->scope.user,
                                    .code = code,
                                    .now = now_ms() } };
}

bool factor_needs_person(const Visitor *visitor, Error *err)
{
    return (visitor->scope.user.length && !visitor->key.length) ||
           fail(err, ERROR_INVALID, "only somebody who signs in has a second factor");
}

/* --- Codes ------------------------------------------------------------------------------- */

bool factor_key(Account *account, Arena *arena, Str *key_r, Error *err)
{
    return server_key(account->db, arena, SEAL_KEY, key_r, err);
}

/* However it was typed: without spaces and dashes, in capitals. */
static Str typed(Arena *arena, Str code)
{
    Buf out = buf_new(arena, 64);
    for (size_t i = 0; i < code.length && out.length < 60; i++) {
        char c = code.at[i];
        if (!HAS_CHAR(c, " -\t"))
            buf_add_char(&out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return buf_str(&out);
}

static bool take_recovery(DbTx *tx, FactorGuess *guess, Str code, Error *err)
{
    const Scope *system = &guess->account->system;
    guess->step = guess->factor.last_step;
    guess->was_recovery = true;
    return recovery_code_take(tx, system, guess->user, token_hash(guess->arena, code), &guess->fits,
                              err);
}

/* Of an app that counts, or that is just being confirmed: an empty secret has a code too. */
static bool check_digits(FactorGuess *guess, Str code, Error *err)
{
    Str secret;
    Error why;
    if (!guess->factor.sealed.length || (!guess->factor.confirmed_at_ms && !guess->is_new))
        return true;
    if (!seal_open(guess->arena, guess->key, guess->factor.sealed, &secret, &why))
        return fail(err, ERROR_CONFLICT,
                    "the second factor cannot be read any more, because the server's master key is "
                    "another one: use a recovery code, or have an administrator reset it");
    guess->fits = totp_fits(secret, code, guess->now, guess->factor.last_step, &guess->step);
    return true;
}

/* A wrong one does not fail, since its count would be taken back with the transaction. */
bool factor_guess(DbTx *tx, FactorGuess *guess, Error *err)
{
    const Scope *system = &guess->account->system;
    Str code = typed(guess->arena, guess->code);
    if (!second_factor_guess(tx, system, guess->arena, guess->user, guess->now, &guess->factor,
                             err))
        return false;
    bool ok = code.length == RECOVERY_LETTERS && !guess->is_new
                  ? take_recovery(tx, guess, code, err)
                  : check_digits(guess, code, err);
    if (!ok)
        return false;
    if (guess->fits)
        return second_factor_taken(tx, system, guess->user, guess->step, err);
    int64_t wait = throttle_wait_ms(guess->factor.failures);
    return !wait || second_factor_wait(tx, system, guess->user, guess->now + wait, err);
}

bool factor_wrong(Error *err)
{
    return fail_field(err, "code",
                      "the code is wrong, or was used already; the next one comes "
                      "within 30 seconds");
}

void factor_new_codes(FactorWork *work, Str *codes_r)
{
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        char bytes[RECOVERY_BYTES];
        random_bytes(bytes, sizeof bytes);
        Str code = base32_encode(work->arena, (Str){ bytes, sizeof bytes });
        work->hashes[i] = token_hash(work->arena, code);
        codes_r[i] = str_format(work->arena, "%.4s-%.4s-%.4s-%.4s", code.at, code.at + 4,
                                code.at + 8, code.at + 12);
    }
}

bool factor_save_codes(DbTx *tx, FactorWork *work, Error *err)
{
    return recovery_code_replace(tx, &work->account->system, work->visitor->scope.user,
                                 work->hashes, RECOVERY_CODES, err);
}

/* --- Proof ------------------------------------------------------------------------------- */

static bool find_self(DbTx *tx, void *argument, Error *err)
{
    FactorWork *work = argument;
    return user_find(tx, &work->account->system, work->arena, work->visitor->scope.user,
                     &work->user, err);
}

/* A borrowed browser must not be a way to guess it. Somebody whom another program signs in has
 * none. */
bool factor_check_password(FactorWork *work, Str password, Error *err)
{
    Throttle *throttle = work->account->throttle;
    Str who = work->visitor->scope.user;
    if (!throttle_allows(throttle, who, err) ||
        !store_read(work->account->db, &work->account->system, find_self, work, err))
        return false;
    if (!work->user.password_hash.length)
        return true;
    if (!password_fits(password, work->user.password_hash)) {
        throttle_failed(throttle, who);
        return fail_field(err, "password", "the password is wrong");
    }
    throttle_succeeded(throttle, who);
    return true;
}

/* The password, or else a code, which is checked in the transaction of what it is for. */
bool factor_prove(FactorWork *work, const SecondFactorProof *proof, Error *err)
{
    if (!factor_needs_person(work->visitor, err))
        return false;
    if (proof->code.length)
        return factor_key(work->account, work->arena, &work->guess.key, err);
    if (!proof->password.length)
        return fail_field(err, "code", "your password or a code is needed");
    if (!factor_check_password(work, proof->password, err))
        return false;
    work->guess.fits = work->user.password_hash.length > 0;
    return work->guess.fits || fail_field(err, "code", "you have no password here: give a code");
}

bool factor_guess_if_needed(DbTx *tx, FactorWork *work, Error *err)
{
    return work->guess.fits || factor_guess(tx, &work->guess, err);
}
