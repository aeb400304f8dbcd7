/* meetings.c - the parts of meetings.h that keep secrets: calendars and services. */
#include "base/clock.h"
#include "base/passwords.h"
#include "base/seal.h"
#include "meetings/meetings_int.h"
#include "net/url_safety.h"
#include "store/audit_store.h"
#include "store/sealed_texts.h"
#include "store/server_key.h"
#include "text/date.h"

#define SEAL_KEY S("meetings")
#define NAME_BYTES 100
#define URL_BYTES 2000
#define CREDENTIALS_MAX KB(16)

static const struct {
    const char *name, *text;
} skips[] = {
    { "", "" },
#define MEETING_SKIP(name, text) { #name, text },
#include "meetings/meeting_skips.def"
#undef MEETING_SKIP
};

const char *meeting_skip_name(MeetingSkip skip) { return skips[skip].name; }
const char *meeting_skip_text(MeetingSkip skip) { return skips[skip].text; }

static StrList split(Arena *arena, Str text)
{
    VEC(Str) list = { 0 };
    Str piece;
    while (str_next(&text, ',', &piece))
        if (str_trim(piece).length)
            *vec_push(arena, &list) = str_lower(arena, str_trim(piece));
    return (StrList){ list.at, list.count };
}

Meetings *meetings_new(const MeetingsOptions *options)
{
    const HttpClientOptions http = { .proxy = options->proxy };
    Meetings *meetings = heap_alloc(sizeof *meetings);
    meetings->options = *options;
    meetings->http = http_client_new(&http);
    meetings->arena = arena_new(MB(1));
    meetings->jitsi_hosts = split(meetings->arena, str_slice(options->jitsi_hosts, 0, URL_BYTES));
    return meetings;
}

void meetings_free(Meetings *meetings)
{
    if (!meetings)
        return;
    http_client_free(meetings->http);
    arena_free(meetings->arena);
    free(meetings);
}

/* --- Secrets --- */

bool meetings_seal(Meetings *meetings, Arena *arena, Str text, Str *sealed_r, Error *err)
{
    Str key;
    return server_key(meetings->options.db, arena, SEAL_KEY, &key, err) &&
           seal_close(arena, key, text, sealed_r, err);
}

bool meetings_open_sealed(Meetings *meetings, Arena *arena, Str sealed, json_t **json_r, Error *err)
{
    Str key, text;
    if (!sealed.length) {
        *json_r = json_object();
        return true;
    }
    return server_key(meetings->options.db, arena, SEAL_KEY, &key, err) &&
           seal_open(arena, key, sealed, &text, err) &&
           json_parse(text, CREDENTIALS_MAX, json_r, err);
}

bool meetings_open_service(Meetings *meetings, const Scope *scope, Arena *arena,
                           const BotServiceRow *row, BotAsk *ask_r, Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    BotAsk ask = { .http = meetings->http,
                   .arena = arena,
                   .row = row,
                   .service = bot_service_named(row->kind),
                   .webhook_url = meetings_webhook_url(meetings, arena, scope, row->id) };
    if (!ask.service)
        return fail(err, ERROR_UNSUPPORTED, "there is no kind of service '" STR_FMT "' any more",
                    STR_ARG(row->kind));
    BotServiceRow *whole = arena_new_one(arena, BotServiceRow);
    *whole = *row;
    if (!meetings_open_sealed(meetings, arena, row->sealed, &secrets, err) ||
        !text_open(meetings->options.db, arena, row->whole, &whole->url, err))
        return fail_in(err, "the key of the service " STR_FMT, STR_ARG(row->name));
    ask.row = whole;
    ask.key = str_copy(arena, json_member_text(secrets, "key"));
    ask.secret = str_copy(arena, json_member_text(secrets, "webhook_secret"));
    *ask_r = ask;
    return true;
}

Str meetings_webhook_url(const Meetings *meetings, Arena *arena, const Scope *scope, Str service)
{
    const char *base = meetings->options.public_url;
    if (!base || !*base)
        return STR_NONE;
    return str_format(arena, "%s/v1/meeting-bot-webhooks/" STR_FMT "." STR_FMT, base,
                      STR_ARG(scope->workspace), STR_ARG(service));
}

/* --- Addresses --- */

/* A public name that leads to a private address tomorrow must not be followed. */
static bool check_url(Arena *arena, const Scope *scope, Str url, bool *is_private_r, Error *err)
{
    const UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    Str address;
    if (url.length > URL_BYTES)
        return fail_field(err, "url", "the address is longer than %d", URL_BYTES);
    if (str_starts(url, S("webcal://")))
        url = str_format(arena, "https://" STR_FMT, STR_ARG(str_from(url, 9)));
    if (!url_check(arena, url, &safety, &address, err))
        return fail_in(err, "url");
    *is_private_r = safety.allows_private && address_kind(address) == ADDRESS_PRIVATE;
    return true;
}

static bool seal_url(Meetings *meetings, Arena *arena, Str url, Str *whole_r, Error *err)
{
    return text_seal(meetings->options.db, arena, url, passwords_hidden(arena, url), whole_r, err);
}

static bool check_name(Str name, Error *err)
{
    return (str_trim(name).length && name.length <= NAME_BYTES) ||
           fail_field(err, "name", "a name has 1 to %d bytes", NAME_BYTES);
}

static bool audit(DbTx *tx, const Scope *scope, const char *action, const char *kind, Str id,
                  Error *err)
{
    const AuditEntry entry = {
        .action = str(action), .subject_kind = str(kind), .subject = id, .details = S("{}")
    };
    return audit_add(tx, scope, &entry, err);
}

/* --- Calendars --- */

typedef struct CalendarWork {
    Meetings *meetings;
    const Scope *scope;
    Arena *arena;
    Calendar *calendar;
    Str id;
} CalendarWork;

static bool queue_sync(DbTx *tx, const CalendarWork *work, Str id, Error *err)
{
    const NewJob job = { .type = CALENDAR_JOB, .subject = id, .is_wanted_again = true };
    return job_add(tx, work->scope, work->arena, &job, NULL, err);
}

/* Only what its kind knows, as texts. */
static bool seal_credentials(Meetings *meetings, Arena *arena, const Calendar *calendar,
                             const json_t *credentials, Str *sealed_r, Error *err)
{
    const CalendarKind *kind = calendar_kind_named(calendar->kind);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)credentials, name, value)
    {
        Str rest = str(kind->credentials), known;
        bool is_known = false;
        while (str_next(&rest, ' ', &known))
            is_known |= str_is(known, name);
        if (!is_known || !json_is_string(value))
            return fail_field(err, "credentials", "a calendar of kind %s has as credentials: %s",
                              kind->name, kind->credentials);
    }
    Str text = json_object_size(credentials) ? json_print(arena, credentials) : S("");
    if (text.length > CREDENTIALS_MAX)
        return fail_field(err, "credentials", "'credentials' has more than %zu bytes",
                          CREDENTIALS_MAX);
    return meetings_seal(meetings, arena, text, sealed_r, err);
}

static bool check_calendar(const Calendar *calendar, Error *err)
{
    int64_t ignored;
    Error why;
    if (!calendar_kind_named(calendar->kind))
        return fail_field(err, "kind", "'kind' must be ics, caldav, google or graph");
    return check_name(calendar->name, err) && (date_local(0, calendar->time_zone, &ignored, &why) ||
                                               fail_field(err, "time_zone", "%s", why.message));
}

static bool add_calendar_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    return calendar_add(tx, work->scope, work->arena, work->calendar, err) &&
           audit(tx, work->scope, "calendar.add", "calendar", work->calendar->id, err) &&
           queue_sync(tx, work, work->calendar->id, err);
}

bool meetings_add_calendar(Meetings *meetings, const Scope *scope, Arena *arena, Calendar *calendar,
                           const json_t *credentials, Error *err)
{
    CalendarWork work = { meetings, scope, arena, calendar, STR_NONE };
    return check_calendar(calendar, err) &&
           check_url(arena, scope, calendar->url, &calendar->allows_private, err) &&
           seal_credentials(meetings, arena, calendar, credentials, &calendar->sealed, err) &&
           seal_url(meetings, arena, calendar->url, &calendar->whole, err) &&
           store_write(meetings->options.db, scope, add_calendar_work, &work, err);
}

static bool change_calendar_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    return calendar_change(tx, work->scope, work->calendar, err) &&
           audit(tx, work->scope, "calendar.change", "calendar", work->calendar->id, err) &&
           (!work->calendar->is_on || queue_sync(tx, work, work->calendar->id, err));
}

bool meetings_change_calendar(Meetings *meetings, const Scope *scope, Arena *arena,
                              Calendar *calendar, const json_t *credentials, Error *err)
{
    CalendarWork work = { meetings, scope, arena, calendar, STR_NONE };
    return check_calendar(calendar, err) &&
           (!credentials ||
            seal_credentials(meetings, arena, calendar, credentials, &calendar->sealed, err)) &&
           store_write(meetings->options.db, scope, change_calendar_work, &work, err);
}

static bool remove_calendar_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    const MeetingFilter filter = { .user = work->calendar->user,
                                   .calendar = work->id,
                                   .from_ms = now_ms() };
    Slice slice = { .limit = SLICE_MAX };
    MeetingList list;
    do {
        if (!meeting_list(tx, work->scope, work->arena, &filter, &slice, &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++) {
            list.at[i].state = S("cancelled");
            if (!meeting_bot_follow(tx, work->scope, work->arena, &list.at[i], err))
                return false;
        }
        slice.after = list.next;
    } while (list.next.length);
    return calendar_remove(tx, work->scope, work->id, err) &&
           audit(tx, work->scope, "calendar.remove", "calendar", work->id, err);
}

static bool find_calendar_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    return calendar_find(tx, work->scope, work->arena, work->id, work->calendar, err);
}

bool meetings_remove_calendar(Meetings *meetings, const Scope *scope, Arena *arena, Str id,
                              Error *err)
{
    Calendar calendar;
    CalendarWork work = { meetings, scope, arena, &calendar, id };
    return store_read(meetings->options.db, scope, find_calendar_work, &work, err) &&
           store_write(meetings->options.db, scope, remove_calendar_work, &work, err);
}

static bool sync_work(DbTx *tx, void *argument, Error *err)
{
    const CalendarWork *work = argument;
    return queue_sync(tx, work, work->id, err);
}

bool meetings_sync_calendar(Meetings *meetings, const Scope *scope, Arena *arena, Str id,
                            Error *err)
{
    CalendarWork work = { meetings, scope, arena, NULL, id };
    return store_write(meetings->options.db, scope, sync_work, &work, err);
}

/* --- Services --- */

typedef struct ServiceWork {
    const Scope *scope;
    Arena *arena;
    BotServiceRow *row;
} ServiceWork;

static Str print_secrets(Arena *arena, Str key, Str webhook_secret)
{
    Buf out = buf_new(arena, CREDENTIALS_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "key", key);
    put_text(&json, "webhook_secret", webhook_secret);
    put_end(&json);
    return buf_str(&out);
}

static bool check_secret(const char *field, Str secret, Error *err)
{
    bool has_line_end = str_find_char(secret, '\n') >= 0 || str_find_char(secret, '\r') >= 0;
    return (!has_line_end && secret.length <= KB(4)) ||
           fail_field(err, field, "'%s' has at most 4,096 bytes and no line end", field);
}

static bool add_service_work(DbTx *tx, void *argument, Error *err)
{
    ServiceWork *work = argument;
    return bot_service_add(tx, work->scope, work->arena, work->row, err) &&
           audit(tx, work->scope, "bot_service.add", "bot_service", work->row->id, err);
}

bool meetings_add_service(Meetings *meetings, const Scope *scope, Arena *arena, BotServiceRow *row,
                          Str key, Str webhook_secret, Error *err)
{
    const BotService *service = bot_service_named(row->kind);
    ServiceWork work = { scope, arena, row };
    if (!scope_needs(scope, ROLE_ADMIN, err))
        return false;
    if (!service)
        return fail_field(err, "kind", "'kind' must be attendee, recall or vexa");
    if (!row->url.length)
        row->url = str(service->url);
    if (!row->name.length)
        row->name = str(service->title);
    return check_name(row->name, err) && check_secret("key", key, err) &&
           check_secret("webhook_secret", webhook_secret, err) &&
           check_url(arena, scope, row->url, &row->allows_private, err) &&
           meetings_seal(meetings, arena, print_secrets(arena, key, webhook_secret), &row->sealed,
                         err) &&
           seal_url(meetings, arena, row->url, &row->whole, err) &&
           store_write(meetings->options.db, scope, add_service_work, &work, err);
}

static bool change_service_work(DbTx *tx, void *argument, Error *err)
{
    const ServiceWork *work = argument;
    return bot_service_change(tx, work->scope, work->row, err) &&
           audit(tx, work->scope, "bot_service.change", "bot_service", work->row->id, err);
}

bool meetings_change_service(Meetings *meetings, const Scope *scope, Arena *arena,
                             BotServiceRow *row, Str key, Str webhook_secret, Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    ServiceWork work = { scope, arena, row };
    if (!scope_needs(scope, ROLE_ADMIN, err) || !check_secret("key", key, err) ||
        !check_secret("webhook_secret", webhook_secret, err) ||
        !meetings_open_sealed(meetings, arena, row->sealed, &secrets, err))
        return false;
    if (!key.length)
        key = str_copy(arena, json_member_text(secrets, "key"));
    if (!webhook_secret.length)
        webhook_secret = str_copy(arena, json_member_text(secrets, "webhook_secret"));
    return meetings_seal(meetings, arena, print_secrets(arena, key, webhook_secret), &row->sealed,
                         err) &&
           store_write(meetings->options.db, scope, change_service_work, &work, err);
}
