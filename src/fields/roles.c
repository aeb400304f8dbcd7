/* roles.c - who takes part: the lines of a paper that are the buyer's, the seller's, ... and the
 * name, address and numbers in them. */
#include "fields/fields_int.h"

#define PART_LINES_MAX 8
#define TOP_LINES 14 /* of the document, where its sender stands */
#define ADDRESSEE_LINES 40

typedef struct Part {
    size_t start[PART_LINES_MAX], end[PART_LINES_MAX]; /* bytes of its lines */
    size_t count;
    double sure;
} Part;

static void add_part_line(Part *part, size_t start, size_t end)
{
    if (part->count < PART_LINES_MAX && start < end) {
        part->start[part->count] = start;
        part->end[part->count++] = end;
    }
}

/* What announces itself is no line of an address: "Tel: ...", but a heading alone neither. */
static bool is_announced(const Reading *reading, size_t span)
{
    const Label *label = label_of_span(reading, span);
    return label && label->begins && label_is_strong(label);
}

/* The part of a line below another, where papers have two columns. */
static size_t span_below(const Reading *reading, const Line *line, size_t column)
{
    for (size_t i = line->first; i < line->first + line->count; i++) {
        size_t at = reading->spans.at[i].column;
        if ((at > column ? at - column : column - at) <= (line->table ? 0 : 4))
            return i;
    }
    return SIZE_MAX;
}

/* The lines under the label, to an empty one, the next heading, or what names itself. */
static void take_below(const Reading *reading, const Label *label, Part *part)
{
    const Span *span = &reading->spans.at[label->span];
    const Line *own = &reading->lines.at[span->line];
    size_t inner = label->span + 1, last = own->first + own->count;
    for (; own->table && inner < last && reading->spans.at[inner].column == span->column; inner++)
        add_part_line(part, reading->spans.at[inner].start, reading->spans.at[inner].end);
    for (size_t i = span->line + 1; i < reading->lines.count; i++) {
        const Line *line = &reading->lines.at[i];
        size_t at = span_below(reading, line, span->column);
        if (line->table != own->table || line->is_heading || (line->begins_part && part->count) ||
            part->count == PART_LINES_MAX)
            break;
        if (at == SIZE_MAX && line->count == 1 && own->count == 1)
            at = line->first;
        if (at == SIZE_MAX)
            continue;
        const Label *named = label_of_span(reading, at);
        bool is_role = named && named->begins && named->is_whole;
        if (is_role || (line->table && part->count && line->count > 2))
            break;
        for (; at < line->first + line->count; at++) {
            add_part_line(part, reading->spans.at[at].start, reading->spans.at[at].end);
            if (!line->table || at + 1 == line->first + line->count ||
                reading->spans.at[at + 1].column != reading->spans.at[at].column)
                break;
        }
    }
}

static void take_behind(const Reading *reading, const Label *label, Part *part)
{
    const Span *span = &reading->spans.at[label->span];
    const Line *line = &reading->lines.at[span->line];
    size_t from = label->end;
    while (from < span->end && HAS_CHAR(reading->text.at[from], " :.=-"))
        from++;
    add_part_line(part, from, span->end);
    size_t last = line->first + line->count;
    if (!part->count && label->span + 1 < last && line->count == 2 && line->table &&
        !is_announced(reading, label->span + 1))
        add_part_line(part, span[1].start, span[1].end);
    for (size_t i = label->span + 2;
         part->count && line->table && i < last && reading->spans.at[i].column == span[1].column;
         i++)
        add_part_line(part, reading->spans.at[i].start, reading->spans.at[i].end);
}

static bool find_said(const Reading *reading, RoleName role, Part *part_r)
{
    bool is_found = false;
    for (size_t i = 0; i < reading->labels.count; i++) {
        const Label *label = &reading->labels.at[i];
        Part part = { .sure = label->word_count > 1 ? 0.95 : 0.85 };
        if (!label->begins || !label_is_strong(label) || !label_means_role(reading, label, role))
            continue;
        take_behind(reading, label, &part);
        /* "Bill to: Acme" and its address below. */
        take_below(reading, label, &part);
        if (part.count && (!is_found || part.sure > part_r->sure)) {
            *part_r = part;
            is_found = true;
        }
    }
    return is_found;
}

/* --- Nothing is said --- */

/* A line of its own above a name. */
static bool is_form_of_address(Str line)
{
    static const char *const forms[] = { "Herrn", "Herr", "Frau", "Mr",    "Mr.",      "Mrs",
                                         "Mrs.",  "Ms",   "Ms.",  "Firma", "Monsieur", "Madame" };
    for (size_t i = 0; i < COUNT(forms); i++)
        if (str_is(line, forms[i]))
            return true;
    return false;
}

/* A kind of paper is no firm: "INVOICE". */
static bool is_title(const Reading *reading, size_t span)
{
    const Label *label = label_of_span(reading, span);
    return label && label->is_whole;
}

/* "Rechnung Nr. 2024/0391 Datum ...": what begins with a name of something and goes on with it. */
static bool says_value(const Reading *reading, size_t span)
{
    const Label *label = label_of_span(reading, span);
    if (!label || !label->begins)
        return false;
    for (size_t i = label->end; i < reading->spans.at[span].end; i++)
        if (reading->text.at[i] >= '0' && reading->text.at[i] <= '9')
            return true;
    return label_is_strong(label);
}

/* The parts of the line behind the first, where bars or dots stand between them. */
static void take_parts(const Reading *reading, const Line *line, Part *part)
{
    for (size_t i = line->first + 1; i < line->first + line->count; i++) {
        Str gap =
            str_slice(reading->text, reading->spans.at[i - 1].end, reading->spans.at[i].start);
        if (str_find_char(gap, '|') < 0 && str_find(gap, S("\xC2\xB7")) < 0)
            return;
        add_part_line(part, reading->spans.at[i].start, reading->spans.at[i].end);
    }
}

static bool find_top(const Reading *reading, Part *part)
{
    for (size_t i = 0; i < reading->lines.count && i < TOP_LINES; i++) {
        const Line *line = &reading->lines.at[i];
        size_t span = line->first;
        if (line->table || (part->count > 1 && line->begins_part) ||
            (part->count && is_form_of_address(span_text(reading, &reading->spans.at[span]))))
            break;
        if (is_title(reading, span) && !part->count)
            continue;
        if (says_value(reading, span)) {
            if (part->count)
                break;
            continue;
        }
        add_part_line(part, reading->spans.at[span].start, reading->spans.at[span].end);
        take_parts(reading, line, part);
        if (part->count > 1 && line->count == part->count)
            break; /* a whole address in one line */
    }
    part->sure = 0.65;
    return part->count > 0;
}

/* "10115 Berlin" or "BS1 4ST": a line that an address ends with. */
static bool has_postcode(Str line)
{
    size_t digits = 0;
    for (size_t i = 0; i <= line.length; i++) {
        char c = i < line.length ? line.at[i] : ' ';
        if (c >= '0' && c <= '9') {
            digits++;
            continue;
        }
        bool begins = i == digits || HAS_CHAR(line.at[i - digits - 1], " -");
        bool has_town =
            i + 1 < line.length && c == ' ' && (unsigned char)((line.at[i + 1] | 32) - 'a') < 26;
        if (begins &&
            ((digits == 5 && (has_town || i == line.length)) || (digits == 4 && has_town)))
            return true;
        /* Two letters behind a digit end a British one. */
        if (digits == 1 && i + 1 < line.length && c >= 'A' && c <= 'Z' && line.at[i + 1] >= 'A' &&
            line.at[i + 1] <= 'Z' &&
            (i + 2 == line.length || line.at[i + 2] == ' ' || line.at[i + 2] == ','))
            return true;
        digits = 0;
    }
    return false;
}

/* The last block of lines at the top that ends like an address. */
static bool find_addressee(const Reading *reading, Part *part_r)
{
    Part part = { .sure = 0.6 }, best = { 0 };
    bool is_address = false;
    for (size_t i = 0; i <= reading->lines.count && i <= ADDRESSEE_LINES; i++) {
        bool is_end = i == reading->lines.count || i == ADDRESSEE_LINES;
        const Line *line = is_end ? NULL : &reading->lines.at[i];
        if (is_end || line->begins_part || line->table ||
            is_form_of_address(span_text(reading, &reading->spans.at[line->first]))) {
            if (is_address && part.count >= 2)
                best = part;
            part.count = 0;
            is_address = false;
        }
        if (is_end || line->table)
            continue;
        const Span *span = &reading->spans.at[line->first];
        if (is_announced(reading, line->first))
            continue;
        add_part_line(&part, span->start, span->end);
        is_address = is_address || has_postcode(span_text(reading, span));
    }
    *part_r = best;
    return best.count > 0;
}

static bool find_part(const Reading *reading, RoleName role, Part *part_r)
{
    *part_r = (Part){ 0 };
    if (find_said(reading, role, part_r))
        return true;
    if (role_rows[role].at == AT_TOP)
        return find_top(reading, part_r);
    /* A paper with one address has its sender's. */
    Part top = { 0 };
    return role_rows[role].at == ADDRESSEE && find_addressee(reading, part_r) &&
           !(find_top(reading, &top) && top.start[0] == part_r->start[0]);
}

/* --- What is in a part --- */

static bool is_contact(const Reading *reading, const Part *part, size_t line)
{
    Str text = str_slice(reading->text, part->start[line], part->end[line]);
    for (size_t i = 0; i < reading->labels.count; i++) {
        const Label *label = &reading->labels.at[i];
        if (label->start >= part->end[line])
            break;
        if (label->start == part->start[line] && label_is_strong(label))
            return true;
        if (label->start == part->start[line] &&
            (label_means_thing(reading, label, THING_PHONE, NULL) ||
             label_means_thing(reading, label, THING_EMAIL, NULL) ||
             label_means_thing(reading, label, THING_VAT_ID, NULL)))
            return true;
    }
    return str_find_char(text, '@') >= 0 || str_find(text, S("www.")) >= 0;
}

/* Pages whose lines were joined have the address behind the name: it begins behind the form of the
 * firm, else with the number of a house. */
static size_t name_end(Str text)
{
    static const char *const forms[] = {
        " GmbH & Co. KG", " GmbH", " Ltd.", " Ltd",  " Inc.", " Inc", " LLC", " AG",  " KG",
        " e.K.",          " eG",   " B.V.", " SARL", " S.A.", " PLC", " plc", " OHG", " UG"
    };
    bool has_digit = false;
    for (size_t i = 0; i < text.length; i++)
        has_digit = has_digit || (text.at[i] >= '0' && text.at[i] <= '9');
    for (size_t f = 0; has_digit && f < COUNT(forms); f++) {
        ptrdiff_t at = str_find(text, str(forms[f]));
        size_t end = at < 0 ? 0 : (size_t)at + strlen(forms[f]);
        if (end && (end == text.length || text.at[end] == ' '))
            return end;
    }
    for (size_t i = 4; has_digit && i + 1 < text.length; i++)
        if (text.at[i - 1] == ' ' && text.at[i] >= '0' && text.at[i] <= '9')
            return i - 1;
    return text.length;
}

static Candidate name_in(const Reading *reading, const FieldNode *node, const Part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        Found found;
        Str line = str_slice(reading->text, part->start[i], part->end[i]);
        if (is_contact(reading, part, i) || is_form_of_address(line) ||
            !value_find(reading, node, KIND_NAME, part->start[i], part->end[i], &found))
            continue;
        found.text.length = name_end(found.text);
        found.end = found.start + found.text.length;
        return (Candidate){ found, part->sure, true };
    }
    return (Candidate){ .is_there = false };
}

/* The lines below the name up to telephone numbers and the like; behind a comma when there are
 * none. */
static Candidate address_in(const Reading *reading, const FieldNode *node, const Part *part)
{
    Candidate name = name_in(reading, node, part), none = { .is_there = false };
    size_t first = 0, last = 0, end = 0;
    if (!name.is_there)
        return none;
    while (first < part->count && part->end[first] < name.found.end)
        first++;
    size_t start = name.found.end;
    while (start < part->end[first] && HAS_CHAR(reading->text.at[start], " ,;-|\n"))
        start++;
    if (start >= part->end[first]) {
        first++;
        start = first < part->count ? part->start[first] : 0;
    }
    bool has_number = false;
    for (last = first; last < part->count && last < first + 4 && !is_contact(reading, part, last);
         last++) {
        end = part->end[last];
        for (size_t i = part->start[last]; i < end; i++)
            has_number = has_number || (reading->text.at[i] >= '0' && reading->text.at[i] <= '9');
    }
    /* In two columns the lines are not one piece of the text: the first stands for all. */
    if (first >= part->count || end <= start || !has_number || end - start > 400)
        return none;
    return (Candidate){ { start, end, str_slice(reading->text, start, end), 0.8 },
                        part->sure * 0.95,
                        true };
}

/* A number or address of a role stands in its part; of who is at the top, anywhere but in others'
 * parts. */
static Candidate number_in(const Reading *reading, const FieldNode *node, RoleName role,
                           const Part *part)
{
    Found found;
    Candidate none = { .is_there = false };
    for (size_t i = 0; i < part->count; i++)
        if (value_find(reading, node, node->kind, part->start[i], part->end[i], &found))
            return (Candidate){ found, part->sure, true };
    if (role_rows[role].at != AT_TOP)
        return none;
    Candidate said = find_leaf(reading, node);
    return said.is_there ? said : find_unsaid(reading, node);
}

Candidate find_of_role(const Reading *reading, const FieldNode *node, RoleName role)
{
    Part part;
    bool is_name = node->thing == THING_PERSON_NAME || node->thing == THING_ORGANISATION ||
                   node->thing == THING_COUNT || node->kind == KIND_NAME;
    if (!find_part(reading, role, &part)) {
        if (is_name || role_rows[role].at != AT_TOP)
            return (Candidate){ .is_there = false };
        part.count = 0;
    }
    if (is_name)
        return name_in(reading, node, &part);
    return node->thing == THING_ADDRESS ? address_in(reading, node, &part)
                                        : number_in(reading, node, role, &part);
}
