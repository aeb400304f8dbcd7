/* vector_changes.c - see vector_changes.h. */
#include "library/vector_changes.h"

#include "base/clock.h"

bool vector_changes_add(VectorChanges *changes, int64_t sequence, bool removes,
                        const int64_t *numbers, size_t count)
{
    bool is_new = sequence > changes->highest;
    for (const VectorChange *at = is_new ? NULL : changes->first; at; at = at->next)
        if (at->sequence == sequence)
            return true;
    if (changes->waiting && changes->waiting + count > VECTOR_CHANGES_MAX)
        return false;
    VectorChange *added = heap_alloc(sizeof *added + count * sizeof *numbers);
    added->sequence = sequence;
    added->told_ms = monotonic_ms();
    added->removes = removes;
    added->count = count;
    memcpy(added->numbers, numbers, count * sizeof *numbers);
    if (changes->last)
        changes->last->next = added;
    else
        changes->first = added;
    changes->last = added;
    changes->highest = MAX(changes->highest, sequence);
    changes->waiting += count;
    return true;
}

void vector_changes_forget(VectorChanges *changes, int64_t sequence)
{
    VectorChange **at = &changes->first, *last = NULL;
    while (*at) {
        VectorChange *change = *at;
        if (change->sequence > sequence) {
            last = change;
            at = &change->next;
            continue;
        }
        changes->waiting -= change->count - change->done;
        *at = change->next;
        free(change);
    }
    changes->last = last;
}

void vector_changes_clear(VectorChanges *changes) { vector_changes_forget(changes, INT64_MAX); }

int64_t vector_changes_first_waiting(const VectorChanges *changes)
{
    int64_t first = INT64_MAX;
    for (const VectorChange *at = changes->first; at; at = at->next)
        if (at->done < at->count)
            first = MIN(first, at->sequence);
    return first;
}

int64_t vector_changes_oldest_ms(const VectorChanges *changes)
{
    int64_t oldest_ms = 0;
    for (const VectorChange *at = changes->first; at; at = at->next)
        if (at->done < at->count && (!oldest_ms || at->told_ms < oldest_ms))
            oldest_ms = at->told_ms;
    return oldest_ms;
}

/* --- Sorted, each once --- */

typedef struct Numbered {
    int64_t number;
    bool removes;
} Numbered;

static int by_number(const void *a, const void *b)
{
    const Numbered *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* Returns how many are left. */
static size_t sort_once(Numbered *all, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(all, count, sizeof *all, by_number);
    for (size_t i = 0; i < count; i++)
        if (kept && all[kept - 1].number == all[i].number)
            all[kept - 1].removes |= all[i].removes;
        else
            all[kept++] = all[i];
    return kept;
}

size_t vector_changes_newest(const VectorChanges *changes, size_t max, int64_t *numbers)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Numbered *all = arena_new_array(arena, Numbered, max);
    size_t count = 0, skipped = changes->waiting > max ? changes->waiting - max : 0;
    for (const VectorChange *at = changes->first; at; at = at->next)
        for (size_t i = at->done; i < at->count; i++) {
            if (skipped)
                skipped--;
            else
                all[count++] = (Numbered){ .number = at->numbers[i] };
        }
    count = sort_once(all, count);
    for (size_t i = 0; i < count; i++)
        numbers[i] = all[i].number;
    return count;
}

void vector_changes_batch(const VectorChanges *changes, VectorBatch *batch)
{
    Numbered all[VECTOR_BATCH];
    batch->taken = 0;
    for (const VectorChange *at = changes->first; at && batch->taken < VECTOR_BATCH; at = at->next)
        for (size_t i = at->done; i < at->count && batch->taken < VECTOR_BATCH; i++)
            all[batch->taken++] = (Numbered){ at->numbers[i], at->removes };
    batch->count = sort_once(all, batch->taken);
    for (size_t i = 0; i < batch->count; i++) {
        batch->numbers[i] = all[i].number;
        batch->removes[i] = all[i].removes;
    }
}

void vector_changes_wrote(VectorChanges *changes, const VectorBatch *batch)
{
    size_t left = batch->taken;
    for (VectorChange *at = changes->first; at && left; at = at->next) {
        size_t now = MIN(left, at->count - at->done);
        at->done += now;
        left -= now;
    }
    changes->waiting -= batch->taken - left;
}
