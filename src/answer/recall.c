/* recall.c - what of a conversation stands in a call of a model: its last turns word for word, and
 * the turns before them summed up. The summary is kept with the answer, so it is made once. */
#include "answer/answer_int.h"
#include "answer/turns.h"
#include "base/utf8.h"

/* With the passages (generate.c) about 6,000 tokens, which the smallest context in use holds. */
#define TURNS_BYTES KB(8)
#define TURN_BYTES 1500
/* The last question and its answer always stand as they were said. */
#define TURNS_LEAST 2

static bool is_turn(const Message *message)
{
    return message->text.length &&
           (str_is(message->role, "user") || str_is(message->role, "assistant"));
}

static size_t bytes_of(const Message *message)
{
    return is_turn(message) ? MIN(message->text.length, TURN_BYTES) : 0;
}

/* Where the turns begin that stand behind the last summary. */
static size_t after_summary(const MessageList *path)
{
    size_t from = path->count;
    while (from && !str_is(path->at[from - 1].role, MESSAGE_SUMMARY))
        from--;
    return from;
}

/* Half of what fits stays: else the next question would have to sum up again. */
static size_t first_kept(const MessageList *path, size_t from)
{
    size_t first = path->count, bytes = 0;
    while (first > from && (path->count - first < TURNS_LEAST ||
                            bytes + bytes_of(&path->at[first - 1]) <= TURNS_BYTES / 2))
        bytes += bytes_of(&path->at[--first]);
    return first;
}

static bool sum_up(AnswerRun *run, size_t from, size_t to, Error *err)
{
    const Message *all = run->messages.at;
    size_t first = from ? from - 1 : 0;
    const TurnsRequest request = { .turns = all + first,
                                   .count = to - first,
                                   .model = wanted_model(run) };
    TurnsSummary summary = summary_of_turns(run->answers->models, run->answers->searcher,
                                            run->scope, run->arena, &request);
    if (!summary.text.length)
        return true;
    run->recalled.summary = summary.text;
    run->recalled.made = (Message){ .parent = all[to - 1].id,
                                    .role = S(MESSAGE_SUMMARY),
                                    .text = summary.text,
                                    .model = summary.made_by,
                                    .status = S("done") };
    return tell_step(run,
                     str_format(run->arena, "summed up %zu earlier messages (by " STR_FMT ")",
                                to - from, STR_ARG(summary.made_by)),
                     err);
}

size_t recall_bytes(const AnswerRun *run)
{
    const MessageList *path = &run->messages;
    size_t from = after_summary(path), bytes = from ? path->at[from - 1].text.length : 0;
    for (size_t i = from; i < path->count; i++)
        bytes += bytes_of(&path->at[i]);
    return MIN(bytes, (size_t)TURNS_BYTES * 2); /* a summary has less than the turns */
}

bool recall(AnswerRun *run, Error *err)
{
    const MessageList *path = &run->messages;
    size_t from = after_summary(path), bytes = 0, first = from;
    for (size_t i = from; i < path->count; i++)
        bytes += bytes_of(&path->at[i]);
    if (from)
        run->recalled.summary = path->at[from - 1].text;
    if (bytes > TURNS_BYTES)
        first = first_kept(path, from);
    if (first > from && !sum_up(run, from, first, err))
        return false;
    ChatMessage *turns = arena_new_array(run->arena, ChatMessage, path->count - first + 1);
    size_t count = 0;
    for (size_t i = first; i < path->count; i++)
        if (is_turn(&path->at[i]))
            turns[count++] = (ChatMessage){
                .role = path->at[i].role,
                .text = str_slice(path->at[i].text, 0,
                                  utf8_floor(path->at[i].text, bytes_of(&path->at[i]))),
            };
    run->recalled.turns = turns;
    run->recalled.count = count;
    return true;
}
