/* draw_units.c - a text cut into pieces that may be tasks: sentences, list items, table rows. Lines
 * first, since lists, chats and tables are made of them; the sentences of a paragraph may go over
 * several. */
#include "base/ascii.h"
#include "tasks/draw_int.h"
#include "text/sentences.h"

#define LINE_SHORT 50 /* a line shorter than this ends its sentence when a capital follows */
#define COLUMNS_MAX 12
#define TAG_MAX 20 /* bytes of "JIRA-482" */
#define UNITS_MAX 50000

typedef struct Cutter {
    Arena *arena;
    Str text;
    DrawUnits *units;
    size_t line;
    size_t open; /* where the paragraph being collected began; == open_end: none */
    size_t open_end, open_line;
    Str last_line;
    bool is_led, is_listed;                                  /* of the items to come */
    int owner_column, due_column, task_column, state_column; /* of the table; -1: none */
    bool in_table;
} Cutter;

static bool has_word(Str line, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_find_ignore_case(line, str(words[i])) >= 0)
            return true;
    return false;
}

/* What stands above a list of tasks. */
static bool leads_tasks(Str line)
{
    static const char *const words[] = { "next step",       "todo",
                                         "to do",           "to-do",
                                         "action",          "task",
                                         "checklist",       "has to be done",
                                         "have to be done", "are left",
                                         "still open",      "what we do",
                                         "duties",          "aufgaben",
                                         "zu erledigen",    "nächste schritte",
                                         "à faire",         "prochaines étapes",
                                         "we need" };
    return has_word(line, words, COUNT(words));
}

static DrawUnit *add_unit(Cutter *cutter, UnitKind kind, Str text, Str speaker, size_t line)
{
    text = str_trim(text);
    if (text.length < 3 || cutter->units->list.count >= UNITS_MAX)
        return NULL;
    DrawUnit *unit = vec_push(cutter->arena, &cutter->units->list);
    *unit = (DrawUnit){ .kind = kind,
                        .text = text,
                        .start = (size_t)(text.at - cutter->text.at),
                        .speaker = speaker,
                        .line = line };
    return unit;
}

/* "bis 3." ends no sentence when a month follows. */
static bool is_cut_date(Str sentence, Str rest)
{
    static const char *const months[] = { "Januar", "Februar", "März",     "April",
                                          "Mai",    "Juni",    "Juli",     "August",
                                          "Sept",   "Oktober", "November", "Dezember" };
    size_t length = sentence.length;
    if (length < 3 || sentence.at[length - 1] != '.' || !is_digit(sentence.at[length - 2]))
        return false;
    rest = str_trim(rest);
    for (size_t i = 0; i < COUNT(months); i++)
        if (str_starts(rest, str(months[i])))
            return true;
    return false;
}

static bool next_sentence(Str part, size_t *at, Sentence *sentence_r)
{
    Sentence more;
    if (!sentence_next(part, at, sentence_r))
        return false;
    while (is_cut_date(str_slice(part, sentence_r->start, sentence_r->end), str_from(part, *at)) &&
           sentence_next(part, at, &more))
        sentence_r->end = more.end;
    return true;
}

/* Every sentence of a part of the text. */
static void add_sentences(Cutter *cutter, Str part, Str speaker, size_t line)
{
    size_t at = 0;
    Sentence sentence;
    while (next_sentence(part, &at, &sentence))
        (void)add_unit(cutter, UNIT_SENTENCE, str_slice(part, sentence.start, sentence.end),
                       speaker, line);
}

static void close_paragraph(Cutter *cutter)
{
    Str part = str_slice(cutter->text, cutter->open, cutter->open_end);
    cutter->open = cutter->open_end = 0;
    if (part.length)
        add_sentences(cutter, part, STR_NONE, cutter->open_line);
}

/* --- Lines of a kind --- */

/* Behind "- ", "* ", "3. ", "2) ", "[ ] "; 0: no item. */
static size_t item_mark(Str line, int *number_r)
{
    size_t at = 0;
    while (at < line.length && at < 3 && is_digit(line.at[at]))
        at++;
    if (at && at + 1 < line.length && HAS_CHAR(line.at[at], ".)") && line.at[at + 1] == ' ') {
        int64_t number = 0;
        (void)str_to_int(str_slice(line, 0, at), 0, 999, &number);
        *number_r = (int)number;
        return at + 2;
    }
    if (line.length > 2 && HAS_CHAR(line.at[0], "-*+") && line.at[1] == ' ')
        return 2;
    static const char *const signs[] = { "• ", "→ ", "▪ ", "◦ ", "‣ " };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_starts(line, str(signs[i])))
            return strlen(signs[i]);
    return 0;
}

static size_t box_mark(Str line, bool *is_done_r)
{
    static const struct {
        const char *sign;
        bool is_done;
    } boxes[] = { { "☐", false }, { "☑", true }, { "☒", true },
                  { "✓", true },  { "✔", true }, { "✅", true } };
    for (size_t i = 0; i < COUNT(boxes); i++)
        if (str_starts(line, str(boxes[i].sign))) {
            *is_done_r = boxes[i].is_done;
            return strlen(boxes[i].sign);
        }
    if (line.length < 4 || line.at[0] != '[' || line.at[2] != ']' || !HAS_CHAR(line.at[1], " xX"))
        return 0;
    *is_done_r = line.at[1] != ' ';
    return 3;
}

/* Behind "#219 ", "JIRA-482: ", "[P1] "; 0: no ticket's title. */
static size_t ticket_mark(Str line, Str *tag_r)
{
    size_t at = 0, digits;
    *tag_r = STR_NONE;
    if (line.length > 4 && line.at[0] == '[') {
        ptrdiff_t close = str_find_char(line, ']');
        bool is_tag = close > 1 && close < TAG_MAX && !is_digit(line.at[1]);
        if (!is_tag || str_find_char(str_slice(line, 1, (size_t)close), ' ') >= 0)
            return 0;
        *tag_r = str_slice(line, 1, (size_t)close);
        return (size_t)close + 1;
    }
    bool has_hash = line.length && line.at[0] == '#';
    while (!has_hash && at < line.length && at < TAG_MAX && line.at[at] >= 'A' &&
           line.at[at] <= 'Z')
        at++;
    if (!has_hash && (at < 2 || at >= line.length || line.at[at] != '-'))
        return 0;
    for (digits = ++at; at < line.length && is_digit(line.at[at]); at++) {
    }
    if (at == digits || at >= line.length)
        return 0;
    at += line.at[at] == ':';
    return at < line.length && line.at[at] == ' ' ? at : 0;
}

static bool add_item(Cutter *cutter, Str line)
{
    int number = 0;
    bool is_done = false;
    Str tag;
    size_t mark = item_mark(line, &number);
    Str rest = str_trim(str_from(line, mark));
    size_t box = box_mark(rest, &is_done);
    rest = str_trim(str_from(rest, box));
    size_t ticket = ticket_mark(rest, &tag);
    if (!mark && !box && !ticket)
        return false;
    close_paragraph(cutter);
    is_done |= str_starts(rest, S("~~"));
    DrawUnit *unit = add_unit(cutter, UNIT_ITEM, str_from(rest, ticket), STR_NONE, cutter->line);
    if (unit) {
        unit->tag = tag;
        unit->is_open = box && !is_done;
        unit->is_done = is_done;
        unit->number = number;
        unit->is_led = cutter->is_led;
        unit->is_listed = cutter->is_listed;
    }
    return true;
}

/* Cells of "| a | b |", without white space. */
static size_t split_row(Str line, Str *cells)
{
    size_t count = 0;
    Str rest = str_slice(line, 1, line.length), cell;
    while (count < COLUMNS_MAX && str_next(&rest, '|', &cell))
        cells[count++] = str_trim(cell);
    while (count && !cells[count - 1].length)
        count--;
    return count;
}

static int column_of(const Str *cells, size_t count, const char *const *words, size_t word_count)
{
    for (size_t i = 0; i < count; i++)
        if (cells[i].length < 30 && has_word(cells[i], words, word_count))
            return (int)i;
    return -1;
}

/* A first row that names its columns. */
static void read_header(Cutter *cutter, const Str *cells, size_t count)
{
    static const char *const owners[] = { "owner",       "assign",      "who",
                                          "responsible", "wer",         "verantwortlich",
                                          "zuständig",   "responsable", "qui" };
    static const char *const dues[] = { "due",    "deadline", "when",     "until", "bis",
                                        "termin", "frist",    "échéance", "quand" };
    static const char *const tasks[] = { "task",    "action", "what",  "todo", "item",
                                         "aufgabe", "was",    "tâche", "quoi" };
    static const char *const states[] = { "status", "state", "stand", "statut" };
    cutter->owner_column = column_of(cells, count, owners, COUNT(owners));
    cutter->due_column = column_of(cells, count, dues, COUNT(dues));
    cutter->task_column = column_of(cells, count, tasks, COUNT(tasks));
    cutter->state_column = column_of(cells, count, states, COUNT(states));
    cutter->in_table = true;
}

static bool says_done(Str cell)
{
    static const char *const words[] = { "done", "closed", "erledigt", "fait", "completed", "x" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_equal_ignore_case(cell, str(words[i])))
            return true;
    return false;
}

static Str cell_at(const Str *cells, size_t count, int column)
{
    return column >= 0 && (size_t)column < count ? cells[column] : STR_NONE;
}

/* Without named columns: what is to be done, by whom, until when. */
static void add_row_cells(Cutter *cutter, const Str *cells, size_t count)
{
    bool is_named = cutter->task_column >= 0;
    Str task = is_named ? cell_at(cells, count, cutter->task_column) : cells[0];
    DrawUnit *unit = add_unit(cutter, UNIT_ROW, task, STR_NONE, cutter->line);
    if (!unit)
        return;
    unit->owner = cell_at(cells, count, is_named ? cutter->owner_column : count > 1 ? 1 : -1);
    unit->due = cell_at(cells, count, is_named ? cutter->due_column : count > 2 ? 2 : -1);
    unit->is_listed = is_named;
    for (size_t i = 0; i < count; i++)
        unit->is_done |= says_done(cells[i]);
}

static bool add_row(Cutter *cutter, Str line)
{
    Str cells[COLUMNS_MAX];
    if (line.length < 3 || line.at[0] != '|')
        return false;
    close_paragraph(cutter);
    size_t count = split_row(line, cells);
    if (!count || HAS_CHAR(cells[0].length ? cells[0].at[0] : '-', "-:"))
        return true;
    bool was_in_table = cutter->in_table;
    if (!was_in_table)
        read_header(cutter, cells, count);
    bool is_header = !was_in_table && cutter->task_column >= 0 &&
                     (cutter->owner_column >= 0 || cutter->due_column >= 0);
    if (!is_header)
        add_row_cells(cutter, cells, count);
    return true;
}

/* "From: Laura Stein <laura@...>" and its kin say nothing that is to be done. */
static bool read_mail_header(Cutter *cutter, Str line)
{
    static const char *const names[] = { "from:",    "to:",   "cc:",     "bcc:",   "date:",
                                         "subject:", "sent:", "von:",    "an:",    "betreff:",
                                         "datum:",   "de :",  "objet :", "objet:", "à :" };
    for (size_t i = 0; i < COUNT(names); i++) {
        Str name = str(names[i]);
        if (!str_equal_ignore_case(str_slice(line, 0, name.length), name))
            continue;
        ptrdiff_t address = str_find_char(line, '<');
        if (i == 0 || str_is(name, "von:"))
            cutter->units->author =
                str_trim(str_slice(line, name.length, address > 0 ? (size_t)address : line.length));
        return true;
    }
    return false;
}

/* --- The whole --- */

static bool begins_sentence(Str line)
{
    unsigned char c = (unsigned char)line.at[0];
    return (c >= 'A' && c <= 'Z') || c == '"' || c == '@' || c == '[';
}

static void add_plain(Cutter *cutter, Str line)
{
    bool is_heading = line.at[0] == '#';
    char last = cutter->last_line.length ? cutter->last_line.at[cutter->last_line.length - 1] : '.';
    bool is_break = cutter->last_line.length < LINE_SHORT && begins_sentence(line);
    if (is_heading || HAS_CHAR(last, ".!?:") || is_break)
        close_paragraph(cutter);
    /* Whatever leads a list leads it until the next line that does not. */
    cutter->is_led = line.at[line.length - 1] == ':';
    cutter->is_listed =
        (cutter->is_led || is_heading || line.length < LINE_SHORT) && leads_tasks(line);
    if (is_heading)
        return;
    size_t start = (size_t)(line.at - cutter->text.at);
    if (cutter->open == cutter->open_end) {
        cutter->open = start;
        cutter->open_line = cutter->line;
    }
    cutter->open_end = start + line.length;
}

static void add_line(Cutter *cutter, Str line, bool is_talk)
{
    Str speaker;
    while (line.length > 1 && line.at[0] == '>')
        line = str_trim(str_from(line, 1));
    if (!line.length) {
        close_paragraph(cutter);
        cutter->in_table = false;
        return;
    }
    size_t said = is_talk ? draw_speaker(line, &speaker) : 0;
    if (said) {
        close_paragraph(cutter);
        add_sentences(cutter, str_from(line, said), speaker, cutter->line);
    } else if (!add_row(cutter, line) && !add_item(cutter, line) && !read_mail_header(cutter, line))
        add_plain(cutter, line);
}

void draw_units(Arena *arena, Str text, DrawUnits *units_r)
{
    *units_r = (DrawUnits){ 0 };
    Cutter cutter = { .arena = arena, .text = text, .units = units_r, .task_column = -1 };
    bool is_talk = draw_is_conversation(text);
    Str line;
    for (Str rest = text; str_next(&rest, '\n', &line); cutter.line++) {
        line = str_trim(line);
        add_line(&cutter, line, is_talk);
        cutter.last_line = line;
    }
    close_paragraph(&cutter);
}
