/* sound.h - how long a recording is, as far as its head tells: for what is paid by the second.
 *
 * Nothing is decoded. A head may lie, so this is for reserving and guessing; what a service tells
 * wins. Threads: any. */
#pragma once

#include "base/base.h"

/* Seconds; never 0 for a recording that has bytes. */
double sound_seconds(Str bytes);
