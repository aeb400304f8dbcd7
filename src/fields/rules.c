/* rules.c - the value of a member: what stands behind, beside or below the words that name it. */
#include "fields/fields_int.h"

#define VALUE_REACH KB(1)
#define LABELS_LOOKED_AT 1000 /* of one member: a text may be nothing but its name */
#define PROSE_REACH 260       /* bytes from a label to its value in running text */
#define SIDE_REACH 4          /* columns of letters that count as the same */
#define STRONG 1.0
#define BEGINS 0.85
#define WITHIN 0.6
#define BELOW 0.88
#define BELOW_OF_LIST 0.5

/* What has a form of its own may stand anywhere in a sentence; a plain text must be announced. */
static bool has_form(ValueKind kind)
{
    return kind != KIND_TEXT && kind != KIND_NAME && kind != KIND_ADDRESS && kind != KIND_CHOICE &&
           kind != KIND_FLAG && kind != KIND_GREETING && kind != KIND_CURRENCY;
}

static bool is_amount(ValueKind kind)
{
    return kind == KIND_MONEY || kind == KIND_NUMBER || kind == KIND_PERCENT;
}

/* Sentences break over lines: these may go on to the next. */
static bool is_of_prose(ValueKind kind)
{
    return kind == KIND_DATE || kind == KIND_LENGTH || kind == KIND_LAW || kind == KIND_MONEY;
}

static double quality_of(const FieldNode *node, const Label *label, int rank)
{
    double quality = label_is_strong(label) ? STRONG : label->begins ? BEGINS : WITHIN;
    if (!has_form(node->kind) && !label_is_strong(label))
        quality *= label->begins ? 0.7 : 0;
    /* One common word within a sentence says little. */
    if (!label_is_strong(label) && label->word_count == 1 && rank > 0)
        quality *= 0.9;
    return quality * (1 - 0.004 * MIN(rank, 30));
}

/* --- Where values stand --- */

static const Line *line_of(const Reading *reading, const Label *label)
{
    return &reading->lines.at[reading->spans.at[label->span].line];
}

/* The next label that announces something, up to `to`: what is behind it is its own. */
static size_t bound(const Reading *reading, const Label *label, ValueKind kind, size_t to)
{
    const Label *end = reading->labels.at + reading->labels.count;
    for (const Label *next = label + 1; next < end && next->start < to; next++) {
        bool announces = next->has_colon || (next->begins && next->span != label->span) ||
                         (has_form(kind) && kind != KIND_LAW && kind != KIND_LENGTH) ||
                         next->word_count > 1;
        if (announces && next->start > label->end)
            return next->start;
    }
    return to;
}

static size_t line_end(const Reading *reading, const Line *line)
{
    return reading->spans.at[line->first + line->count - 1].end;
}

/* The end of the sentence's lines. */
static size_t paragraph_end(const Reading *reading, const Label *label)
{
    size_t at = reading->spans.at[label->span].line,
           end = line_end(reading, line_of(reading, label));
    while (++at < reading->lines.count && !reading->lines.at[at].begins_part &&
           !reading->lines.at[at].table &&
           line_end(reading, &reading->lines.at[at]) < label->end + PROSE_REACH)
        end = line_end(reading, &reading->lines.at[at]);
    return end;
}

static size_t same_end(const Reading *reading, const FieldNode *node, const Label *label)
{
    const Line *line = line_of(reading, label);
    size_t to = reading->spans.at[label->span].end;
    if (is_amount(node->kind))
        to = line_end(reading, line);
    else if (is_of_prose(node->kind) && !line->table && !label->is_whole)
        to = paragraph_end(reading, label);
    return bound(reading, label, node->kind, MIN(to, label->end + VALUE_REACH));
}

/* The whole cell or part beside it. */
static bool right_of(const Reading *reading, const Label *label, size_t *from_r, size_t *to_r)
{
    const Line *line = line_of(reading, label);
    size_t last = line->first + line->count, column = reading->spans.at[label->span].column;
    for (size_t i = label->span + 1; i < last; i++) {
        const Span *span = &reading->spans.at[i];
        if (span->column == column)
            continue;
        const Label *own = label_of_span(reading, i);
        if (own && label_is_strong(own))
            return false;
        *from_r = span->start;
        *to_r = span->end;
        for (size_t more = i + 1;
             line->table && more < last && reading->spans.at[more].column == span->column; more++)
            *to_r = reading->spans.at[more].end;
        return true;
    }
    return false;
}

static size_t distance(size_t a, size_t b) { return a > b ? a - b : b - a; }

/* The part of the next line, or row, that stands below it. */
static const Span *below(const Reading *reading, size_t span_index)
{
    const Span *span = &reading->spans.at[span_index], *best = NULL;
    const Line *line = &reading->lines.at[span->line], *next = line + 1;
    if (line->table) {
        const Span *inner = span + 1;
        if (span_index + 1 < line->first + line->count && inner->column == span->column)
            return inner;
    }
    if (span->line + 1 >= reading->lines.count || next->table != line->table)
        return NULL;
    size_t reach = line->table ? 0 : line->count == 1 && next->count == 1 ? SIZE_MAX : SIDE_REACH;
    for (size_t i = next->first; i < next->first + next->count; i++) {
        const Span *one = &reading->spans.at[i];
        if (distance(one->column, span->column) <= reach &&
            (!best || distance(one->column, span->column) < distance(best->column, span->column)))
            best = one;
    }
    const Label *own = best ? label_of_span(reading, (size_t)(best - reading->spans.at)) : NULL;
    return own && label_is_strong(own) ? NULL : best;
}

/* How many of the line's parts are nothing but names of things: two make it the head of a table. */
static size_t heads_of(const Reading *reading, const Line *line)
{
    size_t heads = 0;
    for (size_t i = line->first; i < line->first + line->count; i++) {
        const Label *label = label_of_span(reading, i);
        heads += label && label->is_whole;
    }
    return heads;
}

/* More than one row below: the label is of a list, not of the paper. */
static bool heads_list(const Reading *reading, const Span *value)
{
    const Line *line = &reading->lines.at[value->line];
    size_t next = value->line + 1;
    return next < reading->lines.count && reading->lines.at[next].table == line->table &&
           reading->lines.at[next].count >= 2 && line->count >= 3 &&
           !label_of_span(reading, reading->lines.at[next].first);
}

/* --- Choosing --- */

static void consider(const Reading *reading, const FieldNode *node, size_t from, size_t to,
                     double score, Candidate *best)
{
    Found found;
    if (!value_find(reading, node, node->kind, from, to, &found))
        return;
    score *= 0.5 + found.sure / 2;
    double was = 0, is = 0;
    bool is_larger = node->thing == THING_TOTAL && best->is_there && score > best->score - 0.08 &&
                     str_to_double(best->found.text, &was) && str_to_double(found.text, &is) &&
                     is > was;
    if (best->is_there && !is_larger && score <= best->score + 1e-9)
        return;
    json_t *value = value_make(reading, node, &found);
    if (!value)
        return;
    json_decref(value);
    *best = (Candidate){ found, best->is_there ? MAX(score, is_larger ? best->score : 0) : score,
                         true };
}

static void consider_below(const Reading *reading, const FieldNode *node, const Label *label,
                           double quality, Candidate *best)
{
    const Span *value = below(reading, label->span);
    bool is_head = heads_of(reading, line_of(reading, label)) >= 2;
    if (!value)
        return;
    quality *= is_head ? 0.97 : BELOW;
    if (is_head && is_amount(node->kind) && heads_list(reading, value))
        quality *= BELOW_OF_LIST;
    consider(reading, node, value->start, value->end, quality, best);
}

static void consider_label(const Reading *reading, const FieldNode *node, const Label *label,
                           int rank, Candidate *best)
{
    double quality = quality_of(node, label, rank);
    size_t from, to;
    if (quality <= 0)
        return;
    to = same_end(reading, node, label);
    consider(reading, node, label->end, to, quality, best);
    /* "zzgl. 19 % MwSt." */
    if (node->kind == KIND_PERCENT)
        consider(reading, node,
                 MAX(reading->spans.at[label->span].start, label->start - MIN(label->start, 8)),
                 label->start, quality * 0.95, best);
    bool is_open = label->is_whole ||
                   (label->has_colon && reading->spans.at[label->span].end < label->end + 4);
    if (!is_open)
        return;
    if (right_of(reading, label, &from, &to))
        consider(reading, node, from, to, quality * 0.98, best);
    consider_below(reading, node, label, quality, best);
}

Candidate find_leaf(const Reading *reading, const FieldNode *node)
{
    Candidate best = { .is_there = false };
    size_t looked_at = 0;
    for (size_t i = 0; i < reading->labels.count && looked_at < LABELS_LOOKED_AT; i++) {
        int rank = 0;
        if (!label_means_node(reading, &reading->labels.at[i], node, &rank))
            continue;
        consider_label(reading, node, &reading->labels.at[i], rank, &best);
        looked_at++;
    }
    return best;
}
