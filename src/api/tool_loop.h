/* tool_loop.h - a model that may call tools of ours (gateway/hosted.h) before it answers.
 *
 *     ask the model -> it wants tools called -> call them -> ask it with what they gave -> ...
 *
 * When it calls a function of the client's, the answer ends with that call: only the client can go
 * on. Calls of ours beside it are made before, if the client is told of them: it then brings what
 * they gave with its own; else the model asks for them again. What goes wrong in a tool is told to
 * the model, which may do better. */
#pragma once

#include "api/api.h"
#include "gateway/gateway.h"

typedef struct ToolLoop {
    Api *api;
    const Scope *scope; /* whose servers and documents */
    GatewayCaller *caller;
    Arena *arena;
    ModelRequest *asked; /* its tools and messages grow */
    Str route_tools;     /* JSON list of those that its route has besides; "": none */
    int rounds_max;      /* 0: HOSTED_ROUNDS */
    Str feature;         /* for the records of the model's calls */
    bool is_within;      /* as GatewayAsk has it */
    /* What happens, but for the start and the finish; may be NULL. False: nobody wants the rest. */
    bool (*tell)(void *self, const ModelEvent *event);
    void *self;
} ToolLoop;

/* Usage and cost are those of all rounds. ERROR_UPSTREAM when the model still wants tools after
 * the last. */
MUST_CHECK bool tool_loop_run(ToolLoop *loop, GatewayAnswer *answer_r, Error *err);
