/* notices.c - kinds of notices, and writing them down; see notify.h. */
#include "base/clock.h"
#include "base/json.h"
#include "notify/notify_int.h"
#include "store/events.h"
#include "store/people_store.h"

#define TEXT_MAX KB(8)

static const struct {
    const char *name, *level;
    MailHabit mail;
    const char *title, *text;
} kinds[] = {
#define NOTICE(name, level, mail, title, text) { #name, LEVEL_##level, MAIL_##mail, title, text },
#define LEVEL_INFO "info"
#define LEVEL_WARNING "warning"
#define LEVEL_PROBLEM "problem"
#include "notify/notices.def"
#undef NOTICE
};

const char *notice_name(NoticeKind kind) { return kinds[kind].name; }
const char *notice_level(NoticeKind kind) { return kinds[kind].level; }
const char *notice_title(NoticeKind kind) { return kinds[kind].title; }
bool notice_is_mailed(NoticeKind kind) { return kinds[kind].mail != MAIL_NO; }

bool notice_named(Str name, NoticeKind *kind_r)
{
    for (size_t i = 0; i < NOTICE_KIND_COUNT; i++)
        if (str_is(name, kinds[i].name)) {
            *kind_r = (NoticeKind)i;
            return true;
        }
    return false;
}

static Str field_value(const NoticeField *fields, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(name, fields[i].name))
            return fields[i].value;
    return STR_NONE;
}

/* On one line: a name with line breaks would be another header of a mail, or a line of its text
 * that nobody of ours wrote. */
static void add_value(Buf *out, Str value)
{
    for (size_t i = 0; i < value.length; i++)
        buf_add_char(out,
                     (unsigned char)value.at[i] < ' ' || value.at[i] == 0x7F ? ' ' : value.at[i]);
}

/* {name}, or {name|one|many}. */
static Str choose(const NoticeField *fields, size_t count, Str name)
{
    ptrdiff_t bar = str_find_char(name, '|');
    if (bar < 0)
        return field_value(fields, count, name);
    Str forms = str_from(name, (size_t)bar + 1);
    size_t one = (size_t)MAX(str_find_char(forms, '|'), 0);
    bool is_one = str_is(field_value(fields, count, str_slice(name, 0, (size_t)bar)), "1");
    return is_one ? str_slice(forms, 0, one) : str_from(forms, one + 1);
}

Str notice_fill(Arena *arena, const char *text, const NoticeField *fields, size_t count)
{
    Buf out = buf_new(arena, TEXT_MAX);
    Str rest = str(text);
    for (;;) {
        ptrdiff_t open = str_find_char(rest, '{'), close = str_find_char(rest, '}');
        if (open < 0 || close < open)
            break;
        buf_add(&out, str_slice(rest, 0, (size_t)open));
        add_value(&out, choose(fields, count, str_slice(rest, (size_t)open + 1, (size_t)close)));
        rest = str_from(rest, (size_t)close + 1);
    }
    buf_add(&out, rest);
    return buf_str(&out);
}

/* --- For whom --- */

typedef struct Sending {
    DbTx *tx;
    const Scope *scope;
    Arena *arena;
    const Notice *notice;
    NoticeEvent event;
    NoticeChoiceList choices; /* of this kind */
} Sending;

static NoticeChoice choice_of(const Sending *sending, Str user)
{
    for (size_t i = 0; i < sending->choices.count; i++)
        if (str_equal(sending->choices.at[i].user, user))
            return sending->choices.at[i];
    return (NoticeChoice){ .on_page = true, .by_mail = notice_is_mailed(sending->notice->kind) };
}

bool notify_add_mail_job(DbTx *tx, const Scope *scope, Arena *arena, Str user, bool is_hourly,
                         Error *err)
{
    int64_t now = now_ms();
    NewJob job = { .type = S("notify_mail"),
                   .subject = str_format(arena, STR_FMT ":%s", STR_ARG(user),
                                         is_hourly ? "hourly" : "now"),
                   .attempt_max = MAIL_ATTEMPTS,
                   .is_wanted_again = true };
    if (is_hourly)
        job.run_at_ms = now - now % HOUR_MS + HOUR_MS;
    return job_add(tx, scope, arena, &job, NULL, err);
}

static bool tell_person(const Sending *sending, Str user, Error *err)
{
    const NoticeKind kind = sending->notice->kind;
    NoticeChoice choice = choice_of(sending, user);
    bool is_hourly = kinds[kind].mail == MAIL_HOURLY;
    NoticeMail mail = NOTICE_MAIL_NONE;
    if (choice.by_mail && user.length)
        mail = is_hourly ? NOTICE_MAIL_DIGEST : NOTICE_MAIL_NOW;
    if (!choice.on_page && !mail)
        return true;
    return notice_add(sending->tx, sending->scope, user, sending->event.id, choice.on_page, mail,
                      err) &&
           (!mail ||
            notify_add_mail_job(sending->tx, sending->scope, sending->arena, user, is_hourly, err));
}

static bool tell_people(const Sending *sending, Error *err)
{
    MembershipList people;
    if (sending->notice->user.length)
        return tell_person(sending, sending->notice->user, err);
    for (size_t i = 0; i < sending->notice->users.count; i++)
        if (!tell_person(sending, sending->notice->users.at[i], err))
            return false;
    if (sending->notice->users.count)
        return true;
    if (!membership_list(sending->tx, sending->scope, sending->arena, &people, err))
        return false;
    for (size_t i = 0; i < people.count; i++)
        if (people.at[i].role >= sending->notice->audience && !people.at[i].is_disabled &&
            !tell_person(sending, people.at[i].user, err))
            return false;
    return tell_person(sending, STR_NONE, err);
}

static Str event_body(Arena *arena, const Scope *scope, const NoticeEvent *event)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "id", event->id);
    put_text(&json, "kind", event->kind);
    put_text(&json, "level", event->level);
    put_text(&json, "title", event->title);
    put_text(&json, "text", event->body);
    put_text_or_null(&json, "link", event->link);
    put_text(&json, "workspace", scope->workspace);
    put_time(&json, "created_at", event->created_at_ms);
    put_end(&json);
    return buf_str(&out);
}

static bool call_webhooks(const Sending *sending, Error *err)
{
    const WebhookEvent told = { .id = sending->event.id,
                                .kind = sending->event.kind,
                                .key = sending->notice->key,
                                .body =
                                    event_body(sending->arena, sending->scope, &sending->event) };
    return webhooks_send(sending->tx, sending->scope, sending->arena, &told, err);
}

bool notify_send(DbTx *tx, const Scope *scope, Arena *arena, const Notice *notice, Error *err)
{
    Sending sending = { .tx = tx, .scope = scope, .arena = arena, .notice = notice };
    NoticeKind kind = notice->kind;
    bool is_new;
    sending.event = (NoticeEvent){
        .kind = str(notice_name(kind)),
        .level = str(notice_level(kind)),
        .dedup = notice->dedup,
        .title = notice_fill(arena, kinds[kind].title, notice->fields, notice->field_count),
        .body = notice_fill(arena, kinds[kind].text, notice->fields, notice->field_count),
        .link = notice->link,
    };
    if (!notice_event_add(tx, scope, arena, &sending.event, &is_new, err))
        return false;
    if (!is_new)
        return true;
    return notice_choice_list(tx, scope, arena, sending.event.kind, &sending.choices, err) &&
           tell_people(&sending, err) && call_webhooks(&sending, err) &&
           event_tell(tx, scope->workspace, EVENT_notices, STR_NONE, STR_NONE, err);
}

bool notify_webhook_held(DbTx *tx, const Scope *scope, Arena *arena, const Webhook *hook, Str why,
                         Error *err)
{
    const NoticeField fields[] = { { "url", hook->url },
                                   { "count", str_format(arena, "%" PRId64, hook->failures) },
                                   { "why", why } };
    const Notice notice = { .kind = NOTICE_webhook_held,
                            .audience = ROLE_ADMIN,
                            .link = S("/settings/webhooks"),
                            .fields = fields,
                            .field_count = COUNT(fields) };
    return notify_send(tx, scope, arena, &notice, err);
}
