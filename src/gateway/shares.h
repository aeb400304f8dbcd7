/* shares.h - who uses how much of something that is nearly used up, so that nobody has it all.
 *
 * What was used counts for about a minute: it fades to a third in that time.
 * Threads: belongs to one, or to a lock. */
#pragma once

#include "base/base.h"

/* What calls that can wait leave of a limit to those who cannot: a fifth, and at least one of
 * several. */
#define SHARE_SPARE(limit, is_patient)                                                             \
    (!(is_patient) || (limit) < 2 ? 0 : (limit) < 5 ? 1 : (limit) / 5)

#define SHARES_MAX 64 /* of more, who used least is forgotten */

typedef struct Shares {
    int64_t at_ms;
    double total, weights; /* of all rows */
    size_t count;
    struct {
        uint64_t who;
        double used, weight;
    } rows[SHARES_MAX];
} Shares;

/* Time must not run backwards. A negative amount takes back. `weight` is what counts from now on;
 * 0: what was said before. */
void shares_add(Shares *shares, uint64_t who, double weight, int64_t now_ms, double amount);
/* Has this one used no more than its part, among all who use it now? Also when it is alone. Parts
 * are as large as weights: who has 3 gets three times as much as who has 1. */
bool shares_allow(Shares *shares, uint64_t who, double weight, int64_t now_ms);
