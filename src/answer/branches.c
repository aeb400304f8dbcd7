#include "answer/branches.h"

#include "base/map.h"

static bool is_summary(const Message *message) { return str_is(message->role, MESSAGE_SUMMARY); }

const Message *branch_find(const MessageList *all, Str id)
{
    for (size_t i = all->count; i-- > 0;)
        if (str_equal(all->at[i].id, id))
            return &all->at[i];
    return NULL;
}

/* Backwards: whoever is wanted next stands before who wanted it. */
static MessageList walk_back(Arena *arena, const MessageList *all, Str leaf)
{
    Message *at = arena_new_array(arena, Message, all->count + 1);
    size_t count = 0;
    for (size_t i = all->count; i-- > 0 && leaf.length;) {
        if (!str_equal(all->at[i].id, leaf))
            continue;
        at[all->count - ++count] = all->at[i];
        leaf = all->at[i].parent;
    }
    return (MessageList){ .at = at + (all->count - count), .count = count };
}

MessageList branch_path(Arena *arena, const MessageList *all, Str leaf)
{
    MessageList path = walk_back(arena, all, leaf);
    Map summaries = map_new(arena);
    for (size_t i = 0; i < all->count; i++)
        if (is_summary(&all->at[i]))
            map_add(&summaries, all->at[i].parent, NULL)->pointer = &all->at[i];
    if (!summaries.count)
        return path;
    MessageList with = { .at = arena_new_array(arena, Message, path.count * 2) };
    for (size_t i = 0; i < path.count; i++) {
        MapEntry *summary = map_find(&summaries, path.at[i].id);
        with.at[with.count++] = path.at[i];
        if (summary)
            with.at[with.count++] = *(const Message *)summary->pointer;
    }
    return with;
}

Str branch_end(Arena *arena, const MessageList *all, Str id)
{
    Map newest = map_new(arena); /* child of each parent */
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].parent.length && !is_summary(&all->at[i]))
            map_add(&newest, all->at[i].parent, NULL)->pointer = &all->at[i].id;
    if (!branch_find(all, id))
        return STR_NONE;
    for (const MapEntry *next; (next = map_find(&newest, id));)
        id = *(const Str *)next->pointer;
    return id;
}

typedef struct Family {
    VEC(Str) ids;
} Family;

BranchPlace *branch_places(Arena *arena, const MessageList *all, const MessageList *path)
{
    BranchPlace *places = arena_new_array(arena, BranchPlace, path->count + 1);
    Map families = map_new(arena);
    for (size_t i = 0; i < all->count; i++) {
        if (is_summary(&all->at[i]))
            continue;
        /* No id is "-". */
        Str parent = all->at[i].parent.length ? all->at[i].parent : S("-");
        MapEntry *entry = map_add(&families, parent, NULL);
        if (!entry->pointer)
            entry->pointer = arena_new_one(arena, Family);
        Family *family = entry->pointer;
        *vec_push(arena, &family->ids) = all->at[i].id;
    }
    for (size_t i = 0; i < path->count; i++) {
        Str parent = path->at[i].parent.length ? path->at[i].parent : S("-");
        MapEntry *entry = map_find(&families, parent);
        if (is_summary(&path->at[i]) || !entry)
            continue;
        Family *family = entry->pointer;
        places[i].ids = (StrList){ family->ids.at, family->ids.count };
        while (!str_equal(family->ids.at[places[i].at], path->at[i].id))
            places[i].at++;
    }
    return places;
}
