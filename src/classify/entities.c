/* entities.c - see entities.h. */
#include "base/map.h"
#include "base/utf8.h"
#include "classify/entities_int.h"
#include "gateway/guard.h"
#include "text/date.h"
#include "text/language.h"

const EntityKindRow entity_kind_rows[ENTITY_KIND_COUNT] = {
#define ENTITY(name, word, severity, title) { word, title, SEVERITY_##severity },
#include "classify/entity_kinds.def"
#undef ENTITY
};

const char *severity_name(Severity severity)
{
    static const char *const names[] = { "none", "low", "medium", "high" };
    return names[severity];
}

EntityKind entity_kind_named(Str word)
{
    EntityKind kind = 0;
    while (kind < ENTITY_KIND_COUNT && !str_is(word, entity_kind_rows[kind].word))
        kind++;
    return kind;
}

bool entity_add(EntitySearch *search, EntityKind kind, size_t start, size_t end, Str value,
                double confidence, bool is_verified)
{
    for (size_t at = start; at < end; at++)
        if (search->is_taken[at])
            return false;
    memset(search->is_taken + start, true, end - start);
    Str text = str_slice(search->text, start, end);
    *vec_push(search->arena, &search->list.entities) =
        (Entity){ kind, start, end, text, value.length ? value : text, confidence, is_verified };
    return true;
}

/* --- What the gateway masks is what is read here --- */

static Str without_spaces(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++)
        if (!HAS_CHAR(text.at[i], " -.()/"))
            buf_add_char(&out, text.at[i]);
    return buf_str(&out);
}

static void find_guarded(EntitySearch *search)
{
    static const struct {
        MaskKind mask;
        EntityKind kind;
        bool is_verified;
    } kinds[] = {
        { MASK_CARD, ENTITY_CARD, true },    { MASK_IBAN, ENTITY_IBAN, true },
        { MASK_EMAIL, ENTITY_EMAIL, false }, { MASK_PHONE, ENTITY_PHONE, false },
        { MASK_IP, ENTITY_IP, false },       { MASK_SSN, ENTITY_SSN, false },
    };
    GuardFound found;
    unsigned wanted = mask_named(S("personal"));
    for (size_t at = 0; entity_go_on(search) && guard_find(search->text, wanted, &at, &found);)
        for (size_t i = 0; i < COUNT(kinds); i++) {
            if (kinds[i].mask != found.kind)
                continue;
            Str text = str_slice(search->text, found.start, found.end);
            bool is_number = found.kind != MASK_EMAIL && found.kind != MASK_IP;
            entity_add(search, kinds[i].kind, found.start, found.end,
                       is_number ? without_spaces(search->arena, text)
                                 : str_lower(search->arena, text),
                       kinds[i].is_verified ? 1 : 0.95, kinds[i].is_verified);
        }
}

/* --- Dates --- */

#define SHORT_TEXT                                                                                 \
    KB(4) /* up to here the language is not sure, so the dates of others are read                  \
           */

/* "1. März 2026": no other language says something else by it. */
static bool is_whole_date(const EntitySearch *search, const DateFound *found)
{
    size_t digits = 0;
    if (found->kind != DATE_POINT || found->grain != DATE_DAY)
        return false;
    for (size_t i = found->start; i < found->end && digits < 4; i++)
        digits = is_digit((unsigned char)search->text.at[i]) ? digits + 1 : 0;
    return digits == 4;
}

/* Only what says a day, a month or a year: "tomorrow" is a date, "for two hours" is none. */
static void add_dates(EntitySearch *search, Language language, bool only_whole)
{
    DateReference reference = { .now = search->today,
                                .language = str(language_about(language)->code),
                                .prefers_past = true,
                                .stop = search->stop };
    DateFound *found;
    size_t count = date_find(search->arena, search->text, &reference, &found);
    for (size_t i = 0; i < count && entity_go_on(search); i++)
        if ((found[i].kind == DATE_POINT || found[i].kind == DATE_RANGE) &&
            found[i].grain >= DATE_DAY && found[i].end <= search->text.length &&
            (!only_whole || is_whole_date(search, &found[i])))
            entity_add(search, ENTITY_DATE, found[i].start, found[i].end, found[i].iso,
                       found[i].confidence, false);
}

static void find_dates(EntitySearch *search)
{
    static const Language others[] = { LANGUAGE_ENGLISH, LANGUAGE_GERMAN, LANGUAGE_FRENCH,
                                       LANGUAGE_SPANISH };
    Language own = language_detect(search->text, LANGUAGE_ENGLISH);
    size_t count = search->text.length <= SHORT_TEXT ? COUNT(others) : 1;
    add_dates(search, own, true);
    for (size_t i = 0; i < count; i++)
        if (others[i] != own)
            add_dates(search, others[i], true);
    add_dates(search, own, false);
}

static int by_place(const void *a, const void *b)
{
    const Entity *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

EntityList entities_find(Arena *arena, Str text, int64_t today, const StopCheck *stop)
{
    Str read = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)ENTITY_TEXT_MAX)));
    EntitySearch search = { .arena = arena, .text = read, .today = today, .stop = stop };
    search.is_taken = arena_new_array(arena, bool, read.length + 1);
    find_guarded(&search);
    entity_find_numbers(&search);
    find_dates(&search);
    entity_find_names(&search);
    entity_find_fields(&search);
    if (search.list.entities.count)
        qsort(search.list.entities.at, search.list.entities.count, sizeof(Entity), by_place);
    return search.list;
}

/* --- Personal data --- */

static int gravest_first(const void *a, const void *b)
{
    const PersonalKind *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

/* So many people make a list of them, which is graver than each of its lines. */
#define MANY_PEOPLE 20

static Severity severity_of(const PersonalReport *report)
{
    Severity gravest = SEVERITY_NONE;
    size_t people = 0, kinds = 0;
    for (size_t i = 0; i < report->kinds.count; i++) {
        gravest = MAX(gravest, report->kinds.at[i].severity);
        kinds += report->kinds.at[i].severity >= SEVERITY_MEDIUM;
        if (report->kinds.at[i].kind == ENTITY_PERSON)
            people = report->kinds.at[i].distinct;
    }
    bool is_graver = (people && kinds) || people >= MANY_PEOPLE;
    return is_graver && gravest < SEVERITY_HIGH ? gravest + 1 : gravest;
}

PersonalReport personal_report(Arena *arena, const EntityList *entities)
{
    PersonalReport report = { 0 };
    PersonalKind kinds[ENTITY_KIND_COUNT] = { 0 };
    Map values[ENTITY_KIND_COUNT] = { 0 };
    for (size_t i = 0; i < entities->entities.count; i++) {
        const Entity *entity = &entities->entities.at[i];
        PersonalKind *kind = &kinds[entity->kind];
        bool is_new;
        if (entity_kind_rows[entity->kind].severity == SEVERITY_NONE)
            continue;
        if (!kind->count++)
            values[entity->kind] = map_new(arena);
        map_add(&values[entity->kind], entity->value, &is_new);
        kind->distinct += is_new;
        *vec_push(arena, &kind->places) = i;
    }
    for (EntityKind kind = 0; kind < ENTITY_KIND_COUNT; kind++) {
        kinds[kind].kind = kind;
        kinds[kind].severity = entity_kind_rows[kind].severity;
        if (kinds[kind].count)
            *vec_push(arena, &report.kinds) = kinds[kind];
    }
    if (report.kinds.count)
        qsort(report.kinds.at, report.kinds.count, sizeof(PersonalKind), gravest_first);
    report.severity = severity_of(&report);
    return report;
}
