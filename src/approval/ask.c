/* ask.c - a new approval; see approval.h. */
#include "approval/approval_int.h"
#include "base/clock.h"
#include "base/json_schema.h"
#include "store/documents_store.h"
#include "store/groups_store.h"

static bool check_length(const char *field, Str text, size_t min, size_t max, Error *err)
{
    if (text.length < min)
        return fail_field(err, field, "'%s' must say something", field);
    return text.length <= max ||
           fail_field(err, field, "'%s' must have at most %zu bytes", field, max);
}

bool approval_check_fields(Str schema, Str fields, Error *err)
{
    AUTO_JSON json_t *rules = NULL;
    AUTO_JSON json_t *given = NULL;
    if (!schema.length)
        return !fields.length ||
               fail_field(err, "fields",
                          "nothing of this approval can be edited: it has no schema");
    if (!json_parse(schema, SCHEMA_BYTES_MAX, &rules, err) || !json_schema_check(rules, err)) {
        (void)fail_in(err, "schema");
        return fail_field(err, "schema", "%s", err->message);
    }
    if (!json_parse(fields.length ? fields : S("{}"), APPROVAL_FIELDS_MAX, &given, err))
        return fail_in(err, "fields");
    if (!json_is_object(given))
        return fail_field(err, "fields", "'fields' must be an object");
    if (!json_schema_holds(rules, given, err)) {
        Error why = *err;
        return fail_field(err, "fields", "'fields' is not as the schema wants it: %s", why.message);
    }
    return true;
}

static bool check_times(const Approval *approval, Error *err)
{
    int64_t now = now_ms(), deadline = approval->deadline_at_ms;
    if (deadline && deadline <= now)
        return fail_field(err, "deadline", "the deadline is past");
    if (deadline > now + APPROVAL_TIME_MAX_MS)
        return fail_field(err, "deadline", "the deadline is more than a year away");
    if (approval->on_deadline != APPROVAL_DEADLINE_expire && !deadline)
        return fail_field(err, "on_deadline", "'on_deadline' needs a deadline");
    if (approval->on_deadline == APPROVAL_DEADLINE_escalate && !approval->deputy.length)
        return fail_field(err, "deputy", "escalating needs a deputy");
    if (approval->remind_every_ms && (approval->remind_every_ms < APPROVAL_REMIND_MIN_MS ||
                                      approval->remind_every_ms > APPROVAL_TIME_MAX_MS))
        return fail_field(err, "remind_every",
                          "reminders come every minute at most, every year "
                          "at least");
    return true;
}

static bool check(DbTx *tx, const Scope *scope, Arena *arena, Approval *approval, Error *err)
{
    Document document;
    if (!check_length("title", approval->title, 1, APPROVAL_TITLE_MAX, err) ||
        !check_length("text", approval->text, 0, APPROVAL_TEXT_MAX, err) ||
        !approval_check_fields(approval->schema, approval->fields, err))
        return false;
    if (approval->document.length &&
        !document_find(tx, scope, arena, approval->document, &document, err))
        return false;
    if (approval->deputy.length &&
        !approval_member(tx, scope, arena, "deputy", approval->deputy, &approval->deputy, err))
        return false;
    return check_times(approval, err);
}

/* --- Who may decide --- */

static bool wrong_groups(Error *err)
{
    return fail_field(err, "groups",
                      "'groups' must be names or ids of at most %d groups, or objects of 'group' "
                      "and 'quorum' (1 to %d)",
                      APPROVAL_CANDIDATES_MAX, APPROVAL_QUORUM_MAX);
}

bool approval_read_groups(Arena *arena, const json_t *list, ApprovalGroupList *groups_r, Error *err)
{
    ApprovalGroupList groups = { .count = json_array_size(list) };
    const json_t *item;
    size_t i;
    if (!json_is_null(list) && list && !json_is_array(list))
        return wrong_groups(err);
    if (groups.count > APPROVAL_CANDIDATES_MAX)
        return wrong_groups(err);
    groups.at = arena_new_array(arena, ApprovalGroup, groups.count + 1);
    json_array_foreach(list, i, item)
    {
        ApprovalGroup *group = &groups.at[i];
        *group = (ApprovalGroup){ 0 };
        Error why;
        if (json_is_string(item))
            group->group = str_copy(arena, str(json_string_value(item)));
        else if (!json_read(item, arena,
                            JSON_FIELDS({ "group", JSON_STR, &group->group, .required = true },
                                        { "quorum", JSON_I64, &group->quorum, .min = 1,
                                          .max = APPROVAL_QUORUM_MAX }),
                            &why))
            return wrong_groups(err);
    }
    *groups_r = groups;
    return true;
}

/* *names_r: for the history, as "Finance (2), Legal". */
static bool add_groups(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                       const ApprovalGroupList *wanted, Str *names_r, Error *err)
{
    Str *names = arena_new_array(arena, Str, wanted->count + 1);
    for (size_t i = 0; i < wanted->count; i++) {
        ApprovalGroup group = wanted->at[i];
        Group found;
        Error why = { 0 };
        if (!group_find(tx, scope, arena, group.group, &found, &why))
            return why.code == ERROR_NOT_FOUND ? fail_field(err, "groups", "%s", why.message)
                                               : fail(err, why.code, "%s", why.message);
        group.group = found.id;
        group.name = found.name;
        if (!approval_group_set(tx, scope, approval, &group, err))
            return false;
        names[i] = group.quorum ? str_format(arena, STR_FMT " (%" PRId64 ")", STR_ARG(found.name),
                                             group.quorum)
                                : found.name;
    }
    *names_r = str_join(arena, names, wanted->count, S(", "));
    return true;
}

/* *people_r: the ids of those who are named, since the audit log keeps no mail address. */
static bool add_candidates(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                           const ApprovalWish *wish, Str *people_r, Error *err)
{
    Str ids[APPROVAL_CANDIDATES_MAX];
    if (wish->users.count + wish->roles.count + wish->groups.count > APPROVAL_CANDIDATES_MAX)
        return fail_field(err, "users", "there are at most %d candidates", APPROVAL_CANDIDATES_MAX);
    for (size_t i = 0; i < wish->users.count; i++) {
        ApprovalCandidate person = { 0 };
        if (!approval_member(tx, scope, arena, "users", wish->users.at[i], &person.user, err) ||
            !approval_candidate_add(tx, scope, approval, &person, err))
            return false;
        ids[i] = person.user;
    }
    *people_r = str_join(arena, ids, wish->users.count, S(", "));
    for (size_t i = 0; i < wish->roles.count; i++) {
        ApprovalCandidate role = { .role = role_named(wish->roles.at[i]) };
        if (role.role < ROLE_READER)
            return fail_field(err, "roles", "there is no role '" STR_FMT "'",
                              STR_ARG(str_slice(wish->roles.at[i], 0, 40)));
        if (!approval_candidate_add(tx, scope, approval, &role, err))
            return false;
    }
    return true;
}

static bool check_reach(DbTx *tx, const Scope *scope, Arena *arena, const Approval *approval,
                        Error *err)
{
    ApprovalPeople people;
    if (!approvals_people(tx, scope, arena, approval, &people, err))
        return false;
    if (!people.left)
        return fail_field(
            err, "users",
            "nobody may decide this; name 'users', 'roles' or 'groups' of others than "
            "whoever asks");
    const ApprovalGroupCount *group = approval_short_group(&people);
    if (group)
        return fail_field(err, "groups",
                          "%" PRId64 " of the group '" STR_FMT
                          "' have to approve, but only %" PRId64 " of it may decide",
                          group->group.quorum, STR_ARG(str_slice(group->group.name, 0, 80)),
                          group->left);
    return people.left >= approval->quorum ||
           fail_field(err, "quorum", "the quorum is %" PRId64 ", but only %" PRId64 " may decide",
                      approval->quorum, people.left);
}

bool approvals_ask(DbTx *tx, const Scope *scope, Arena *arena, const ApprovalWish *wish,
                   Approval *approval_r, Error *err)
{
    Approval approval = wish->approval;
    Str people, groups;
    approval.quorum = MAX(approval.quorum, 1);
    approval.denials = MAX(approval.denials, 1);
    if (approval.schema.length && !approval.fields.length)
        approval.fields = S("{}");
    if (approval.remind_every_ms)
        approval.remind_at_ms = now_ms() + approval.remind_every_ms;
    if (!check(tx, scope, arena, &approval, err) ||
        !approval_add(tx, scope, arena, &approval, err) ||
        !add_candidates(tx, scope, arena, approval.id, wish, &people, err) ||
        !add_groups(tx, scope, arena, approval.id, &wish->groups, &groups, err) ||
        !check_reach(tx, scope, arena, &approval, err))
        return false;
    const NoticeField details[] = {
        { "title", approval.title },
        { "users", people },
        { "roles", str_join(arena, wish->roles.at, wish->roles.count, S(", ")) },
        { "groups", groups },
        { "quorum", str_format(arena, "%" PRId64, approval.quorum) },
        { "fields", approval.fields },
        { "origin", approval.origin },
    };
    if (!approval_note(tx, scope, arena, approval.id, "ask", details, COUNT(details), err) ||
        !approval_tell(tx, scope, arena, &approval, NOTICE_approval_asked, err))
        return false;
    *approval_r = approval;
    return true;
}
