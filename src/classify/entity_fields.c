/* entity_fields.c - fields of invoices and contracts: the value that stands behind a caption. */
#include "classify/entities_int.h"

/* Fields stand on the first pages. */
#define FIELDS_READ KB(64)
#define REACH 90        /* bytes from a caption to its value */
#define PARTY_REACH 400 /* and from "between" to the second party */

static const struct {
    EntityKind field, value; /* ENTITY_KIND_COUNT: an identifier */
    const char *captions;
} rows[] = {
#define CAPTION(field, value, captions) { ENTITY_##field, ENTITY_##value, captions },
#include "classify/entity_captions.def"
#undef CAPTION
};

static bool says_any(Str text, const char *words)
{
    Str list = str(words), word;
    while (str_next(&list, '|', &word))
        if (str_find_ignore_case(text, word) >= 0)
            return true;
    return false;
}

/* The next place of the caption as words of their own; SIZE_MAX: none. */
static size_t find_caption(Str text, Str caption, size_t from)
{
    while (from < text.length) {
        ptrdiff_t found = str_find_ignore_case(str_from(text, from), caption);
        if (found < 0)
            break;
        size_t at = from + (size_t)found, end = at + caption.length;
        unsigned char before = at ? entity_byte(text, at - 1) : ' ';
        bool is_last_letter = entity_is_alnum(entity_byte(text, end - 1));
        if (!entity_is_alnum(before) && before != '-' &&
            !(is_last_letter && entity_is_letter(entity_byte(text, end))))
            return at;
        from = end;
    }
    return SIZE_MAX;
}

/* The first entity of the kind behind `at`: on the same line, or at the beginning of the next. */
static const Entity *value_behind(const EntitySearch *s, EntityKind kind, size_t at)
{
    const Entity *best = NULL;
    size_t line_ends = 0;
    for (size_t i = 0; i < s->list.entities.count; i++) {
        const Entity *entity = &s->list.entities.at[i];
        /* A date may begin with a word that also ends the caption ("as of 1 July"). */
        bool is_near = entity->kind == kind && entity->end > at && entity->start + 4 >= at &&
                       entity->start < at + REACH;
        if (is_near && (!best || entity->start < best->start))
            best = entity;
    }
    for (size_t i = at; best && i < best->start; i++)
        line_ends += s->text.at[i] == '\n';
    return line_ends <= 1 ? best : NULL;
}

/* Letters, digits and marks between them, at least one digit: "2024-0017", "RE/17.3". */
static bool identifier_behind(Str text, size_t at, size_t *start_r, size_t *end_r)
{
    size_t start = at, limit = MIN(at + 24, text.length), digits = 0;
    while (start < limit && !entity_is_alnum(entity_byte(text, start)))
        start++;
    size_t end = start;
    for (; end < text.length && end - start < 40; end++) {
        unsigned char c = entity_byte(text, end);
        bool is_inside = HAS_CHAR(c, "-/._") && entity_is_alnum(entity_byte(text, end + 1));
        if (!(entity_is_alnum(c) && c < 0x80) && !is_inside)
            break;
        digits += is_digit(c);
    }
    *start_r = start;
    *end_r = end;
    return digits > 0;
}

/* Fields lie over the entities that are their values. */
static void add_field(EntitySearch *s, EntityKind kind, size_t start, size_t end, Str value,
                      double confidence)
{
    Str text = str_slice(s->text, start, end);
    *vec_push(s->arena, &s->list.entities) =
        (Entity){ kind, start, end, text, value.length ? value : text, confidence, false };
}

static bool find_value(EntitySearch *s, Str text, size_t row, Str caption)
{
    for (size_t at = 0; (at = find_caption(text, caption, at)) != SIZE_MAX;) {
        size_t start, end;
        at += caption.length;
        if (rows[row].value == ENTITY_KIND_COUNT) {
            if (!identifier_behind(text, at, &start, &end))
                continue;
            add_field(s, rows[row].field, start, end, STR_NONE, 0.9);
            return true;
        }
        const Entity *value = value_behind(s, rows[row].value, at);
        if (!value)
            continue;
        add_field(s, rows[row].field, value->start, value->end, value->value, 0.85);
        return true;
    }
    return false;
}

/* "between A Ltd ("Supplier") and B GmbH": the first two who are named. */
static void find_parties(EntitySearch *s, Str text)
{
    static const char *const openings[] = { "by and between", "between", "zwischen", "entre" };
    size_t from = SIZE_MAX, count = 0;
    for (size_t i = 0; i < COUNT(openings) && from == SIZE_MAX; i++)
        from = find_caption(text, str(openings[i]), 0);
    for (size_t end = from; from != SIZE_MAX && count < 2;) {
        const Entity *next = NULL;
        for (size_t i = 0; i < s->list.entities.count; i++) {
            const Entity *entity = &s->list.entities.at[i];
            bool is_party = entity->kind == ENTITY_ORGANISATION || entity->kind == ENTITY_PERSON;
            if (is_party && entity->start >= end && entity->start < from + PARTY_REACH &&
                (!next || entity->start < next->start))
                next = entity;
        }
        if (!next)
            return;
        end = next->end;
        add_field(s, ENTITY_CONTRACT_PARTY, next->start, next->end, next->value, 0.75);
        count++;
    }
}

void entity_find_fields(EntitySearch *s)
{
    Str text = str_slice(s->text, 0, FIELDS_READ);
    bool is_invoice = says_any(text, "invoice|rechnung|facture|amount due");
    bool is_contract = says_any(text, "agreement|contract|vertrag|contrat");
    for (size_t row = 0; row < COUNT(rows); row++) {
        Str list = str(rows[row].captions), caption;
        bool is_of_invoice = rows[row].field < ENTITY_CONTRACT_PARTY, is_found = false;
        if (!(is_of_invoice ? is_invoice : is_contract && !is_invoice))
            continue;
        while (!is_found && str_next(&list, '|', &caption))
            is_found = find_value(s, text, row, caption);
    }
    if (is_contract && !is_invoice)
        find_parties(s, text);
}
