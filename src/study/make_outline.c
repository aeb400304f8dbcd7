/* make_outline.c - an outline by rules: the headings of the source in their order, each with what
 * its text is about, how long it takes, and what is to be read before. A source without headings
 * is cut where its subject has been told for long enough. */
#include "base/utf8.h"
#include "study/make_int.h"

#define BYTES_A_MINUTE                                                                             \
    1100                /* 200 words (Brysbaert 2019 has 238 for adults, learners take longer) */
#define PART_BYTES 2500 /* of a source without headings */
#define AFTER_MAX 3
#define ABOUT_BYTES 600
#define LEVEL_MAX 6

typedef struct Section {
    const Piece *first; /* its heading, or its first piece */
    Str title;
    int level;
    size_t bytes;
    const Fact *best; /* its most central sentence; NULL: it has none */
    size_t after[AFTER_MAX];
    size_t after_count;
} Section;

typedef struct Sections {
    Section *at;
    size_t count;
} Sections;

static Str title_of_text(const Piece *piece)
{
    Str plain = piece->plain;
    size_t end = utf8_floor(plain, MIN(plain.length, 60));
    if (end < plain.length) {
        ptrdiff_t gap = str_find_last_char(str_slice(plain, 0, end), ' ');
        end = gap > 0 ? (size_t)gap : end;
    }
    return str_slice(plain, 0, end);
}

/* A document of several, or a part of a source without headings. */
static Section *begin_section(Making *making, Sections *sections, const Piece *piece, int level)
{
    Section *section = &sections->at[sections->count++];
    const MaterialDocument *document = &making->material.documents[piece->document];
    bool names_document = level == 0;
    Str name = document->title.length ? document->title : document->name;
    *section = (Section){ .first = piece,
                          .level = MIN(MAX(level, 1), LEVEL_MAX),
                          .title = names_document && name.length  ? name
                                   : piece->kind == PIECE_HEADING ? piece->plain
                                                                  : title_of_text(piece) };
    return section;
}

/* The levels that are there become 1, 2, 3 ... below the document's own. */
static int level_of(const Making *making, const Piece *heading)
{
    int least = heading->level;
    for (size_t i = 0; i < making->material.piece_count; i++)
        if (making->material.pieces[i].kind == PIECE_HEADING &&
            making->material.pieces[i].document == heading->document)
            least = MIN(least, making->material.pieces[i].level);
    return heading->level - least + 1 + (making->material.document_count > 1);
}

static Sections read_sections(Making *making)
{
    const Material *material = &making->material;
    Sections sections = { .at = arena_new_array(making->arena, Section,
                                                material->piece_count + material->document_count) };
    Section *last = NULL;
    for (size_t i = 0; i < material->piece_count; i++) {
        const Piece *piece = &material->pieces[i];
        bool is_new = !i || piece->document != material->pieces[i - 1].document;
        if (is_new && material->document_count > 1)
            last = begin_section(making, &sections, piece, 0);
        if (piece->kind == PIECE_HEADING)
            last = begin_section(making, &sections, piece, level_of(making, piece));
        else if (!last ||
                 (last->bytes > PART_BYTES && !piece->section && piece->kind == PIECE_SENTENCE &&
                  fact_is_sentence(piece->plain, material->language)))
            last = begin_section(making, &sections, piece, material->document_count > 1 ? 2 : 1);
        last->bytes += piece->text.length;
    }
    return sections;
}

static void find_best(Making *making, Sections *sections)
{
    for (size_t i = 0; i < making->facts.count; i++) {
        const Fact *fact = &making->facts.at[i];
        size_t s = 0;
        while (s + 1 < sections->count && sections->at[s + 1].first <= fact->piece)
            s++;
        Section *section = &sections->at[s];
        if (!section->best || fact->score > section->best->score)
            section->best = fact;
    }
}

/* The one that it is a part of, the one before it of its level, and those that define what its best
 * sentence speaks of. */
static void find_before(Sections *sections, size_t index)
{
    Section *section = &sections->at[index];
    for (size_t s = index; s-- > 0 && section->after_count < AFTER_MAX;) {
        const Section *other = &sections->at[s];
        bool is_parent = other->level < section->level;
        if (is_parent || other->level == section->level) {
            section->after[section->after_count++] = s;
            break;
        }
    }
    for (size_t s = 0; s < index && section->best && section->after_count < AFTER_MAX; s++) {
        const Fact *best = sections->at[s].best;
        bool is_known = section->after_count && section->after[0] == s;
        if (best && best->term.length > 3 && !is_known &&
            str_find_ignore_case(section->best->plain, best->term) >= 0)
            section->after[section->after_count++] = s;
    }
}

/* Of more than are wanted the shallowest are kept. */
static size_t depth_kept(const Sections *sections, size_t wanted)
{
    size_t depth = LEVEL_MAX;
    for (; depth > 1; depth--) {
        size_t count = 0;
        for (size_t i = 0; i < sections->count; i++)
            count += (size_t)sections->at[i].level <= depth;
        if (count <= wanted)
            break;
    }
    return depth;
}

static void keep_shallow(Sections *sections, size_t wanted)
{
    size_t depth = depth_kept(sections, wanted), kept = 0;
    for (size_t i = 0; i < sections->count && kept < wanted; i++) {
        Section *section = &sections->at[i];
        if ((size_t)section->level <= depth && section->title.length >= 2)
            sections->at[kept++] = *section;
        else if (kept)
            sections->at[kept - 1].bytes += section->bytes;
    }
    sections->count = kept;
}

static bool add_section(Making *making, const Section *section, Error *err)
{
    Buf out;
    const Piece *cited = section->best ? section->best->piece : section->first;
    Citation source = material_cite(making->arena, &making->material, cited);
    size_t number = making->items.count + 1;
    Str about = section->best ? section->best->plain : STR_NONE;
    JsonWriter json = item_begin(making, &out);
    put_int(&json, "number", (int64_t)number);
    put_text(
        &json, "title",
        str_slice(section->title, 0, utf8_floor(section->title, MIN(section->title.length, 290))));
    put_int(&json, "level", section->level);
    put_text(&json, "about",
             str_slice(about, 0, utf8_floor(about, MIN(about.length, ABOUT_BYTES))));
    put_array(&json, "after");
    for (size_t i = 0; i < section->after_count; i++)
        put_int(&json, NULL, (int64_t)section->after[i] + 1);
    put_end(&json);
    put_int(&json, "minutes", (int64_t)(section->bytes / BYTES_A_MINUTE + 1));
    /* Two sections of one name are two. */
    Str main = str_format(making->arena, "%zu " STR_FMT, number, STR_ARG(section->title));
    ItemEnd end = { main, section->best ? item_difficulty(section->best, NULL, false) : 0.3,
                    &source };
    return item_end(making, &out, &json, &end, NULL, err);
}

bool make_outline(Making *making, Error *err)
{
    Sections sections = read_sections(making);
    keep_shallow(&sections, making->wanted);
    find_best(making, &sections);
    for (size_t i = 0; i < sections.count; i++) {
        find_before(&sections, i);
        if (!add_section(making, &sections.at[i], err))
            return false;
    }
    return true;
}
