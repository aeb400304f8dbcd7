/* word_lists.c - see word_lists.h. */
#include "extract/word/word_lists.h"

#include "base/utf8.h"
#include "extract/word/list_number.h"

enum { LEVELS = 9, LISTS_MAX = 20000, LEVEL_HEAD = 28, TEXT_MAX = 64 };

typedef struct Level {
    int start;
    ListNumber kind;
    Str text; /* UTF-16; units below 9 stand for the numbers of levels */
} Level;

typedef struct List {
    uint32_t id;
    bool is_simple;
    Level levels[LEVELS];
    int counters[LEVELS];
    bool is_counting[LEVELS];
} List;

typedef struct Override {
    uint32_t list;
    int level_count;
    int start[LEVELS]; /* -1: as the list */
    Level levels[LEVELS];
    bool has_level[LEVELS];
    bool is_used;
} Override;

struct WordLists {
    const WordFile *file;
    VEC(List) lists;
    VEC(Override) overrides;
};

/* 2.9.150 LVL: its head, two property lists and a text; *rest moves past it. */
static bool read_level(Str *rest, Level *level_r)
{
    if (rest->length < LEVEL_HEAD + 2)
        return false;
    size_t at = LEVEL_HEAD + (size_t)(unsigned char)rest->at[24] + (unsigned char)rest->at[25];
    size_t length = le16_at(*rest, at);
    if (at + 2 > rest->length)
        return false;
    *level_r = (Level){ .start = (int)MIN(le32_at(*rest, 0), 0x7FFFU),
                        .kind = (ListNumber)(unsigned char)rest->at[4],
                        .text = str_slice(*rest, at + 2, at + 2 + length * 2) };
    *rest = str_from(*rest, at + 2 + length * 2);
    return true;
}

static void read_lists(WordLists *lists)
{
    Str table = word_table(lists->file, WORD_LISTS);
    size_t count = MIN(le16_at(table, 0), LISTS_MAX);
    /* The levels follow the table without being counted in its length. */
    size_t start = table.length ? (size_t)(table.at - lists->file->tables.at) + table.length : 0;
    Str rest = str_from(lists->file->tables, start);
    for (size_t i = 0; i < count && 2 + (i + 1) * 28 <= table.length; i++) {
        List *list = vec_push(lists->file->arena, &lists->lists);
        *list =
            (List){ .id = le32_at(table, 2 + i * 28), .is_simple = table.at[2 + i * 28 + 26] & 1 };
        for (int k = 0; k < (list->is_simple ? 1 : LEVELS); k++)
            if (!read_level(&rest, &list->levels[k]))
                return;
    }
}

/* 2.9.132: for each override, the levels that begin elsewhere or look different. */
static void read_override(Str *rest, Override *override)
{
    *rest = str_from(*rest, 4);
    for (int i = 0; i < override->level_count && rest->length >= 8; i++) {
        uint32_t flags = le32_at(*rest, 4);
        int level = MIN((int)(flags & 0xF), LEVELS - 1);
        if (flags & 0x10)
            override->start[level] = (int)MIN(le32_at(*rest, 0), 0x7FFFU);
        *rest = str_from(*rest, 8);
        if (flags & 0x20) {
            override->has_level[level] = read_level(rest, &override->levels[level]);
            if (flags & 0x10)
                override->start[level] = override->levels[level].start;
        }
    }
}

static void read_overrides(WordLists *lists)
{
    Str table = word_table(lists->file, WORD_LIST_OVERRIDES);
    size_t count = MIN((size_t)le32_at(table, 0), (size_t)LISTS_MAX);
    for (size_t i = 0; i < count && 4 + (i + 1) * 16 <= table.length; i++) {
        Override *override = vec_push(lists->file->arena, &lists->overrides);
        *override =
            (Override){ .list = le32_at(table, 4 + i * 16),
                        .level_count = MIN((unsigned char)table.at[4 + i * 16 + 12], LEVELS) };
        for (int k = 0; k < LEVELS; k++)
            override->start[k] = -1;
    }
    Str rest = str_from(table, 4 + count * 16);
    for (size_t i = 0; i < lists->overrides.count && rest.length >= 4; i++)
        read_override(&rest, &lists->overrides.at[i]);
}

WordLists *word_lists_read(const WordFile *file)
{
    WordLists *lists = arena_new_one(file->arena, WordLists);
    lists->file = file;
    read_lists(lists);
    read_overrides(lists);
    return lists;
}

static void count_item(List *list, Override *override, int level)
{
    if (!override->is_used) {
        for (int i = 0; i < LEVELS; i++)
            if (override->start[i] >= 0) {
                list->is_counting[i] = true;
                list->counters[i] = override->start[i] - 1;
            }
        override->is_used = true;
    }
    if (!list->is_counting[level])
        list->counters[level] = list->levels[level].start - 1;
    list->is_counting[level] = true;
    list->counters[level]++;
    for (int i = level + 1; i < LEVELS; i++)
        list->is_counting[i] = false;
}

static const Level *shown_level(const List *list, const Override *override, int level)
{
    return override->has_level[level] ? &override->levels[level] : &list->levels[level];
}

Str word_next_marker(WordLists *lists, Arena *arena, int number, int level)
{
    if (number < 1 || (size_t)number > lists->overrides.count || level < 0 || level >= LEVELS)
        return STR_NONE;
    Override *override = &lists->overrides.at[number - 1];
    List *list = NULL;
    for (size_t i = 0; i < lists->lists.count && !list; i++)
        if (lists->lists.at[i].id == override->list)
            list = &lists->lists.at[i];
    if (!list)
        return STR_NONE;
    if (list->is_simple)
        level = 0;
    const Level *shown = shown_level(list, override, level);
    if (shown->kind == LIST_BULLET)
        return S("-");
    count_item(list, override, level);
    Buf out = buf_new(arena, KB(1));
    for (size_t i = 0; i + 1 < MIN(shown->text.length, (size_t)TEXT_MAX * 2); i += 2) {
        uint16_t unit = le16_at(shown->text, i);
        if (unit >= LEVELS) {
            if (unit >= 0x20 && (unit < 0xD800 || unit > 0xF8FF))
                buf_add_utf8(&out, unit);
            continue;
        }
        int value = list->is_counting[unit] ? list->counters[unit] : list->levels[unit].start;
        list_number_add(&out, value, shown_level(list, override, unit)->kind);
    }
    return str_trim(buf_str(&out));
}
