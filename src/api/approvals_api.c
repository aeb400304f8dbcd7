/* approvals_api.c - what people are asked to approve: asking, deciding, looking back. */
#include "api/api.h"
#include "approval/approval.h"
#include "base/clock.h"
#include "store/audit_store.h"

typedef struct ApprovalWork {
    const ApiRequest *request;
    Str id;
    ApprovalWish wish;
    ApprovalSay say;
    Str text, to; /* of a comment, a delegation */
    ApprovalFilter filter;
    Slice slice;
    ApprovalList list;
    Approval approval;
    ApprovalPeople people;
    AuditList history;
} ApprovalWork;

/* --- Answers --- */

static void put_approval(JsonWriter *json, const Approval *approval)
{
    put_text(json, "id", approval->id);
    put_text(json, "title", approval->title);
    put_text(json, "text", approval->text);
    put_text_or_null(json, "document", approval->document);
    put_text_or_null(json, "origin", approval->origin);
    put_text_or_null(json, "requester", approval->requester);
    put_text(json, "state", str(approval_states[approval->state]));
    put_text_or_null(json, "reason", approval->reason);
    put_int(json, "version", approval->version);
    put_int(json, "quorum", approval->quorum);
    put_int(json, "denials", approval->denials);
    put_bool(json, "allow_self", approval->allows_self);
    put_time(json, "deadline", approval->deadline_at_ms);
    put_text(json, "on_deadline", str(approval_deadlines[approval->on_deadline]));
    put_text_or_null(json, "deputy", approval->deputy);
    put_bool(json, "is_escalated", approval->is_escalated);
    put_text(json, "on_shortage", str(approval_shortages[approval->on_shortage]));
    put_int(json, "remind_every", approval->remind_every_ms / 1000);
    put_raw(json, "schema", approval->schema.length ? approval->schema : S("null"));
    put_raw(json, "fields", approval->fields.length ? approval->fields : S("null"));
    put_time(json, "created_at", approval->created_at_ms);
    put_time(json, "ended_at", approval->ended_at_ms);
}

static void put_person(JsonWriter *json, const ApprovalPeople *people, const ApprovalPerson *person)
{
    put_object(json, NULL);
    put_text(json, "user", person->user);
    put_text_or_null(json, "name", person->name);
    put_array(json, "groups");
    for (size_t i = 0; i < people->group_count; i++)
        if (person->groups >> i & 1)
            put_text(json, NULL, people->groups[i].group.group);
    put_end(json);
    if (person->has_decided) {
        put_text(json, "decision", str(approval_verdicts[person->decision.verdict]));
        put_text_or_null(json, "reason", person->decision.reason);
        put_bool(json, "by_mail", person->decision.by_mail);
        put_time(json, "at", person->decision.at_ms);
    }
    put_end(json);
}

static void put_group(JsonWriter *json, const ApprovalGroupCount *each)
{
    put_object(json, NULL);
    put_text(json, "group", each->group.group);
    put_text(json, "name", each->group.name);
    put_int(json, "quorum", each->group.quorum);
    put_int(json, "approved", each->approved);
    put_int(json, "left", each->left);
    put_end(json);
}

static bool answer_one(const void *argument, HttpResponse *response)
{
    const ApprovalWork *work = argument;
    const ApprovalPeople *people = &work->people;
    JsonWriter json = put_begin(&response->body);
    put_approval(&json, &work->approval);
    put_int(&json, "approved", people->approved);
    put_int(&json, "denied", people->denied);
    put_int(&json, "left", people->left);
    put_array(&json, "groups");
    for (size_t i = 0; i < people->group_count; i++)
        put_group(&json, &people->groups[i]);
    put_end(&json);
    put_array(&json, "people");
    for (size_t i = 0; i < people->count; i++)
        put_person(&json, people, &people->at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

static bool find_people(DbTx *tx, ApprovalWork *work, Error *err)
{
    return approvals_people(tx, work->request->scope, work->request->arena, &work->approval,
                            &work->people, err);
}

/* --- Reading what is asked --- */

/* The number of a name in a list that ends at `count`. */
static bool read_name(const char *field, Str name, const char *const *names, int count,
                      int *number_r, Error *err)
{
    for (int i = 0; i < count; i++)
        if (str_is(name, names[i])) {
            *number_r = i;
            return true;
        }
    return !name.length || fail_field(err, field, "there is no %s '" STR_FMT "'", field,
                                      STR_ARG(str_slice(name, 0, 40)));
}

static bool read_choices(Approval *approval, Str on_deadline, Str on_shortage, Error *err)
{
    int deadline = 0, shortage = 0;
    if (!read_name("on_deadline", on_deadline, approval_deadlines, APPROVAL_DEADLINE_COUNT,
                   &deadline, err) ||
        !read_name("on_shortage", on_shortage, approval_shortages, APPROVAL_SHORTAGE_COUNT,
                   &shortage, err))
        return false;
    approval->on_deadline = (ApprovalDeadline)deadline;
    approval->on_shortage = (ApprovalShortage)shortage;
    return true;
}

static Str printed(const ApiRequest *request, const json_t *value)
{
    return value ? json_print(request->arena, value) : S("");
}

static bool read_wish(const ApiRequest *request, ApprovalWish *wish, Error *err)
{
    Approval *approval = &wish->approval;
    Str deadline = S(""), on_deadline = S(""), on_shortage = S("");
    json_t *groups = NULL, *schema = NULL, *fields = NULL;
    int64_t remind_s = 0;
    Error why;
    if (!api_fields(
            request, err, { "title", JSON_STR, &approval->title, .required = true },
            { "text", JSON_STR, &approval->text },
            { "document", JSON_STR, &approval->document, .length_max = 64 },
            { "users", JSON_STRS, &wish->users, .length_max = APPROVAL_CANDIDATES_MAX },
            { "roles", JSON_STRS, &wish->roles, .length_max = APPROVAL_CANDIDATES_MAX },
            { "groups", JSON_ANY, &groups },
            { "quorum", JSON_I64, &approval->quorum, .min = 1, .max = APPROVAL_QUORUM_MAX },
            { "denials", JSON_I64, &approval->denials, .min = 1, .max = APPROVAL_QUORUM_MAX },
            { "allow_self", JSON_FLAG, &approval->allows_self },
            { "deadline", JSON_STR, &deadline, .length_max = 64 },
            { "on_deadline", JSON_STR, &on_deadline },
            { "deputy", JSON_STR, &approval->deputy, .length_max = 300 },
            { "on_shortage", JSON_STR, &on_shortage },
            { "remind_every", JSON_I64, &remind_s, .min = 0, .max = 366 * 24 * 3600 },
            { "schema", JSON_ANY, &schema }, { "fields", JSON_ANY, &fields }))
        return false;
    if (deadline.length && !time_parse(deadline, &approval->deadline_at_ms, &why))
        return fail_field(err, "deadline", "%s", why.message);
    approval->remind_every_ms = remind_s * 1000;
    approval->schema = printed(request, schema);
    approval->fields = printed(request, fields);
    return approval_read_groups(request->arena, groups, &wish->groups, err) &&
           read_choices(approval, on_deadline, on_shortage, err);
}

/* --- Asking and looking --- */

static bool ask_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approvals_ask(tx, request->scope, request->arena, &work->wish, &work->approval, err) &&
           find_people(tx, work, err);
}

bool approvals_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request };
    if (!read_wish(request, &work.wish, err))
        return false;
    response->status = 201;
    return api_change(request, response, ask_work, answer_one, &work, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approval_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                         &work->list, err);
}

bool approvals_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request };
    Str state = http_query(request->http, "state");
    int64_t mine;
    int number = 0;
    if (!api_slice(request, &work.slice, err) ||
        !api_query_int(request, "mine", 0, 1, 0, &mine, err) ||
        !read_name("state", state, approval_states, APPROVAL_STATE_COUNT, &number, err))
        return false;
    ApprovalState wanted = (ApprovalState)number;
    work.filter = (ApprovalFilter){ .state = state.length ? &wanted : NULL,
                                    .document = http_query(request->http, "document"),
                                    .only_mine = mine != 0,
                                    .only_known = request->scope->role < ROLE_ADMIN };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_approval(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    return approvals_find(tx, work->request->scope, work->request->arena, work->id, &work->approval,
                          err) &&
           find_people(tx, work, err);
}

bool approvals_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .id = request->params[0] };
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_one(&work, response);
}

static bool history_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    const AuditFilter filter = { .subject_kind = S("approval"), .subject = work->id };
    return approvals_find(tx, request->scope, request->arena, work->id, &work->approval, err) &&
           audit_list(tx, request->scope, request->arena, &filter, &work->slice, &work->history,
                      err);
}

bool approvals_history(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .id = request->params[0] };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, history_work, &work, err))
        return false;
    api_put_history(response, &work.history);
    return true;
}

/* --- Deciding --- */

static bool decide_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approvals_decide(request->api->approvals, tx, request->scope, request->arena, &work->say,
                            &work->approval, err) &&
           find_people(tx, work, err);
}

bool approvals_answer(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .say = { .id = request->params[0] } };
    json_t *fields = NULL;
    Str verb = S("");
    int number = APPROVAL_VERDICT_delegated;
    if (!api_fields(request, err, { "decision", JSON_STR, &verb, .required = true },
                    { "reason", JSON_STR, &work.say.reason }, { "fields", JSON_ANY, &fields },
                    { "version", JSON_I64, &work.say.version, .min = 0, .max = INT64_MAX }) ||
        !read_name("decision", verb, approval_verbs, APPROVAL_VERDICT_COUNT, &number, err))
        return false;
    if (number == APPROVAL_VERDICT_delegated)
        return fail_field(err, "decision", "'decision' is approve or deny");
    work.say.verdict = (ApprovalVerdict)number;
    work.say.fields = printed(request, fields);
    return api_change(request, response, decide_work, answer_one, &work, err);
}

static bool edit_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approvals_edit(tx, request->scope, request->arena, work->say.id, work->say.fields,
                          work->say.version, &work->approval, err) &&
           find_people(tx, work, err);
}

bool approvals_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .say = { .id = request->params[0] } };
    json_t *fields = NULL;
    if (!api_fields(request, err, { "fields", JSON_ANY, &fields, .required = true },
                    { "version", JSON_I64, &work.say.version, .min = 0, .max = INT64_MAX }))
        return false;
    work.say.fields = printed(request, fields);
    return api_change(request, response, edit_work, answer_one, &work, err);
}

static bool comment_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    return approvals_comment(tx, work->request->scope, work->request->arena, work->id, work->text,
                             err);
}

bool approvals_add_comment(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .id = request->params[0] };
    return api_fields(request, err, { "text", JSON_STR, &work.text, .required = true }) &&
           api_change(request, response, comment_work, NULL, &work, err);
}

static bool delegate_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approvals_delegate(tx, request->scope, request->arena, work->id, work->to, work->text,
                              &work->approval, err) &&
           find_people(tx, work, err);
}

bool approvals_hand_over(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .id = request->params[0] };
    return api_fields(request, err,
                      { "to", JSON_STR, &work.to, .required = true, .length_max = 300 },
                      { "reason", JSON_STR, &work.text }) &&
           api_change(request, response, delegate_work, answer_one, &work, err);
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    ApprovalWork *work = argument;
    const ApiRequest *request = work->request;
    return approvals_cancel(request->api->approvals, tx, request->scope, request->arena, work->id,
                            work->text, &work->approval, err) &&
           find_people(tx, work, err);
}

bool approvals_take_back(ApiRequest *request, HttpResponse *response, Error *err)
{
    ApprovalWork work = { .request = request, .id = request->params[0] };
    return api_fields(request, err, { "reason", JSON_STR, &work.text }) &&
           api_change(request, response, cancel_work, answer_one, &work, err);
}
