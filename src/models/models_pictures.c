/* models_pictures.c - the picture of each workspace, remembered until something of it changes.
 *
 * A table of PLACES by a hash of the workspace; a place holds the one that was asked for last. News
 * of a change (GATEWAY_CHANNEL, on every node) empty it, and what the gateway remembers of callers
 * with it: the next call of each sees the change. */
#include "base/clock.h"
#include "models/models_budgets.h"
#include "store/gateway_items_store.h"

#define KEEP_MS 60000 /* a service that was found by itself may be gone */
#define PICTURE_MAX MB(64)

static void forget(Models *models, Str workspace)
{
    pictures_forget(models, workspace);
    gateway_forget_answers(models->gateway, workspace); /* who answers may be another one now */
}

static void on_news(void *argument, const char *channel, Str workspace)
{
    (void)channel;
    forget(argument, workspace);
}

/* News come on a thread of their own, perhaps after the answer to whoever made the change. */
bool pictures_write(Models *models, const Scope *scope, DbWork *work, void *argument, Error *err)
{
    if (!store_write(models->options.db, scope, work, argument, err))
        return false;
    forget(models, scope->workspace);
    return true;
}

bool pictures_open(Models *models, Error *err)
{
    return db_listen(models->options.db, GATEWAY_CHANNEL, on_news, models, err);
}

void pictures_close(Models *models)
{
    db_unlisten(models->options.db, GATEWAY_CHANNEL, on_news, models);
    for (size_t i = 0; i < PICTURES; i++)
        config_release(models->pictures[i].config);
}

void pictures_forget(Models *models, Str workspace)
{
    pthread_mutex_lock(&models->lock);
    models->changes++;
    for (size_t i = 0; i < PICTURES; i++) {
        Picture *picture = &models->pictures[i];
        if (picture->config &&
            (!workspace.length || str_equal(picture->config->workspace, workspace))) {
            config_release(picture->config);
            picture->config = NULL;
        }
    }
    pthread_mutex_unlock(&models->lock);
    if (models->gateway)
        gateway_forget(models->gateway, S(""));
}

/* --- Finding --- */

static Picture *place_of(Models *models, Str workspace)
{
    return &models->pictures[str_hash(workspace) % PICTURES];
}

/* NULL: there is none, or it is too old. *changes_r: for keep(). */
static const GatewayConfig *recall(Models *models, Str workspace, uint64_t *changes_r)
{
    const GatewayConfig *found = NULL;
    pthread_mutex_lock(&models->lock);
    Picture *picture = place_of(models, workspace);
    if (picture->config && str_equal(picture->config->workspace, workspace) &&
        monotonic_ms() - picture->made_ms < KEEP_MS)
        found = config_hold(picture->config);
    *changes_r = models->changes;
    pthread_mutex_unlock(&models->lock);
    return found;
}

/* Unless something has changed since it was begun. */
static void keep(Models *models, const GatewayConfig *config, uint64_t changes)
{
    pthread_mutex_lock(&models->lock);
    Picture *picture = place_of(models, config->workspace);
    if (models->changes == changes) {
        config_release(picture->config);
        *picture = (Picture){ config_hold(config), monotonic_ms() };
    }
    pthread_mutex_unlock(&models->lock);
}

bool models_config(Models *models, const Scope *scope, const GatewayConfig **config_r, Error *err)
{
    uint64_t changes;
    Setup setup;
    *config_r = recall(models, scope->workspace, &changes);
    if (*config_r)
        return true;
    Arena *arena = arena_new(PICTURE_MAX);
    Scope own = scope_copy(arena, scope);
    if (!models_setup(models, &own, arena, &setup, err)) {
        arena_free(arena);
        return false;
    }
    *config_r = config_make(models, gateway_states(models->gateway), arena, &setup);
    keep(models, *config_r, changes);
    return true;
}

bool models_caller(Models *models, const Scope *scope, GatewayCaller **caller_r, Error *err)
{
    const GatewayConfig *config;
    if (!models_config(models, scope, &config, err))
        return false;
    GatewayCaller *caller = caller_new();
    caller->config = config;
    caller->workspace = str_copy(caller->arena, scope->workspace);
    caller->user = str_copy(caller->arena, scope->user);
    Scope *own = arena_new_one(caller->arena, Scope);
    *own = scope_copy(caller->arena, scope);
    caller->scope = own;
    if (!budgets_attach(models->budgets, scope, caller, err))
        return false;
    *caller_r = caller;
    return true;
}
