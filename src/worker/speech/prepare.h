/* prepare.h - a recording as model services take it: WAV, 16,000 samples a second, one channel. */
#pragma once

#include "worker/worker.h"

/* WorkerClass.prepare. Fails with ERROR_TOO_LARGE when it is longer than bytes_max allows. */
MUST_CHECK bool sound_prepare(Arena *arena, Str bytes, const WorkerArguments *limits,
                              WorkerPrepared *prepared_r, Error *err);
