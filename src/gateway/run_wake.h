/* run_wake.h - an attempt at a service that may sleep: a model that has to be loaded first. Not for
 * other folders.
 *
 * A port wakes it and tells where it is then. A stream whose client waits for that is opened after
 * a while, so that its heartbeats begin; another target may still answer it.
 *
 * Threads: the call's reactor. */
#pragma once

#include "gateway/run.h"

/* try_awake() hears of the end. */
void wake_begin(RunTry *try);
/* Nobody waits any more. Fine when nobody did. */
void wake_stop(RunTry *try);
