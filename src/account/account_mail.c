/* account_mail.c - the job that mails people about their own account; see account_links.h.
 *
 * It finds out whether there is anybody to mail, so that whoever asks for the mail cannot tell. */
#include "account/account_mail.h"

#include "account/account_links.h"
#include "account/token.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/seal.h"
#include "base/utf8.h"
#include "net/url.h"
#include "notify/notify.h"
#include "store/account_links_store.h"
#include "store/identities_store.h"
#include "store/server_key.h"

#define JOB_TYPE "account_mail"
#define ATTEMPTS 8
#define AGAIN_MS INT64_C(60000) /* nobody gets one mail after the other */
#define MINUTE_MS INT64_C(60000)
#define PAYLOAD_MAX KB(4)
#define SUBJECT_DIGITS 40

static const struct {
    const char *name, *page;
    int64_t minutes;
    const char *subject, *text;
} mails[] = {
#define MAIL(name, page, minutes, subject, text) { #name, page, minutes, subject, text },
#include "account/account_mails.def"
#undef MAIL
};

const char *account_mail_name(AccountMail mail) { return mails[mail].name; }

bool account_has_mail(const Account *account)
{
    const AccountMailing *mailing = &account->options.mailing;
    return mailing->smtp.url.length && mailing->public_url.length;
}

/* --- Adding --- */

bool account_mail_key(Account *account, Arena *arena, Str *key_r, Error *err)
{
    return server_key(account->db, arena, S(JOB_TYPE), key_r, err);
}

static bool seal_payload(Arena *arena, Str key, const AccountMailWish *wish, Str *payload_r,
                         Error *err)
{
    Str sealed;
    Buf said = buf_new(arena, PAYLOAD_MAX), payload = buf_new(arena, 2 * PAYLOAD_MAX);
    JsonWriter json = put_begin(&said);
    put_text(&json, "mail", str(mails[wish->mail].name));
    put_text(&json, "user", wish->user);
    put_text(&json, "to", wish->to);
    put_end(&json);
    if (!seal_close(arena, key, buf_str(&said), &sealed, err))
        return false;
    json = put_begin(&payload);
    put_text(&json, "sealed", base64_encode(arena, sealed));
    put_end(&json);
    *payload_r = buf_str(&payload);
    return true;
}

bool account_mail_add(DbTx *tx, const Scope *system, Arena *arena, Str key,
                      const AccountMailWish *wish, Error *err)
{
    Str address = utf8_fold(arena, str_trim(wish->to));
    Str about = str_format(arena, "%s " STR_FMT " " STR_FMT, mails[wish->mail].name,
                           STR_ARG(wish->user), STR_ARG(address));
    NewJob job = {
        .type = S(JOB_TYPE),
        .subject = str_slice(hmac_sha256_hex(arena, key, about), 0, SUBJECT_DIGITS),
        .attempt_max = ATTEMPTS
    };
    return seal_payload(arena, key, wish, &job.payload, err) &&
           job_add(tx, system, arena, &job, NULL, err);
}

/* --- Mailing --- */

typedef struct MailWork {
    Account *account;
    Arena *arena;
    Job *job;
    AccountMail mail;
    Str user_id, to;
    User user;
    AccountLink link;
    bool is_wanted;
} MailWork;

static bool open_payload(MailWork *work, Error *err)
{
    AUTO_JSON json_t *payload = NULL, *said = NULL;
    Arena *arena = work->arena;
    Str key, sealed, text, name = STR_NONE;
    if (!json_parse(work->job->payload, 2 * PAYLOAD_MAX, &payload, err) ||
        !base64_decode(arena, json_member_text(payload, "sealed"), &sealed) ||
        !account_mail_key(work->account, arena, &key, err) ||
        !seal_open(arena, key, sealed, &text, err) || !json_parse(text, PAYLOAD_MAX, &said, err) ||
        !json_read(said, arena,
                   JSON_FIELDS({ "mail", JSON_STR, &name }, { "user", JSON_STR, &work->user_id },
                               { "to", JSON_STR, &work->to }),
                   err))
        return false;
    for (size_t i = 0; i < COUNT(mails); i++)
        if (str_is(name, mails[i].name)) {
            work->mail = (AccountMail)i;
            return true;
        }
    return fail(err, ERROR_INVALID, "there is no such mail");
}

/* Who signs in by another service alone has no password to forget. */
static bool has_password(DbTx *tx, const MailWork *work, bool *has_r, Error *err)
{
    int64_t count = 0;
    if (!work->user.password_hash.length &&
        !identity_count(tx, &work->account->system, work->user.id, &count, err))
        return false;
    *has_r = count == 0;
    return true;
}

/* An address that somebody has already is nobody else's to confirm. */
static bool is_free(DbTx *tx, const MailWork *work, bool *free_r, Error *err)
{
    User other;
    bool is_taken =
        user_find_by_email(tx, &work->account->system, work->arena, work->to, &other, err);
    *free_r = !is_taken;
    return is_taken || err->code == ERROR_NOT_FOUND;
}

/* The mail goes to the address that is known, not to one that is only folded to the same. */
static bool find_user(DbTx *tx, MailWork *work, Error *err)
{
    const Scope *system = &work->account->system;
    bool is_found = work->user_id.length
                        ? user_find(tx, system, work->arena, work->user_id, &work->user, err)
                        : user_find_by_email(tx, system, work->arena, work->to, &work->user, err);
    work->is_wanted = is_found && !work->user.is_disabled;
    if (is_found && !work->user_id.length)
        work->to = work->user.email;
    return is_found || err->code == ERROR_NOT_FOUND;
}

static bool put_link(DbTx *tx, MailWork *work, Str token, Error *err)
{
    const Scope *system = &work->account->system;
    int64_t now = now_ms(), made_at;
    Str kind = str(mails[work->mail].name);
    if (!account_link_made_at(tx, system, kind, work->user.id, &made_at, err))
        return false;
    if (work->job->attempt == 1 && made_at && now - made_at < AGAIN_MS) {
        work->is_wanted = false;
        return true;
    }
    work->link = (AccountLink){ .id = token_hash(work->arena, token),
                                .kind = kind,
                                .user = work->user.id,
                                .email = work->to,
                                .created_at_ms = now,
                                .expires_at_ms = now + mails[work->mail].minutes * MINUTE_MS };
    return account_link_put(tx, system, &work->link, err);
}

typedef struct Linking {
    MailWork *work;
    Str token;
} Linking;

static bool prepare(DbTx *tx, void *argument, Error *err)
{
    Linking *linking = argument;
    MailWork *work = linking->work;
    if (!job_hold(tx, work->job, err) || !find_user(tx, work, err))
        return false;
    if (work->is_wanted && work->mail == ACCOUNT_MAIL_password &&
        !has_password(tx, work, &work->is_wanted, err))
        return false;
    if (work->mail == ACCOUNT_MAIL_invitation) /* accepted meanwhile */
        work->is_wanted = work->is_wanted && !work->user.password_hash.length;
    if (work->is_wanted && work->mail == ACCOUNT_MAIL_email &&
        !is_free(tx, work, &work->is_wanted, err))
        return false;
    return !work->is_wanted || !mails[work->mail].page || put_link(tx, work, linking->token, err);
}

/* The token stands after the '#', which browsers tell no server. */
static Str link_of(const MailWork *work, Str token)
{
    const char *page = mails[work->mail].page;
    if (!page)
        return S("");
    Str path = str_format(work->arena, "%s#" STR_FMT, page, STR_ARG(token));
    return url_join(work->arena, work->account->options.mailing.public_url, path);
}

static bool send_mail(MailWork *work, Str token, Error *err)
{
    const AccountMailing *mailing = &work->account->options.mailing;
    NoticeField fields[] = { { "link", link_of(work, token) },
                             { "app", mailing->app_name },
                             { "email", work->user.email } };
    Mail mail = { .from = mailing->from,
                  .to = work->to,
                  .subject = str(mails[work->mail].subject),
                  .text = notice_fill(work->arena, mails[work->mail].text, fields, COUNT(fields)),
                  .id = work->job->id,
                  .sent_at_ms = now_ms() };
    return smtp_send(&mailing->smtp, &mail, err);
}

bool account_mail_job(Job *job, Error *err)
{
    Account *account = job->argument;
    MailWork work = { .account = account, .arena = job->arena, .job = job };
    Linking linking = { .work = &work, .token = token_new(job->arena, "") };
    if (!account_has_mail(account) || !open_payload(&work, err)) {
        job_give_up(job);
        return account_has_mail(account) ? false
                                         : fail(err, ERROR_CONFLICT, "there is no mail server");
    }
    if (!store_write(account->db, &account->system, prepare, &linking, err))
        return false;
    return !work.is_wanted || !mail_is_address(work.to) || send_mail(&work, linking.token, err);
}
