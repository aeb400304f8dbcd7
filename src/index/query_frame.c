/* query_frame.c - the words of a query that say how it is asked and not what about: "What is said
 * about ..." Text retrieval knows them as stop structure (Callan, Croft and Broglio 1995, TREC and
 * TIPSTER experiments with INQUERY, 3.1). They go on scoring, as every word that is there does, but
 * a passage need not have them. */
#include "index/query.h"
#include "text/fold.h"

#define FRAME_TEXT_MAX 400 /* bytes: how much longer texts are asked does not matter */
#define FRAME_WORDS_MAX 64
#define FRAME_MIN 2
/* So many more words than any other a language must know to be the query's. */
#define LANGUAGE_MARGIN 2

typedef struct FrameWord {
    uint32_t start;
    bool is_stop, is_asking;
} FrameWord;

typedef struct Frame {
    FrameWord words[FRAME_WORDS_MAX];
    size_t count, known; /* the second: stop words and words of asking */
} Frame;

static bool is_asking(Language language, Str typed)
{
    char lower[WORD_TEXT_MAX * 4];
    return typed.length <= WORD_TEXT_MAX &&
           language_is_asking_word(language, fold_case(typed, lower, sizeof(lower)));
}

static Frame frame_of(Arena *arena, Words *words, Language language, Str text)
{
    WordList list = words_list(words, language, text, arena);
    Frame frame = { 0 };
    for (size_t i = 0; i < list.words.count && frame.count < FRAME_WORDS_MAX; i++) {
        const Word *word = &list.words.at[i];
        if (word->is_extra)
            continue;
        FrameWord one = { word->start, word->is_stop,
                          is_asking(language, str_slice(text, word->start, word->end)) };
        frame.known += one.is_stop || one.is_asking;
        frame.words[frame.count++] = one;
    }
    return frame;
}

/* Where a query that begins by asking comes to its subject; 0: it does not begin so. */
static size_t frame_end(const Frame *frame)
{
    size_t at = 0;
    bool asks = false;
    for (; at < frame->count && (frame->words[at].is_stop || frame->words[at].is_asking); at++)
        asks |= frame->words[at].is_asking;
    return asks && at >= FRAME_MIN ? at : 0;
}

static bool is_of_frame(const Frame *frame, size_t end, uint32_t start)
{
    for (size_t i = 0; i < frame->count; i++)
        if (frame->words[i].start == start)
            return frame->words[i].is_stop || i < end;
    return false;
}

/* Not when they are all that there is. */
static void mark(Query *query, const Frame *frame)
{
    size_t end = frame_end(frame), marked = 0;
    for (size_t t = 0; t < query->terms.count; t++) {
        QueryTerm *term = &query->terms.at[t];
        term->is_frame = is_of_frame(frame, end, term->start);
        marked += term->is_frame;
    }
    for (size_t t = 0; t < query->terms.count; t++)
        query->terms.at[t].is_frame &= marked < query->terms.count;
}

void query_mark_frame(Arena *arena, Words *words, const Language *languages, size_t count,
                      Query *query)
{
    Frame frame, best = { 0 };
    size_t second = 0;
    if (query->clauses.count || query->text.length > FRAME_TEXT_MAX)
        return;
    for (size_t l = 0; l < count; l++) {
        frame = frame_of(arena, words, languages[l], query->text);
        if (frame.known > best.known || !l) {
            second = best.known;
            best = frame;
        } else {
            second = MAX(second, frame.known);
        }
    }
    if (count == 1 || best.known >= second + LANGUAGE_MARGIN)
        mark(query, &best);
}

/* --- All words --- */

/* The place where a word was typed is a clause, the forms that it has there are its phrases. */
static void add_word(Arena *arena, Query *all, const QueryTerm *term, uint8_t fields)
{
    QueryClause *clause = NULL;
    for (size_t i = 0; i < all->clauses.count && !clause; i++)
        if (all->clauses.at[i].start == term->start)
            clause = &all->clauses.at[i];
    if (!clause) {
        clause = vec_push(arena, &all->clauses);
        *clause = (QueryClause){ .fields = fields, .start = term->start, .end = term->end };
    }
    Str *word = arena_new_one(arena, Str);
    *word = term->text;
    *vec_push(arena, &clause->phrases) = (QueryPhrase){ word, 1 };
}

Query query_all_words(Arena *arena, const Query *query, uint8_t fields)
{
    Query all = { .text = query->text };
    for (size_t i = 0; !query->clauses.count && i < query->terms.count; i++)
        if (!query->terms.at[i].is_frame)
            add_word(arena, &all, &query->terms.at[i], fields);
    return all;
}
