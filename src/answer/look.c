/* look.c - the searches of an answer, and the reading of what they gave. */
#include "answer/answer_int.h"

#define WHOLE_LIMIT 30
#define PART_LIMIT 20
/* So many passages are cut into sentences; the others only lend their words to their document. */
#define BLOCK_PASSAGES 24
/* So many units are compared with the question by the encoder: 6 ms for each, on one core. */
#define COMPARED_UNITS 20
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

static bool find(AnswerRun *run, Str question, int limit, SearchResults *results_r, Error *err)
{
    SearchRequest search = run->request->search;
    search.query = plain_query(run->arena, question);
    search.mode = SEARCH_HYBRID;
    search.limit = limit;
    search.is_remembered = false;
    return search_run(run->answers->searcher, run->scope, run->arena, &search, results_r, err);
}

/* --- Blocks --- */

typedef struct BlocksWork {
    AnswerRun *run;
    Passage *passages;
    size_t count;
} BlocksWork;

static bool blocks_work(DbTx *tx, void *argument, Error *err)
{
    BlocksWork *work = argument;
    for (size_t i = 0; i < work->count && i < BLOCK_PASSAGES; i++) {
        const Chunk *chunk = &work->passages[i].hit->row.chunk;
        if (!block_list(tx, work->run->scope, work->run->arena, chunk->document, chunk->version,
                        chunk->first_block, chunk->last_block - chunk->first_block + 1,
                        &work->passages[i].blocks, err))
            return false;
    }
    return true;
}

/* --- Passages of a part --- */

static void add_passages(Passage *passages, size_t *count, const SearchResults *results)
{
    for (size_t i = 0; i < results->count && *count < READING_PASSAGES_MAX; i++) {
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

/* --- Similarity of the best units --- */

static double dot(const float *a, const float *b, size_t dims)
{
    double sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void compare_units(AnswerRun *run, Part *part)
{
    Reading *reading = part->reading;
    Str texts[COMPARED_UNITS + 1] = { part->question };
    size_t most = COMPARED_UNITS / run->part_count, count = 0, dims;
    float *vectors;
    reading_rank(reading);
    while (count < most && count < reading->unit_count) {
        texts[count + 1] = reading->units[reading->order[count]].text;
        count++;
    }
    if (!count || !search_embed(run->answers->searcher, run->arena, texts, count + 1,
                                COMPARED_TOKENS, &dims, &vectors))
        return;
    for (size_t i = 0; i < count; i++)
        reading_set_cosine(reading, reading->order[i],
                           dot(vectors, vectors + (i + 1) * dims, dims));
}

static bool look_up_part(AnswerRun *run, Part *part, Error *err)
{
    SearchResults own = { 0 };
    Passage *passages = arena_new_array(run->arena, Passage, READING_PASSAGES_MAX);
    size_t count = 0;
    if (run->part_count > 1 && !find(run, part->question, PART_LIMIT, &own, err))
        return false;
    add_passages(passages, &count, &own);
    add_passages(passages, &count, &run->results);
    set_whole_ranks(passages, count, &run->results);
    BlocksWork work = { run, passages, count };
    if (!store_read(run->answers->db, run->scope, blocks_work, &work, err))
        return false;
    Question question = question_read(run->arena, run->words, part->question);
    set_rarities(run, &question);
    part->reading = reading_new(run->arena, run->words, &question, passages, count);
    reading_measure(part->reading);
    compare_units(run, part);
    reading_rank(part->reading);
    return true;
}

bool look_up(AnswerRun *run, Error *err)
{
    QuestionParts parts = question_split(run->arena, run->words, run->question);
    int limit = run->request->search.limit > 0 ? run->request->search.limit : WHOLE_LIMIT;
    if (!find(run, run->question, limit, &run->results, err))
        return false;
    run->part_count = parts.count;
    for (size_t i = 0; i < parts.count; i++) {
        run->parts[i].question = parts.at[i];
        if (!look_up_part(run, &run->parts[i], err))
            return false;
    }
    return true;
}
