/* notify_mail.c - the job that mails a person what waits for them; see notify.h. */
#include "base/clock.h"
#include "net/url.h"
#include "notify/notify_int.h"
#include "store/people_store.h"

#define TOGETHER_MAX 50 /* notices in one mail */

typedef struct MailWork {
    Job *job;
    Str user;
    NoticeMail urgency;
    User person;
    Role role;
    NoticeList list;
} MailWork;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    MailWork *work = argument;
    Job *job = work->job;
    return notice_list_to_mail(tx, &job->scope, job->arena, work->user, work->urgency, TOGETHER_MAX,
                               &work->list, err) &&
           membership_role(tx, &job->scope, work->user, &work->role, err) &&
           (work->role == ROLE_NONE ||
            user_find(tx, &job->scope, job->arena, work->user, &work->person, err));
}

/* What is left over is mailed by the next one. */
static bool done_work(DbTx *tx, void *argument, Error *err)
{
    MailWork *work = argument;
    Job *job = work->job;
    bool is_more = work->list.count == TOGETHER_MAX;
    return notice_mark_mailed(tx, &job->scope, work->user, &work->list, err) &&
           job_done_in(tx, job, err) &&
           (!is_more || notify_add_mail_job(tx, &job->scope, job->arena, work->user,
                                            work->urgency == NOTICE_MAIL_DIGEST, err));
}

static bool give_up_work(DbTx *tx, void *argument, Error *err)
{
    MailWork *work = argument;
    return notice_mark_mailed(tx, &work->job->scope, work->user, &work->list, err);
}

/* What is refused for good waits for no further attempt: the page has the notices, and the job that
 * failed says why nobody was mailed. */
static bool give_up(MailWork *work, Error *err)
{
    Error refused = *err;
    if (err->code != ERROR_INVALID)
        return false;
    if (store_write(work->job->db, &work->job->scope, give_up_work, work, err))
        *err = refused;
    return false;
}

static bool add_event(Buf *out, const Notifier *notifier, const MailWork *work, size_t number,
                      Error *err)
{
    const NoticeEvent *event = &work->list.at[number].event;
    bool has_title = work->list.count > 1;
    if (has_title)
        buf_addf(out, STR_FMT "\n", STR_ARG(event->title));
    buf_addf(out, STR_FMT "\n", STR_ARG(event->body));
    if (event->link.length && notifier->options.public_url.length) {
        Str url = url_join(out->arena, notifier->options.public_url, event->link);
        buf_addf(out, STR_FMT "\n", STR_ARG(url));
    }
    if (notifier->more &&
        !notifier->more(notifier->more_self, &work->job->scope, work->user, event, out, err))
        return false;
    buf_add_char(out, '\n');
    return true;
}

static bool write_mail(Notifier *notifier, const MailWork *work, Mail *mail, Error *err)
{
    Arena *arena = work->job->arena;
    Buf text = buf_new(arena, KB(512));
    const NoticeEvent *first = &work->list.at[0].event;
    size_t count = work->list.count;
    NoticeKind kind;
    for (size_t i = 0; i < count; i++)
        if (!add_event(&text, notifier, work, i, err))
            return false;
    *mail = (Mail){
        .from = notifier->options.mail_from,
        .to = work->person.email,
        .subject = count == 1 ? first->title
                              : str_format(arena, "%zu notices, the first: " STR_FMT, count,
                                           STR_ARG(first->title)),
        /* One mail has one first notice, so another attempt has the same. */
        .id = str_format(arena, STR_FMT "-%zu", STR_ARG(first->id), count),
        .sent_at_ms = now_ms(),
    };
    if (count == 1 && notice_named(first->kind, &kind)) {
        if (!notifier_unsubscribe_url(notifier, arena, &work->job->scope, work->user, kind,
                                      &mail->unsubscribe, err))
            return false;
        if (mail->unsubscribe.length)
            buf_addf(&text, "No more mails of this kind: " STR_FMT "\n",
                     STR_ARG(mail->unsubscribe));
    }
    mail->text = buf_str(&text);
    return true;
}

bool notify_mail_job(Job *job, Error *err)
{
    Notifier *notifier = job->argument;
    ptrdiff_t colon = str_find_last_char(job->subject, ':');
    MailWork work = { .job = job,
                      .user = str_slice(job->subject, 0, (size_t)MAX(colon, (ptrdiff_t)0)),
                      .urgency = str_ends(job->subject, S(":hourly")) ? NOTICE_MAIL_DIGEST
                                                                      : NOTICE_MAIL_NOW };
    Mail mail;
    if (!store_read(job->db, &job->scope, find_work, &work, err))
        return false;
    /* Without a server, or a person, there is nobody to tell; the page has it. */
    bool is_wanted = notifier_has_mail(notifier) && work.role != ROLE_NONE &&
                     !work.person.is_disabled && mail_is_address(work.person.email);
    if (work.list.count && is_wanted &&
        (!write_mail(notifier, &work, &mail, err) ||
         !smtp_send(&notifier->options.smtp, &mail, err)))
        return give_up(&work, err);
    return store_write(job->db, &job->scope, done_work, &work, err);
}
