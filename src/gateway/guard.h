/* guard.h - secrets and personal data in texts: found in one pass, named instead of told, and put
 * back into what comes back.
 *
 *     "write to ann@example.com" -> "write to <EMAIL_1>" -> service
 *     "I wrote to ann@example.com" <- "I wrote to <EMA" "IL_1>" <-
 *
 * The same text has the same name within one call. Nothing of what was found is logged.
 *
 * Threads: one at a time. */
#pragma once

#include "base/map.h"

typedef enum MaskKind {
#define MASK(name, word, group, title) MASK_##name,
#include "gateway/masks.def"
#undef MASK
    MASK_COUNT
} MaskKind;

typedef struct MaskRow {
    const char *word, *group, *title;
} MaskRow;
extern const MaskRow mask_rows[MASK_COUNT];
/* The bits of a kind or of a group by name ("email", "secrets", "all"); 0: there is none. */
unsigned mask_named(Str name);

typedef struct GuardFound {
    MaskKind kind;
    size_t start, end;
} GuardFound;

/* The next one at or behind *at, of `kinds` (bits); *at moves behind it. Code is read
 * at some 400 MB/s, prose at 2 GB/s. */
bool guard_find(Str text, unsigned kinds, size_t *at, GuardFound *found_r);

typedef struct GuardItem {
    Str name, text; /* "<EMAIL_1>", "ann@example.com" */
} GuardItem;

/* The names that have been given in one call. */
typedef struct GuardNames {
    Arena *arena;
    Map numbers; /* by the text that was found: index + 1 in items */
    VEC(GuardItem) items;
    int counts[MASK_COUNT];
} GuardNames;
void guard_begin(GuardNames *names, Arena *arena);
/* The text with names for what was found; itself when that is nothing. */
Str guard_mask(GuardNames *names, unsigned kinds, Str text);

/* What lies across the joint of two texts that the model reads as one: it is named at the end of
 * the first, and leaves the second. Each has been masked by itself before. */
void guard_mask_joint(GuardNames *names, unsigned kinds, Str *first, Str *second);

#define GUARD_NAME_MAX 32
/* Put back what the names stand for. The end of a piece that may be the start of a name is held
 * back in `held` and comes with the next one; `is_last`: there is none. `is_json`: the text is
 * within a JSON text. */
Str guard_restore(const GuardNames *names, Buf *held, Str piece, bool is_last, bool is_json);
