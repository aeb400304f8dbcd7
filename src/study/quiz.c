#include "study/quiz.h"

#include "base/utf8.h"

#define TEXT_MAX KB(4)
#define SOURCE_MAX KB(64)
#define TOKENS_MAX 64

static const char *const kinds[] = {
#define QUESTION_KIND(name, text) text,
#include "study/question_kinds.def"
#undef QUESTION_KIND
};

/* --- Reading --- */

static bool read_kind(Str name, QuestionKind *kind_r, Error *err)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(name, kinds[i])) {
            *kind_r = (QuestionKind)i;
            return true;
        }
    return fail_field(err, "kind", "'kind' is choice, short or cloze, not '" STR_FMT "'",
                      STR_ARG(str_slice(name, 0, 40)));
}

/* The right one is there, and none twice. */
static bool check_options(Arena *arena, const Question *question, Error *err)
{
    size_t right = 0;
    if (question->options.count < 2 || question->options.count > QUIZ_OPTIONS_MAX)
        return fail_field(err, "options", "a choice has 2 to %d options", QUIZ_OPTIONS_MAX);
    for (size_t i = 0; i < question->options.count; i++) {
        Str option = utf8_fold(arena, str_trim(question->options.at[i]));
        if (!option.length)
            return fail_field(err, "options", "an option is empty");
        right += str_equal(question->options.at[i], question->answer);
        for (size_t k = 0; k < i; k++)
            if (str_equal(option, utf8_fold(arena, str_trim(question->options.at[k]))))
                return fail_field(err, "options", "two options are the same");
    }
    return right == 1 || fail_field(err, "answer", "the answer is none of the options");
}

static bool check_question(Arena *arena, const Question *question, Error *err)
{
    if (!str_trim(question->question).length)
        return fail_field(err, "question", "'question' is empty");
    if (!str_trim(question->answer).length)
        return fail_field(err, "answer", "'answer' is empty");
    if (question->kind == QUESTION_CHOICE)
        return check_options(arena, question, err);
    if (question->options.count)
        return fail_field(err, "options", "only a choice has options");
    return question->kind != QUESTION_CLOZE || str_find(question->question, S(QUIZ_GAP)) >= 0 ||
           fail_field(err, "question", "a cloze has a gap, written " QUIZ_GAP);
}

static bool read_one(Arena *arena, const json_t *json, Question *question_r, Error *err)
{
    Question question = { 0 };
    Str kind = STR_NONE;
    json_t *source = NULL;
    if (!json_read(
            json, arena,
            JSON_FIELDS(
                { "kind", JSON_STR, &kind, .required = true },
                { "question", JSON_STR, &question.question, .required = true,
                  .length_max = TEXT_MAX },
                { "answer", JSON_STR, &question.answer, .required = true, .length_max = TEXT_MAX },
                { "options", JSON_STRS, &question.options, .length_max = QUIZ_OPTIONS_MAX },
                { "accepted", JSON_STRS, &question.accepted, .length_max = 20 },
                { "explanation", JSON_STR, &question.explanation, .length_max = TEXT_MAX },
                { "difficulty", JSON_STR, &question.difficulty, .length_max = 40 },
                { "source", JSON_ANY, &source }),
            err) ||
        !read_kind(kind, &question.kind, err) || !check_question(arena, &question, err))
        return false;
    if (source && !json_is_object(source) && !json_is_null(source))
        return fail_field(err, "source", "'source' must be an object");
    question.source = json_is_object(source) ? json_print(arena, source) : STR_NONE;
    *question_r = question;
    return question.source.length <= SOURCE_MAX ||
           fail_field(err, "source", "'source' has more than %zu bytes", SOURCE_MAX);
}

bool questions_read(Arena *arena, const json_t *json, Questions *questions_r, Error *err)
{
    size_t count = json_array_size(json);
    if (!json_is_array(json) || !count || count > QUIZ_QUESTIONS_MAX)
        return fail_field(err, "questions", "'questions' must be a list of 1 to %d",
                          QUIZ_QUESTIONS_MAX);
    Questions questions = { arena_new_array(arena, Question, count), count };
    for (size_t i = 0; i < count; i++)
        if (!read_one(arena, json_array_get(json, i), &questions.at[i], err))
            return fail_in(err, "question %zu", i + 1);
    *questions_r = questions;
    return true;
}

/* --- Showing --- */

static void put_source(JsonWriter *json, Str source)
{
    if (source.length)
        put_raw(json, "source", source);
    else
        put_null(json, "source");
}

static void put_question(JsonWriter *json, const Question *question, bool is_hidden)
{
    put_object(json, NULL);
    put_text(json, "kind", str(kinds[question->kind]));
    put_text(json, "question", question->question);
    put_texts(json, "options", question->options);
    if (!is_hidden) {
        put_text(json, "answer", question->answer);
        put_texts(json, "accepted", question->accepted);
        put_text(json, "explanation", question->explanation);
        if (question->difficulty.length)
            put_text(json, "difficulty", question->difficulty);
        put_source(json, question->source);
    }
    put_end(json);
}

void put_questions(JsonWriter *json, const char *name, const Questions *questions, bool is_hidden)
{
    put_array(json, name);
    for (size_t i = 0; i < questions->count; i++)
        put_question(json, &questions->at[i], is_hidden);
    put_end(json);
}

/* --- Grading --- */

typedef struct Likeness {
    Searcher *searcher;
    Arena *arena;
} Likeness;

static double find_likeness(void *self, Str a, Str b)
{
    const Likeness *likeness = self;
    const Str texts[] = { a, b };
    float *vectors;
    size_t dims;
    double product = 0;
    if (!search_embed(likeness->searcher, likeness->arena, texts, 2, TOKENS_MAX, &dims, &vectors))
        return -1;
    for (size_t i = 0; i < dims; i++)
        product += (double)vectors[i] * (double)vectors[dims + i];
    return product;
}

static Grade grade_question(Likeness *likeness, Words *words, const Question *question, Str given)
{
    Arena *arena = likeness->arena;
    if (question->kind == QUESTION_CHOICE) {
        bool is_right = str_equal(given, question->answer);
        return (Grade){ is_right, !given.length ? GRADED_EMPTY
                                  : is_right    ? GRADED_EXACT
                                                : GRADED_DIFFERS };
    }
    Str *accepted = arena_new_array(arena, Str, question->accepted.count + 1);
    accepted[0] = question->answer;
    for (size_t i = 0; i < question->accepted.count; i++)
        accepted[i + 1] = question->accepted.at[i];
    const GradeRequest request = { .given = given,
                                   .accepted = { accepted, question->accepted.count + 1 },
                                   .language =
                                       language_detect(question->question, LANGUAGE_ENGLISH),
                                   .likeness = find_likeness,
                                   .self = likeness };
    return grade_answer(arena, words, &request);
}

static void put_grade(JsonWriter *json, const Question *question, Str given, Grade grade)
{
    put_object(json, NULL);
    put_text(json, "given", given);
    put_number(json, "score", grade.score);
    put_bool(json, "is_right", grade.score >= 1);
    put_text(json, "how", str(grade_how_name(grade.how)));
    put_text(json, "answer", question->answer);
    put_text(json, "explanation", question->explanation);
    put_source(json, question->source);
    put_end(json);
}

static void words_auto(Words **words) { words_free(*words); }

Str quiz_grade(Searcher *searcher, Arena *arena, const Questions *questions, StrList given,
               double *score_r)
{
    AUTO(words_auto) Words *words = words_new();
    Likeness likeness = { searcher, arena };
    Buf text = buf_new(arena, 2 * STUDY_QUIZ_MAX);
    JsonWriter json = put_begin_array(&text);
    double sum = 0;
    for (size_t i = 0; i < questions->count; i++) {
        Str one = i < given.count ? given.at[i] : STR_NONE;
        Grade grade = grade_question(&likeness, words, &questions->at[i], one);
        put_grade(&json, &questions->at[i], one, grade);
        sum += grade.score;
    }
    put_end(&json);
    *score_r = questions->count ? sum / (double)questions->count : 0;
    return buf_str(&text);
}
