/* prepare.h - a picture as model services take it: upright, PNG or JPEG, within limits. */
#pragma once

#include "worker/worker.h"

/* WorkerClass.prepare. Fails with ERROR_TOO_LARGE when it would have to be made unreadably small.
 */
MUST_CHECK bool picture_prepare(Arena *arena, Str bytes, const WorkerArguments *limits,
                                WorkerPrepared *prepared_r, Error *err);
