/* make_write.c - prose that a model writes, told sentence by sentence as it comes.
 *
 * A sentence is held back until it is whole and the marks behind it, [2], are read; then it is
 * compared with the passages (answer/align.h). One that no passage supports is left out: what was
 * told cannot be taken back. */
#include <ctype.h>

#include "answer/align.h"
#include "study/make_int.h"
#include "text/sentences.h"

#define OUTPUT_TOKENS 2000
#define TEMPERATURE 0.3
#define TEXT_MAX KB(64)

static const char instructions[] =
    "Write plain sentences in paragraphs, without headings and lists. Behind each sentence write "
    "the numbers of the passages it rests on, like [2] or [1][3].";

typedef struct Writing {
    Making *making;
    Asking *asking;
    Buf text;         /* what has come */
    size_t read;      /* bytes of it that are done */
    Str sentence;     /* held back; empty: none */
    uint64_t pointed; /* bit n: it has the mark [n] */
    size_t dropped;
    Error *err;
    bool is_broken; /* the reader has gone: err says so */
} Writing;

/* --- Marks --- */

/* "[12]" at the beginning; its bytes, 0: there is none. */
static size_t mark_at(Str text, uint64_t *pointed)
{
    size_t end = 1;
    int64_t number;
    if (!text.length || text.at[0] != '[')
        return 0;
    while (end < text.length && isdigit((unsigned char)text.at[end]))
        end++;
    if (end >= text.length || text.at[end] != ']' ||
        !str_to_int(str_slice(text, 1, end), 1, PASSAGES_MAX, &number))
        return 0;
    *pointed |= UINT64_C(1) << number;
    return end + 1;
}

/* Marks at the beginning of a sentence belong to the one before. */
static Str take_marks(Str text, uint64_t *pointed)
{
    for (size_t mark; (mark = mark_at(text, pointed)) > 0;)
        text = str_trim(str_from(text, mark));
    return text;
}

static Str without_marks(Arena *arena, Str text, uint64_t *pointed)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t at = 0; at < text.length;) {
        size_t mark = mark_at(str_from(text, at), pointed);
        if (mark && out.length && out.at[out.length - 1] == ' ')
            out.length--;
        if (!mark)
            buf_add_char(&out, HAS_CHAR(text.at[at], "\r\n\t") ? ' ' : text.at[at]);
        at += mark ? mark : 1;
    }
    return str_trim(buf_str(&out));
}

/* --- One sentence --- */

/* The piece of a passage that says most of it; NULL when the passage does not support it. */
static const Piece *find_support(Writing *w, const AlignSentence *sentence, size_t passage,
                                 bool is_pointed_to)
{
    const Material *material = &w->making->material;
    const GivenPassage *given = &w->asking->passages[passage];
    const Piece *best = NULL;
    double most = -1;
    if (!align_supports(align_overlap(sentence, w->making->words, given->text), 0, is_pointed_to))
        return NULL;
    for (size_t i = given->first; i < given->end; i++) {
        double overlap = align_overlap(sentence, w->making->words, material->pieces[i].plain);
        if (material->pieces[i].kind != PIECE_HEADING && overlap > most) {
            most = overlap;
            best = &material->pieces[i];
        }
    }
    return best;
}

static const Piece *support_of(Writing *w, Str text)
{
    AlignSentence sentence = align_read(w->making->arena, w->making->words, text, NULL, NULL);
    const Piece *piece = NULL;
    for (size_t i = 0; i < w->asking->count && !piece; i++)
        if (w->pointed >> (i + 1) & 1)
            piece = find_support(w, &sentence, i, true);
    for (size_t i = 0; i < w->asking->count && !piece; i++)
        piece = find_support(w, &sentence, i, false);
    return piece;
}

static bool add_sentence(Writing *w, Str text, const Piece *piece, Error *err)
{
    Making *making = w->making;
    Buf out;
    bool is_added, is_list = str_is(making->wish->form, "bullets");
    Citation source = material_cite(making->arena, &making->material, piece);
    Fact fact = { .piece = piece, .plain = text };
    source.number = (int)making->items.count + 1;
    JsonWriter json = item_begin(making, &out);
    put_text(&json, "text", text);
    put_text(&json, "heading", piece->heading);
    ItemEnd end = { text, item_difficulty(&fact, NULL, false), &source };
    if (!item_end(making, &out, &json, &end, &is_added, err))
        return false;
    if (is_added)
        buf_addf(&making->text, "%s%s" STR_FMT " [%d]",
                 !making->text.length ? ""
                 : is_list            ? "\n"
                                      : " ",
                 is_list ? "- " : "", STR_ARG(text), source.number);
    return true;
}

/* What was held back is whole. */
static bool finish_sentence(Writing *w)
{
    Str text = without_marks(w->making->arena, w->sentence, &w->pointed);
    const Piece *piece =
        text.length >= 10 && !making_is_full(w->making) ? support_of(w, text) : NULL;
    bool is_good = !piece || add_sentence(w, text, piece, w->err);
    w->dropped += !piece && text.length >= 10;
    w->sentence = STR_NONE;
    w->pointed = 0;
    w->is_broken = !is_good;
    return is_good;
}

/* --- As it comes --- */

/* A sentence is whole when another one has begun behind it. */
static bool read_sentences(Writing *w, bool is_end)
{
    Str text = buf_str(&w->text);
    size_t at = w->read;
    Sentence sentence;
    while (sentence_next(text, &at, &sentence)) {
        if (!is_end && at >= text.length)
            break;
        w->read = at;
        uint64_t marks = 0;
        Str own = take_marks(str_slice(text, sentence.start, sentence.end), &marks);
        w->pointed |= marks;
        if (!own.length)
            continue;
        if (w->sentence.length && !finish_sentence(w))
            return false;
        w->sentence = str_copy(w->making->arena, own);
    }
    return !is_end || !w->sentence.length || finish_sentence(w);
}

static bool take_delta(void *self, Str text)
{
    Writing *w = self;
    buf_add(&w->text, text);
    return !w->text.overflowed && read_sentences(w, false);
}

bool make_written(Making *making, Error *err)
{
    Asking asking = { .making = making };
    Writing writing = {
        .making = making, .asking = &asking, .text = buf_new(making->arena, TEXT_MAX), .err = err
    };
    ChatResult result;
    given_choose(&asking);
    if (!asking.count)
        return fail(err, ERROR_NOT_FOUND, "there is no text to write from");
    ChatMessage messages[] = { { .role = S("system"),
                                 .text = given_instructions(making, instructions) },
                               { .role = S("user"), .text = given_passages(&asking) } };
    ChatRequest request = { .messages = messages,
                            .count = COUNT(messages),
                            .model = making->wish->model,
                            .feature = S("study"),
                            .may_keep = !making->wish->is_fresh,
                            .never_here = true,
                            .output_max = OUTPUT_TOKENS,
                            .temperature = TEMPERATURE,
                            .delta = take_delta,
                            .self = &writing };
    Error why = { 0 };
    bool is_said =
        models_chat(making->maker->models, making->scope, making->arena, &request, &result, &why);
    if (writing.is_broken)
        return false;
    if (!is_said) {
        *err = why;
        return false;
    }
    if (!read_sentences(&writing, true))
        return false;
    making->made_by = result.model;
    if (!making->items.count)
        return fail(err, ERROR_UPSTREAM, "nothing that " STR_FMT " wrote rests on the source",
                    STR_ARG(result.model));
    if (writing.dropped)
        making->notice =
            str_format(making->arena,
                       "Sentences of the model that do not rest on the source were left out: %zu.",
                       writing.dropped);
    return true;
}
