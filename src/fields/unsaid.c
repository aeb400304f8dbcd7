/* unsaid.c - where a value stands when no word says so: the only account number of a paper, the
 * date below its head, the name over a curriculum vitae, who signs a letter. */
#include "fields/fields_int.h"

#define HEAD_LINES 30
#define UNSAID 0.7

static Candidate candidate(Found found, double score) { return (Candidate){ found, score, true }; }

static const Candidate nowhere = { .is_there = false };

static Found found_text(const Reading *reading, size_t start, size_t end)
{
    return (Found){ start, end, str_slice(reading->text, start, end), 0.8 };
}

static size_t lines_end(const Reading *reading, size_t lines)
{
    size_t count = MIN(lines, reading->lines.count);
    if (!count)
        return 0;
    const Line *line = &reading->lines.at[count - 1];
    return reading->spans.at[line->first + line->count - 1].end;
}

/* --- By form --- */

static Candidate find_entity(const Reading *reading, const FieldNode *node)
{
    Found found;
    for (size_t i = 0; i < reading->spans.count; i++)
        if (value_find(reading, node, node->kind, reading->spans.at[i].start,
                       reading->spans.at[i].end, &found) &&
            (node->kind != KIND_VAT || found.sure > 0.8) &&
            (node->kind != KIND_PHONE || found.text.at[0] == '+') &&
            (node->kind != KIND_URL || found.sure > 0.8))
            return candidate(found, UNSAID * found.sure);
    return nowhere;
}

static Candidate find_date(const Reading *reading, const FieldNode *node)
{
    Found found;
    for (size_t i = 0; i < reading->lines.count && i < HEAD_LINES; i++) {
        const Line *line = &reading->lines.at[i];
        size_t end = reading->spans.at[line->first + line->count - 1].end;
        if (value_find(reading, node, KIND_DATE, reading->spans.at[line->first].start, end, &found))
            return candidate(found, 0.55);
    }
    return nowhere;
}

static Candidate find_time(const Reading *reading, const FieldNode *node)
{
    Found found;
    for (size_t i = 0; i < reading->spans.count; i++)
        if (value_find(reading, node, KIND_TIME, reading->spans.at[i].start,
                       reading->spans.at[i].end, &found))
            return candidate(found, 0.65);
    return nowhere;
}

static Candidate find_currency(const Reading *reading)
{
    Found found;
    if (currency_find(reading, 0, reading->text.length, &found))
        return candidate(found, 0.9);
    return nowhere;
}

/* --- At the top --- */

static bool is_name_like(const Reading *reading, size_t span)
{
    Str text = span_text(reading, &reading->spans.at[span]);
    size_t words = 1, capitals = 0;
    for (size_t i = 0; i < text.length; i++) {
        bool begins = i == 0 || text.at[i - 1] == ' ' || text.at[i - 1] == '-';
        if (HAS_CHAR(text.at[i], "0123456789@:/|"))
            return false;
        words += text.at[i] == ' ';
        capitals += begins &&
                    (((unsigned char)(text.at[i] - 'A') < 26) || (unsigned char)text.at[i] >= 0x80);
    }
    return words >= 2 && words <= 5 && capitals >= 2;
}

/* Behind "Curriculum Vitae of", without it. */
static Candidate find_person(const Reading *reading)
{
    static const char *const titles[] = { "curriculum", "lebenslauf", "resume", "résumé", "cv" };
    for (size_t i = 0; i < reading->lines.count && i < 8; i++) {
        size_t span = reading->lines.at[i].first;
        Str folded = fields_fold_name(reading->arena, span_text(reading, &reading->spans.at[span]));
        Str text = span_text(reading, &reading->spans.at[span]);
        bool is_title = false;
        for (size_t t = 0; t < COUNT(titles); t++)
            is_title = is_title || str_starts(folded, str(titles[t]));
        ptrdiff_t dash = str_find(text, S(" - "));
        ptrdiff_t long_dash = str_find(text, S(" \xE2\x80\x93 "));
        size_t start = reading->spans.at[span].start, end = reading->spans.at[span].end;
        if (is_title && (dash > 0 || long_dash > 0))
            return candidate(
                found_text(reading, start + (size_t)(dash > 0 ? dash + 3 : long_dash + 5), end),
                0.7);
        ptrdiff_t comma = str_find_char(text, ',');
        if (comma > 0 && is_title)
            continue;
        const Label *label = label_of_span(reading, span);
        if (!is_title && !(label && label->is_whole) && is_name_like(reading, span))
            return candidate(found_text(reading, start, end), 0.75);
    }
    return nowhere;
}

static Candidate find_head(const Reading *reading, const FieldNode *node)
{
    for (size_t i = 0; i < reading->lines.count && i < 6; i++) {
        size_t span = reading->lines.at[i].first;
        const Label *label = label_of_span(reading, span);
        Found found;
        if (label && label->begins && (label->is_whole || label->has_colon))
            continue;
        if (value_find(reading, node, KIND_NAME, reading->spans.at[span].start,
                       reading->spans.at[span].end, &found))
            return candidate(found, 0.6);
    }
    return nowhere;
}

/* The first heading, else the first line. */
static Candidate find_title(const Reading *reading)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < reading->lines.count && i < 12; i++) {
            const Line *line = &reading->lines.at[i];
            const Span *span = &reading->spans.at[line->first];
            if (pass || line->is_heading)
                return candidate(found_text(reading, span->start, span->end), 0.6);
        }
    return nowhere;
}

/* "Lindenstr. 5, 50674 Köln" in a line near the top. */
static Candidate find_address(const Reading *reading)
{
    for (size_t i = 0; i < reading->spans.count && reading->spans.at[i].line < 12; i++) {
        const Span *span = &reading->spans.at[i];
        Str text = span_text(reading, span);
        size_t digits = 0, longest = 0;
        for (size_t c = 0; c < text.length; c++) {
            bool is_one = text.at[c] >= '0' && text.at[c] <= '9';
            digits = is_one ? digits + 1 : 0;
            longest = MAX(longest, digits);
        }
        const Label *label = label_of_span(reading, i);
        if (str_find_char(text, ',') > 0 && longest == 5 && str_find_char(text, '@') < 0 &&
            !(label && label->begins && label->has_colon))
            return candidate(found_text(reading, span->start, span->end), 0.6);
    }
    return nowhere;
}

/* --- Letters --- */

/* "Dear Mr Whitby", up to its comma; pages whose lines were joined have it inside a line. */
static Candidate find_greeting(const Reading *reading)
{
    static const char *const words[] = { "Dear ",    "Sehr geehrte", "Liebe ",    "Lieber ",
                                         "Hallo ",   "Hello ",       "Guten Tag", "Madame",
                                         "Monsieur", "Cher ",        "Chère ",    "To whom" };
    for (size_t i = 0; i < reading->spans.count; i++) {
        const Span *span = &reading->spans.at[i];
        for (size_t w = 0; w < COUNT(words); w++) {
            ptrdiff_t at = str_find(span_text(reading, span), str(words[w]));
            size_t start = span->start + (size_t)MAX(at, 0), end = start;
            if (at < 0 || (at > 0 && reading->text.at[start - 1] != ' '))
                continue;
            while (end < span->end && !HAS_CHAR(reading->text.at[end], ",:!"))
                end++;
            if (end - start < 80)
                return candidate(found_text(reading, start, end), 0.9);
        }
    }
    return nowhere;
}

static bool ends_letter(const Reading *reading, Str line)
{
    static const char *const closings =
        "yours sincerely|yours faithfully|sincerely|kind regards|best regards|regards|"
        "with kind regards|yours truly|mit freundlichen grüssen|"
        "mit freundlichem gruss|freundliche grüsse|viele grüsse|beste grüsse|herzliche grüsse|"
        "hochachtungsvoll|cordialement|bien cordialement|veuillez agréer|best wishes";
    /* In folded words ("ß" is "ss"), as the line's are. */
    if (line.length > 200)
        return false;
    Str folded = fields_fold_name(reading->arena, line), list = str(closings), one;
    while (str_next(&list, '|', &one)) {
        size_t before = folded.length - MIN(one.length, folded.length);
        if (str_ends(folded, one) && (!before || folded.at[before - 1] == ' '))
            return true;
    }
    return false;
}

static Candidate find_closing(const Reading *reading)
{
    for (size_t i = 0; i + 1 < reading->lines.count; i++) {
        if (!ends_letter(reading,
                         span_text(reading, &reading->spans.at[reading->lines.at[i].first])))
            continue;
        for (size_t next = i + 1; next < reading->lines.count && next < i + 4; next++)
            if (is_name_like(reading, reading->lines.at[next].first)) {
                const Span *span = &reading->spans.at[reading->lines.at[next].first];
                return candidate(found_text(reading, span->start, span->end), 0.8);
            }
    }
    return nowhere;
}

/* --- Contracts --- */

/* "... with three months' notice": the time in a sentence that speaks of notice. */
static Candidate find_notice(const Reading *reading, const FieldNode *node)
{
    static const char *const words[] = { "notice", "terminat", "kündig", "Kündig", "préavis" };
    for (size_t i = 0; i < reading->lines.count; i++) {
        const Line *line = &reading->lines.at[i];
        size_t from = reading->spans.at[line->first].start, to = lines_end(reading, i + 2);
        Str text = str_slice(reading->text, from, MIN(to, from + 300));
        bool says = false;
        for (size_t w = 0; w < COUNT(words); w++)
            says = says || str_find(text, str(words[w])) >= 0;
        Found found;
        if (says && value_find(reading, node, KIND_LENGTH, from, from + text.length, &found))
            return candidate(found, 0.6);
    }
    return nowhere;
}

Candidate find_unsaid(const Reading *reading, const FieldNode *node)
{
    FallsTo falls = node->thing < THING_COUNT ? thing_rows[node->thing].falls : FALLS_NOWHERE;
    switch (falls) {
    case FALLS_ENTITY: return find_entity(reading, node);
    case FALLS_DATE: return node->kind == KIND_DATE ? find_date(reading, node) : nowhere;
    case FALLS_TIME: return find_time(reading, node);
    case FALLS_CURRENCY: return find_currency(reading);
    case FALLS_PERSON: return find_person(reading);
    case FALLS_HEAD: return find_head(reading, node);
    case FALLS_ADDRESS: return find_address(reading);
    case FALLS_TITLE: return find_title(reading);
    case FALLS_NOTICE: return find_notice(reading, node);
    case FALLS_GREETING: return find_greeting(reading);
    case FALLS_CLOSING: return find_closing(reading);
    case FALLS_NOWHERE:
    case FALLS_LARGEST:
    case FALLS_PARTIES: break;
    }
    bool has_entity = node->kind == KIND_EMAIL || node->kind == KIND_IBAN || node->kind == KIND_URL;
    return has_entity ? find_entity(reading, node) : nowhere;
}
