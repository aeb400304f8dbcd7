/* access.h - telling every node that somebody may do less than before, so that what they hold open
 * is closed. Store functions that take a right away call it themselves. */
#pragma once

#include "store/scope.h"

/* Lines "KIND ID": a person, a session or a key. Empty: some may have been missed. */
#define ACCESS_CHANNEL "access"

typedef enum AccessKind { ACCESS_USER, ACCESS_SESSION, ACCESS_KEY } AccessKind;

/* In the transaction in which it changes. */
MUST_CHECK bool access_changed(DbTx *tx, AccessKind kind, Str id, Error *err);
/* The next one of *text, borrowed; false at its end. */
bool access_next(Str *text, AccessKind *kind_r, Str *id_r);
