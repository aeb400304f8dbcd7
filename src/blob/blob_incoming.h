/* blob_incoming.h - folders for uploads on their way, one of each process that has the store open.
 *
 * Several servers may share a store. PARENT/NAME is one process's folder as long as it holds a lock
 * on PARENT/NAME.lock; what nobody holds was left by a process that ended, and goes. */
#pragma once

#include "base/base.h"

/* Removes what was left, makes a folder (*path_r, heap) and locks it; closing *lock_r gives it up.
 */
MUST_CHECK bool blob_incoming_open(const char *parent, char **path_r, int *lock_r, Error *err);
