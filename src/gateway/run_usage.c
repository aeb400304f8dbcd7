/* run_usage.c - what a call has used, where its service tells nothing or not all of it. */
#include "gateway/run.h"

/* Sound and files in a form are no text. */
int64_t usage_input(const Run *run)
{
    bool is_media = run->request.form_type.length || run->request.media.length;
    return is_media ? run->needs.input : gateway_guess_tokens(run->body.length);
}

/* Sound and pictures have tokens too, only not four bytes each. */
static int64_t output_of(const RunTry *try)
{
    const RouteNeeds *needs = &try->run->needs;
    switch (needs->task) {
    case TASK_SPEECH: return price_spoken_tokens(needs->characters);
    case TASK_IMAGE: return needs->pictures * MAX(try->target->output_max, (int64_t)0);
    default: return gateway_guess_tokens(try->reader.output_bytes);
    }
}

bool usage_of(const RunTry *try, ModelUsage *usage_r)
{
    const RouteNeeds *needs = &try->run->needs;
    ModelUsage usage = try->reader.usage;
    bool is_told = usage.is_known;
    if (!usage.is_known) {
        usage.audio_input = price_heard_tokens(needs->seconds);
        usage.input = usage_input(try->run) + usage.audio_input;
        usage.output = output_of(try);
        usage.audio_output = needs->task == TASK_SPEECH ? usage.output : 0;
    }
    /* The length of a recording comes from its head when nobody tells it. */
    if (needs->seconds && !(usage.seconds > 0)) {
        usage.seconds = (double)needs->seconds;
        is_told = is_told && try->target->price.second < 0;
    } else if (needs->seconds) {
        is_told = is_told || try->target->price.input < 0;
    }
    usage.characters = needs->characters;
    usage.pictures = usage.pictures ? usage.pictures : needs->pictures;
    *usage_r = usage;
    return !is_told;
}
