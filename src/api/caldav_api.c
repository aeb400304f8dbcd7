/* caldav_api.c - tasks for calendar programs that speak CalDAV (RFC 4791), to read.
 *
 *     /dav/                  who is asking, and where his calendars are (both in one)
 *     /dav/tasks/            the calendar of his tasks
 *     /dav/tasks/ID.ics      a task
 *
 * A program signs in by name and password (RFC 7617): the password is an API key, or the secret of
 * an address made by /v1/task_feeds, which can do nothing else. Nothing can be written here.
 *
 * What has left the calendar is known for as long as tasks stay in the trash, so a sync-token
 * (RFC 6578) is the time it was given, and an older one is refused: the program starts anew. */
#include "api/task_feed.h"
#include "base/clock.h"
#include "base/map.h"
#include "tasks/calendar.h"
#include "tasks/dav.h"
#include "tasks/tasks.h"

#define ROOT_PATH "/dav/"
#define TASKS_PATH "/dav/tasks/"
#define ANSWER_MAX MB(64)
#define TOKEN_PREFIX "urn:lectern:tasks:"
#define TOKEN_DAYS (TASK_TRASH_DAYS - 1)
#define DAY_MS INT64_C(86400000)
#define OVERLAP_MS 60000 /* a change may be written a little after its time */

typedef enum DavPlace { AT_ROOT = 1, AT_TASKS = 2, AT_TASK = 4, ANYWHERE = 7 } DavPlace;

typedef struct DavWork {
    ApiRequest *request;
    Scope scope; /* of who is asking */
    Str name;    /* of the calendar */
    DavRequest asked;
    int64_t since_ms; /* of a sync-token; 0: the first time */
    TaskList shown;
    TaskList gone; /* those that may have been shown before */
    Buf *out;
} DavWork;

typedef struct DavResource {
    const DavWork *work;
    DavPlace place;
    const Task *task;
} DavResource;

/* --- Who is asking --- */

static bool identify(DavWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Error why = { 0 };
    work->scope = *request->scope;
    work->name = S("Tasks");
    if (work->scope.role != ROLE_NONE ||
        task_feed_open(request, api_password(request->http), &work->scope, &work->name, &why))
        return true;
    return why.code != ERROR_NOT_FOUND
               ? fail(err, why.code, "%s", why.message)
               : fail(err, ERROR_NO_LOGIN,
                      "sign in with an API key, or the secret of a feed, as the password");
}

/* --- What is asked of --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    DavWork *work = argument;
    Arena *arena = work->request->arena;
    return calendar_list(tx, &work->scope, arena, &work->shown, err) &&
           (!work->since_ms ||
            calendar_list_gone(tx, &work->scope, arena, work->since_ms, &work->gone, err));
}

static bool list(DavWork *work, Error *err)
{
    return store_read(work->request->api->db, &work->scope, list_work, work, err);
}

/* "0190....ics", or a whole address that ends so; NULL: there is none. */
static const Task *find_task(const DavWork *work, const Map *by_id, Str address)
{
    Str path = str_from(address, (size_t)(str_find_last_char(address, '/') + 1));
    if (!str_ends(path, S(".ics")))
        return NULL;
    MapEntry *entry = map_find(by_id, str_slice(path, 0, path.length - 4));
    return entry ? &work->shown.at[entry->number] : NULL;
}

static Map by_id(const DavWork *work)
{
    Map map = map_new(work->request->arena);
    for (size_t i = 0; i < work->shown.count; i++)
        map_add(&map, work->shown.at[i].id, NULL)->number = (int64_t)i;
    return map;
}

/* --- Values --- */

static void put_etag(Buf *out, const Task *task)
{
    buf_addf(out, "&quot;%" PRIx64 "&quot;", (uint64_t)task->updated_at_ms);
}

static Str calendar_of(Arena *arena, const Task *task)
{
    TaskList one = { (Task *)(uintptr_t)task, 1, S("") };
    Buf out = buf_new(arena, KB(256));
    calendar_write(&out, &one, S(""));
    return buf_str(&out);
}

static void put_root(Buf *out, const DavResource *of)
{
    (void)of;
    buf_add(out, S("<D:href>" ROOT_PATH "</D:href>"));
}

static void put_type(Buf *out, const DavResource *of)
{
    static const Str root = S_INIT("<D:collection/><D:principal/>");
    static const Str tasks = S_INIT("<D:collection/><C:calendar/>");
    buf_add(out, of->place == AT_ROOT ? root : of->place == AT_TASKS ? tasks : S(""));
}

static void put_name(Buf *out, const DavResource *of)
{
    const Visitor *visitor = &of->work->request->visitor;
    Str person = visitor->name.length ? visitor->name : S("Lectern");
    buf_add_escaped(out, of->place == AT_TASK    ? of->task->summary
                         : of->place == AT_TASKS ? of->work->name
                                                 : person);
}

static void put_addresses(Buf *out, const DavResource *of)
{
    Str email = of->work->request->visitor.email;
    if (!email.length)
        return;
    buf_add(out, S("<D:href>mailto:"));
    buf_add_escaped(out, email);
    buf_add(out, S("</D:href>"));
}

static void put_rights(Buf *out, const DavResource *of)
{
    (void)of;
    buf_add(out, S("<D:privilege><D:read/></D:privilege>"
                   "<D:privilege><D:read-current-user-privilege-set/></D:privilege>"));
}

static void put_reports(Buf *out, const DavResource *of)
{
    static const char *const names[] = { "C:calendar-query", "C:calendar-multiget",
                                         "D:sync-collection" };
    (void)of;
    for (size_t i = 0; i < COUNT(names); i++)
        buf_addf(out, "<D:supported-report><D:report><%s/></D:report></D:supported-report>",
                 names[i]);
}

static void put_components(Buf *out, const DavResource *of)
{
    (void)of;
    buf_add(out, S("<C:comp name=\"VTODO\"/>"));
}

static void put_kinds(Buf *out, const DavResource *of)
{
    (void)of;
    buf_add(out, S("<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>"));
}

/* Changes with every task that changes, comes or goes. */
static uint64_t state_of(const TaskList *tasks)
{
    uint64_t sum = tasks->count;
    for (size_t i = 0; i < tasks->count; i++)
        sum = (sum ^ (uint64_t)tasks->at[i].updated_at_ms ^ str_hash(tasks->at[i].id)) *
              UINT64_C(0x100000001b3);
    return sum;
}

static void put_tag(Buf *out, const DavResource *of)
{
    if (of->place == AT_TASK)
        put_etag(out, of->task);
    else
        buf_addf(out, "&quot;%" PRIx64 "&quot;", state_of(&of->work->shown));
}

static void put_token(Buf *out, const DavResource *of)
{
    (void)of;
    buf_addf(out, TOKEN_PREFIX "%" PRId64, now_ms());
}

static void put_media_type(Buf *out, const DavResource *of)
{
    (void)of;
    buf_add(out, S("text/calendar; charset=utf-8; component=VTODO"));
}

static void put_data(Buf *out, const DavResource *of)
{
    buf_add_escaped(out, calendar_of(out->arena, of->task));
}

/* --- Properties --- */

#define DAV "DAV:"
#define CALDAV "urn:ietf:params:xml:ns:caldav"
#define SERVER "http://calendarserver.org/ns/"

/* RFC 4918 (15), RFC 3744 (4, 5), RFC 5397, RFC 6578 (4), RFC 4791 (5.2, 6.2, 9.6), and what
 * Apple's calendar server calls the state of a calendar. */
static const struct {
    const char *space, *prefix, *name;
    unsigned places;
    bool is_named; /* only sent when it is asked for by name */
    void (*put)(Buf *out, const DavResource *of);
} properties[] = {
    { DAV, "D", "resourcetype", ANYWHERE, false, put_type },
    { DAV, "D", "displayname", ANYWHERE, false, put_name },
    { DAV, "D", "getetag", AT_TASKS | AT_TASK, false, put_tag },
    { DAV, "D", "getcontenttype", AT_TASK, false, put_media_type },
    { DAV, "D", "current-user-principal", ANYWHERE, true, put_root },
    { DAV, "D", "principal-collection-set", ANYWHERE, true, put_root },
    { DAV, "D", "principal-URL", AT_ROOT, true, put_root },
    { DAV, "D", "owner", AT_TASKS | AT_TASK, true, put_root },
    { DAV, "D", "current-user-privilege-set", ANYWHERE, true, put_rights },
    { DAV, "D", "supported-report-set", AT_TASKS, true, put_reports },
    { DAV, "D", "sync-token", AT_TASKS, true, put_token },
    { CALDAV, "C", "calendar-home-set", AT_ROOT, true, put_root },
    { CALDAV, "C", "calendar-user-address-set", AT_ROOT, true, put_addresses },
    { CALDAV, "C", "supported-calendar-component-set", AT_TASKS, true, put_components },
    { CALDAV, "C", "supported-calendar-data", AT_TASKS, true, put_kinds },
    { CALDAV, "C", "calendar-data", AT_TASK, true, put_data },
    { SERVER, "CS", "getctag", AT_TASKS, true, put_tag },
};

static bool has_property(size_t property, const DavResource *of, const DavName *name)
{
    return (properties[property].places & of->place) &&
           str_is(name->name, properties[property].name) &&
           str_is(name->space, properties[property].space);
}

static void put_property(const DavResource *of, size_t property)
{
    Buf *out = of->work->out;
    buf_addf(out, "<%s:%s>", properties[property].prefix, properties[property].name);
    if (!of->work->asked.wants_names)
        properties[property].put(out, of);
    buf_addf(out, "</%s:%s>", properties[property].prefix, properties[property].name);
}

static bool is_asked(const DavResource *of, size_t property)
{
    const DavRequest *asked = &of->work->asked;
    bool is_all = asked->wants_names || (asked->wants_all && !properties[property].is_named);
    if (is_all)
        return (properties[property].places & of->place) != 0;
    for (size_t i = 0; i < asked->names.count; i++)
        if (has_property(property, of, &asked->names.at[i]))
            return true;
    return false;
}

static bool is_known(const DavResource *of, const DavName *name)
{
    for (size_t i = 0; i < COUNT(properties); i++)
        if (has_property(i, of, name))
            return true;
    return false;
}

/* Names come out of an XML reader, so they are names; their spaces may be any text. */
static void put_unknown(const DavResource *of)
{
    Buf *out = of->work->out;
    const DavRequest *asked = &of->work->asked;
    bool is_open = false;
    for (size_t i = 0; i < asked->names.count; i++) {
        const DavName *name = &asked->names.at[i];
        if (is_known(of, name))
            continue;
        buf_add(out, is_open ? S("") : S("<D:propstat><D:prop>"));
        is_open = true;
        buf_addf(out, "<" STR_FMT " xmlns=\"", STR_ARG(name->name));
        buf_add_escaped(out, name->space);
        buf_add(out, S("\"/>"));
    }
    if (is_open)
        buf_add(out, S("</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"));
}

static void put_href(Buf *out, const DavResource *of)
{
    buf_addf(out, "<D:href>%s", of->place == AT_ROOT ? ROOT_PATH : TASKS_PATH);
    if (of->task)
        buf_addf(out, STR_FMT ".ics", STR_ARG(of->task->id));
    buf_add(out, S("</D:href>"));
}

static void put_resource(const DavWork *work, DavPlace place, const Task *task)
{
    const DavResource of = { work, place, task };
    Buf *out = work->out;
    buf_add(out, S("<D:response>"));
    put_href(out, &of);
    buf_add(out, S("<D:propstat><D:prop>"));
    for (size_t i = 0; i < COUNT(properties); i++)
        if (is_asked(&of, i))
            put_property(&of, i);
    buf_add(out, S("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"));
    put_unknown(&of);
    buf_add(out, S("</D:response>"));
}

static void put_missing(Buf *out, Str address)
{
    buf_add(out, S("<D:response><D:href>"));
    buf_add_escaped(out, address);
    buf_add(out, S("</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"));
}

/* --- Answers --- */

#define SPACES "xmlns:D=\"" DAV "\" xmlns:C=\"" CALDAV "\" xmlns:CS=\"" SERVER "\""

static void begin_answer(DavWork *work, HttpResponse *response)
{
    response->status = 207;
    response->media_type = S("application/xml; charset=utf-8");
    work->out = &response->body;
    buf_add(work->out, S("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus " SPACES ">"));
}

static bool end_answer(DavWork *work, Error *err)
{
    buf_add(work->out, S("</D:multistatus>\n"));
    return !work->out->overflowed ||
           fail(err, ERROR_TOO_LARGE, "the answer is too large; ask for fewer tasks at once");
}

/* A precondition that is not met (RFC 4918, section 16). */
static bool answer_refusal(HttpResponse *response, const char *what)
{
    response->status = 403;
    response->media_type = S("application/xml; charset=utf-8");
    buf_addf(&response->body,
             "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error " SPACES "><%s/></D:error>\n",
             what);
    return true;
}

static bool begin(DavWork *work, Error *err)
{
    return identify(work, err) &&
           dav_read(work->request->arena, work->request->http->body, &work->asked, err);
}

/* --- PROPFIND --- */

/* Without the header the whole tree is meant, as with "infinity" (RFC 4918, section 10.2). */
static bool is_too_deep(const ApiRequest *request, bool *is_below_r)
{
    Str depth = http_header_in(request->http, "Depth");
    *is_below_r = str_is(depth, "1");
    return !str_is(depth, "0") && !str_is(depth, "1");
}

static bool find_properties(ApiRequest *request, DavPlace place, HttpResponse *response, Error *err)
{
    DavWork work = { .request = request };
    bool is_below;
    if (!begin(&work, err) || !list(&work, err))
        return false;
    if (work.asked.kind != DAV_PROPFIND)
        return fail(err, ERROR_INVALID, "PROPFIND needs a body with propfind");
    if (is_too_deep(request, &is_below))
        return answer_refusal(response, "D:propfind-finite-depth");
    begin_answer(&work, response);
    put_resource(&work, place, NULL);
    if (is_below && place == AT_ROOT)
        put_resource(&work, AT_TASKS, NULL);
    for (size_t i = 0; is_below && place == AT_TASKS && i < work.shown.count; i++)
        put_resource(&work, AT_TASK, &work.shown.at[i]);
    return end_answer(&work, err);
}

bool dav_root(ApiRequest *request, HttpResponse *response, Error *err)
{
    return find_properties(request, AT_ROOT, response, err);
}

bool dav_tasks(ApiRequest *request, HttpResponse *response, Error *err)
{
    return find_properties(request, AT_TASKS, response, err);
}

/* The task that the path names. */
static bool open_task(DavWork *work, const Task **task_r, Error *err)
{
    if (!begin(work, err) || !list(work, err))
        return false;
    Map map = by_id(work);
    *task_r = find_task(work, &map, work->request->params[0]);
    return *task_r || fail(err, ERROR_NOT_FOUND, "there is no such task");
}

bool dav_task(ApiRequest *request, HttpResponse *response, Error *err)
{
    DavWork work = { .request = request };
    const Task *task;
    if (!open_task(&work, &task, err))
        return false;
    begin_answer(&work, response);
    put_resource(&work, AT_TASK, task);
    return end_answer(&work, err);
}

/* --- GET --- */

bool dav_task_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    DavWork work = { .request = request };
    const Task *task;
    if (!open_task(&work, &task, err))
        return false;
    response->media_type = S("text/calendar; charset=utf-8");
    http_header(response, "ETag",
                str_format(request->arena, "\"%" PRIx64 "\"", (uint64_t)task->updated_at_ms));
    buf_add(&response->body, calendar_of(request->arena, task));
    return true;
}

bool dav_tasks_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    DavWork work = { .request = request };
    if (!begin(&work, err) || !list(&work, err))
        return false;
    response->media_type = S("text/calendar; charset=utf-8");
    calendar_write(&response->body, &work.shown, work.name);
    return true;
}

/* --- REPORT --- */

static void answer_query(const DavWork *work)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(16));
    for (size_t i = 0; i < work->shown.count; i++) {
        const Task *task = &work->shown.at[i];
        if (dav_wants(scratch, &work->asked.filter, calendar_of(scratch, task)))
            put_resource(work, AT_TASK, task);
        arena_reset(scratch);
    }
}

static void answer_named(const DavWork *work)
{
    Map map = by_id(work);
    for (size_t i = 0; i < work->asked.hrefs.count; i++) {
        const Task *task = find_task(work, &map, work->asked.hrefs.at[i]);
        if (task)
            put_resource(work, AT_TASK, task);
        else
            put_missing(work->out, work->asked.hrefs.at[i]);
    }
}

static void answer_changes(const DavWork *work)
{
    for (size_t i = 0; i < work->shown.count; i++)
        if (work->shown.at[i].updated_at_ms >= work->since_ms)
            put_resource(work, AT_TASK, &work->shown.at[i]);
    for (size_t i = 0; i < work->gone.count; i++)
        put_missing(work->out, str_format(work->request->arena, TASKS_PATH STR_FMT ".ics",
                                          STR_ARG(work->gone.at[i].id)));
    buf_add(work->out, S("<D:sync-token>"));
    put_token(work->out, NULL);
    buf_add(work->out, S("</D:sync-token>"));
}

/* False: it is none of ours, or too old to know what has gone since. */
static bool read_token(DavWork *work)
{
    Str token = work->asked.sync_token, prefix = S(TOKEN_PREFIX);
    int64_t now = now_ms(), at_ms;
    if (!token.length)
        return true;
    if (!str_starts(token, prefix) || !str_to_int(str_from(token, prefix.length),
                                                  now - TOKEN_DAYS * DAY_MS, now + DAY_MS, &at_ms))
        return false;
    work->since_ms = at_ms - OVERLAP_MS;
    return true;
}

bool dav_report(ApiRequest *request, HttpResponse *response, Error *err)
{
    DavWork work = { .request = request };
    Error why = { 0 };
    if (!identify(&work, err))
        return false;
    if (!dav_read(request->arena, request->http->body, &work.asked, &why))
        return why.code == ERROR_UNSUPPORTED ? answer_refusal(response, "C:supported-filter")
                                             : fail(err, why.code, "%s", why.message);
    if (work.asked.kind == DAV_PROPFIND)
        return fail(err, ERROR_INVALID, "REPORT needs a body that names a report");
    if (!read_token(&work))
        return answer_refusal(response, "D:valid-sync-token");
    if (!list(&work, err))
        return false;
    begin_answer(&work, response);
    if (work.asked.kind == DAV_QUERY)
        answer_query(&work);
    else if (work.asked.kind == DAV_MULTIGET)
        answer_named(&work);
    else
        answer_changes(&work);
    return end_answer(&work, err);
}

/* --- OPTIONS, and the way here --- */

bool dav_options(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    http_header(response, "DAV", S("1, calendar-access"));
    http_header(response, "Allow", S("OPTIONS, GET, HEAD, PROPFIND, REPORT"));
    return api_done(response);
}

/* RFC 6764, section 5; also an address without its last slash. */
bool dav_moved(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    response->status = 301;
    http_header(response, "Location",
                str_is(request->http->path, "/dav/tasks") ? S(TASKS_PATH) : S(ROOT_PATH));
    return true;
}
