/* timeline.c - see timeline.h. */
#include "summary/timeline.h"

#include <ctype.h>

#include "answer/answer_json.h"
#include "answer/reading.h"
#include "base/ascii.h"
#include "base/map.h"
#include "text/date_calendar.h"

#define CONFIDENCE_MIN 0.5
#define FOUND_MAX 100000
#define YEAR_MIN 1700 /* of a number alone that is a year */
#define YEAR_MAX 2050
#define SENTENCE_BYTES KB(4) /* of a longer one the beginning is read */

static const char *const grains[] = { "second", "minute",  "hour", "day",    "week",
                                      "month",  "quarter", "year", "decade", "century" };

typedef struct Finder {
    Arena *arena;
    const Material *material;
    VEC(TimelineEvent) events;
    const Piece *header; /* of the table that is read; NULL: none */
    Map told;            /* line and date of every event: what is repeated is told once */
} Finder;

/* --- Years that stand alone --- */

/* "wurde 1904 gebaut": German names a year without a word before it. Behind a number of things
 * stands a noun, which is written large. */
static bool is_lone_year(Str text, size_t at)
{
    if (at + 4 > text.length || (text.at[at] != '1' && text.at[at] != '2') ||
        (at && text.at[at - 1] != ' ' && text.at[at - 1] != '('))
        return false;
    for (size_t i = at; i < at + 4; i++)
        if (!is_digit(text.at[i]))
            return false;
    if (at + 4 == text.length || HAS_CHAR(text.at[at + 4], ".;)"))
        return at + 5 >= text.length || !is_digit(text.at[at + 5]);
    return text.at[at + 4] == ' ' && at + 5 < text.length && text.at[at + 5] >= 'a' &&
           text.at[at + 5] <= 'z';
}

/* The first at or behind *at, which moves behind it. */
static bool next_lone_year(Arena *arena, Str text, size_t *at, DateFound *found_r)
{
    for (; *at + 4 <= text.length; (*at)++) {
        int64_t year = 0;
        if (!is_lone_year(text, *at) ||
            !str_to_int(str_slice(text, *at, *at + 4), 1200, 2099, &year))
            continue;
        *found_r = (DateFound){
            .kind = DATE_RANGE,
            .grain = DATE_YEAR,
            .value = { { true, false, civil_days((int)year, 1, 1) * DAY_SECONDS },
                       { true, false, civil_days((int)year + 1, 1, 1) * DAY_SECONDS } },
            .start = *at,
            .end = *at + 4,
            .confidence = 0.6,
            .iso = str_format(arena, "%04" PRId64 "-01-01/%04" PRId64 "-01-01", year, year + 1)
        };
        *at += 4;
        return true;
    }
    return false;
}

/* --- Finding --- */

static bool is_one_of(Str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_ignore_case(word, str(words[i])))
            return true;
    return false;
}

/* "1518" alone: as often a page or a section as a year. Far years need a word that says when; what
 * stands behind the name of a thing that has numbers is the thing's. */
static bool is_number_alone(Str text, const DateFound *found)
{
    static const char *const words[] = { "in",    "since",  "from",   "by",     "between", "until",
                                         "after", "before", "around", "year",   "to",      "im",
                                         "Jahr",  "seit",   "von",    "bis",    "um",      "anno",
                                         "nach",  "vor",    "en",     "depuis", "desde" };
    static const char *const things[] = {
        "number", "no",    "no.",     "number:", "nummer", "nr",     "nr.",    "page",
        "room",   "model", "version", "line",    "figure", "fig.",   "table",  "Seite",
        "Zimmer", "Zeile", "numéro",  "n°",      "número", "numero", "página", "Modell"
    };
    int64_t year = civil_of(floor_div(found->value.start.seconds, DAY_SECONDS)).year;
    Str before = str_trim(str_slice(text, 0, found->start)), word;
    if (found->end + 1 < text.length && HAS_CHAR(text.at[found->end], ".,") &&
        is_digit(text.at[found->end + 1]))
        return true; /* 1891.8 */
    for (size_t i = found->start; i < found->end; i++)
        if (isalpha((unsigned char)text.at[i]))
            return false; /* the date has a word of its own */
    if (found->grain != DATE_YEAR || !before.length)
        return false;
    if (str_ends(before, S("\xC2\xA7")) || str_ends(before, S("Section")))
        return true;
    bool is_listed = before.length > 1 && before.at[before.length - 1] == ',' &&
                     is_digit(before.at[before.length - 2]);
    word = str_from(before, (size_t)(str_find_last_char(before, ' ') + 1));
    if (is_one_of(word, words, COUNT(words)))
        return false;
    return is_one_of(word, things, COUNT(things)) || is_listed || year < YEAR_MIN ||
           year > YEAR_MAX;
}

/* "now", "dec", "year-end" say nothing without a day that they are told from; "yesterday" may. */
static bool says_when(Str said, const DateFound *found)
{
    /* "within 60 days": of a rule, not of something that happened. */
    static const char *const spans[] = { "within",    "days", "weeks",  "months",
                                         "innerhalb", "Tage", "Wochen", "Monate" };
    for (size_t i = 0; i < COUNT(spans); i++)
        if (str_find_ignore_case(said, str(spans[i])) >= 0)
            return false;
    for (size_t i = 0; i < said.length; i++)
        if (is_digit(said.at[i]))
            return true;
    return found->kind == DATE_POINT && found->grain == DATE_DAY;
}

static bool is_event(Str text, const DateFound *found)
{
    return says_when(str_slice(text, found->start, found->end), found) &&
           !is_number_alone(text, found) &&
           (found->kind == DATE_POINT || found->kind == DATE_RANGE) && found->value.start.has_day &&
           found->confidence >= CONFIDENCE_MIN;
}

static void add_event(Finder *f, const Piece *piece, const DateFound *found)
{
    bool has_end = found->kind == DATE_RANGE && found->value.end.has_day;
    Str text = piece->text;
    bool is_new;
    if (f->header && piece->kind == PIECE_ROW)
        text = row_text(f->arena, piece->text, f->header->text);
    map_add(&f->told, str_format(f->arena, STR_FMT " " STR_FMT, STR_ARG(found->iso), STR_ARG(text)),
            &is_new);
    if (!is_new)
        return;
    *vec_push(f->arena, &f->events) = (TimelineEvent){
        .text = material_line(f->arena, text),
        .said = material_line(f->arena, str_slice(piece->text, found->start, found->end)),
        .iso = found->iso,
        .grain = found->grain,
        .start = found->value.start.seconds,
        .end = has_end ? found->value.end.seconds : 0,
        .is_ambiguous = found->is_ambiguous,
        .confidence = found->confidence,
        .citation = material_cite(f->arena, f->material, piece),
    };
}

static bool may_have_date(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (is_digit(text.at[i]) || (unsigned char)text.at[i] >= 0x80)
            return true;
    return false;
}

/* Unless the piece tells of it already: the same day, or a part of the same words. */
static void tell_once(Finder *f, const Piece *piece, const DateFound *found, size_t first,
                      const DateFound *others, size_t other_count)
{
    bool is_told = !is_event(piece->text, found);
    for (size_t i = first; i < f->events.count && !is_told; i++)
        is_told = f->events.at[i].start == found->value.start.seconds;
    for (size_t i = 0; i < other_count && !is_told; i++)
        is_told = found->start < others[i].end && others[i].start < found->end;
    if (!is_told)
        add_event(f, piece, found);
}

static void read_piece(Finder *f, const Piece *piece)
{
    const MaterialDocument *document = &f->material->documents[piece->document];
    Str text = str_slice(piece->text, 0, SENTENCE_BYTES);
    DateReference reference = { .language = str(language_about(document->language)->code),
                                .prefers_past = true,
                                .is_day_first = document->language != LANGUAGE_ENGLISH };
    DateFound *found, year;
    Error none;
    if (!may_have_date(text) || !date_local(document->date_ms, STR_NONE, &reference.now, &none))
        return;
    size_t count = date_find(f->arena, text, &reference, &found), first = f->events.count;
    for (size_t i = 0; i < count; i++)
        tell_once(f, piece, &found[i], first, NULL, 0);
    for (size_t at = 0;
         document->language == LANGUAGE_GERMAN && next_lone_year(f->arena, text, &at, &year);)
        tell_once(f, piece, &year, first, found, count);
}

static int by_time(const void *a, const void *b)
{
    const TimelineEvent *left = a, *right = b;
    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    if (left->grain != right->grain) /* a whole year before its days */
        return left->grain > right->grain ? -1 : 1;
    return left->citation.start < right->citation.start
               ? -1
               : left->citation.start > right->citation.start;
}

void timeline_make(Arena *arena, const Material *material, Timeline *timeline_r)
{
    Finder finder = { .arena = arena, .material = material, .told = map_new(arena) };
    for (size_t i = 0; i < material->piece_count && finder.events.count < FOUND_MAX; i++) {
        const Piece *piece = &material->pieces[i];
        if (piece->kind == PIECE_COLUMNS)
            finder.header = piece;
        else if (finder.header && piece->table != finder.header->table)
            finder.header = NULL;
        if (piece->kind != PIECE_COLUMNS)
            read_piece(&finder, piece);
    }
    if (finder.events.count)
        qsort(finder.events.at, finder.events.count, sizeof *finder.events.at, by_time);
    *timeline_r = (Timeline){ finder.events.at, MIN(finder.events.count, (size_t)TIMELINE_MAX),
                              finder.events.count };
    for (size_t i = 0; i < timeline_r->count; i++)
        timeline_r->events[i].citation.number = (int)i + 1;
}

/* --- Showing --- */

static void put_civil(JsonWriter *json, const char *name, int64_t seconds, bool has_clock)
{
    char text[32];
    int64_t days = floor_div(seconds, DAY_SECONDS), clock = seconds - days * DAY_SECONDS;
    Civil civil = civil_of(days);
    int length = snprintf(text, sizeof text, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
    if (has_clock)
        length += snprintf(text + length, sizeof text - (size_t)length, "T%02d:%02d:%02d",
                           (int)(clock / 3600), (int)(clock / 60 % 60), (int)(clock % 60));
    put_text(json, name, (Str){ text, (size_t)length });
}

void timeline_put(JsonWriter *json, const Timeline *timeline)
{
    put_array(json, "items");
    for (size_t i = 0; i < timeline->count; i++) {
        const TimelineEvent *event = &timeline->events[i];
        bool has_clock = event->grain < DATE_DAY;
        put_object(json, NULL);
        put_civil(json, "start", event->start, has_clock);
        if (event->end)
            put_civil(json, "end", event->end, has_clock);
        else
            put_null(json, "end");
        put_text(json, "date", event->iso);
        put_text(json, "said", event->said);
        put_text(json, "grain", str(grains[event->grain]));
        put_bool(json, "ambiguous", event->is_ambiguous);
        put_number(json, "confidence", event->confidence);
        put_text(json, "text", event->text);
        put_array(json, "citations");
        put_citation(json, NULL, &event->citation);
        put_end(json);
        put_end(json);
    }
    put_end(json);
    put_int(json, "total", (int64_t)timeline->total);
}
