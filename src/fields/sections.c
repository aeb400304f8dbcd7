/* sections.c - lists below a heading: skills and languages one by one, stations of a life by their
 * years, the parties of a contract. */
#include "fields/fields_int.h"

#define ENTRIES_MAX 60
#define SECTION_LINES_MAX 120
#define SURE 0.8

typedef struct Section {
    const Label *label;
    size_t first_line, end_line;
    size_t from, to; /* what stands behind the label on its own line; equal: nothing */
} Section;

/* Headings of parts: a thing that has a list, or one of the others. */
static bool ends_section(const Reading *reading, size_t line)
{
    static const Thing things[] = { THING_EXPERIENCE, THING_EDUCATION, THING_SKILLS,
                                    THING_LANGUAGES,  THING_OTHER,     THING_CONTACT };
    const Label *label = label_of_span(reading, reading->lines.at[line].first);
    if (!label || !label->begins || !(label->has_colon || label->is_whole))
        return false;
    for (size_t i = 0; i < COUNT(things); i++)
        if (label_means_thing(reading, label, things[i], NULL))
            return true;
    return false;
}

static bool find_section(const Reading *reading, const FieldNode *list, Section *section_r)
{
    for (size_t i = 0; i < reading->labels.count; i++) {
        const Label *label = &reading->labels.at[i];
        const Span *span = &reading->spans.at[label->span];
        if (!label->begins || !label_is_strong(label) ||
            !label_means_node(reading, label, list, NULL) ||
            span != &reading->spans.at[reading->lines.at[span->line].first])
            continue;
        Section section = { .label = label, .first_line = span->line + 1 };
        const Line *own = &reading->lines.at[span->line];
        section.from = label->end;
        section.to = reading->spans.at[own->first + own->count - 1].end;
        while (section.from < section.to && HAS_CHAR(reading->text.at[section.from], " :.|\t-"))
            section.from++;
        size_t end = section.first_line;
        while (end < reading->lines.count && end < section.first_line + SECTION_LINES_MAX &&
               !ends_section(reading, end) &&
               !(reading->lines.at[end].is_heading && own->is_heading && end > section.first_line &&
                 false))
            end++;
        section.end_line = end;
        *section_r = section;
        return true;
    }
    return false;
}

/* --- Texts one by one --- */

static size_t next_item(Str text, size_t at)
{
    size_t depth = 0;
    for (; at < text.length; at++) {
        Str rest = str_from(text, at);
        depth += text.at[at] == '(';
        depth -= text.at[at] == ')' && depth;
        if (!depth && (HAS_CHAR(text.at[at], ",;|") || str_starts(rest, S("\xE2\x80\xA2")) ||
                       str_starts(rest, S("\xC2\xB7")) || str_starts(rest, S(" / "))))
            return at;
    }
    return at;
}

static bool keep_item(const Reading *reading, const FieldNode *list, Str path, size_t from,
                      size_t to, json_t *into)
{
    Found found;
    while (from < to && ((unsigned char)reading->text.at[from] == 0xE2 ||
                         (unsigned char)reading->text.at[from] == 0xC2))
        from += (unsigned char)reading->text.at[from] == 0xE2 ? 3 : 2;
    if (json_array_size(into) >= ENTRIES_MAX ||
        !value_find(reading, list->item, list->item->kind, from, to, &found))
        return false;
    while (found.end > found.start && HAS_CHAR(reading->text.at[found.end - 1], ". "))
        found.end--;
    if (list->item->kind == KIND_TEXT)
        found.text = str_slice(reading->text, found.start, found.end);
    Str item = str_format(reading->arena, STR_FMT "[%zu]", STR_ARG(path), json_array_size(into));
    return keep_value(reading, list->item, item, &found, SURE, into);
}

static void keep_items(const Reading *reading, const FieldNode *list, Str path, size_t from,
                       size_t to, json_t *into)
{
    Str text = str_slice(reading->text, from, to);
    for (size_t at = 0; at < text.length;) {
        size_t end = next_item(text, at);
        keep_item(reading, list, path, from + at, from + end, into);
        at = end + 1;
    }
}

static bool read_texts(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    Section section;
    if (!find_section(reading, list, &section))
        return false;
    if (section.to > section.from)
        keep_items(reading, list, path, section.from, section.to, into);
    for (size_t i = section.first_line; i < section.end_line; i++) {
        const Line *line = &reading->lines.at[i];
        const Span *last = &reading->spans.at[line->first + line->count - 1];
        /* Behind "Skills: C, Python" the list ends with its paragraph. */
        if ((section.to > section.from && (line->begins_part || line->table)) || line->is_heading)
            break;
        keep_items(reading, list, path, reading->spans.at[line->first].start, last->end, into);
    }
    return json_array_size(into) > 0;
}

/* --- Years --- */

typedef struct Years {
    size_t start, end; /* bytes of the whole */
    Found from, until;
} Years;

static int month_named(Str word)
{
    static const char *const months[12] = { "jan",      "feb",     "mar|mär|mae|mrz",
                                            "apr|avr",  "may|mai", "jun|juin",
                                            "jul|juil", "aug|aoû", "sep",
                                            "oct|okt",  "nov",     "dec|dez|déc" };
    for (int m = 0; m < 12; m++) {
        Str list = str(months[m]), one;
        while (str_next(&list, '|', &one))
            if (str_starts(word, one) && word.length <= 10)
                return m + 1;
    }
    return 0;
}

static bool is_year(Str word)
{
    int64_t year;
    return word.length == 4 && str_to_int(word, 1940, 2060, &year);
}

static bool is_now(Str word)
{
    static const char *const words[] = { "present", "today", "now",     "current",
                                         "heute",   "jetzt", "aujourd", "dato",
                                         "ongoing", "date",  "actuel",  "aktuell" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

/* A year with the month before it, or a word for now, at word i; how many words it has. */
static size_t read_when(const Reading *reading, size_t i, size_t end, Found *found_r)
{
    const Word *words = reading->words.at;
    Arena *arena = reading->arena;
    int64_t number = 0;
    if (i >= end)
        return 0;
    if (is_now(words[i].folded)) {
        *found_r = (Found){ words[i].start, words[i].end, S("present"), 0.9 };
        return 1;
    }
    if (is_year(words[i].folded)) {
        *found_r = (Found){ words[i].start, words[i].end, words[i].folded, 0.9 };
        return 1;
    }
    int month = month_named(words[i].folded);
    if (!month && words[i].folded.length <= 2 && str_to_int(words[i].folded, 1, 12, &number))
        month = (int)number;
    if (!month || i + 1 >= end || !is_year(words[i + 1].folded))
        return 0;
    *found_r =
        (Found){ words[i].start, words[i + 1].end,
                 str_format(arena, STR_FMT "-%02d", STR_ARG(words[i + 1].folded), month), 0.9 };
    return 2;
}

/* "03/2019 - 05/2022", "2019 to present", "since 2020", "2016". */
static bool find_years(const Reading *reading, size_t from, size_t to, Years *years_r)
{
    size_t first = word_from(reading, from), end;
    for (end = first; end < reading->words.count && reading->words.at[end].end <= to;)
        end++;
    for (size_t i = first; i < end; i++) {
        Years years = { 0 };
        size_t count = read_when(reading, i, end, &years.from);
        Str before = i > first ? reading->words.at[i - 1].folded : STR_NONE;
        if (!count || str_is(years.from.text, "present"))
            continue;
        size_t next = i + count;
        Str joint = next < end ? reading->words.at[next].folded : STR_NONE;
        if (str_is(joint, "to") || str_is(joint, "bis") || str_is(joint, "until") ||
            str_is(joint, "au") || str_is(joint, "à"))
            next++;
        years.start = reading->words.at[i].start;
        years.end = years.from.end;
        if (read_when(reading, next, end, &years.until) && years.until.start - years.from.end <= 10)
            years.end = years.until.end;
        else
            years.until = (Found){ 0 };
        if (str_is(before, "since") || str_is(before, "seit") || str_is(before, "depuis")) {
            years.start = reading->words.at[i - 1].start;
            years.until = (Found){ years.start, years.from.end, S("present"), 0.7 };
        }
        *years_r = years;
        return true;
    }
    return false;
}

/* --- Stations --- */

typedef struct Pieces {
    size_t start[4], end[4];
    size_t count;
} Pieces;

static void add_piece(const Reading *reading, Pieces *pieces, size_t from, size_t to)
{
    static const char *const skipped = " ,;:|()\t-";
    for (bool goes_on = true; goes_on && from < to;) {
        goes_on = HAS_CHAR(reading->text.at[from], skipped);
        from += goes_on;
        if (from + 2 < to && (unsigned char)reading->text.at[from] == 0xE2) {
            from += 3;
            goes_on = true;
        }
    }
    while (to > from && HAS_CHAR(reading->text.at[to - 1], skipped))
        to--;
    while (to > from + 2 && (unsigned char)reading->text.at[to - 3] == 0xE2)
        for (to -= 3; to > from && HAS_CHAR(reading->text.at[to - 1], skipped);)
            to--;
    if (to > from + 1 && pieces->count < 4) {
        pieces->start[pieces->count] = from;
        pieces->end[pieces->count++] = to;
    }
}

/* "Engineer at Acme", "Engineer, Acme", "Engineer | Acme". */
static void split(const Reading *reading, Pieces *pieces, size_t from, size_t to)
{
    static const char *const joints[] = { " at ", " bei ",          " chez ",         " @ ", " | ",
                                          "\t",   " \xE2\x80\x93 ", " \xE2\x80\x94 ", " - ", ", ",
                                          "  " };
    for (size_t i = 0; i < COUNT(joints); i++) {
        ptrdiff_t at = str_find(str_slice(reading->text, from, to), str(joints[i]));
        if (at <= 0)
            continue;
        add_piece(reading, pieces, from, from + (size_t)at);
        add_piece(reading, pieces, from + (size_t)at + strlen(joints[i]), to);
        return;
    }
    add_piece(reading, pieces, from, to);
}

static bool is_firm(const Reading *reading, size_t start, size_t end)
{
    static const char *const words[] = {
        "GmbH",      " AG",        "Ltd",    "Inc",     "LLC",       "PLC",      "plc",
        "Universit", "Hochschule", "School", "College", "Gymnasium", "Institut", "Académie",
        "École",     " KG",        "S.A.",   "SARL",    "Bank",      "Group",    "Schule",
        "Lycée",     "Akademie",   " SE",    "Co."
    };
    Str text = str_slice(reading->text, start, end);
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_find(text, str(words[i])) >= 0)
            return true;
    return false;
}

static const FieldNode *member_with(const FieldNode *item, Thing a, Thing b)
{
    for (size_t i = 0; i < item->member_count; i++)
        if (item->members[i]->thing == a || item->members[i]->thing == b)
            return item->members[i];
    return NULL;
}

static bool is_bullet(const Reading *reading, size_t at)
{
    return HAS_CHAR(reading->text.at[at], "-*") ||
           str_starts(str_from(reading->text, at), S("\xE2\x80\xA2"));
}

static void keep_part(const Reading *reading, const FieldNode *list, const FieldNode *member,
                      Str path, size_t start, size_t end, json_t *item, const json_t *into)
{
    if (!member)
        return;
    Found found = { start, end, str_slice(reading->text, start, end), 0.9 };
    Str own = str_format(reading->arena, STR_FMT "[%zu]." STR_FMT, STR_ARG(path),
                         json_array_size(into), STR_ARG(member->name));
    keep_value(reading, member, own, &found, SURE, item);
    (void)list;
}

static const FieldNode *date_member(const FieldNode *item, Thing thing)
{
    for (size_t i = 0; i < item->member_count; i++) {
        const FieldNode *member = item->members[i];
        bool is_it = member->thing == thing ||
                     str_is(member->own[0], thing == THING_START_DATE ? "start" : "end");
        if (is_it)
            return member;
    }
    return NULL;
}

static void keep_years(const Reading *reading, const FieldNode *item, Str path, const Years *years,
                       json_t *into, const json_t *list)
{
    const struct {
        const FieldNode *member;
        const Found *found;
    } ends[] = { { date_member(item, THING_START_DATE), &years->from },
                 { date_member(item, THING_END_DATE), &years->until } };
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (!ends[i].member || !ends[i].found->text.length)
            continue;
        Str own = str_format(reading->arena, STR_FMT "[%zu]." STR_FMT, STR_ARG(path),
                             json_array_size(list), STR_ARG(ends[i].member->name));
        keep_value(reading, ends[i].member, own, ends[i].found, SURE, into);
    }
}

static void line_bounds(const Reading *reading, size_t line, size_t *from_r, size_t *to_r)
{
    const Line *one = &reading->lines.at[line];
    *from_r = reading->spans.at[one->first].start;
    *to_r = reading->spans.at[one->first + one->count - 1].end;
}

/* A line that has no years of its own and is no bullet belongs to the station beside it. */
static bool add_other_line(const Reading *reading, const Section *section, size_t line,
                           Pieces *pieces)
{
    size_t from, to;
    Years years;
    if (line < section->first_line || line >= section->end_line)
        return false;
    line_bounds(reading, line, &from, &to);
    if (to - from > 110 || is_bullet(reading, from) || find_years(reading, from, to, &years))
        return false;
    split(reading, pieces, from, to);
    return true;
}

static void read_station(const Reading *reading, const FieldNode *list, const Section *section,
                         size_t line, const Years *years, bool is_above, Str path, json_t *into)
{
    size_t from, to, values = reading->result->values.count;
    Pieces pieces = { .count = 0 };
    json_t *item = json_object();
    line_bounds(reading, line, &from, &to);
    split(reading, &pieces, from, years->start);
    if (pieces.count < 2)
        split(reading, &pieces, years->end, to);
    if (pieces.count < 2 && (!is_above || pieces.count))
        add_other_line(reading, section, line + 1, &pieces);
    else if (pieces.count < 2 && line > section->first_line)
        add_other_line(reading, section, line - 1, &pieces);
    size_t first = 0, second = 1;
    const FieldNode *what = member_with(list->item, THING_POSITION, THING_DEGREE);
    const FieldNode *where = member_with(list->item, THING_EMPLOYER, THING_INSTITUTION);
    if (pieces.count >= 2 && is_firm(reading, pieces.start[0], pieces.end[0]) &&
        !is_firm(reading, pieces.start[1], pieces.end[1])) {
        first = 1;
        second = 0;
    }
    if (pieces.count == 1 && is_firm(reading, pieces.start[0], pieces.end[0]))
        keep_part(reading, list, where, path, pieces.start[0], pieces.end[0], item, into);
    else if (pieces.count)
        keep_part(reading, list, what, path, pieces.start[first], pieces.end[first], item, into);
    if (pieces.count >= 2)
        keep_part(reading, list, where, path, pieces.start[second], pieces.end[second], item, into);
    keep_years(reading, list->item, path, years, item, into);
    if (json_object_size(item) >= 2)
        json_array_append_new(into, item);
    else {
        reading->result->values.count = values;
        json_decref(item);
    }
}

static bool read_stations(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    Section section;
    Years years;
    size_t from, to;
    if (!find_section(reading, list, &section) || section.first_line >= section.end_line)
        return false;
    /* Where the first line has no years they stand below what they are of. */
    line_bounds(reading, section.first_line, &from, &to);
    bool is_above = !find_years(reading, from, to, &years);
    for (size_t i = section.first_line; i < section.end_line; i++) {
        line_bounds(reading, i, &from, &to);
        if (json_array_size(into) < ENTRIES_MAX && !is_bullet(reading, from) && to - from < 200 &&
            find_years(reading, from, to, &years) &&
            (years.start - from < 3 || to - years.end < 12))
            read_station(reading, list, &section, i, &years, is_above, path, into);
    }
    return json_array_size(into) > 0;
}

/* --- Parties --- */

/* "between A Ltd (the "Supplier") and B GmbH". */
static bool read_parties(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    for (size_t i = 0; i < reading->entities.entities.count; i++) {
        const Entity *entity = &reading->entities.entities.at[i];
        Found found = { entity->start, entity->end, entity->text, entity->confidence };
        Str item =
            str_format(reading->arena, STR_FMT "[%zu]", STR_ARG(path), json_array_size(into));
        if (entity->kind == ENTITY_CONTRACT_PARTY && json_array_size(into) < ENTRIES_MAX)
            keep_value(reading, list->item, item, &found, 0.75, into);
    }
    return json_array_size(into) > 0;
}

bool find_sections(const Reading *reading, const FieldNode *list, Str path, json_t *into)
{
    if (list->item->shape == NODE_OBJECT)
        return read_stations(reading, list, path, into);
    return read_texts(reading, list, path, into) ||
           (list->thing == THING_PARTIES && read_parties(reading, list, path, into));
}
