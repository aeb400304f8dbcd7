/* shares.h - who uses how much of something that is nearly used up, so that nobody has it all.
 *
 * What was used counts for about a minute: it fades to a third in that time.
 * Threads: belongs to one, or to a lock. */
#pragma once

#include "base/base.h"

#define SHARES_MAX 64 /* of more, who used least is forgotten */

typedef struct Shares {
    int64_t at_ms;
    double total;
    size_t count;
    struct {
        uint64_t who;
        double used;
    } rows[SHARES_MAX];
} Shares;

/* Time must not run backwards. A negative amount takes back. */
void shares_add(Shares *shares, uint64_t who, int64_t now_ms, double amount);
/* Has this one used no more than an equal part, among all who use it now? Also when it is alone. */
bool shares_allow(Shares *shares, uint64_t who, int64_t now_ms);
