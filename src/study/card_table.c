#include "study/card_table.h"

#include "base/clock.h"
#include "base/csv.h"

#define COLUMNS_MAX 64
#define LINES_MAX 10000

/* --- Out --- */

/* Tags as Anki has them: without spaces in them, a space between. */
static Str tags_text(Arena *arena, Str tags)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(arena, KB(64));
    Error ignored;
    if (!json_parse(tags, KB(64), &json, &ignored))
        return STR_NONE;
    for (size_t i = 0; i < json_array_size(json); i++) {
        const char *tag = json_string_value(json_array_get(json, i));
        for (const char *at = tag ? tag : ""; *at; at++)
            buf_add_char(&out, *at == ' ' ? '_' : *at);
        buf_add_char(&out, ' ');
    }
    return str_trim(buf_str(&out));
}

/* Of the document that a citation names (answer/answer_json.h), or its own. */
static Str source_name(const json_t *source)
{
    const json_t *document = json_object_get(source, "document");
    return json_member_text(json_is_object(document) ? document : source, "name");
}

static Str source_text(Arena *arena, Str source)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    if (!source.length || !json_parse(source, KB(64), &json, &ignored))
        return STR_NONE;
    Str name = source_name(json), place = json_member_text(json, "place");
    return str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(name), place.length ? ", " : "",
                      STR_ARG(place));
}

static Str time_or_none(int64_t time_ms, char *room)
{
    return time_ms ? time_format(time_ms, room) : STR_NONE;
}

void card_table_write(Buf *out, const StudyCard *cards, size_t count)
{
    buf_add(out, S("front,back,tags,state,due,stability,difficulty,reviews,lapses,source\r\n"));
    for (size_t i = 0; i < count; i++) {
        const StudyCard *card = &cards[i];
        char due[TIME_TEXT_SIZE];
        csv_cell(out, card->front, false);
        csv_cell(out, card->back, false);
        csv_cell(out, tags_text(out->arena, card->tags), false);
        buf_addf(out, "%s," STR_FMT ",%.6g,%.6g,%" PRId64 ",%" PRId64 ",",
                 card_state_name(card->memory.state),
                 STR_ARG(time_or_none(card->memory.due_ms, due)), card->memory.stability,
                 card->memory.difficulty, card->reviews, card->lapses);
        csv_cell(out, source_text(out->arena, card->source), true);
    }
}

/* --- In --- */

typedef struct Line {
    Str cells[COLUMNS_MAX];
    size_t count;
} Line;

/* Lines with # at the beginning, as Anki writes them; the number of the line after them. */
static size_t skip_remarks(Str *text)
{
    size_t number = 1;
    Str line;
    if (str_starts(*text, S("\xef\xbb\xbf")))
        *text = str_from(*text, 3);
    for (; text->length && text->at[0] == '#'; number++)
        (void)str_next(text, '\n', &line);
    return number;
}

static char find_separator(Str text)
{
    size_t counts[3] = { 0 };
    static const char separators[] = ",;\t";
    for (size_t i = 0; i < text.length && text.at[i] != '\n'; i++)
        for (size_t k = 0; k < 3; k++)
            counts[k] += text.at[i] == separators[k];
    if (counts[2] >= counts[0] && counts[2] >= counts[1] && counts[2])
        return '\t';
    return counts[1] > counts[0] ? ';' : ',';
}

/* One cell, and *rest moves to what ends it. */
static bool read_cell(Arena *arena, Str *rest, char separator, Str *cell_r, Error *err)
{
    size_t i = 0;
    if (!rest->length || rest->at[0] != '"') {
        while (i < rest->length && rest->at[i] != separator && rest->at[i] != '\n')
            i++;
        *cell_r = str_trim(str_slice(*rest, 0, i));
        *rest = str_from(*rest, i);
        return true;
    }
    Buf cell = buf_new(arena, rest->length + 1);
    for (i = 1; i < rest->length; i++) {
        if (rest->at[i] == '"' && (i + 1 == rest->length || rest->at[i + 1] != '"'))
            break;
        i += rest->at[i] == '"';
        buf_add_char(&cell, rest->at[i]);
    }
    if (i >= rest->length)
        return fail_field(err, "file", "a quote is not closed");
    for (i++; i < rest->length && (rest->at[i] == ' ' || rest->at[i] == '\r'); i++)
        continue;
    if (i < rest->length && rest->at[i] != separator && rest->at[i] != '\n')
        return fail_field(err, "file", "there is text after a closing quote");
    *cell_r = buf_str(&cell);
    *rest = str_from(*rest, i);
    return true;
}

static bool read_line(Arena *arena, Str *rest, char separator, Line *line_r, Error *err)
{
    line_r->count = 0;
    for (;;) {
        if (line_r->count == COLUMNS_MAX)
            return fail_field(err, "file", "there are more than %d columns", COLUMNS_MAX);
        if (!read_cell(arena, rest, separator, &line_r->cells[line_r->count++], err))
            return false;
        bool is_end = !rest->length || rest->at[0] == '\n';
        *rest = str_from(*rest, 1);
        if (is_end)
            return true;
    }
}

typedef struct Columns {
    size_t front, back, tags;
    bool is_named;
} Columns;

static Columns find_columns(const Line *head)
{
    Columns columns = { .tags = COLUMNS_MAX }; /* a head without tags has none */
    bool has_front = false, has_back = false;
    for (size_t i = 0; i < head->count; i++) {
        if (str_equal_ignore_case(head->cells[i], S("front"))) {
            columns.front = i;
            has_front = true;
        } else if (str_equal_ignore_case(head->cells[i], S("back"))) {
            columns.back = i;
            has_back = true;
        } else if (str_equal_ignore_case(head->cells[i], S("tags"))) {
            columns.tags = i;
        }
    }
    columns.is_named = has_front && has_back;
    return columns.is_named ? columns : (Columns){ 0, 1, 2, false };
}

static Str tags_json(Arena *arena, Str words)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin_array(&out);
    Str tag;
    while (str_next(&words, ' ', &tag))
        if (str_trim(tag).length)
            put_text(&json, NULL, str_trim(tag));
    put_end(&json);
    return buf_str(&out);
}

/* A ' that a table of ours has before what looks like a formula. */
static Str unguarded(Str cell)
{
    return cell.length > 1 && cell.at[0] == '\'' && HAS_CHAR(cell.at[1], "=+-@") ? str_from(cell, 1)
                                                                                 : cell;
}

static StudyCard card_of(Arena *arena, const Line *line, const Columns *columns)
{
    StudyCard card = { .front = unguarded(line->cells[columns->front]) };
    if (columns->back < line->count)
        card.back = unguarded(line->cells[columns->back]);
    if (columns->tags < line->count)
        card.tags = tags_json(arena, line->cells[columns->tags]);
    return card;
}

static bool is_blank(const Line *line)
{
    for (size_t i = 0; i < line->count; i++)
        if (line->cells[i].length)
            return false;
    return true;
}

bool card_table_read(Arena *arena, Str text, StudyCardList *cards_r, Error *err)
{
    VEC(StudyCard) cards = { 0 };
    Columns columns = { 0, 1, 2, false };
    Line *line = arena_new_one(arena, Line);
    size_t number = skip_remarks(&text);
    char separator = find_separator(text);
    for (; text.length; number++) {
        if (!read_line(arena, &text, separator, line, err))
            return fail_in(err, "line %zu", number);
        if (is_blank(line))
            continue;
        if (!cards.count && !columns.is_named && (columns = find_columns(line)).is_named)
            continue;
        StudyCard card =
            columns.front < line->count ? card_of(arena, line, &columns) : (StudyCard){ 0 };
        if (!str_trim(card.front).length || !str_trim(card.back).length)
            return fail_field(err, "file", "line %zu: a front and a back are needed", number);
        if (cards.count == LINES_MAX)
            return fail_field(err, "file", "there are more than %d cards", LINES_MAX);
        *vec_push(arena, &cards) = card;
    }
    *cards_r = (StudyCardList){ cards.at, cards.count };
    return true;
}
