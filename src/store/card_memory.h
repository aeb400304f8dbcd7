/* card_memory.h - what is known of how well one person remembers one card. */
#pragma once

#include "base/base.h"

typedef enum CardState {
#define CARD_STATE(name, text) CARD_##name,
#include "store/card_states.def"
#undef CARD_STATE
} CardState;

const char *card_state_name(CardState state);
/* ERROR_INVALID, field "state", for a text that names none. */
MUST_CHECK bool card_state_named(Str name, CardState *state_r, Error *err);

typedef struct CardMemory {
    CardState state;
    int step;            /* of the learning or relearning steps */
    double stability;    /* days until it is remembered with 90 %; 0 for a new card */
    double difficulty;   /* 1 to 10; 0 for a new card */
    int64_t due_ms;      /* UTC */
    int64_t reviewed_ms; /* UTC; 0: never */
} CardMemory;
