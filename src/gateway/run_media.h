/* run_media.h - an attempt at a service that does not take a picture or a sound of the call as it
 * is: another one is made of it first, by a port that blocks. Not for other folders.
 *
 * What is made stays with the call, for every service with the same limits. A call without pictures
 * and sound, or whose service states no limits, passes here for the price of two looks.
 *
 * Threads: the call's reactor. */
#pragma once

#include "gateway/run.h"

/* True: something is being made, and try_prepared() hears of the end. */
MUST_CHECK bool media_waits(RunTry *try);
/* Nobody waits any more. Fine when nobody did. */
void media_stop(RunTry *try);
/* The request with what was made for the attempt's service in place of what it does not take; the
 * same one when nothing was. */
const ModelRequest *media_request(const RunTry *try, const ModelRequest *request);
bool media_is_made(const RunTry *try);
