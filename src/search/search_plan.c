/* search_plan.c - modes that ask more than the query: other words for it, its parts, other sides.
 *
 *     query -> look (a first search) -> questions, by a model or by rules
 *                                    -> words of what was found that mean nearly the same
 *                                    -> one search of all of them (SearchRequest.legs)
 *
 * Without a model service, and when it fails, the first look's words alone make the plan; the
 * results say which it was. Only the query goes to the service, never what was found. */
#include "base/clock.h"
#include "base/json_schema.h"
#include "models/structured.h"
#include "search/search_int.h"

#define LOOK_LIMIT 10
#define QUESTIONS_MAX 5
#define QUESTION_LENGTH_MAX 300
#define WORDS_MAX 4
#define DIVERSE_OF 4 /* so many times the results that are wanted are chosen from */
#define LIMIT_MAX 100
#define FEATURE "search"

static const char questions_schema[] =
    "{\"type\":\"object\",\"properties\":{\"questions\":{\"type\":\"array\",\"minItems\":1,"
    "\"maxItems\":5,\"items\":{\"type\":\"string\",\"minLength\":2,\"maxLength\":300}}},"
    "\"required\":[\"questions\"],\"additionalProperties\":false}";

typedef struct PlanKind {
    const char *step, *instructions;
    double temperature;
    double weight; /* of a question's hits beside the query's */
    SearchTarget own;
} PlanKind;

static const PlanKind kinds[] = {
    [PLAN_REWRITES] = { "rewrite",
                        "You help to search a library of documents. Write up to 4 other ways to "
                        "ask for exactly what the query asks for: synonyms, the terms a specialist "
                        "would use, a fuller question. Keep names and numbers. Use the language of "
                        "the query.",
                        0.2, 0.9, FOR_BOTH },
    [PLAN_PARTS] = { "plan",
                     "You help to search a library of documents. Take the query apart into up to 5 "
                     "smaller questions whose answers together answer it, in the order in which "
                     "they should be looked up. Each must stand alone. Use the language of the "
                     "query.",
                     0.1, 0.95, FOR_BOTH },
    [PLAN_ALTERNATIVES] = { "alternatives",
                            "You help to explore a library of documents. Write up to 5 questions "
                            "that look at the query's subject from quite different sides: "
                            "neighbouring fields, opposite views, causes, uses, analogies. Use the "
                            "language of the query.",
                            1.0, 0.95, FOR_MEANING },
};

typedef struct Planning {
    Searcher *searcher;
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    const PlanKind *kind;
    Str words; /* of the query, without conditions */
    SearchPlan plan;
    Str notice;
    SearchStep steps[2]; /* before the last search */
    size_t step_count;
    int64_t step_start_us;
} Planning;

/* --- Steps --- */

static bool tell_step(Planning *p, const char *name, Str text, size_t found, Error *err)
{
    const SearchWatch *watch = &p->request->watch;
    int64_t now = monotonic_us();
    SearchStep *step = &p->steps[p->step_count++];
    *step = (SearchStep){ name, text, now - p->step_start_us, (int64_t)found };
    p->step_start_us = now;
    if (watch->step)
        watch->step(watch->self, step);
    return !watch->is_stopped || !watch->is_stopped(watch->self) ||
           fail(err, ERROR_CANCELLED, "the search was stopped");
}

/* --- Questions --- */

/* Marks that bind a search: nobody who writes a question means them. */
static Str plain(Arena *arena, Str text)
{
    Str copy = str_copy(arena, str_trim(str_slice(text, 0, QUESTION_LENGTH_MAX)));
    char *at = str_c(arena, copy);
    for (size_t i = 0; i < copy.length; i++)
        if (HAS_CHAR(at[i], "\"()*~\n\r\t") || (at[i] == '-' && (i == 0 || at[i - 1] == ' ')))
            at[i] = ' ';
    return str_trim((Str){ at, copy.length });
}

static void add_question(Planning *p, Str *room, Str text)
{
    StrList *list = &p->plan.questions;
    Str question = plain(p->arena, text);
    if (!question.length || list->count == QUESTIONS_MAX ||
        str_equal_ignore_case(question, str_trim(p->words)))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_ignore_case(list->at[i], question))
            return;
    room[list->count++] = question;
    list->at = room;
}

static bool ask_model(Planning *p, json_t **answer_r, Str *model_r, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    ChatMessage messages[] = { { .role = S("system"), .text = str(p->kind->instructions) },
                               { .role = S("user"),
                                 .text = str_format(p->arena, "Query: " STR_FMT,
                                                    STR_ARG(str_trim(p->words))) } };
    StructuredRequest ask = { .messages = messages,
                              .count = COUNT(messages),
                              .name = S("questions"),
                              .feature = S(FEATURE),
                              .may_keep = true,
                              .output_max = 400,
                              .temperature = p->kind->temperature,
                              .tries_max = 2 };
    StructuredResult result;
    if (!json_parse(S(questions_schema), KB(4), &schema, err))
        return false;
    ask.schema = schema;
    if (!models_structured(p->searcher->models, p->scope, p->arena, &ask, &result, err))
        return false;
    *answer_r = result.json;
    *model_r = result.model;
    return true;
}

static bool find_service(const Planning *p, Provider *provider_r)
{
    Error none;
    return p->searcher->models &&
           models_provider(p->searcher->models, p->scope, p->arena, provider_r, &none);
}

static void make_questions(Planning *p)
{
    Str *room = arena_new_array(p->arena, Str, QUESTIONS_MAX);
    AUTO_JSON json_t *answer = NULL;
    Provider provider;
    Str model;
    Error why;
    size_t i;
    json_t *one;
    p->plan.made_by = S("rules");
    for (i = 0; i < p->request->parts.count; i++)
        if (p->kind == &kinds[PLAN_PARTS])
            add_question(p, room, p->request->parts.at[i]);
    if (!find_service(p, &provider))
        return;
    if (!ask_model(p, &answer, &model, &why)) {
        p->notice =
            str_format(p->arena, "the model service gave no plan (%s); rules made it", why.message);
        return;
    }
    p->plan.questions.count = 0;
    p->plan.made_by = model.length ? model : provider.model.length ? provider.model : provider.name;
    json_array_foreach(json_object_get(answer, "questions"), i, one)
        add_question(p, room, (Str){ json_string_value(one), json_string_length(one) });
}

/* --- The first look --- */

static bool look(Planning *p, SearchResults *results_r, Error *err)
{
    SearchLeg own = { .words = p->words, .looks_for = FOR_BOTH };
    SearchLeg *legs = arena_new_array(p->arena, SearchLeg, 1 + QUESTIONS_MAX);
    SearchRequest first = *p->request;
    legs[0] = own;
    first.leg_count = 1;
    if (p->kind == &kinds[PLAN_PARTS]) /* of each part something is seen */
        for (size_t i = 0; i < p->plan.questions.count; i++)
            legs[first.leg_count++] = (SearchLeg){ .words = p->plan.questions.at[i],
                                                   .looks_for = FOR_BOTH,
                                                   .weight = p->kind->weight };
    first.legs = legs;
    first.watch =
        (SearchWatch){ .is_stopped = p->request->watch.is_stopped, .self = p->request->watch.self };
    first.limit = LOOK_LIMIT;
    first.offset = 0;
    first.is_remembered = first.by_document = first.wants_matching = first.explains = false;
    first.without_rerank = true;
    first.suggests_for = NULL;
    return search_run(p->searcher, p->scope, p->arena, &first, results_r, err);
}

static bool add_words(Planning *p, Error *err)
{
    SearchResults seen;
    bool by_meaning;
    if (!look(p, &seen, err))
        return false;
    p->plan.words = search_other_words(p->searcher, p->arena, str_trim(p->words), &seen, WORDS_MAX,
                                       &by_meaning);
    if (by_meaning && str_is(p->plan.made_by, "rules"))
        p->plan.made_by = S("encoder");
    return tell_step(p, "look", str_join(p->arena, p->plan.words.at, p->plan.words.count, S(" ")),
                     seen.count, err);
}

/* --- The legs --- */

static Str with_word(const Planning *p, Str words)
{
    return str_format(p->arena, STR_FMT " " STR_FMT, STR_ARG(str_trim(p->words)), STR_ARG(words));
}

/* Other sides are asked for one by one, other words for the same thing together. */
static size_t add_word_legs(const Planning *p, SearchLeg *legs, size_t count)
{
    const StrList *words = &p->plan.words;
    if (p->kind != &kinds[PLAN_ALTERNATIVES]) {
        if (words->count)
            legs[count++] =
                (SearchLeg){ .words =
                                 with_word(p, str_join(p->arena, words->at, words->count, S(" "))),
                             .looks_for = FOR_BOTH,
                             .weight = 0.8 };
        return count;
    }
    for (size_t i = 0; i < words->count; i++)
        legs[count++] = (SearchLeg){ .words = with_word(p, words->at[i]),
                                     .looks_for = FOR_BOTH,
                                     .weight = 0.9 };
    return count;
}

static size_t make_legs(const Planning *p, bool has_embeddings, SearchLeg *legs)
{
    size_t count = 0;
    SearchTarget own = has_embeddings ? p->kind->own : FOR_BOTH;
    legs[count++] = (SearchLeg){ .words = p->words, .looks_for = own };
    for (size_t i = 0; i < p->plan.questions.count; i++)
        legs[count++] = (SearchLeg){ .words = p->plan.questions.at[i],
                                     .looks_for = FOR_BOTH,
                                     .weight = p->kind->weight };
    return add_word_legs(p, legs, count);
}

static bool search_all(Planning *p, SearchResults *results_r, Error *err)
{
    SearchLeg legs[SEARCH_LEGS_MAX];
    SearchRequest all = *p->request;
    bool is_diverse = p->kind == &kinds[PLAN_ALTERNATIVES] &&
                      (all.limit + all.offset) * 2 <= LIMIT_MAX && !all.by_document;
    all.legs = legs;
    all.leg_count = make_legs(p, library_model_status(p->searcher->library).is_there, legs);
    if (is_diverse) {
        all.limit = MIN(LIMIT_MAX, (all.limit + all.offset) * DIVERSE_OF);
        all.offset = 0;
    }
    if (!search_run(p->searcher, p->scope, p->arena, &all, results_r, err))
        return false;
    if (!is_diverse)
        return true;
    search_diversify(p->searcher, p->arena, results_r,
                     (size_t)(p->request->limit + p->request->offset));
    size_t left_out = MIN(results_r->count, (size_t)p->request->offset);
    results_r->at += left_out;
    results_r->count -= left_out;
    return true;
}

/* The steps of the plan come before those of the search. */
static void join_steps(const Planning *p, SearchResults *results)
{
    SearchStep *steps = arena_new_array(p->arena, SearchStep, p->step_count + results->step_count);
    memcpy(steps, p->steps, p->step_count * sizeof *steps);
    memcpy(steps + p->step_count, results->steps, results->step_count * sizeof *steps);
    results->steps = steps;
    results->step_count += p->step_count;
}

bool search_planned(Searcher *searcher, const Scope *scope, Arena *arena,
                    const SearchRequest *request, SearchResults *results_r, Error *err)
{
    int64_t start = monotonic_us();
    Planning p = { .searcher = searcher,
                   .scope = scope,
                   .arena = arena,
                   .request = request,
                   .kind = &kinds[search_modes[request->mode].plan],
                   .words = search_words(request),
                   .step_start_us = start };
    make_questions(&p);
    if (!tell_step(&p, p.kind->step,
                   str_join(arena, p.plan.questions.at, p.plan.questions.count, S(" | ")),
                   p.plan.questions.count, err) ||
        !add_words(&p, err) || !search_all(&p, results_r, err))
        return false;
    join_steps(&p, results_r);
    results_r->plan = p.plan;
    results_r->took_us = monotonic_us() - start;
    if (p.notice.length)
        results_r->notice = p.notice;
    return true;
}
