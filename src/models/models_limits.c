/* models_limits.c - reading and changing the limits and budgets of a key, a person, a workspace. */
#include "base/clock.h"
#include "models/models_budgets.h"
#include "store/api_keys_store.h"
#include "store/audit_store.h"
#include "store/people_store.h"

typedef struct LimitsWork {
    const Scope *scope;
    Arena *arena;
    Subject subject;
    ModelLimits limits;
    const ModelLimits *change; /* NULL: only read */
    Str budget;
    BudgetRowList list;
    int64_t amount;
} LimitsWork;

/* Nobody sets limits for what is not there. */
static bool find_subject(DbTx *tx, const LimitsWork *work, Error *err)
{
    const Subject *subject = &work->subject;
    ApiKey key;
    User person;
    if (subject->kind == SUBJECT_KEY)
        return api_key_find(tx, work->scope, work->arena, subject->id, &key, err);
    if (subject->kind == SUBJECT_USER)
        return user_find(tx, work->scope, work->arena, subject->id, &person, err);
    return true;
}

static void set_rates(ModelLimits *limits, Arena *arena, const KeyLimits *row)
{
    limits->models = limits_models(arena, row);
    limits->requests_per_minute = row->requests_per_minute;
    limits->tokens_per_minute = row->tokens_per_minute;
    limits->concurrent = row->concurrent;
}

static bool read_in(DbTx *tx, void *argument, Error *err)
{
    LimitsWork *work = argument;
    KeyLimits limits;
    if (!find_subject(tx, work, err) ||
        !key_limits_find(tx, work->scope, work->arena, &work->subject, &limits, err) ||
        !budget_list(tx, work->scope, work->arena, &work->subject, now_ms(), &work->limits.budgets,
                     err))
        return false;
    set_rates(&work->limits, work->arena, &limits);
    return true;
}

bool models_limits(Models *models, const Scope *scope, Arena *arena, const Subject *subject,
                   ModelLimits *limits_r, Error *err)
{
    LimitsWork work = { .scope = scope, .arena = arena, .subject = *subject };
    if (!store_read(models->options.db, scope, read_in, &work, err))
        return false;
    *limits_r = work.limits;
    return true;
}

/* --- Everybody's --- */

static BudgetRowList budgets_of(Arena *arena, const BudgetRowList *all, const Subject *subject)
{
    BudgetRowList own = { arena_new_array(arena, BudgetRow, PERIOD_KINDS), 0 };
    for (size_t i = 0; i < all->count && own.count < PERIOD_KINDS; i++)
        if (all->at[i].subject.kind == subject->kind &&
            str_equal(all->at[i].subject.id, subject->id))
            own.at[own.count++] = all->at[i];
    return own;
}

static bool limits_anything(const ModelLimits *limits)
{
    return limits->models.count || limits->requests_per_minute || limits->tokens_per_minute ||
           limits->concurrent || limits->budgets.count;
}

typedef struct LimitedWork {
    const Scope *scope;
    Arena *arena;
    LimitedSubjectList list;
} LimitedWork;

static bool limited_in(DbTx *tx, void *argument, Error *err)
{
    LimitedWork *work = argument;
    SubjectLimitsList rows;
    BudgetRowList budgets;
    if (!key_limits_list(tx, work->scope, work->arena, &rows, err) ||
        !budget_list(tx, work->scope, work->arena, NULL, now_ms(), &budgets, err))
        return false;
    work->list =
        (LimitedSubjectList){ arena_new_array(work->arena, LimitedSubject, rows.count), 0 };
    for (size_t i = 0; i < rows.count; i++) {
        LimitedSubject *one = &work->list.at[work->list.count];
        *one = (LimitedSubject){ .subject = rows.at[i].subject, .name = rows.at[i].name };
        set_rates(&one->limits, work->arena, &rows.at[i].limits);
        one->limits.budgets = budgets_of(work->arena, &budgets, &one->subject);
        work->list.count += limits_anything(&one->limits);
    }
    return true;
}

bool models_limited(Models *models, const Scope *scope, Arena *arena, LimitedSubjectList *list_r,
                    Error *err)
{
    LimitedWork work = { .scope = scope, .arena = arena };
    if (!store_read(models->options.db, scope, limited_in, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

/* --- Changing them --- */

static Str patterns_text(Arena *arena, StrList patterns)
{
    Buf out = buf_new(arena, MB(1));
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < patterns.count; i++)
        put_text(&json, NULL, patterns.at[i]);
    put_end(&json);
    return buf_str(&out);
}

/* Budgets that the change does not name go. */
static bool set_budgets(DbTx *tx, LimitsWork *work, Error *err)
{
    bool is_named[PERIOD_KINDS] = { 0 };
    for (size_t i = 0; i < work->change->budgets.count; i++) {
        BudgetRow row = work->change->budgets.at[i];
        row.subject = work->subject;
        if (is_named[row.period])
            return fail_field(err, "budgets", "there are two budgets for %s",
                              budget_period_name(row.period));
        is_named[row.period] = true;
        if (!budget_set(tx, work->scope, work->arena, &row, err))
            return false;
    }
    for (BudgetPeriod period = PERIOD_DAY; period < PERIOD_KINDS; period++)
        if (!is_named[period] && !budget_remove(tx, work->scope, &work->subject, period, err))
            return false;
    return true;
}

static bool set_in(DbTx *tx, void *argument, Error *err)
{
    LimitsWork *work = argument;
    const ModelLimits *change = work->change;
    KeyLimits limits = { .models = patterns_text(work->arena, change->models),
                         .requests_per_minute = change->requests_per_minute,
                         .tokens_per_minute = change->tokens_per_minute,
                         .concurrent = change->concurrent };
    AuditEntry entry = { .action = S("limits.set"),
                         .subject_kind = str(subject_kind_name(work->subject.kind)),
                         .subject = work->subject.id };
    return find_subject(tx, work, err) &&
           key_limits_set(tx, work->scope, &work->subject, &limits, err) &&
           set_budgets(tx, work, err) && audit_add(tx, work->scope, &entry, err) &&
           callers_changed(tx, work->scope, err);
}

bool models_set_limits(Models *models, const Scope *scope, Arena *arena, const Subject *subject,
                       const ModelLimits *limits, Error *err)
{
    LimitsWork work = { .scope = scope, .arena = arena, .subject = *subject, .change = limits };
    return scope_needs(scope, ROLE_ADMIN, err) &&
           store_write(models->options.db, scope, set_in, &work, err);
}

/* --- Budgets --- */

static bool list_in(DbTx *tx, void *argument, Error *err)
{
    LimitsWork *work = argument;
    return budget_list(tx, work->scope, work->arena, NULL, now_ms(), &work->list, err);
}

bool models_budgets(Models *models, const Scope *scope, Arena *arena, BudgetRowList *list_r,
                    Error *err)
{
    LimitsWork work = { .scope = scope, .arena = arena };
    if (!store_read(models->options.db, scope, list_in, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static bool reclaim_in(DbTx *tx, void *argument, Error *err)
{
    LimitsWork *work = argument;
    AuditEntry entry = { .action = S("budget.reclaim"),
                         .subject_kind = S("budget"),
                         .subject = work->budget };
    BudgetRow row;
    return budget_find(tx, work->scope, work->arena, work->budget, now_ms(), &row, err) &&
           budget_reclaim(tx, work->scope, work->budget, row.period_start_ms, budgets_dead_since(),
                          &work->amount, err) &&
           audit_add(tx, work->scope, &entry, err) && callers_changed(tx, work->scope, err);
}

bool models_reclaim(Models *models, const Scope *scope, Str budget, int64_t *amount_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    LimitsWork work = { .scope = scope, .arena = arena, .budget = budget };
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !store_write(models->options.db, scope, reclaim_in, &work, err))
        return false;
    *amount_r = work.amount;
    return true;
}
