/* run_background.h - responses with `background`: the client gets the beginning of one at once and
 * asks for it again until it is finished. They run in this process's memory, and are lost with it.
 * Not for other folders.
 *
 * Threads: any. */
#pragma once

#include "gateway/run.h"

typedef struct Backgrounds Backgrounds;

Backgrounds *backgrounds_new(void);
/* Ends those that run; while the gateway's own reactor still does. */
void backgrounds_end(Backgrounds *all);
void backgrounds_free(Backgrounds *all); /* NULL is fine */

/* The call goes on without its client, who is answered. On the call's reactor; the run is gone
 * after it, unless it fails. */
MUST_CHECK bool background_begin(Run *run, Error *err);
/* Blocks until it is over; fine when none of this name runs. */
void background_cancel(Backgrounds *all, Str owner, Str id);
