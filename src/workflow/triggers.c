/* triggers.c - what starts workflows by itself. */
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "connect/connect.h"
#include "store/api_keys_store.h"
#include "workflow/workflow_int.h"

static const struct {
    const char *name, *meaning;
} kinds[] = {
#define TRIGGER(name, meaning) { #name, meaning },
#include "workflow/triggers.def"
#undef TRIGGER
};

const char *workflow_trigger_name(WorkflowTriggerKind kind) { return kinds[kind].name; }
const char *workflow_trigger_meaning(WorkflowTriggerKind kind) { return kinds[kind].meaning; }

bool workflow_trigger_is_kind(Str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(name, kinds[i].name))
            return true;
    return false;
}

/* --- Saving --- */

bool workflow_saved(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    WorkflowTrigger triggers[WORKFLOW_TRIGGERS_MAX];
    size_t count;
    if (!json_parse(workflow->body, WORKFLOW_BYTES_MAX, &body, err))
        return false;
    const json_t *list = json_object_get(body, "triggers");
    count = json_is_false(json_object_get(body, "enabled")) ? 0 : json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        const json_t *trigger = json_array_get(list, i);
        triggers[i] = (WorkflowTrigger){ .kind = str_copy(arena, json_member_text(trigger, "on")),
                                         .user = scope->user,
                                         .api_key = scope->key,
                                         .rule = json_print(arena, trigger) };
    }
    return workflow_trigger_set(tx, scope, workflow->id, triggers, count, err) &&
           workflow_schedules_keep(tx, scope, arena, workflow, triggers, count, err);
}

bool workflow_removed(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                      Error *err)
{
    return workflow_trigger_set(tx, scope, workflow->id, NULL, 0, err) &&
           workflow_schedules_keep(tx, scope, arena, workflow, NULL, 0, err);
}

/* --- Starting --- */

typedef struct Firing {
    DbTx *tx;
    Arena *arena;
    WorkflowTriggerKind kind;
    const WorkflowFacts *facts;
    Scope scope; /* of whoever saved the trigger, by the key they saved it with */
    json_t *names;
    int64_t started;
} Firing;

static json_t *names_of(const WorkflowFacts *facts)
{
    json_t *names = json_object();
    json_object_set_new(names, "document",
                        facts->document ? workflow_document_names(facts->document) : json_null());
    json_object_set_new(names, "event",
                        facts->event ? json_incref((json_t *)(uintptr_t)facts->event)
                                     : json_null());
    return names;
}

static bool is_meant(const Firing *firing, const json_t *rule)
{
    Str from = json_member_text(rule, "from"), collection = json_member_text(rule, "collection");
    const Document *document = firing->facts->document;
    return (!from.length || str_equal(from, firing->facts->source)) &&
           (!collection.length || (document && str_equal(collection, document->collection)));
}

static bool holds(const Firing *firing, const json_t *rule, bool *holds_r, Error *err)
{
    AUTO_JSON json_t *value = NULL;
    const Expression *expression;
    Str when = json_member_text(rule, "when");
    *holds_r = is_meant(firing, rule);
    if (!*holds_r || !when.length)
        return true;
    if (!expression_compile(firing->arena, when, &expression, err) ||
        !expression_value(expression, firing->names, now_ms(), &value, err))
        return fail_in(err, "when");
    *holds_r = expression_is_true(value);
    return true;
}

static bool start_one(Firing *firing, const WorkflowTrigger *trigger, const json_t *rule,
                      Error *err)
{
    AUTO_JSON json_t *input = NULL;
    const WorkflowFacts *facts = firing->facts;
    const json_t *wanted = json_object_get(rule, "input");
    Recipe workflow;
    WorkflowExecution execution;
    Arena *arena = firing->arena;
    if (wanted && !template_fill(wanted, firing->names, now_ms(), &input, err))
        return fail_in(err, "input");
    const WorkflowStart start = {
        .document = facts->document ? facts->document->id : STR_NONE,
        .input = input,
        .started_by = str(kinds[firing->kind].name),
        .key = facts->key.length
                   ? str_format(arena, "%s:" STR_FMT, kinds[firing->kind].name, STR_ARG(facts->key))
                   : STR_NONE,
    };
    if (!recipe_find(firing->tx, &firing->scope, arena, S(RECIPE_WORKFLOW), trigger->workflow,
                     &workflow, err) ||
        !workflow_start(firing->tx, &firing->scope, arena, &workflow, &start, &execution, err))
        return false;
    firing->started++;
    return true;
}

/* Whoever saved it acts, and sees what the key sees that it was saved with. A key that serves no
 * more stays named: what starts then fails and says so, as it does for people who have left. */
static bool act(Firing *firing, const WorkflowTrigger *trigger, Error *err)
{
    Error why = { 0 };
    firing->scope =
        (Scope){ .workspace = firing->scope.workspace, .user = trigger->user, .role = ROLE_EDITOR };
    if (api_key_act(firing->tx, firing->arena, trigger->api_key, &firing->scope, &why))
        return true;
    firing->scope.key = trigger->api_key;
    *err = why;
    return why.code == ERROR_DENIED;
}

/* What is wrong with one workflow is no reason to refuse what happened: it is said, and left out. A
 * failure of the database is one. */
static bool fire(Firing *firing, const WorkflowTrigger *trigger, Error *err)
{
    AUTO_JSON json_t *rule = NULL;
    Error why = { 0 };
    bool is_due;
    if ((act(firing, trigger, &why) && json_parse(trigger->rule, WORKFLOW_BYTES_MAX, &rule, &why) &&
         holds(firing, rule, &is_due, &why) && (!is_due || start_one(firing, trigger, rule, &why))))
        return true;
    if (error_is_temporary(why.code)) {
        *err = why;
        return false;
    }
    log_warn("workflow", "trigger %s does not start workflow " STR_FMT ": %s",
             kinds[firing->kind].name, STR_ARG(trigger->workflow), why.message);
    return true;
}

bool workflow_trigger(DbTx *tx, const Scope *scope, Arena *arena, WorkflowTriggerKind kind,
                      const WorkflowFacts *facts, int64_t *started_r, Error *err)
{
    AUTO_JSON json_t *names = NULL;
    WorkflowTriggerList triggers;
    if (!workflow_trigger_list(tx, scope, arena, str(kinds[kind].name), STR_NONE, &triggers, err))
        return false;
    names = triggers.count ? names_of(facts) : NULL;
    Firing firing = { .tx = tx,
                      .arena = arena,
                      .kind = kind,
                      .facts = facts,
                      .scope = { .workspace = scope->workspace },
                      .names = names };
    for (size_t i = 0; i < triggers.count; i++)
        if (!fire(&firing, &triggers.at[i], err))
            return false;
    if (started_r)
        *started_r = firing.started;
    return true;
}

/* What is wrong fails the job that is due: nobody else is hindered. */
bool workflow_trigger_due(DbTx *tx, const Scope *scope, Arena *arena, Str workflow, int64_t number,
                          Str key, Error *err)
{
    const WorkflowFacts facts = { .key = key };
    AUTO_JSON json_t *names = names_of(&facts);
    AUTO_JSON json_t *rule = NULL;
    WorkflowTriggerList triggers;
    bool is_due;
    if (!workflow_trigger_list(tx, scope, arena, S("schedule"), workflow, &triggers, err))
        return false;
    if (number < 0 || number >= (int64_t)triggers.count)
        return true;
    const WorkflowTrigger *trigger = &triggers.at[number];
    Firing firing = { .tx = tx,
                      .arena = arena,
                      .kind = TRIGGER_schedule,
                      .facts = &facts,
                      .scope = { .workspace = scope->workspace },
                      .names = names };
    return act(&firing, trigger, err) &&
           json_parse(trigger->rule, WORKFLOW_BYTES_MAX, &rule, err) &&
           holds(&firing, rule, &is_due, err) &&
           (!is_due || start_one(&firing, trigger, rule, err));
}

/* By where it came from. A new version of a document that was ready before starts nothing twice. */
bool workflow_document_ready(DbTx *tx, const Scope *scope, Arena *arena, const Document *document,
                             Error *err)
{
    WorkflowTriggerKind kind = TRIGGER_upload;
    Str source = document->source;
    if (document->parent.length)
        return true; /* what is inside another goes its way with that */
    if (str_is(source, "mail"))
        kind = TRIGGER_mail;
    else if (str_is(source, "folder"))
        kind = TRIGGER_folder;
    else if (connect_is_source(source))
        kind = TRIGGER_connection;
    const WorkflowFacts facts = { .document = document,
                                  .source = source,
                                  .key = str_format(arena, STR_FMT ":%" PRId64,
                                                    STR_ARG(document->id), document->version) };
    return workflow_trigger(tx, scope, arena, kind, &facts, NULL, err);
}

static json_t *body_of(Str body)
{
    json_t *value = json_loadb(body.at ? body.at : "", body.length, JSON_DECODE_ANY, NULL);
    if (!value)
        value = json_stringn(body.at ? body.at : "", utf8_floor(body, body.length));
    return value ? value : json_null();
}

bool workflow_hook_called(DbTx *tx, const Scope *scope, Arena *arena, Str hook, Str call, Str body,
                          Error *err)
{
    AUTO_JSON json_t *event = json_object();
    const WorkflowFacts facts = { .source = hook, .event = event, .key = call };
    json_object_set_new(event, "hook", json_stringn(hook.at, hook.length));
    json_object_set_new(event, "body", body_of(body));
    return workflow_trigger(tx, scope, arena, TRIGGER_webhook, &facts, NULL, err);
}

bool workflow_classified(DbTx *tx, const Scope *scope, Arena *arena, const Classification *said,
                         Error *err)
{
    AUTO_JSON json_t *event = json_object();
    Str labels = said->decided.length ? said->decided : said->labels;
    Document document;
    Error why = { 0 };
    if (!document_find(tx, scope, arena, said->document, &document, &why))
        return why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
    const WorkflowFacts facts = { .document = &document,
                                  .source = said->set,
                                  .event = event,
                                  .key = str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(said->id),
                                                    STR_ARG(str_slice(labels, 0, 500))) };
    json_object_set_new(event, "labels", json_loadb(labels.at, labels.length, 0, NULL));
    json_object_set_new(event, "confidence", json_real(said->confidence));
    json_object_set_new(event, "state", json_stringn(said->state.at, said->state.length));
    return workflow_trigger(tx, scope, arena, TRIGGER_classified, &facts, NULL, err);
}
