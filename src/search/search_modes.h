/* search_modes.h - ways to search, by name; their list is search_modes.def. */
#pragma once

#include "base/base.h"

typedef enum SearchMode {
#define SEARCH_MODE(mode, name, also, looks_for, keeps, needs, plan, title, help) SEARCH_##mode,
#include "search/search_modes.def"
#undef SEARCH_MODE
    SEARCH_MODE_COUNT,
} SearchMode;

typedef enum SearchTarget { FOR_BOTH, FOR_WORDS, FOR_MEANING } SearchTarget;
typedef enum SearchNeed { NEEDS_NOTHING, NEEDS_EMBEDDINGS } SearchNeed;

typedef enum SearchPlanKind {
    PLAN_NONE,
    PLAN_REWRITES,
    PLAN_PARTS,
    PLAN_ALTERNATIVES
} SearchPlanKind;

typedef struct SearchModeAbout {
    const char *name, *also; /* "": no other name */
    SearchTarget looks_for;
    bool keeps;
    SearchNeed needs;
    SearchPlanKind plan;
    const char *title, *help;
} SearchModeAbout;
extern const SearchModeAbout search_modes[SEARCH_MODE_COUNT];

const char *search_mode_name(SearchMode mode);
const char *search_need_name(SearchNeed need); /* "nothing" */
/* No name: the first. */
MUST_CHECK bool search_mode_named(Str name, SearchMode *mode_r, Error *err);
/* ERROR_UNSUPPORTED, with what to do, when the mode needs what is not there. */
MUST_CHECK bool search_mode_check(SearchMode mode, bool has_embeddings, Error *err);
