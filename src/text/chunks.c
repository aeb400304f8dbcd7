/* chunks.c - see chunks.h.
 *
 * Blocks become atoms (a sentence, a row, a line of code, a heading: what is never cut), and atoms
 * are packed greedily. */
#include "text/chunks.h"

#include <assert.h>

#include "base/utf8.h"
#include "text/sentences.h"

#define HEADING_LEVELS 6
#define HEADING_TEXT_MAX 200 /* bytes of one heading in a path */
#define ROW_CHUNKS_MAX 4     /* a row longer than this many chunks is cut between cells */
#define PAGES_MAX 2
#define NAMES_MAX 200 /* bytes of the further names that a chunk of code says */

const ChunkSettings chunk_settings_default = { .chars_max = 1000, .overlap = 200 };

typedef struct Atom {
    uint32_t start, end; /* bytes of the document's text */
    uint32_t chars, tokens;
    uint32_t block;
    uint32_t path; /* number of its heading path */
    bool is_heading, ends_block;
} Atom;

typedef struct Chunker {
    Arena *arena;
    Str text;
    const ChunkBlock *blocks;
    ChunkSettings settings;
    Atom *atoms; /* heap: freed before chunks_make() returns */
    size_t atom_count, atom_capacity;
    VEC(Str) paths;
    Str headings[HEADING_LEVELS];
    bool is_named; /* the innermost is the name of code */
    ChunkRanges list;
} Chunker;

/* --- Atoms --- */

static size_t count_tokens(const Chunker *c, Str text)
{
    return c->settings.count_tokens && c->settings.tokens_max
               ? c->settings.count_tokens(c->settings.self, text)
               : 0;
}

static void add_atom(Chunker *c, size_t block, size_t start, size_t end)
{
    Str text = str_slice(c->text, start, end);
    if (!str_trim(text).length)
        return;
    if (c->atom_count == c->atom_capacity) {
        c->atom_capacity = c->atom_capacity ? c->atom_capacity * 2 : 64;
        c->atoms = heap_grow(c->atoms, c->atom_capacity * sizeof(Atom));
    }
    c->atoms[c->atom_count++] = (Atom){
        .start = (uint32_t)start,
        .end = (uint32_t)end,
        .chars = (uint32_t)utf8_count(text),
        .tokens = (uint32_t)count_tokens(c, text),
        .block = (uint32_t)block,
        .path = (uint32_t)c->paths.count - 1,
        .is_heading = c->blocks[block].kind == CHUNK_HEADING,
    };
}

/* Bytes of the first `chars` characters. */
static size_t chars_to_bytes(Str text, size_t chars)
{
    size_t at = 0, size;
    while (chars-- && at < text.length) {
        utf8_decode(text, at, &size);
        at += size;
    }
    return at;
}

static bool fits(const Chunker *c, Str text)
{
    /* A character has at most four bytes, a token at least one. */
    if (text.length > 4 * c->settings.chars_max ||
        (text.length > c->settings.chars_max && utf8_count(text) > c->settings.chars_max))
        return false;
    return text.length <= c->settings.tokens_max || !c->settings.tokens_max ||
           count_tokens(c, text) <= c->settings.tokens_max;
}

/* The longest beginning of `text` that fits, cut behind white space where there is some. */
static size_t fitting_length(const Chunker *c, Str text)
{
    size_t length = chars_to_bytes(text, c->settings.chars_max);
    for (;;) {
        size_t cut = length;
        while (cut < text.length && cut > length / 2 && !HAS_CHAR(text.at[cut - 1], " \t\n"))
            cut--;
        if (cut > length / 2)
            length = cut;
        if (length <= 8 || !c->settings.tokens_max ||
            count_tokens(c, str_slice(text, 0, length)) <= c->settings.tokens_max)
            return MAX(length, 1);
        length = utf8_floor(text, length / 2);
    }
}

static void add_pieces(Chunker *c, size_t block, size_t start, size_t end)
{
    while (start < end) {
        Str rest = str_slice(c->text, start, end);
        size_t length = fits(c, rest) ? rest.length : fitting_length(c, rest);
        add_atom(c, block, start, start + length);
        start += length;
    }
}

static void add_sentences(Chunker *c, size_t block)
{
    Str text = c->blocks[block].text;
    size_t base = c->blocks[block].start, at = 0;
    for (Sentence s; sentence_next(text, &at, &s);)
        add_pieces(c, block, base + s.start, base + s.end);
}

static void add_lines(Chunker *c, size_t block)
{
    Str rest = c->blocks[block].text, line;
    const char *origin = rest.at;
    while (str_next(&rest, '\n', &line)) {
        size_t start = c->blocks[block].start + (size_t)(line.at - origin);
        add_pieces(c, block, start, start + line.length);
    }
}

/* Cells are joined by " | ": pieces of whole cells, each about one chunk. */
static void add_cells(Chunker *c, size_t block)
{
    Str text = c->blocks[block].text;
    size_t base = c->blocks[block].start, from = 0;
    while (from < text.length) {
        Str rest = str_from(text, from);
        size_t length = rest.length;
        if (!fits(c, rest)) {
            size_t room = chars_to_bytes(rest, c->settings.chars_max), cut = 0, next;
            for (ptrdiff_t found; (found = str_find(str_from(rest, cut), S(" | "))) >= 0;
                 cut = next) {
                next = cut + (size_t)found + 3;
                if (next > room && cut)
                    break;
            }
            length = cut ? cut : rest.length;
        }
        add_atom(c, block, base + from, base + from + length);
        from += length;
    }
}

static void enter_heading(Chunker *c, const ChunkBlock *block)
{
    size_t level = (size_t)MIN(MAX(block->level, 1), HEADING_LEVELS);
    Str text = str_trim(block->text);
    c->headings[level - 1] =
        str_slice(text, 0, utf8_floor(text, MIN(text.length, HEADING_TEXT_MAX)));
    Str path[HEADING_LEVELS];
    size_t count = 0;
    for (size_t i = level; i < HEADING_LEVELS; i++)
        c->headings[i] = STR_NONE;
    for (size_t i = 0; i < level; i++)
        if (c->headings[i].length)
            path[count++] = c->headings[i];
    *vec_push(c->arena, &c->paths) = str_join(c->arena, path, count, S(" > "));
}

/* A function's name is the innermost heading of its lines, and of no others. */
static void enter_name(Chunker *c, Str name)
{
    const Str *innermost = &c->headings[HEADING_LEVELS - 1];
    if ((name.length || c->is_named) && !str_equal(*innermost, name))
        enter_heading(c, &(ChunkBlock){ .text = name, .level = HEADING_LEVELS });
    c->is_named = name.length > 0;
}

static void add_block(Chunker *c, size_t number)
{
    const ChunkBlock *block = &c->blocks[number];
    size_t before = c->atom_count, end = block->start + block->text.length;
    assert(end <= c->text.length);
    switch (block->kind) {
    case CHUNK_SKIP: return;
    case CHUNK_HEADING:
        enter_heading(c, block);
        add_pieces(c, number, block->start, end);
        break;
    case CHUNK_PARAGRAPH: add_sentences(c, number); break;
    case CHUNK_CODE:
        enter_name(c, block->name);
        add_lines(c, number);
        break;
    case CHUNK_ROW:
        if (utf8_count(block->text) > ROW_CHUNKS_MAX * c->settings.chars_max)
            add_cells(c, number);
        else
            add_atom(c, number, block->start, end);
        break;
    }
    if (c->atom_count > before)
        c->atoms[c->atom_count - 1].ends_block = true;
}

/* --- Packing --- */

/* Characters from the beginning of atom `first` to the end of atom `last`. */
static size_t span_chars(const Chunker *c, size_t first, size_t last)
{
    size_t chars = 0;
    for (size_t i = first; i <= last; i++) {
        chars += c->atoms[i].chars;
        if (i < last && c->atoms[i + 1].start > c->atoms[i].end)
            chars += c->atoms[i + 1].start - c->atoms[i].end;
    }
    return chars;
}

static int32_t page_of(const Chunker *c, size_t atom)
{
    return c->blocks[c->atoms[atom].block].page;
}

/* The last atom of the chunk that begins at `first`. */
static size_t chunk_last(const Chunker *c, size_t first)
{
    const ChunkSettings *s = &c->settings;
    size_t chars = c->atoms[first].chars, tokens = c->atoms[first].tokens;
    size_t last = first, paragraph = SIZE_MAX;

    for (size_t next = first + 1; next < c->atom_count; next++) {
        const Atom *atom = &c->atoms[next];
        bool body = !c->atoms[last].is_heading;
        if (body && c->atoms[last].ends_block && chars * 2 >= s->chars_max)
            paragraph = last;
        if (body && atom->is_heading && chars * 2 >= s->chars_max)
            return last;
        if (page_of(c, next) - page_of(c, first) >= PAGES_MAX)
            return last;
        chars +=
            atom->chars + (atom->start > c->atoms[last].end ? atom->start - c->atoms[last].end : 0);
        tokens += atom->tokens;
        if (chars > s->chars_max || (s->tokens_max && tokens > s->tokens_max)) {
            size_t end = paragraph != SIZE_MAX ? paragraph : last;
            /* A heading goes with what follows it. */
            while (end > first && c->atoms[end].is_heading)
                end--;
            return end;
        }
        last = next;
    }
    return last;
}

/* Where the chunk after [first, last] begins: as many atoms back as the overlap allows. */
static size_t next_first(const Chunker *c, size_t first, size_t last)
{
    size_t next = last + 1;
    if (next >= c->atom_count || c->atoms[next].is_heading)
        return next;
    while (next > first + 1 && !c->atoms[next - 1].is_heading &&
           span_chars(c, next - 1, last) <= c->settings.overlap)
        next--;
    return next;
}

static Str table_header(const Chunker *c, uint32_t block)
{
    const ChunkBlock *row = &c->blocks[block];
    if (row->kind != CHUNK_ROW || row->is_header_row)
        return STR_NONE;
    for (size_t i = block; i-- > 0;) {
        const ChunkBlock *above = &c->blocks[i];
        if (above->kind == CHUNK_ROW && above->table != row->table)
            break;
        if (above->kind == CHUNK_ROW && above->is_header_row)
            return above->text;
        if (above->kind != CHUNK_ROW && above->kind != CHUNK_SKIP)
            break;
    }
    return STR_NONE;
}

/* The headings of the chunk, and the names of all that it defines: "parse, parse_line". */
static Str headings_of(Chunker *c, const Atom *body, const Atom *last)
{
    Str headings = c->paths.at[body->path], before = c->blocks[body->block].name;
    bool is_named = before.length > 0;
    Buf out = buf_new(c->arena, headings.length + NAMES_MAX);
    buf_add(&out, headings);
    for (size_t i = body->block + 1; i <= last->block; i++) {
        Str name = c->blocks[i].kind == CHUNK_CODE ? c->blocks[i].name : STR_NONE;
        if (!name.length || str_equal(name, before))
            continue;
        if (out.length + name.length + 3 > out.limit)
            break;
        buf_add(&out, is_named ? S(", ") : out.length ? S(" > ") : STR_NONE);
        buf_add(&out, name);
        is_named = true;
        before = name;
    }
    return out.length > headings.length ? buf_str(&out) : headings;
}

static void add_chunk(Chunker *c, size_t first, size_t last, Str header)
{
    size_t body = first;
    while (body < last && c->atoms[body].is_heading)
        body++;
    const Atom *from = &c->atoms[first], *to = &c->atoms[last];
    *vec_push_alone(c->arena, &c->list.chunks) = (ChunkRange){
        .start = from->start,
        .end = to->end,
        .block_first = from->block,
        .block_last = to->block,
        .page_first = page_of(c, first),
        .page_last = page_of(c, last),
        .headings = headings_of(c, &c->atoms[body], to),
        .table_header = header,
    };
}

static void pack(Chunker *c)
{
    /* The header of the table last begun: finding it anew for each chunk of a long table would
     * walk all its rows. */
    uint32_t header_table = 0;
    Str header = STR_NONE;
    for (size_t first = 0; first < c->atom_count;) {
        size_t last = chunk_last(c, first);
        const ChunkBlock *block = &c->blocks[c->atoms[first].block];
        bool is_row = block->kind == CHUNK_ROW;
        if (is_row && !block->is_header_row && (block->table != header_table || !block->table)) {
            header = table_header(c, c->atoms[first].block);
            header_table = block->table;
        }
        add_chunk(c, first, last, is_row && !block->is_header_row ? header : STR_NONE);
        if (last + 1 >= c->atom_count)
            break;
        first = next_first(c, first, last);
    }
}

ChunkRanges chunks_make(Arena *arena, Str text, const ChunkBlock *blocks, size_t block_count,
                        const ChunkSettings *settings)
{
    assert(text.length < UINT32_MAX && block_count < UINT32_MAX);
    Chunker c = { .arena = arena, .text = text, .blocks = blocks, .settings = *settings };
    if (!c.settings.chars_max)
        c.settings.chars_max = chunk_settings_default.chars_max;
    c.settings.overlap = MIN(c.settings.overlap, c.settings.chars_max / 2);
    *vec_push(arena, &c.paths) = STR_NONE;
    for (size_t i = 0; i < block_count; i++)
        add_block(&c, i);
    pack(&c);
    free(c.atoms);
    return c.list;
}
