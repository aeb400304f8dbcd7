/* keep.c - conversations: what was said before, and keeping question and answer.
 *
 * Beside an answer's text its message keeps one JSON object:
 * {"found":true,"mode":"extractive","persona":null,"suggestions":[],"sentences":[{"text","supported","citations":[1]}],
 *  "citations":[{"number","document":{"id","name","path","format"},"place","page","heading",
 *                "start","end","quote","score"}]} */
#include "answer/answer_int.h"
#include "answer/answer_json.h"
#include "answer/branches.h"
#include "store/client_files_store.h"

#define MESSAGES_REMEMBERED 12

/* --- Before --- */

/* What is asked follows the message that is shown, or stands beside a question that is edited; an
 * answer asked for again follows the same question. */
static bool find_place(AnswerRun *run, const Conversation *conversation, const MessageList *all,
                       Error *err)
{
    const AnswerRequest *request = run->request;
    bool is_edit = request->edits.length > 0;
    Str named = is_edit ? request->edits : request->again;
    const Message *message = branch_find(all, named);
    run->parent = conversation->shown;
    if (!named.length)
        return true;
    if (!message || !str_is(message->role, is_edit ? "user" : "assistant"))
        return fail_field(err, is_edit ? "edits" : "again",
                          "the conversation has no %s '" STR_FMT "'",
                          is_edit ? "question" : "answer", STR_ARG(str_slice(named, 0, 100)));
    run->parent = message->parent;
    if (is_edit)
        return true;
    run->asked = message->parent;
    const Message *asked = branch_find(all, run->asked);
    run->parent = asked ? asked->parent : STR_NONE;
    return asked || fail_field(err, "again", "the question of this answer is not there");
}

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    AnswerRun *run = argument;
    Conversation conversation;
    MessageList all;
    if (!conversation_find(tx, run->scope, run->arena, run->conversation, &conversation, err) ||
        !message_list(tx, run->scope, run->arena, run->conversation, 0, &all, err) ||
        !find_place(run, &conversation, &all, err))
        return false;
    run->messages = branch_path(run->arena, &all, run->parent);
    return true;
}

/* By rules; what they find wanting is given to a model where there is one. */
static bool complete(AnswerRun *run, Str before, Error *err)
{
    Str asked = run->question;
    run->question = question_complete(run->arena, run->words, asked, before);
    return str_equal(run->question, asked) || rewrite_question(run, err);
}

bool conversation_begin(AnswerRun *run, Error *err)
{
    Str before = STR_NONE;
    run->question = str_trim(run->request->question);
    run->conversation = run->request->conversation;
    for (size_t i = 0; i < run->request->earlier.count; i++)
        before = question_complete(run->arena, run->words, run->request->earlier.at[i], before);
    if (!run->conversation.length)
        return complete(run, before, err);
    if (!store_read(run->answers->db, run->scope, begin_work, run, err))
        return false;
    size_t count = run->messages.count;
    for (size_t i = count - MIN(count, MESSAGES_REMEMBERED); i < count; i++)
        if (str_is(run->messages.at[i].role, "user"))
            before = question_complete(run->arena, run->words, run->messages.at[i].text, before);
    return complete(run, before, err);
}

/* --- After --- */

static Str kept_json(Arena *arena, const Answer *answer)
{
    Buf out = buf_new(arena, MB(1));
    JsonWriter json = put_begin(&out);
    put_bool(&json, "found", answer->is_found);
    put_text(&json, "mode", answer->is_generated ? S("generated") : S("extractive"));
    put_text_or_null(&json, "persona", answer->persona);
    put_texts(&json, "suggestions", answer->suggestions);
    put_array(&json, "sentences");
    for (size_t i = 0; i < answer->sentence_count; i++)
        put_sentence(&json, &answer->sentences[i]);
    put_end(&json);
    put_array(&json, "citations");
    for (size_t i = 0; i < answer->citation_count; i++)
        put_citation(&json, NULL, &answer->citations[i]);
    put_end(&json);
    put_end(&json);
    return out.overflowed ? S("{}") : buf_str(&out);
}

/* What is kept with a question that was said. */
static Str asked_json(Arena *arena, Str sound)
{
    Buf out = buf_new(arena, KB(1));
    JsonWriter json = put_begin(&out);
    if (!sound.length)
        return STR_NONE;
    put_object(&json, "sound");
    put_text(&json, "file", sound);
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
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
        Conversation made = { .title = run->title.length
                                           ? run->title
                                           : question_title(run->arena, run->request->question),
                              .persona =
                                  run->request->persona ? run->request->persona->id : STR_NONE };
        if (!conversation_add(tx, run->scope, run->arena, &made, err))
            return false;
        run->conversation = made.id;
    }
    Message asked = { .conversation = run->conversation,
                      .parent = run->parent,
                      .id = run->asked,
                      .role = S("user"),
                      .text = run->request->question,
                      .citations = asked_json(run->arena, run->request->sound),
                      .status = S("done") };
    Message said = { .conversation = run->conversation,
                     .role = S("assistant"),
                     .text = answer->text,
                     .citations = kept_json(run->arena, answer),
                     .model = answer->model,
                     .usage = usage_json(run->arena, answer),
                     .status = S("done") };
    Message summary = run->recalled.made;
    summary.conversation = run->conversation;
    if (summary.text.length && !message_add(tx, run->scope, run->arena, &summary, err))
        return false;
    if (!run->asked.length && !message_add(tx, run->scope, run->arena, &asked, err))
        return false;
    if (run->request->sound.length && !voice_keep(tx, run->scope, run->request->sound, err))
        return false;
    said.parent = asked.id;
    if (!message_add(tx, run->scope, run->arena, &said, err))
        return false;
    answer->asked = asked.id;
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
