/* answer.c - see answer.h: the steps of one answer, in order. */
#include "answer/answer_int.h"

#include "base/clock.h"

#define SOURCES_MAX ((size_t)70) /* of a document that is read whole there are more */

Answers *answers_new(Db *db, Searcher *searcher, Library *library, Models *models)
{
    Answers *answers = heap_alloc(sizeof *answers);
    answers->db = db;
    answers->searcher = searcher;
    answers->library = library;
    answers->models = models;
    pthread_mutex_init(&answers->lock, NULL);
    return answers;
}

void answers_set_asker(Answers *answers, AnswerAsker *asker) { answers->asker = asker; }

void answers_free(Answers *answers)
{
    if (!answers)
        return;
    for (size_t i = 0; i < answers->words_count; i++)
        words_free(answers->words[i]);
    pthread_mutex_destroy(&answers->lock);
    free(answers);
}

/* --- Stemmers: one caller at a time each --- */

static Words *borrow_words(Answers *answers)
{
    pthread_mutex_lock(&answers->lock);
    Words *words = answers->words_count ? answers->words[--answers->words_count] : NULL;
    pthread_mutex_unlock(&answers->lock);
    return words ? words : words_new();
}

static void return_words(Answers *answers, Words *words)
{
    pthread_mutex_lock(&answers->lock);
    if (answers->words_count < WORDS_KEPT) {
        answers->words[answers->words_count++] = words;
        words = NULL;
    }
    pthread_mutex_unlock(&answers->lock);
    words_free(words);
}

const char *const attached_words[] = {
    [ATTACHED_WHOLE] = "whole", [ATTACHED_SEARCHED] = "searched"
};

/* --- Telling --- */

static bool told(bool listens, Error *err)
{
    return listens || fail(err, ERROR_CANCELLED, "the reader has gone");
}

bool tell_step(AnswerRun *run, Str text, Error *err)
{
    return !run->sink->step || told(run->sink->step(run->sink->self, text), err);
}

bool tell_delta(AnswerRun *run, Str text, Error *err)
{
    return !run->sink->delta || told(run->sink->delta(run->sink->self, text), err);
}

bool tell_source(AnswerRun *run, const Citation *citation, Error *err)
{
    return !run->sink->source || told(run->sink->source(run->sink->self, citation), err);
}

bool tell_restart(AnswerRun *run, Error *err)
{
    return !run->sink->restart || told(run->sink->restart(run->sink->self), err);
}

static bool tell_search(AnswerRun *run, Error *err)
{
    IndexState state = library_index_state(run->answers->library);
    return tell_step(run,
                     str_format(run->arena, "searched %" PRId64 " passages in %" PRId64 " ms",
                                state.chunks, run->results.took_us / 1000),
                     err);
}

/* --- The steps --- */

static bool decide_parts(AnswerRun *run, bool *is_found_r, Error *err)
{
    *is_found_r = false;
    for (size_t i = 0; i < run->part_count; i++) {
        if (!decide(run, &run->parts[i], err))
            return false;
        *is_found_r |= run->parts[i].is_found;
    }
    return true;
}

static bool answer_from_passages(AnswerRun *run, Error *err)
{
    bool is_found;
    if (!look_up(run, err) || !tell_search(run, err) || !decide_parts(run, &is_found, err))
        return false;
    bool is_answered;
    run->answer.sources = run->results;
    run->answer.sources.count = MIN(run->results.count, SOURCES_MAX);
    if (!generate(run, &is_answered, err) || is_answered)
        return is_answered;
    return is_found ? compose(run, err) : compose_not_found(run, err);
}

static bool answer_steps(AnswerRun *run, Error *err)
{
    run->answer.model = S("lectern");
    run->answer.persona = run->request->persona ? run->request->persona->name : STR_NONE;
    run->text = buf_new(run->arena, KB(256));
    bool is_counted;
    if (!conversation_begin(run, err) || !answer_by_counting(run, &is_counted, err) ||
        (!is_counted && !answer_from_passages(run, err)))
        return false;
    run->answer.text = buf_str(&run->text);
    run->answer.sentences = run->sentences;
    run->answer.citations = run->citations;
    suggest_questions(run);
    /* Whoever keeps nothing waits for nothing. */
    bool goes_on = run->answer.is_generated && run->answer.is_found && run->request->is_kept;
    return (!goes_on || next_by_model(run, err)) && conversation_keep(run, err);
}

bool answer_set_persona(AnswerRequest *request, const Persona *persona, Str mode, Error *err)
{
    SearchRequest *search = &request->search;
    request->persona = persona;
    if (persona && !search->collections.count && !search->documents.count)
        search->collections = persona->collections;
    if (persona && !mode.length)
        mode = persona->search_mode;
    return search_mode_named(mode, &search->mode, err);
}

bool answer_run(Answers *answers, const Scope *scope, Arena *arena, const AnswerRequest *request,
                const AnswerSink *sink, Answer *answer_r, Error *err)
{
    int64_t start = monotonic_us();
    AnswerRun *run = arena_new_one(arena, AnswerRun);
    run->answers = answers;
    run->scope = scope;
    run->arena = arena;
    run->request = request;
    run->sink = sink;
    run->citation_max = CITATIONS_MAX;
    run->words = borrow_words(answers);
    bool done = answer_steps(run, err);
    return_words(answers, run->words);
    if (!done)
        return false;
    run->answer.took_us = monotonic_us() - start;
    *answer_r = run->answer;
    return true;
}
