/* keep.c - conversations: what was said before, and keeping question and answer.
 *
 * Beside an answer's text its message keeps one JSON object:
 * {"found":true,"mode":"extractive","sentences":[{"text","supported","citations":[1]}],
 *  "citations":[{"number","document":{"id","name","path","format"},"place","page","heading",
 *                "start","end","quote","score"}]} */
#include "answer/answer_int.h"
#include "answer/answer_json.h"
#include "base/utf8.h"

#define MESSAGES_REMEMBERED 12
#define TITLE_BYTES 80

/* --- Before --- */

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    AnswerRun *run = argument;
    Conversation conversation;
    return conversation_find(tx, run->scope, run->arena, run->conversation, &conversation, err) &&
           message_list(tx, run->scope, run->arena, run->conversation, MESSAGES_REMEMBERED,
                        &run->messages, err);
}

bool conversation_begin(AnswerRun *run, Error *err)
{
    Str before = STR_NONE;
    run->question = str_trim(run->request->question);
    run->conversation = run->request->conversation;
    for (size_t i = 0; i < run->request->earlier.count; i++)
        before = question_complete(run->arena, run->words, run->request->earlier.at[i], before);
    if (!run->conversation.length) {
        run->question = question_complete(run->arena, run->words, run->question, before);
        return true;
    }
    if (!store_read(run->answers->db, run->scope, begin_work, run, err))
        return false;
    for (size_t i = 0; i < run->messages.count; i++)
        if (str_is(run->messages.at[i].role, "user"))
            before = question_complete(run->arena, run->words, run->messages.at[i].text, before);
    run->question = question_complete(run->arena, run->words, run->question, before);
    return true;
}

/* --- After --- */

static Str kept_json(Arena *arena, const Answer *answer)
{
    Buf out = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&out);
    put_bool(&json, "found", answer->is_found);
    put_text(&json, "mode", answer->is_generated ? S("generated") : S("extractive"));
    put_array(&json, "sentences");
    for (size_t i = 0; i < answer->sentence_count; i++)
        put_sentence(&json, &answer->sentences[i]);
    put_end(&json);
    put_array(&json, "citations");
    for (size_t i = 0; i < answer->citation_count; i++)
        put_citation(&json, &answer->citations[i]);
    put_end(&json);
    put_end(&json);
    return out.overflowed ? S("{}") : buf_str(&out);
}

static Str usage_json(Arena *arena, const Answer *answer)
{
    return str_format(arena, "{\"input_tokens\":%" PRId64 ",\"output_tokens\":%" PRId64 "}",
                      answer->input_tokens, answer->output_tokens);
}

static bool keep_work(DbTx *tx, void *argument, Error *err)
{
    AnswerRun *run = argument;
    Answer *answer = &run->answer;
    /* A transaction may be tried again: it begins from the request each time. */
    run->conversation = run->request->conversation;
    if (!run->conversation.length) {
        Str title = str_trim(run->request->question);
        Conversation made = { .title = str_slice(
                                  title, 0, utf8_floor(title, MIN(title.length, TITLE_BYTES))) };
        if (!conversation_add(tx, run->scope, run->arena, &made, err))
            return false;
        run->conversation = made.id;
    }
    Message asked = { .conversation = run->conversation,
                      .role = S("user"),
                      .text = run->request->question,
                      .status = S("done") };
    Message said = { .conversation = run->conversation,
                     .role = S("assistant"),
                     .text = answer->text,
                     .citations = kept_json(run->arena, answer),
                     .model = answer->model,
                     .usage = usage_json(run->arena, answer),
                     .status = S("done") };
    if (!message_add(tx, run->scope, run->arena, &asked, err) ||
        !message_add(tx, run->scope, run->arena, &said, err))
        return false;
    answer->id = said.id;
    return true;
}

bool conversation_keep(AnswerRun *run, Error *err)
{
    if (!run->request->is_kept)
        return true;
    if (!store_write(run->answers->db, run->scope, keep_work, run, err))
        return false;
    run->answer.conversation = run->conversation;
    return true;
}
