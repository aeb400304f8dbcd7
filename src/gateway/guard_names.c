/* guard_names.c - names for what was found, and back: see guard.h. */
#include "base/json.h"
#include "gateway/guard.h"

void guard_begin(GuardNames *names, Arena *arena)
{
    *names = (GuardNames){ .arena = arena, .numbers = map_new(arena) };
}

static Str name_of(GuardNames *names, MaskKind kind, Str text)
{
    bool is_new;
    MapEntry *entry = map_add(&names->numbers, text, &is_new);
    if (is_new) {
        *vec_push(names->arena, &names->items) = (GuardItem){
            str_format(names->arena, "<%s_%d>", mask_rows[kind].word, ++names->counts[kind]), text
        };
        entry->number = (int64_t)names->items.count - 1;
    }
    return names->items.at[entry->number].name;
}

Str guard_mask(GuardNames *names, unsigned kinds, Str text)
{
    GuardFound found;
    size_t at = 0, told = 0;
    if (!guard_find(text, kinds, &at, &found))
        return text;
    /* A name may be longer than what it stands for. */
    Buf out = buf_new(names->arena, text.length * GUARD_NAME_MAX);
    do {
        buf_add(&out, str_slice(text, told, found.start));
        buf_add(&out, name_of(names, found.kind, str_slice(text, found.start, found.end)));
        told = found.end;
    } while (guard_find(text, kinds, &at, &found));
    buf_add(&out, str_from(text, told));
    return buf_str(&out);
}

#define JOINT 200 /* bytes on either side that are looked at */

static Str joined(Arena *arena, Str first, Str second)
{
    Buf out = buf_new(arena, first.length + second.length + 1);
    buf_add(&out, first);
    buf_add(&out, second);
    return buf_str(&out);
}

void guard_mask_joint(GuardNames *names, unsigned kinds, Str *first, Str *second)
{
    GuardFound found;
    size_t at = 0, kept = first->length - MIN(first->length, (size_t)JOINT);
    Str before = str_from(*first, kept);
    Str both = joined(names->arena, before, str_slice(*second, 0, JOINT));
    while (guard_find(both, kinds, &at, &found) && found.start < before.length) {
        if (found.end <= before.length)
            continue;
        Str name = name_of(names, found.kind, str_slice(both, found.start, found.end));
        *first = joined(names->arena, str_slice(*first, 0, kept + found.start), name);
        *second = str_from(*second, found.end - before.length);
        return;
    }
}

/* --- Back --- */

static const GuardItem *item_at(const GuardNames *names, Str text)
{
    for (size_t i = 0; i < names->items.count; i++)
        if (str_starts(text, names->items.at[i].name))
            return &names->items.at[i];
    return NULL;
}

/* The text is the start of a name, as far as it goes. */
static bool may_go_on(Str text)
{
    if (text.length >= GUARD_NAME_MAX)
        return false;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.at[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return true;
}

static void put_back(const GuardNames *names, Buf *out, Str text, bool is_json)
{
    if (!is_json) {
        buf_add(out, text);
        return;
    }
    Buf quoted = buf_new(names->arena, text.length * 6 + 2);
    json_quote(&quoted, text);
    buf_add(out, str_slice(buf_str(&quoted), 1, quoted.length - 1));
}

Str guard_restore(const GuardNames *names, Buf *held, Str piece, bool is_last, bool is_json)
{
    Str text = piece;
    if (held->length) {
        buf_add(held, piece);
        text = str_copy(names->arena, buf_str(held));
        held->length = 0;
    }
    if (str_find_char(text, '<') < 0)
        return text;
    Buf out = buf_new(names->arena, MB(64));
    while (text.length) {
        ptrdiff_t at = str_find_char(text, '<');
        buf_add(&out, str_slice(text, 0, at < 0 ? text.length : (size_t)at));
        text = at < 0 ? S("") : str_from(text, (size_t)at);
        const GuardItem *item = text.length ? item_at(names, text) : NULL;
        if (item) {
            put_back(names, &out, item->text, is_json);
            text = str_from(text, item->name.length);
        } else if (text.length && !is_last && may_go_on(text)) {
            buf_add(held, text);
            break;
        } else if (text.length) {
            buf_add_char(&out, '<');
            text = str_from(text, 1);
        }
    }
    return buf_str(&out);
}
