/* listen.c - see listen.h.
 *
 * The model's own settings are kept but for how much is tried at once: a sixth of that costs no
 * words and makes noise, the slowest, a third cheaper; a tenth costs words (measured). Whole pieces
 * let the decoder take out their mean first.
 */
#include "worker/speech/listen.h"

#include <math.h>
#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#define MODEL "/usr/share/pocketsphinx/model/en-us"
#define PEAK 0.4F /* of a piece, before it becomes whole numbers */
enum { SILENCE = 4800 };

static ps_decoder_t *decoder;

void listen_preload(void)
{
    err_set_logfp(NULL);
    cmd_ln_t *settings =
        cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", MODEL "/en-us", "-lm", MODEL "/en-us.lm.bin",
                    "-dict", MODEL "/cmudict-en-us.dict", "-maxhmmpf", "5000", "-maxwpf", "40",
                    "-logfn", "/dev/null", NULL);
    if (settings)
        decoder = ps_init(settings);
    cmd_ln_free_r(settings);
}

bool listen_can(void) { return decoder != NULL; }

/* Quiet recordings would lose their detail. Silence before and behind lets the decoder find out
 * what is noise: words at the ends of short pieces are lost without it. */
static int16 *whole_numbers(Arena *arena, const float *samples, size_t count)
{
    int16 *out = arena_new_array(arena, int16, count + 2 * SILENCE);
    float peak = 1e-4F;
    for (size_t i = 0; i < count; i++)
        peak = MAX(peak, fabsf(samples[i]));
    for (size_t i = 0; i < count; i++)
        out[SILENCE + i] = (int16)lrintf(samples[i] / peak * PEAK * 32767);
    return out;
}

/* "and(2)" is a way to say "and"; "<sil>" and "[NOISE]" are no words. */
static Str word_of(const char *name)
{
    Str word = str(name);
    ptrdiff_t variant = str_find_char(word, '(');
    if (!word.length || HAS_CHAR(word.at[0], "<[+"))
        return STR_NONE;
    return variant > 0 ? str_slice(word, 0, (size_t)variant) : word;
}

Heard listen_to(Arena *arena, const float *samples, size_t count)
{
    enum { TEXT_MAX = 16 * 1024 };
    Heard heard = { 0 };
    Buf text = buf_new(arena, TEXT_MAX);
    if (ps_start_utt(decoder) < 0)
        return heard;
    (void)ps_process_raw(decoder, whole_numbers(arena, samples, count), count + 2 * SILENCE, FALSE,
                         TRUE);
    (void)ps_end_utt(decoder);
    for (ps_seg_t *segment = ps_seg_iter(decoder); segment; segment = ps_seg_next(segment)) {
        Str word = word_of(ps_seg_word(segment));
        if (!word.length)
            continue;
        int probability = ps_seg_prob(segment, NULL, NULL, NULL);
        heard.sure += (float)logmath_exp(ps_get_logmath(decoder), probability);
        heard.words++;
        if (text.length)
            buf_add_char(&text, ' ');
        buf_add(&text, str_is(word, "i") ? S("I") : word);
    }
    heard.sure = heard.words ? heard.sure / (float)heard.words : 0;
    heard.text = buf_str(&text);
    return heard;
}
