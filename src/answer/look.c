/* look.c - the searches of an answer, and the reading of what they gave. */
#include "answer/answer_int.h"

#define WHOLE_LIMIT 40
#define PART_LIMIT 20
/* So many passages are cut into sentences; the others only lend their words to their document. */
#define BLOCK_PASSAGES 40
/* Words beside the best unit that the question's are compared with. */
#define MEANING_WORDS 40
/* Cosines of single words by MiniLM: unrelated ones have 0.1 to 0.3, "king" and "monarch" 0.8. */
#define WORD_COSINE_LEAST 0.3
#define NAME_COSINE_LEAST 0.6
#define WORD_COSINE_SAME 0.8
#define COMPARED_TOKENS 64

/* Marks that bind a search: a question means none of them. */
static Str plain_query(Arena *arena, Str question)
{
    Str copy = str_copy(arena, str_slice(question, 0, KB(2)));
    char *at = str_c(arena, copy);
    for (size_t i = 0; i < copy.length; i++) {
        bool begins_word = i == 0 || HAS_CHAR(at[i - 1], " \t\n\r(");
        if (at[i] == '"' || (at[i] == '-' && begins_word))
            at[i] = ' ';
    }
    return (Str){ at, copy.length };
}

static bool find_whole(AnswerRun *run, Error *err)
{
    SearchRequest search = run->request->search;
    search.query = plain_query(run->arena, run->question);
    search.limit = search.limit > 0 ? search.limit : WHOLE_LIMIT;
    return search_run(run->answers->searcher, run->scope, run->arena, &search, &run->results, err);
}

/* Of a part of the question: as if nobody had chosen a mode. */
static bool find_part(AnswerRun *run, Str question, SearchResults *results_r, Error *err)
{
    SearchRequest search = run->request->search;
    search.query = plain_query(run->arena, question_widened(run->arena, question));
    search.mode = SEARCH_HYBRID;
    search.limit = PART_LIMIT;
    search.is_remembered = false;
    search.watch.step = NULL;
    return search_run(run->answers->searcher, run->scope, run->arena, &search, results_r, err);
}

/* --- Blocks --- */

typedef struct BlocksWork {
    AnswerRun *run;
    Passage *passages;
    size_t count;
} BlocksWork;

/* Of one that is read whole every passage may be cited. */
static size_t passages_max(const AnswerRun *run, const Part *part)
{
    bool is_whole = run->is_whole && part == run->parts;
    return READING_PASSAGES_MAX + (is_whole ? WHOLE_PASSAGES_MAX : 0);
}

static bool blocks_work(DbTx *tx, void *argument, Error *err)
{
    BlocksWork *work = argument;
    BlockRange *ranges = arena_new_array(work->run->arena, BlockRange, work->count + 1);
    for (size_t i = 0; i < work->count; i++) {
        const Chunk *chunk = &work->passages[i].hit->row.chunk;
        ranges[i] = (BlockRange){ .document = chunk->document,
                                  .version = chunk->version,
                                  .first = chunk->first_block,
                                  .count = chunk->last_block - chunk->first_block + 1 };
    }
    if (!block_list_many(tx, work->run->scope, work->run->arena, ranges, work->count, err))
        return false;
    for (size_t i = 0; i < work->count; i++)
        work->passages[i].blocks = ranges[i].found;
    return true;
}

/* --- Passages of a part --- */

static void add_passages(Passage *passages, size_t *count, size_t most,
                         const SearchResults *results)
{
    for (size_t i = 0; i < results->count && *count < most; i++) {
        bool is_known = false;
        for (size_t j = 0; j < *count && !is_known; j++)
            is_known = passages[j].hit->row.chunk.number == results->at[i].row.chunk.number;
        if (!is_known)
            passages[(*count)++] = (Passage){ .hit = &results->at[i] };
    }
}

static void set_whole_ranks(Passage *passages, size_t count, const SearchResults *whole)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < whole->count; j++)
            if (passages[i].hit->row.chunk.number == whole->at[j].row.chunk.number)
                passages[i].whole_rank = (int)j + 1;
}

static void set_rarities(AnswerRun *run, Question *question)
{
    Str texts[QUESTION_WORDS_MAX];
    double rarities[QUESTION_WORDS_MAX];
    for (size_t i = 0; i < question->word_count; i++)
        texts[i] = question->words[i].text;
    search_rarities(run->answers->searcher, run->scope, texts, question->word_count, rarities);
    for (size_t i = 0; i < question->word_count; i++)
        question->words[i].rarity = rarities[i];
}

/* --- Meaning: one call of the encoder for each part --- */

typedef struct MeaningWords {
    Str texts[MEANING_WORDS]; /* as written, each once */
    size_t count;
    Str source;
} MeaningWords;

static void add_meaning_word(void *self, const Word *word)
{
    MeaningWords *list = self;
    Str written = str_slice(list->source, word->start, word->end);
    if (word->is_extra || word->is_stop || written.length < 3 || list->count == MEANING_WORDS)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_ignore_case(list->texts[i], written))
            return;
    list->texts[list->count++] = written;
}

static double dot(const float *a, const float *b, size_t dims)
{
    double sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* A name is the same or another; other words may mean nearly the same. */
static double nearness_of(const QuestionWord *word, double cosine)
{
    if (word->is_number)
        return 0;
    double least = word->is_name ? NAME_COSINE_LEAST : WORD_COSINE_LEAST;
    return MIN(1.0, MAX(0.0, (cosine - least) / (WORD_COSINE_SAME - least)));
}

/* The cosine of question and best unit, and how near the question's words are to those of the
 * unit and its neighbours. Texts: question, unit, the question's words, the others'. */
void compare_meaning(AnswerRun *run, Reading *reading, size_t best)
{
    const Question *question = &reading->question;
    size_t own = question->word_count, dims;
    MeaningWords near = { .source = reading_surroundings(reading, best) };
    words_split(run->words, question->language, near.source, add_meaning_word, &near);
    Str *texts = arena_new_array(run->arena, Str, 2 + own + near.count);
    float *vectors;
    texts[0] = question->text;
    texts[1] = reading->units[best].text;
    for (size_t i = 0; i < own; i++)
        texts[2 + i] = question->words[i].written;
    for (size_t i = 0; i < near.count; i++)
        texts[2 + own + i] = near.texts[i];
    if (!search_embed(run->answers->searcher, run->arena, texts, 2 + own + near.count,
                      COMPARED_TOKENS, &dims, &vectors))
        return;
    reading->has_meaning = true;
    reading->cosine = dot(vectors, vectors + dims, dims);
    reading->nearness = arena_new_array(run->arena, double, own + 1);
    for (size_t i = 0; i < own; i++) {
        double cosine = 0;
        for (size_t j = 0; j < near.count; j++)
            cosine =
                MAX(cosine, dot(vectors + (2 + i) * dims, vectors + (2 + own + j) * dims, dims));
        reading->nearness[i] = nearness_of(&question->words[i], cosine);
    }
}

static bool look_up_part(AnswerRun *run, Part *part, Error *err)
{
    SearchResults own = { 0 };
    size_t count = 0, most = passages_max(run, part);
    Passage *passages = arena_new_array(run->arena, Passage, most);
    if (run->part_count > 1 && !find_part(run, part->question, &own, err))
        return false;
    add_passages(passages, &count, most, &own);
    add_passages(passages, &count, most, &run->results);
    set_whole_ranks(passages, count, &run->results);
    size_t cut = most > READING_PASSAGES_MAX ? count : MIN(count, (size_t)BLOCK_PASSAGES);
    BlocksWork work = { run, passages, cut };
    if (!store_read(run->answers->db, run->scope, blocks_work, &work, err))
        return false;
    Question question = question_read(run->arena, run->words, part->question);
    set_rarities(run, &question);
    part->reading = reading_new(run->arena, run->words, &question, passages, count);
    reading_measure(part->reading);
    reading_rank(part->reading);
    if (part->reading->unit_count)
        compare_meaning(run, part->reading, part->reading->order[0]);
    return true;
}

bool look_up(AnswerRun *run, Error *err)
{
    QuestionParts parts = question_split(run->arena, run->words, run->question);
    if (!find_whole(run, err) || !read_attached(run, err))
        return false;
    run->part_count = parts.count;
    for (size_t i = 0; i < parts.count; i++) {
        run->parts[i].question = parts.at[i];
        if (!look_up_part(run, &run->parts[i], err))
            return false;
    }
    return true;
}
