/* make_model.c - study content written by a model service, and checked.
 *
 * The best passages go into the prompt, numbered, between tags. For each item the model names the
 * passage and copies the words it rests on; an item whose quote does not stand there, or whose
 * answer the passage does not bear, is taken out, and when none is left the model is told so and
 * asked again (models/structured.h). Calls that read documents get no tools. */
#include "answer/align.h"
#include "models/structured.h"
#include "study/make_int.h"
#include "study/quiz.h"

#define OUTPUT_TOKENS 4000
#define TEMPERATURE 0.3
#define BORNE_OUT 0.5 /* of an answer's words, by the passage; numbers all */
#define QUOTE_BYTES_MIN 8

static const char instructions[] =
    "For each item give passage (its number) and quote (the words of that passage that it "
    "rests on, copied exactly, at most two sentences).";

static Str schema_of(const Making *making)
{
    const MakeKindRow *row = making->row;
    return str_format(
        making->arena,
        "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\","
        "\"minItems\":1,\"maxItems\":%d,\"items\":{\"type\":\"object\",\"properties\":"
        "{%s,\"passage\":{\"type\":\"integer\",\"minimum\":1},\"quote\":{\"type\":"
        "\"string\",\"minLength\":%d}},\"required\":[%s,\"passage\",\"quote\"],"
        "\"additionalProperties\":false}}},\"required\":[\"items\"],"
        "\"additionalProperties\":false}",
        2 * MAKE_COUNT_MAX, row->members, QUOTE_BYTES_MIN, row->names);
}

/* --- Checking --- */

/* The pieces that the quote touches; false when it does not stand there word for word, spaces
 * aside. */
static bool find_quote(const Asking *asking, const json_t *item, size_t *first_r, size_t *last_r)
{
    const Material *material = &asking->making->material;
    json_int_t number = json_integer_value(json_object_get(item, "passage"));
    if (number < 1 || (size_t)number > asking->count)
        return false;
    const GivenPassage *passage = &asking->passages[number - 1];
    Buf flat = buf_new(asking->making->arena, KB(16));
    Str rest = json_member_text(item, "quote"), word;
    for (size_t i = 0; i < rest.length; i++)
        buf_add_char(&flat, HAS_CHAR(rest.at[i], "\r\n\t") ? ' ' : rest.at[i]);
    rest = buf_str(&flat);
    Buf quote = buf_new(asking->making->arena, KB(16));
    while (str_next(&rest, ' ', &word))
        if (word.length)
            buf_addf(&quote, "%s" STR_FMT, quote.length ? " " : "", STR_ARG(word));
    Buf text = buf_new(asking->making->arena, PASSAGE_BYTES * 4);
    for (size_t i = passage->first; i < passage->end; i++)
        buf_addf(&text, "%s" STR_FMT, text.length ? " " : "", STR_ARG(material->pieces[i].plain));
    ptrdiff_t at = quote.length < QUOTE_BYTES_MIN || flat.overflowed
                       ? -1
                       : str_find(buf_str(&text), buf_str(&quote));
    if (at < 0)
        return false;
    size_t end = (size_t)at + quote.length, begin = 0;
    *first_r = *last_r = passage->end;
    for (size_t i = passage->first; i < passage->end; i++) {
        size_t next = begin + material->pieces[i].plain.length;
        if (next > (size_t)at && begin < end) {
            *first_r = MIN(*first_r, i);
            *last_r = i;
        }
        begin = next + 1;
    }
    return *first_r < passage->end;
}

/* From the first piece to the last, as the document has them. Pieces between them may have been
 * left out, so only neighbours in the text are one quote. */
static Citation cite_range(const Making *making, size_t first, size_t last)
{
    const Piece *a = &making->material.pieces[first], *b = &making->material.pieces[last];
    Citation citation = material_cite(making->arena, &making->material, a);
    bool is_one_text =
        b->text.at >= a->text.at && b->text.at + b->text.length - a->text.at == b->end - a->start;
    if (is_one_text) {
        citation.end = b->end;
        citation.quote = (Str){ a->text.at, (size_t)(b->end - a->start) };
    }
    return citation;
}

static bool is_borne_out(Making *making, Str text, Str quote)
{
    AlignSentence sentence = align_read(making->arena, making->words, text, NULL, NULL);
    return !sentence.count || align_overlap(&sentence, making->words, quote) >= BORNE_OUT;
}

/* One option is the answer and no other stands in the quote; a gap is there to fill. */
static bool is_question(Making *making, const json_t *item, Str quote)
{
    AUTO_JSON json_t *list = json_array();
    AUTO_JSON json_t *own = json_deep_copy(item);
    Questions questions;
    Error ignored;
    json_object_del(own, "passage");
    json_object_del(own, "quote");
    json_array_append(list, own);
    if (!questions_read(making->arena, list, &questions, &ignored))
        return false;
    const Question *question = &questions.at[0];
    for (size_t i = 0; i < question->options.count; i++)
        if (!str_equal(question->options.at[i], question->answer) &&
            str_find_ignore_case(quote, question->options.at[i]) >= 0 &&
            str_find_ignore_case(question->question, question->options.at[i]) < 0)
            return false;
    return is_borne_out(making, question->answer, quote);
}

static bool is_good(Making *making, const json_t *item, Str quote)
{
    switch (making->wish->kind) {
    case MAKE_QUIZ: return is_question(making, item, quote);
    case MAKE_FLASHCARDS: return is_borne_out(making, json_member_text(item, "back"), quote);
    case MAKE_PRACTICE: return is_borne_out(making, json_member_text(item, "solution"), quote);
    case MAKE_EXAMPLES: return is_borne_out(making, json_member_text(item, "text"), quote);
    default: return true;
    }
}

/* Takes out what does not rest on the passages; fails when nothing is left. */
static bool drop_unfounded(void *self, json_t *value, Error *err)
{
    const Asking *asking = self;
    json_t *items = json_object_get(value, "items");
    const char *why = "no quote stands in its passage word for word";
    for (size_t i = json_array_size(items); i-- > 0;) {
        const json_t *item = json_array_get(items, i);
        size_t first, last;
        bool stands = find_quote(asking, item, &first, &last);
        if (stands)
            why = "the quotes do not bear out what the items say";
        if (!stands ||
            !is_good(asking->making, item, cite_range(asking->making, first, last).quote))
            json_array_remove(items, i);
    }
    return json_array_size(items) || fail(err, ERROR_INVALID, "%s", why);
}

/* --- Taking --- */

/* Numbers that point forward, or to what was taken out, are no order. */
static void put_after(JsonWriter *json, const json_t *after, const size_t *numbers, size_t index)
{
    put_array(json, "after");
    for (size_t i = 0; i < json_array_size(after); i++) {
        json_int_t number = json_integer_value(json_array_get(after, i));
        if (number >= 1 && (size_t)number <= index && numbers[number - 1])
            put_int(json, NULL, (int64_t)numbers[number - 1]);
    }
    put_end(json);
}

static void put_members(Making *making, JsonWriter *json, const json_t *item, const size_t *numbers,
                        size_t index)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)item, name, value)
    {
        if (strcmp(name, "passage") == 0 || strcmp(name, "quote") == 0)
            continue;
        if (strcmp(name, "after") == 0)
            put_after(json, value, numbers, index);
        else
            put_raw(json, name, json_print(making->arena, value));
    }
}

static bool take_item(Asking *asking, const json_t *item, size_t *numbers, size_t index, Error *err)
{
    Making *making = asking->making;
    size_t first, last;
    Buf out;
    bool is_added;
    if (!find_quote(asking, item, &first, &last))
        return true;
    Citation source = cite_range(making, first, last);
    size_t number = making->items.count + 1;
    source.number = (int)number;
    JsonWriter json = item_begin(making, &out);
    put_members(making, &json, item, numbers, index);
    if (making->wish->kind == MAKE_OUTLINE) {
        put_int(&json, "number", (int64_t)number);
        put_int(&json, "minutes", 5);
    }
    Str main = json_member_text(item, making->row->main);
    Fact fact = { .piece = &making->material.pieces[first], .plain = source.quote };
    ItemEnd end = { main, item_difficulty(&fact, NULL, true), &source };
    if (!item_end(making, &out, &json, &end, &is_added, err))
        return false;
    numbers[index] = is_added ? number : 0;
    return true;
}

bool make_by_model(Making *making, Error *err)
{
    Asking asking = { .making = making };
    StructuredResult result;
    AUTO_JSON json_t *schema = NULL;
    given_choose(&asking);
    if (!asking.count)
        return fail(err, ERROR_NOT_FOUND, "there is no text to write from");
    ChatMessage messages[] = { { .role = S("system"),
                                 .text = given_instructions(making, instructions) },
                               { .role = S("user"), .text = given_passages(&asking) } };
    StructuredRequest request = { .messages = messages,
                                  .count = COUNT(messages),
                                  .name = str(making->row->word),
                                  .check = drop_unfounded,
                                  .self = &asking,
                                  .model = making->wish->model,
                                  .feature = S("study"),
                                  .may_keep = !making->wish->is_fresh,
                                  .output_max = OUTPUT_TOKENS,
                                  .temperature = TEMPERATURE };
    if (!json_parse(schema_of(making), KB(64), &schema, err))
        return false;
    request.schema = schema;
    if (!models_structured(making->maker->models, making->scope, making->arena, &request, &result,
                           err))
        return false;
    AUTO_JSON json_t *value = result.json;
    const json_t *items = json_object_get(value, "items");
    size_t *numbers = arena_new_array(making->arena, size_t, json_array_size(items) + 1);
    making->made_by = result.model;
    for (size_t i = 0; i < json_array_size(items) && !making_is_full(making); i++)
        if (!take_item(&asking, json_array_get(items, i), numbers, i, err))
            return false;
    return making->items.count || fail(err, ERROR_UPSTREAM, "the model gave nothing of use");
}
