/* make.c - see make.h. */
#include "study/make.h"

#include "base/hash.h"
#include "study/make_int.h"
#include "study/study.h"

#define WORD_MAX 200
#define FIXED_OVERHEAD KB(8)

const MakeKindRow make_kind_rows[MAKE_KIND_COUNT] = {
#define MAKE_KIND(name, word, title, count, make, main, members, names, own, own_names, told)      \
    { word, title, count, make, main, members, names, own, own_names, told },
#include "study/make_kinds.def"
#undef MAKE_KIND
};

const char *make_kind_name(MakeKind kind) { return make_kind_rows[kind].word; }

bool make_kind_named(Str name, MakeKind *kind_r, Error *err)
{
    for (size_t i = 0; i < MAKE_KIND_COUNT; i++)
        if (str_is(name, make_kind_rows[i].word)) {
            *kind_r = (MakeKind)i;
            return true;
        }
    return fail_field(
        err, "kind",
        "what is made is explanation, summary, quiz, flashcards, outline, examples or "
        "practice, not '" STR_FMT "'",
        STR_ARG(str_slice(name, 0, 40)));
}

Str make_schema(Arena *arena, MakeKind kind)
{
    const MakeKindRow *row = &make_kind_rows[kind];
    return str_format(
        arena,
        "{\"type\":\"object\",\"properties\":{%s%s,\"difficulty\":{\"enum\":[\"easy\","
        "\"medium\",\"hard\"]},\"source\":{\"type\":\"object\",\"required\":["
        "\"document\",\"place\",\"page\",\"start\",\"end\",\"quote\"]}},"
        "\"required\":[%s%s,\"difficulty\",\"source\"],"
        "\"additionalProperties\":false}",
        row->members, row->own, row->names, row->own_names);
}

/* --- What is wished for --- */

static bool check_one_of(const char *field, Str value, const char *const *known, size_t count,
                         Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!value.length || str_is(value, known[i]))
            return true;
    return fail_field(err, field, "'%s' cannot be '" STR_FMT "'", field,
                      STR_ARG(str_slice(value, 0, 40)));
}

static bool check_wish(const MakeWish *wish, Error *err)
{
    static const char *const quiz_forms[] = { "choice", "short", "cloze" };
    static const char *const summary_forms[] = { "prose", "bullets" };
    static const char *const lengths[] = { "short", "medium", "long" };
    static const char *const difficulties[] = { "easy", "medium", "hard" };
    bool is_quiz = wish->kind == MAKE_QUIZ;
    if (wish->deck.length && !is_quiz && wish->kind != MAKE_FLASHCARDS)
        return fail_field(err, "deck", "only flashcards go to a deck, and a quiz is kept");
    return check_one_of("form", wish->form, is_quiz ? quiz_forms : summary_forms,
                        is_quiz ? COUNT(quiz_forms) : COUNT(summary_forms), err) &&
           check_one_of("length", wish->length, lengths, COUNT(lengths), err) &&
           check_one_of("difficulty", wish->difficulty, difficulties, COUNT(difficulties), err);
}

bool make_wish_read(Arena *arena, const json_t *json, MakeWish *wish_r, Error *err)
{
    MakeWish wish = { 0 };
    MaterialWish *source = &wish.source;
    Str kind = STR_NONE;
    if (!json_read(json, arena,
                   JSON_FIELDS(
                       { "kind", JSON_STR, &kind, .required = true },
                       { "document", JSON_STR, &source->document, .length_max = 100 },
                       { "collection", JSON_STR, &source->collection, .length_max = 100 },
                       { "topic", JSON_STR, &source->topic, .length_max = MATERIAL_TOPIC_MAX },
                       { "text", JSON_STR, &source->text, .length_max = MATERIAL_TEXT_MAX },
                       { "start", JSON_I64, &source->start, .min = 0, .max = INT64_MAX },
                       { "end", JSON_I64, &source->end, .min = 0, .max = INT64_MAX },
                       { "count", JSON_I64, &wish.count, .min = 0, .max = MAKE_COUNT_MAX },
                       { "form", JSON_STR, &wish.form, .length_max = 40 },
                       { "length", JSON_STR, &wish.length, .length_max = 40 },
                       { "difficulty", JSON_STR, &wish.difficulty, .length_max = 40 },
                       { "model", JSON_STR, &wish.model, .length_max = 200 },
                       { "persona", JSON_STR, &wish.persona, .length_max = WORD_MAX },
                       { "learning_style", JSON_STR, &wish.learning_style, .length_max = WORD_MAX },
                       { "level", JSON_STR, &wish.level, .length_max = WORD_MAX },
                       { "industry", JSON_STR, &wish.industry, .length_max = WORD_MAX },
                       { "role", JSON_STR, &wish.role, .length_max = WORD_MAX },
                       { "language", JSON_STR, &wish.language, .length_max = WORD_MAX },
                       { "tone", JSON_STR, &wish.tone, .length_max = WORD_MAX },
                       { "deck", JSON_STR, &wish.deck, .length_max = WORD_MAX }),
                   err) ||
        !make_kind_named(kind, &wish.kind, err) || !check_wish(&wish, err))
        return false;
    wish.source.topic = str_trim(wish.source.topic);
    wish.deck = str_trim(wish.deck);
    *wish_r = wish;
    return true;
}

Str make_wish_print(Arena *arena, const MakeWish *wish)
{
    const MaterialWish *source = &wish->source;
    Buf out = buf_new(arena, MATERIAL_TEXT_MAX * 6 + FIXED_OVERHEAD);
    JsonWriter json = put_begin(&out);
    const struct {
        const char *name;
        Str value;
    } texts[] = { { "kind", str(make_kind_name(wish->kind)) },
                  { "document", source->document },
                  { "collection", source->collection },
                  { "topic", source->topic },
                  { "text", source->text },
                  { "form", wish->form },
                  { "length", wish->length },
                  { "difficulty", wish->difficulty },
                  { "model", wish->model },
                  { "persona", wish->persona },
                  { "learning_style", wish->learning_style },
                  { "level", wish->level },
                  { "industry", wish->industry },
                  { "role", wish->role },
                  { "language", wish->language },
                  { "tone", wish->tone },
                  { "deck", wish->deck } };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i].value.length)
            put_text(&json, texts[i].name, texts[i].value);
    put_int(&json, "start", source->start);
    put_int(&json, "end", source->end);
    put_int(&json, "count", wish->count);
    put_end(&json);
    return buf_str(&out);
}

/* --- The learner --- */

static bool learner_work(DbTx *tx, void *argument, Error *err)
{
    Making *making = argument;
    return learner_resolve(tx, making->scope, making->arena, &making->learner, err);
}

/* What is said now goes before the profile. */
static bool find_learner(Making *making, Error *err)
{
    const MakeWish *wish = making->wish;
    Learner *learner = &making->learner;
    if (!store_read(making->maker->db, making->scope, learner_work, making, err))
        return false;
    const struct {
        Str said, *kept;
    } members[] = {
        { wish->persona, &learner->persona }, { wish->learning_style, &learner->learning_style },
        { wish->level, &learner->level },     { wish->industry, &learner->industry },
        { wish->role, &learner->role },       { wish->language, &learner->language },
        { wish->tone, &learner->tone }
    };
    for (size_t i = 0; i < COUNT(members); i++)
        if (members[i].said.length)
            *members[i].kept = members[i].said;
    return true;
}

/* A beginner gets less at once, who knows more gets more. */
static size_t count_wanted(const Making *making)
{
    Str length = making->wish->length, level = making->learner.level;
    double count = making->row->count;
    if (making->wish->count)
        return (size_t)making->wish->count;
    count *= str_is(length, "short") ? 0.5 : str_is(length, "long") ? 2 : 1;
    count *= str_is(level, "beginner") ? 0.75 : str_is(level, "advanced") ? 1.25 : 1;
    return (size_t)(count + 0.5);
}

/* --- Making --- */

static bool tell(Making *making, const char *stage, int64_t done, Error *err)
{
    const MakeSink *sink = making->sink;
    return !sink || !sink->progress || sink->progress(sink->self, stage, done, 4) ||
           fail(err, ERROR_CANCELLED, "nobody waits for it any more");
}

static bool make_by_rules(Making *making, Error *err)
{
    making->items.count = making->mains.count = making->text.length = 0;
    making->made_by = making->facts.by_meaning ? S("encoder") : S("rules");
    return making->row->make(making, err);
}

static bool is_prose(const Making *making)
{
    return making->wish->kind == MAKE_EXPLANATION || making->wish->kind == MAKE_SUMMARY;
}

static bool ask_model(Making *making, Error *err)
{
    Provider provider;
    return models_provider(making->maker->models, making->scope, making->arena, &provider, err) &&
           (is_prose(making) ? make_written(making, err) : make_by_model(making, err));
}

/* A model that was not asked for by name may fail: then the rules make it, and it is said; unless
 * somebody has read the beginning already. */
static bool make_best(Making *making, Error *err)
{
    Error why = { 0 };
    if (str_is(making->wish->model, "rules"))
        return make_by_rules(making, err);
    if (ask_model(making, &why))
        return true;
    bool is_told = making->items.count && making->sink && making->sink->item;
    if (why.code == ERROR_CANCELLED || making->wish->model.length || is_told) {
        *err = why;
        return false;
    }
    if (why.code != ERROR_NOT_FOUND)
        making->notice = str_format(making->arena, "Made without the model: %s", why.message);
    return make_by_rules(making, err);
}

/* The same wish of the same learner over the same texts, made by the same service. */
static Str key_of(Making *making)
{
    Buf text = buf_new(making->arena, MB(4));
    Provider provider = { 0 };
    Error none;
    buf_add(&text, make_wish_print(making->arena, making->wish));
    buf_add(&text, learner_key(making->arena, &making->learner));
    if (models_provider(making->maker->models, making->scope, making->arena, &provider, &none))
        buf_addf(&text, "|" STR_FMT, STR_ARG(provider.model));
    for (size_t i = 0; i < making->material.document_count; i++)
        buf_addf(&text, "|" STR_FMT ":%" PRId64, STR_ARG(making->material.documents[i].id),
                 making->material.documents[i].version);
    return sha256_hex(making->arena, buf_str(&text));
}

static void say_what_is_missing(Making *making)
{
    const Material *material = &making->material;
    Buf notice = buf_new(making->arena, KB(2));
    buf_add(&notice, making->notice);
    const char *gap = notice.length ? " " : "";
    if (material->is_cut) {
        buf_addf(&notice, "%sThe source is long: only its beginning was read.", gap);
        gap = " ";
    }
    if (material->planted)
        buf_addf(&notice, "%sSentences that speak to a model, not to people, were left out: %zu.",
                 gap, material->planted);
    if (making->wish->count && making->items.count < making->wanted)
        buf_addf(&notice, "%sThe source has %zu, not %zu.", notice.length ? " " : "",
                 making->items.count, making->wanted);
    making->notice = buf_str(&notice);
}

static Made result_of(Making *making)
{
    const Material *material = &making->material;
    say_what_is_missing(making);
    return (Made){ .kind = making->wish->kind,
                   .title = material->title,
                   .made_by = making->made_by,
                   .notice = making->notice,
                   .text = buf_str(&making->text),
                   .items = { making->items.at, making->items.count },
                   .document = material->document_count == 1 ? material->documents[0].id : STR_NONE,
                   .key = making->key,
                   .learner = making->learner };
}

/* Tells the items of what was made before. */
static bool tell_kept(Making *making, Error *err)
{
    AUTO_JSON json_t *result = NULL;
    const MakeSink *sink = making->sink;
    size_t i;
    json_t *item;
    if (!sink || !sink->item)
        return true;
    if (!json_parse(making->kept.result, STUDY_MADE_MAX, &result, err))
        return false;
    json_array_foreach(json_object_get(result, "items"), i, item)
    {
        if (!sink->item(sink->self, json_print(making->arena, item)))
            return fail(err, ERROR_CANCELLED, "nobody waits for it any more");
    }
    return true;
}

static bool kept_work(DbTx *tx, void *argument, Error *err)
{
    Making *making = argument;
    return study_made_find_by_key(tx, making->scope, making->arena, making->key, &making->kept,
                                  err);
}

/* Cards and quizzes are added anew, so they are made anew. */
static bool was_made(Making *making)
{
    Error none;
    return !making->wish->is_fresh && !making->wish->deck.length &&
           store_read(making->maker->db, making->scope, kept_work, making, &none);
}

static bool make_now(Making *making, Error *err)
{
    if (!tell(making, "finding what matters", 1, err))
        return false;
    making->wanted = count_wanted(making);
    making->facts = facts_find(making->arena, making->words, &making->material);
    facts_rank(making->arena, making->words, making->maker->searcher, &making->material,
               &making->facts);
    if (!tell(making, "writing", 2, err) || !make_best(making, err))
        return false;
    return making->items.count ||
           fail(err, ERROR_EMPTY,
                "nothing of the kind '%s' can be made of this source: choose one that tells more",
                making->row->word);
}

static bool run(Making *making, Error *err)
{
    const StudyMaker *maker = making->maker;
    if (!find_learner(making, err) || !tell(making, "reading", 0, err) ||
        !material_read(maker->db, maker->library, maker->searcher, making->scope, making->arena,
                       &making->wish->source, &making->material, err))
        return false;
    making->key = key_of(making);
    return was_made(making) ? tell_kept(making, err) : make_now(making, err);
}

bool study_make(const StudyMaker *maker, const Scope *scope, Arena *arena, const MakeWish *wish,
                const MakeSink *sink, Made *made_r, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    Making making = { .maker = maker,
                      .scope = scope,
                      .arena = arena,
                      .wish = wish,
                      .sink = sink,
                      .row = &make_kind_rows[wish->kind],
                      .text = buf_new(arena, MB(1)) };
    if (!json_parse(make_schema(arena, wish->kind), KB(64), &schema, err))
        return false;
    making.schema = schema;
    making.words = words_new();
    bool good = run(&making, err);
    words_free(making.words);
    if (good && making.kept.id.length)
        *made_r = (Made){ .kind = wish->kind, .kept = making.kept };
    else if (good)
        *made_r = result_of(&making);
    return good;
}

void made_put(JsonWriter *json, const Made *made)
{
    put_text(json, "kind", str(make_kind_name(made->kind)));
    put_text(json, "title", made->title);
    put_text(json, "made_by", made->made_by);
    put_text_or_null(json, "notice", made->notice);
    put_text_or_null(json, "text", made->text);
    put_object(json, "learner");
    put_text_or_null(json, "level", made->learner.level);
    put_text_or_null(json, "learning_style", made->learner.learning_style);
    put_text_or_null(json, "role", made->learner.role);
    put_text_or_null(json, "industry", made->learner.industry);
    put_text_or_null(json, "persona", made->learner.persona);
    put_end(json);
    put_array(json, "items");
    for (size_t i = 0; i < made->items.count; i++)
        put_raw(json, NULL, made->items.at[i]);
    put_end(json);
}
