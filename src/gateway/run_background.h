/* run_background.h - responses with `background`: the client gets the beginning of one at once and
 * asks for it again until it is finished, on any server. One that its server does not survive has
 * failed (kept.h). Not for other folders.
 *
 * Threads: any. */
#pragma once

#include "gateway/run.h"

typedef struct Backgrounds Backgrounds;

Backgrounds *backgrounds_new(void);
/* Ends those that run, which then have failed; while the gateway's own reactor still does. */
void backgrounds_end(Backgrounds *all);
void backgrounds_free(Backgrounds *all); /* NULL is fine */

/* The call goes on without its client, who is answered when its beginning is kept. On the call's
 * reactor; the run is not the caller's after it, unless it fails. */
MUST_CHECK bool background_begin(Run *run, Error *err);
int backgrounds_count(Backgrounds *all);
/* Says of each that it runs, and ends those that nobody wants any more. Blocks. */
void backgrounds_watch(Gateway *gateway);
/* Blocks until it is over. False: none of this name runs here. */
bool background_cancel(Backgrounds *all, const KeptName *name);
