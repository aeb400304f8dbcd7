/* run_here.h - an attempt that this program answers itself, by a port on a thread that may block.
 * Not for other folders.
 *
 * Pieces go from that thread to the call's reactor and are told like those of any service, so
 * limits, records, streams, kept answers and falling back are the same for them. An attempt that
 * ends early (the client left, no time is left, another one was faster) lets go of the work; its
 * thread hears of it with its next piece.
 *
 * Threads: the call's reactor. */
#pragma once

#include "gateway/run.h"

typedef struct HereWork HereWork;

/* Begin; run_tried() hears of the end. */
MUST_CHECK bool here_start(RunTry *try, Error *err);
/* Nobody wants the answer any more. Fine when there is no work. */
void here_stop(RunTry *try);
/* While it is paused the thread waits with its next piece. */
void here_pause(HereWork *work, bool is_paused);
bool here_is_paused(HereWork *work);
