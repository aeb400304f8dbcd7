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
    /* Of the kind of notice that is looked at. */
    NoticeKind kind;
    NoticeChoiceList choices;
    bool has_choices;
    MembershipList people; /* of the workspace; asked for when an audience is told */
    bool has_people;
    VEC(NewNotice) told;
} Sending;

static NoticeChoice choice_of(const Sending *sending, Str user)
{
    for (size_t i = 0; i < sending->choices.count; i++)
        if (str_equal(sending->choices.at[i].user, user))
            return sending->choices.at[i];
    return (NoticeChoice){ .on_page = true, .by_mail = notice_is_mailed(sending->kind) };
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

/* Whether a mail of this urgency to this person is due already. */
static bool is_mailed(const Sending *sending, Str user, NoticeMail mail)
{
    for (size_t i = 0; i < sending->told.count; i++)
        if (sending->told.at[i].mail == mail && str_equal(sending->told.at[i].user, user))
            return true;
    return false;
}

static bool tell_person(Sending *sending, Str event, Str user, Error *err)
{
    NoticeChoice choice = choice_of(sending, user);
    bool is_hourly = kinds[sending->kind].mail == MAIL_HOURLY;
    NoticeMail mail = NOTICE_MAIL_NONE;
    if (choice.by_mail && user.length)
        mail = is_hourly ? NOTICE_MAIL_DIGEST : NOTICE_MAIL_NOW;
    if (!choice.on_page && !mail)
        return true;
    if (mail && !is_mailed(sending, user, mail) &&
        !notify_add_mail_job(sending->tx, sending->scope, sending->arena, user, is_hourly, err))
        return false;
    *vec_push(sending->arena, &sending->told) = (NewNotice){ user, event, choice.on_page, mail };
    return true;
}

static bool tell_audience(Sending *sending, Str event, Role audience, Error *err)
{
    const MembershipList *people = &sending->people;
    if (!sending->has_people &&
        !membership_list(sending->tx, sending->scope, sending->arena, &sending->people, err))
        return false;
    sending->has_people = true;
    for (size_t i = 0; i < people->count; i++)
        if (role_covers(people->at[i].role, audience) && !people->at[i].is_disabled &&
            !tell_person(sending, event, people->at[i].user, err))
            return false;
    return tell_person(sending, event, STR_NONE, err);
}

static bool read_choices(Sending *sending, NoticeKind kind, Error *err)
{
    if (sending->has_choices && sending->kind == kind)
        return true;
    sending->kind = kind;
    sending->has_choices = true;
    return notice_choice_list(sending->tx, sending->scope, sending->arena, str(notice_name(kind)),
                              &sending->choices, err);
}

static bool tell_people(Sending *sending, const Notice *notice, Str event, Error *err)
{
    if (!read_choices(sending, notice->kind, err))
        return false;
    if (notice->user.length)
        return tell_person(sending, event, notice->user, err);
    if (!notice->users.count)
        return tell_audience(sending, event, notice->audience, err);
    for (size_t i = 0; i < notice->users.count; i++)
        if (!tell_person(sending, event, notice->users.at[i], err))
            return false;
    return true;
}

/* --- Sending --- */

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

static NoticeEvent event_of(Arena *arena, const Notice *notice)
{
    const NoticeKind kind = notice->kind;
    return (NoticeEvent){
        .kind = str(notice_name(kind)),
        .level = str(notice_level(kind)),
        .dedup = notice->dedup,
        .title = notice_fill(arena, kinds[kind].title, notice->fields, notice->field_count),
        .body = notice_fill(arena, kinds[kind].text, notice->fields, notice->field_count),
        .link = notice->link,
    };
}

/* What happened for the first time. `notices[i]` is what `events[i]` was made of. */
static bool tell_all(Sending *sending, const Notice *const *notices, const NoticeEventList *events,
                     Error *err)
{
    DbTx *tx = sending->tx;
    const Scope *scope = sending->scope;
    Arena *arena = sending->arena;
    WebhookEvent *told = arena_new_array(arena, WebhookEvent, events->count);
    for (size_t i = 0; i < events->count; i++) {
        const NoticeEvent *event = &events->at[i];
        told[i] = (WebhookEvent){ .id = event->id,
                                  .kind = event->kind,
                                  .key = notices[i]->key,
                                  .body = event_body(arena, scope, event) };
        if (!tell_people(sending, notices[i], event->id, err))
            return false;
    }
    return notices_add(tx, scope, arena, sending->told.at, sending->told.count, err) &&
           webhooks_send(tx, scope, arena, told, events->count, err) &&
           event_tell(tx, scope->workspace, EVENT_notices, STR_NONE, STR_NONE, err);
}

bool notify_send_many(DbTx *tx, const Scope *scope, Arena *arena, const Notice *notices,
                      size_t count, Error *err)
{
    Sending sending = { .tx = tx, .scope = scope, .arena = arena };
    NoticeEvent *events = arena_new_array(arena, NoticeEvent, count);
    const Notice **told = arena_new_array(arena, const Notice *, count);
    NoticeEventList added;
    for (size_t i = 0; i < count; i++)
        events[i] = event_of(arena, &notices[i]);
    if (!notice_events_add(tx, scope, arena, events, count, &added, err))
        return false;
    for (size_t i = 0, at = 0; i < count && at < added.count; i++)
        if (str_equal(events[i].id, added.at[at].id))
            told[at++] = &notices[i];
    return !added.count || tell_all(&sending, told, &added, err);
}

bool notify_send(DbTx *tx, const Scope *scope, Arena *arena, const Notice *notice, Error *err)
{
    return notify_send_many(tx, scope, arena, notice, 1, err);
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
