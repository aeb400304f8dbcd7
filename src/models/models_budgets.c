/* models_budgets.c - budgets and limits from the database: the gateway's LedgerPorts, what a caller
 * gets of them, and what was spent. */
#include "models/models_budgets.h"

#include "base/clock.h"
#include "base/id.h"

/* A node that was not seen for so long is taken for dead. */
#define DEAD_MS (INT64_C(5) * 60 * 1000)

struct ModelBudgets {
    Models *models;
    Arena *arena;
    Str node;          /* this process, in budget_leases */
    int64_t batch;     /* the last batch of calls that was written, or tried; the journal's own */
    char batch_id[40]; /* its first call */
};

static Scope system_scope(void) { return (Scope){ .is_system = true, .role = ROLE_OWNER }; }

static Scope scope_of(Str workspace)
{
    return (Scope){ .workspace = workspace, .role = ROLE_OWNER };
}

/* --- Lending --- */

typedef struct LendWork {
    const ModelBudgets *budgets;
    Arena *arena;
    Scope scope;
    BudgetWish wish;
    BudgetLent lent;
    int64_t period_ms, amount; /* that comes back */
} LendWork;

static bool lend_in(DbTx *tx, void *argument, Error *err)
{
    LendWork *work = argument;
    return budget_lend(tx, &work->scope, work->arena, &work->wish, &work->lent, err);
}

static bool lend(void *app, const BudgetAsk *ask, BudgetLoan *loan_r, Error *err)
{
    const ModelBudgets *budgets = app;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    LendWork work = { .arena = arena,
                      .scope = scope_of(ask->terms->workspace),
                      .wish = { .budget = ask->terms->id,
                                .node = budgets->node,
                                .least = ask->least,
                                .wanted = ask->wanted,
                                .ahead = ask->ahead,
                                .now_ms = ask->now_ms } };
    if (!store_write(budgets->models->options.db, &work.scope, lend_in, &work, err))
        return false;
    *loan_r = (BudgetLoan){ .amount = work.lent.amount,
                            .period_ms = work.lent.period_start_ms,
                            .period_end_ms = work.lent.period_end_ms,
                            .is_near_end = work.lent.is_near_end };
    return true;
}

static bool take_back_in(DbTx *tx, void *argument, Error *err)
{
    LendWork *work = argument;
    return budget_take_back(tx, &work->scope, work->wish.budget, work->budgets->node,
                            work->period_ms, work->amount, err);
}

static bool take_back(void *app, const BudgetTerms *terms, int64_t period_ms, int64_t amount,
                      Error *err)
{
    const ModelBudgets *budgets = app;
    LendWork work = { .budgets = budgets,
                      .scope = scope_of(terms->workspace),
                      .wish = { .budget = terms->id },
                      .period_ms = period_ms,
                      .amount = amount };
    return store_write(budgets->models->options.db, &work.scope, take_back_in, &work, err);
}

static bool seen_in(DbTx *tx, void *argument, Error *err)
{
    const ModelBudgets *budgets = argument;
    Scope scope = system_scope();
    return budget_seen(tx, &scope, budgets->node, now_ms(), err);
}

static void alive(void *app)
{
    ModelBudgets *budgets = app;
    Scope scope = system_scope();
    Error ignored; /* said again soon */
    (void)!store_write(budgets->models->options.db, &scope, seen_in, budgets, &ignored);
}

/* --- What was spent --- */

static BudgetSpending *spending_of(BudgetSpending *rows, size_t *count, const BudgetCharge *charge)
{
    const BudgetTerms *terms = budget_terms(charge->budget);
    for (size_t i = 0; i < *count; i++)
        if (rows[i].period_start_ms == charge->period_ms && str_equal(rows[i].budget, terms->id))
            return &rows[i];
    rows[*count] = (BudgetSpending){ terms->workspace, terms->id, charge->period_ms, 0 };
    return &rows[(*count)++];
}

/* A batch that could not be written comes again, and then some of it may be there already. */
static int64_t batch_number(ModelBudgets *budgets, const CallRecord *first)
{
    char id[sizeof budgets->batch_id];
    snprintf(id, sizeof id, STR_FMT, STR_ARG(first->id));
    if (strcmp(id, budgets->batch_id) != 0) {
        memcpy(budgets->batch_id, id, sizeof id);
        budgets->batch++;
    }
    return budgets->batch;
}

void spendings_of(ModelBudgets *budgets, Arena *arena, const CallRecord *const *records,
                  size_t count, Spendings *spendings_r)
{
    size_t charge_count = 0;
    *spendings_r = (Spendings){ .batch = count ? batch_number(budgets, records[0]) : 0 };
    for (size_t i = 0; i < count; i++) {
        charge_count += (size_t)records[i]->charge_count;
        give_way_each(i);
    }
    spendings_r->rows = arena_new_array(arena, BudgetSpending, charge_count);
    for (size_t i = 0; i < count; i++) {
        for (int j = 0; j < records[i]->charge_count; j++) {
            const BudgetCharge *charge = &records[i]->charges[j];
            bool counts_calls = budget_terms(charge->budget)->counts_calls;
            spending_of(spendings_r->rows, &spendings_r->count, charge)->amount +=
                counts_calls ? 1 : records[i]->cost;
        }
        give_way_each(i);
    }
}

bool spendings_write(DbTx *tx, const ModelBudgets *budgets, Arena *arena,
                     const Spendings *spendings, Error *err)
{
    Scope scope = system_scope();
    return budget_spend(tx, &scope, arena, budgets->node, spendings->batch, spendings->rows,
                        spendings->count, err);
}

/* --- What a caller gets --- */

typedef struct CallerWork {
    const Scope *scope;
    Arena *arena;
    size_t count;
    Subject subjects[SUBJECT_KINDS];
    KeyLimits limits[SUBJECT_KINDS];
    BudgetRowList budgets[SUBJECT_KINDS];
} CallerWork;

static bool load_in(DbTx *tx, void *argument, Error *err)
{
    CallerWork *work = argument;
    int64_t now = now_ms();
    for (size_t i = 0; i < work->count; i++)
        if (!key_limits_find(tx, work->scope, work->arena, &work->subjects[i], &work->limits[i],
                             err) ||
            !budget_list(tx, work->scope, work->arena, &work->subjects[i], now, &work->budgets[i],
                         err))
            return false;
    return true;
}

StrList limits_models(Arena *arena, const KeyLimits *limits)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored; /* it was made by json_print() */
    VEC(Str) patterns = { 0 };
    if (json_parse(limits->models, MB(1), &json, &ignored))
        for (size_t i = 0; i < json_array_size(json); i++)
            *vec_push(arena, &patterns) =
                str_copy(arena, str(json_string_value(json_array_get(json, i))));
    return (StrList){ patterns.at, patterns.count };
}

static void add_limits(const ModelBudgets *budgets, const CallerWork *work, size_t i,
                       GatewayCaller *caller)
{
    const KeyLimits *limits = &work->limits[i];
    LimitRates rates = { limits->requests_per_minute, limits->tokens_per_minute,
                         limits->concurrent };
    caller->models[i] = limits_models(caller->arena, limits);
    if (!rates.requests_per_minute && !rates.tokens_per_minute && !rates.concurrent)
        return;
    /* A person has limits in each workspace. */
    Str name = str_format(work->arena, STR_FMT "/%s/" STR_FMT, STR_ARG(work->scope->workspace),
                          subject_kind_name(work->subjects[i].kind), STR_ARG(work->subjects[i].id));
    caller->limits[caller->limit_count++] =
        ledger_limits(gateway_ledger(budgets->models->gateway), name, &rates);
}

/* The server's own limit of everybody. */
static void add_user_rate(const ModelBudgets *budgets, const CallerWork *work,
                          GatewayCaller *caller)
{
    const Scope *scope = work->scope;
    LimitRates rates = { .requests_per_minute = budgets->models->options.user_rate };
    Str who = scope->user.length ? scope->user : scope->key;
    if (rates.requests_per_minute && who.length)
        caller->limits[caller->limit_count++] =
            ledger_limits(gateway_ledger(budgets->models->gateway),
                          str_format(work->arena, "everybody/" STR_FMT, STR_ARG(who)), &rates);
}

static void add_budgets(const ModelBudgets *budgets, const CallerWork *work, size_t i,
                        GatewayCaller *caller)
{
    static const char *const whose[] = {
        [SUBJECT_KEY] = "key", [SUBJECT_USER] = "person", [SUBJECT_WORKSPACE] = "workspace"
    };
    static const char *const when[] = {
        [PERIOD_DAY] = "of the day", [PERIOD_MONTH] = "of the month", [PERIOD_TOTAL] = "in total"
    };
    for (size_t j = 0; j < work->budgets[i].count && caller->budget_count < BUDGETS_MAX; j++) {
        const BudgetRow *row = &work->budgets[i].at[j];
        BudgetTerms terms = { .id = row->id,
                              .workspace = work->scope->workspace,
                              .counts_calls = row->counts_calls,
                              .title = str_format(work->arena, "the %s's budget %s",
                                                  whose[row->subject.kind], when[row->period]) };
        caller->budgets[caller->budget_count++] =
            ledger_budget(gateway_ledger(budgets->models->gateway), &terms);
    }
}

bool budgets_attach(const ModelBudgets *budgets, const Scope *scope, GatewayCaller *caller,
                    Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    CallerWork work = { .scope = scope, .arena = arena };
    work.count = subjects_of(scope, work.subjects);
    if (!store_read(budgets->models->options.db, scope, load_in, &work, err)) {
        caller_release(caller);
        return false;
    }
    caller->key = str_copy(caller->arena, scope->key);
    caller->allows_unpriced = budgets->models->options.unpriced_is_free;
    add_user_rate(budgets, &work, caller);
    for (size_t i = 0; i < work.count; i++) {
        add_limits(budgets, &work, i, caller);
        add_budgets(budgets, &work, i, caller);
    }
    return true;
}

/* --- Changes --- */

static void on_change(void *argument, const char *channel, Str text)
{
    ModelBudgets *budgets = argument;
    (void)channel, (void)text;
    gateway_forget(budgets->models->gateway, S(""));
    ledger_recall(gateway_ledger(budgets->models->gateway));
}

int64_t budgets_dead_since(void) { return now_ms() - DEAD_MS; }

/* --- Opening --- */

ModelBudgets *budgets_new(Models *models)
{
    Arena *arena = arena_new(MB(1));
    ModelBudgets *budgets = arena_new_one(arena, ModelBudgets);
    *budgets = (ModelBudgets){ .models = models, .arena = arena, .node = id_new(arena) };
    return budgets;
}

LedgerPorts budgets_ports(ModelBudgets *budgets)
{
    return (LedgerPorts){ .app = budgets, .lend = lend, .take_back = take_back, .alive = alive };
}

bool budgets_listen(ModelBudgets *budgets, Error *err)
{
    return db_listen(budgets->models->options.db, CALLERS_CHANNEL, on_change, budgets, err);
}

void budgets_unlisten(ModelBudgets *budgets)
{
    db_unlisten(budgets->models->options.db, CALLERS_CHANNEL, on_change, budgets);
}

void budgets_free(ModelBudgets *budgets)
{
    if (budgets)
        arena_free(budgets->arena);
}
