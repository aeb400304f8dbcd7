/* json_read.h - what fronts need to read a body member by member, without a tree.
 *
 *     static const MemberRule rules[] = {
 *         { "model", MEMBER_TEXT, offsetof(ModelRequest, model) },
 *         { "seed", MEMBER_NUMBER, offsetof(ModelRequest, seed) },
 *         { "tools", MEMBER_READ, .read = read_tools },
 *     };
 *     read_members(arena, body, MEMBER_RULES(rules), &request, NULL, err)
 *
 * A member that is null is as good as absent. Texts are borrowed from the body where they have no
 * escapes. A failure names its field from the body down: "messages[2].content[0].image_url". */
#pragma once

#include "base/json.h"
#include "base/json_walk.h"

#define NAMES_MAX 128

/* The names of an object that have been seen: two members of one name are read differently by
 * different readers, so the second is refused. */
typedef struct NameSet {
    Str at[NAMES_MAX];
    size_t count;
} NameSet;
MUST_CHECK bool name_is_new(NameSet *seen, Str name, Error *err);
/* The end of a scan: the walk over `body` came to the end of one object of valid UTF-8, without
 * names that hide behind escapes. */
MUST_CHECK bool scan_is_good(const JsonWalk *walk, Str body, Error *err);

typedef enum MemberKind {
    MEMBER_TEXT,    /* Str */
    MEMBER_TEXTS,   /* StrList: a text, or a list of them */
    MEMBER_INT,     /* int64_t, from min to max */
    MEMBER_NUMBER,  /* MaybeNumber of model.h, from min to max unless both are 0 */
    MEMBER_FLAG,    /* bool */
    MEMBER_CHOICE,  /* Tristate of model.h */
    MEMBER_JSON,    /* Str: the value as it is written */
    MEMBER_READ,    /* by `read` */
    MEMBER_SKIPPED, /* known, and of no use here */
    MEMBER_REFUSED  /* known, and cannot be had here: ERROR_UNSUPPORTED unless false or empty */
} MemberKind;

/* Reads a value into what the table is for. Fields that it names are below the member's own. */
typedef bool MemberRead(Arena *arena, Str value, void *into, Error *err);

typedef struct MemberRule {
    const char *name;
    MemberKind kind;
    size_t offset;
    double min, max;
    MemberRead *read;
} MemberRule;

/* What no rule names goes to `rest` as the members of an object, without its brackets; NULL: it is
 * left out. */
MUST_CHECK bool read_members(Arena *arena, Str object, const MemberRule *rules, size_t count,
                             void *into, Buf *rest, Error *err);
/* What came to `rest`, as an object; "" when nothing did. */
Str members_object(Arena *arena, const Buf *rest);
#define MEMBER_RULES(table) (table), COUNT(table)

/* One value by its rule, whose name does not matter. */
MUST_CHECK bool read_member(Arena *arena, Str value, const MemberRule *rule, void *into,
                            Error *err);

/* Every item of a list by one function; `into` is given to it. */
MUST_CHECK bool read_items(Arena *arena, Str list, MemberRead *read, void *into, Error *err);
/* null, false, 0 or empty: as good as unsaid. */
bool json_is_nothing(Str value);
/* The failure is in this part of what is read: its name goes in front of the field. Returns false.
 */
bool fail_below(Error *err, const char *format, ...) PRINTF(2, 3);

static inline bool json_is_object_text(Str value) { return value.length && value.at[0] == '{'; }
static inline bool json_is_list(Str value) { return value.length && value.at[0] == '['; }
