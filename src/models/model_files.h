/* model_files.h - local model files, each served by a llama.cpp server of its own that we start,
 * watch and stop.
 *
 *     asleep --called--> loading --/health is well--> ready --nobody calls for long--> asleep
 *                           |                           |
 *                           +-- it ends, hangs, grows --+--> broken --after a pause--> asleep
 *
 * The files of a folder with the extension gguf are models by their names. At most so many run at
 * once: for another one, the one that was not called for longest is stopped, if nobody waits for
 * its answer.
 *
 * Threads: any. One thread of its own starts, asks and stops; it is the parent of all servers. */
#pragma once

#include "gateway/gateway.h"

typedef struct ModelFiles ModelFiles;

typedef struct ModelFilesOptions {
    Str folder;    /* "": there are no model files */
    Str program;   /* "": llama-server in PATH */
    Str arguments; /* more of them, with spaces between */
    Str warm;      /* the model that is started with the server; "": none */
    int64_t at_once;
    int64_t idle_ms;      /* 0: they stay */
    int64_t memory_bytes; /* of one, besides its file; 0: any */
} ModelFilesOptions;

typedef struct ModelFileView {
    Str name;
    const char *state; /* "asleep", "loading", "ready", "broken" */
    Str reason;        /* why it is broken; "" */
    int64_t bytes;     /* of the file */
    int64_t memory;    /* of its server; 0: it does not run */
} ModelFileView;
typedef struct ModelFileViews {
    const ModelFileView *at;
    size_t count;
    Str problem; /* why none can be started: llama.cpp is not installed; "" */
} ModelFileViews;

/* `states` tells who is called, and outlives it. NULL when there is no folder. */
ModelFiles *model_files_new(const ModelFilesOptions *options, TargetStates *states);
/* Stops them all. NULL is fine. */
void model_files_free(ModelFiles *files);
/* How they are; looks into the folder again. Empty for NULL. */
ModelFileViews model_files_view(ModelFiles *files, Arena *arena);
/* What each server wants to be shown. */
Str model_files_key(const ModelFiles *files);
/* Name of what is known of how a model does, among the gateway's states. */
Str model_files_state(Arena *arena, Str name);
/* GatewayPorts.wake */
void model_files_wake(ModelFiles *files, Str name, GatewayWaker *waker);
