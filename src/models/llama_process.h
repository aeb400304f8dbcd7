/* llama_process.h - one llama.cpp server as a process of ours: started with the little it needs to
 * know, listened to, ended with us.
 *
 * It dies when the thread that started it does, and so with the program however that ends.
 *
 * Threads: one at a time. */
#pragma once

#include <sys/types.h>

#include "base/json.h"

#define LLAMA_LOG_MAX KB(8)

typedef struct LlamaProcess {
    pid_t pid;  /* 0: none runs */
    int log_fd; /* what it says, read without waiting */
    size_t log_length;
    char log[LLAMA_LOG_MAX]; /* its last words */
} LlamaProcess;

typedef struct LlamaStart {
    const char *program, *model; /* paths */
    const char *name;            /* of the model, as it is asked for */
    const char *key;             /* it answers to nobody without it */
    int port;                    /* of 127.0.0.1 */
    StrList arguments;           /* more of them */
} LlamaStart;

/* The path of the server: `setting`, or what PATH has by its usual name. NULL: it is not installed.
 */
char *llama_find(Arena *arena, Str setting);
MUST_CHECK bool llama_start(LlamaProcess *process, const LlamaStart *start, Error *err);
/* A port of this machine that nobody listens on; 0: none was found. */
int llama_free_port(void);
/* Takes up what it has said; true when it has ended, with why in reason_r. */
bool llama_has_ended(LlamaProcess *process, char *reason_r, size_t size);
/* Ends it and waits for that. Fine when none runs. */
void llama_stop(LlamaProcess *process);
/* Bytes of memory that are its own: what it maps from the file of the model is not. */
int64_t llama_memory(const LlamaProcess *process);
