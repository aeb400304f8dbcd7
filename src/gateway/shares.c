/* shares.c - see shares.h. */
#include "gateway/shares.h"

#include <math.h>

#define FADE_MS 60000.0
#define STEP_MS 250 /* rows fade together, this often at most */
#define GONE 0.01   /* less than this is nothing */

static void fade(Shares *shares, int64_t now_ms)
{
    size_t kept = 0;
    if (now_ms - shares->at_ms < STEP_MS)
        return;
    double factor = exp((double)(shares->at_ms - now_ms) / FADE_MS);
    shares->at_ms = now_ms;
    shares->total = shares->weights = 0;
    for (size_t i = 0; i < shares->count; i++) {
        double used = shares->rows[i].used * factor;
        if (used < GONE)
            continue;
        shares->rows[kept] = shares->rows[i];
        shares->rows[kept++].used = used;
        shares->total += used;
        shares->weights += shares->rows[i].weight;
    }
    shares->count = kept;
}

static size_t find(const Shares *shares, uint64_t who)
{
    size_t i = 0;
    while (i < shares->count && shares->rows[i].who != who)
        i++;
    return i;
}

/* A free row, or that of who used least. */
static size_t row_for(Shares *shares)
{
    size_t least = 0;
    if (shares->count < SHARES_MAX)
        return shares->count++;
    for (size_t i = 1; i < shares->count; i++)
        if (shares->rows[i].used < shares->rows[least].used)
            least = i;
    shares->total -= shares->rows[least].used;
    shares->weights -= shares->rows[least].weight;
    return least;
}

void shares_add(Shares *shares, uint64_t who, double weight, int64_t now_ms, double amount)
{
    fade(shares, now_ms);
    size_t at = find(shares, who);
    if (at == shares->count) {
        if (amount <= 0)
            return;
        at = row_for(shares);
        shares->rows[at].who = who;
        shares->rows[at].used = shares->rows[at].weight = 0;
    }
    if (weight > 0) {
        shares->weights += weight - shares->rows[at].weight;
        shares->rows[at].weight = weight;
    }
    amount = MAX(amount, -shares->rows[at].used);
    shares->rows[at].used += amount;
    shares->total += amount;
}

bool shares_allow(Shares *shares, uint64_t who, double weight, int64_t now_ms)
{
    fade(shares, now_ms);
    size_t at = find(shares, who);
    if (at == shares->count)
        return true;
    double weights = shares->weights - shares->rows[at].weight + weight;
    return shares->rows[at].used * weights <= shares->total * weight * 1.000001;
}
