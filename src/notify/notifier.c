/* notifier.c - what delivering needs; see notify.h. */
#include "base/clock.h"
#include "base/hash.h"
#include "net/url.h"
#include "notify/notify_int.h"
#include "store/alert_silences_store.h"
#include "store/alerts_store.h"
#include "store/server_key.h"

static bool check_options(const NotifierOptions *options, Error *err)
{
    if (!options->smtp.url.length)
        return true;
    if (!mail_is_address(mail_address_of(options->mail_from)))
        return fail_field(err, "smtp_from",
                          "smtp_from must be the address that mails come from, as "
                          "lectern@example.org or Lectern <lectern@example.org>");
    return smtp_check(options->smtp.url, err);
}

bool notifier_open(const NotifierOptions *options, Notifier **notifier_r, Error *err)
{
    if (!check_options(options, err))
        return false;
    Notifier *notifier = heap_alloc(sizeof *notifier);
    notifier->arena = arena_new(KB(64));
    notifier->options = *options;
    notifier->options.smtp.url = str_copy(notifier->arena, options->smtp.url);
    notifier->options.mail_from = str_copy(notifier->arena, options->mail_from);
    notifier->options.public_url = str_copy(notifier->arena, options->public_url);
    *notifier_r = notifier;
    return true;
}

void notifier_close(Notifier *notifier)
{
    if (!notifier)
        return;
    arena_free(notifier->arena);
    free(notifier);
}

void notifier_set_more(Notifier *notifier, NotifyMore *more, void *self)
{
    notifier->more = more;
    notifier->more_self = self;
}

bool notifier_has_mail(const Notifier *notifier) { return notifier->options.smtp.url.length > 0; }

/* --- Mails that are not wanted --- */

static bool make_token(Notifier *notifier, Arena *arena, const Unsubscribe *what, Str *token_r,
                       Error *err)
{
    Str key, said = str_format(arena, STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(what->workspace),
                               STR_ARG(what->user), STR_ARG(what->kind));
    if (!server_key(notifier->options.db, arena, S("unsubscribe"), &key, err))
        return false;
    *token_r = hmac_sha256_hex(arena, key, said);
    return true;
}

bool notifier_unsubscribe_url(Notifier *notifier, Arena *arena, const Scope *scope, Str user,
                              NoticeKind kind, Str *url_r, Error *err)
{
    Unsubscribe what = { .workspace = scope->workspace,
                         .user = user,
                         .kind = str(notice_name(kind)) };
    *url_r = STR_NONE;
    if (!notifier->options.public_url.length)
        return true;
    if (!make_token(notifier, arena, &what, &what.token, err))
        return false;
    Str person = url_encode(arena, user), place = url_encode(arena, what.workspace);
    Str path = str_format(arena,
                          "/v1/notices/unsubscribe?workspace=" STR_FMT "&user=" STR_FMT
                          "&kind=" STR_FMT "&token=" STR_FMT,
                          STR_ARG(place), STR_ARG(person), STR_ARG(what.kind), STR_ARG(what.token));
    *url_r = url_join(arena, notifier->options.public_url, path);
    return true;
}

static bool unsubscribe_work(DbTx *tx, void *argument, Error *err)
{
    const Unsubscribe *what = argument;
    Scope scope = { .workspace = what->workspace, .role = ROLE_READER };
    NoticeChoice choice = { .user = what->user, .kind = what->kind, .on_page = true };
    return notice_choice_set(tx, &scope, &choice, err);
}

bool notifier_unsubscribe(Notifier *notifier, Arena *arena, const Unsubscribe *what, Error *err)
{
    Unsubscribe copy = *what;
    Scope scope = { .workspace = what->workspace, .role = ROLE_READER };
    Str token;
    if (!make_token(notifier, arena, what, &token, err))
        return false;
    if (!secret_equal(token, what->token))
        return fail(err, ERROR_DENIED,
                    "this address was not made here; change what you are told "
                    "of on the page");
    return store_write(notifier->options.db, &scope, unsubscribe_work, &copy, err);
}

/* --- Old ones --- */

static bool tidy_work(DbTx *tx, void *argument, Error *err)
{
    const Job *job = argument;
    int64_t before = now_ms() - KEPT_DAYS * 24 * HOUR_MS;
    return alert_forget(tx, &job->scope, before, err) &&
           alert_silence_forget(tx, &job->scope, before, err);
}

bool notify_tidy_job(Job *job, Error *err)
{
    return store_write(job->db, &job->scope, tidy_work, job, err);
}
