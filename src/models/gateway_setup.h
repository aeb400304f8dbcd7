/* gateway_setup.h - changing how the gateway is set up, and trying it.
 *
 * Changes need the role admin; an address of the local network needs the owner. Everything that is
 * changed is audited, and counts from the next call on, on every node. A key is sealed and never
 * shown again.
 *
 * Threads: any. */
#pragma once

#include "models/models.h"
#include "models/setup.h"

/* All that a workspace has. Never show `keys`. */
MUST_CHECK bool models_setup(Models *models, const Scope *scope, Arena *arena, Setup *setup_r,
                             Error *err);
/* Its picture, whose hold the caller gives back with config_release(). */
MUST_CHECK bool models_config(Models *models, const Scope *scope, const GatewayConfig **config_r,
                              Error *err);
/* The picture that a text for the server's file makes, for a dry run; `states` must outlive it. */
MUST_CHECK bool models_config_of_file(Str text, TargetStates *states,
                                      const GatewayConfig **config_r, Error *err);
/* What of a setup cannot be used, and why, goes into setup->problems. */
void models_find_problems(Models *models, Arena *arena, Setup *setup);

/* Adds or replaces. The key that is there stays when none is given and the address is at the same
 * place; there a header may come as it is shown. The names that a service lists are kept when the
 * document tells none. */
MUST_CHECK bool models_set_service(Models *models, const Scope *scope, Str name,
                                   const json_t *document, Error *err);
/* Its document, with the names of its headers alone: their values may be keys. "" without one. */
Str models_shown_service(Arena *arena, const SetupService *service);
MUST_CHECK bool models_set_model(Models *models, const Scope *scope, Str name,
                                 const json_t *document, Error *err);
MUST_CHECK bool models_set_route(Models *models, const Scope *scope, Str name,
                                 const json_t *document, Error *err);
/* `kind`: "service", "model" or "route". What the server has set cannot be removed. */
MUST_CHECK bool models_remove_item(Models *models, const Scope *scope, Str kind, Str name,
                                   Error *err);

typedef struct ServiceTest {
    StrList models; /* that it lists */
    Str model;      /* that was asked for a word */
    int64_t took_ms;
    bool lists, answers;
    Str problem; /* why not */
} ServiceTest;
/* Lists the models of a service and asks one for a word: `model`, or the first that seems to be for
 * chat. Fails only when there is no such service. */
MUST_CHECK bool models_test_service(Models *models, const Scope *scope, Arena *arena, Str name,
                                    Str model, ServiceTest *test_r, Error *err);
/* Only lists them, which costs nothing: test_r->lists, and `problem` why not. */
MUST_CHECK bool models_list_service(Models *models, const Scope *scope, Arena *arena, Str name,
                                    ServiceTest *test_r, Error *err);
