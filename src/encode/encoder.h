/* encoder.h - text to unit vectors with a BERT-family sentence model, on this machine.
 *
 *   encoder_open(folder) -> encoder_embed(texts) ... -> encoder_free()
 *
 * The folder has weights (model_weights.h) and a tokenizer (text/tokenizer.h), and may have
 * config.json and the files of sentence-transformers (model.h). A text's vector has the same bytes
 * alone, in any batch and on any thread.
 *
 * Threads: any number may embed at once, each on its own core; encode_queue.h shares a few
 * workers fairly and is what servers use. Memory of MiniLM-L6: 12 MB of packed weights in int8,
 * 43 MB in fp32, mapped from the cache when there is one; up to 47 MB of mapped table as words
 * are seen; and 2-4 MB for each thread that embeds at the same time. encoder_rest() gives back the
 * table and all but one thread's. */
#pragma once

#include "base/base.h"
#include "encode/kernel_sets.h"
#include "text/tokenizer.h"

/* Tokens that go through the layers together; a longer text goes alone. Their values then stay
 * in a 2 MB cache, and a pack takes 15 to 20 ms on one core with AVX-512 in fp32, 5 in int8 on
 * the tile unit. Twice as many are 7 % slower to 9 % faster there, and a query waits longer. */
#define ENCODER_PACK_TOKENS 128

typedef struct Encoder Encoder;

/* `options` may be NULL. Takes 0.2 s for MiniLM-L6, 20 ms when its weights are in the cache. */
MUST_CHECK bool encoder_open(const char *folder, const EncoderOptions *options, Encoder **encoder_r,
                             Error *err);
void encoder_free(Encoder *encoder); /* NULL is fine */

size_t encoder_dims(const Encoder *encoder);       /* values of a vector */
size_t encoder_tokens_max(const Encoder *encoder); /* longest sequence, [CLS] and [SEP] included */
size_t encoder_tokens_usual(const Encoder *encoder); /* where the model's own settings cut */
const char *encoder_kernels(const Encoder *encoder); /* "AVX-512 fp32" */
/* That stored vectors carry: "all-MiniLM-L6-v2/6b15dc96" (model.h). */
const char *encoder_model(const Encoder *encoder);
/* What vectors carry that were made when the weights alone were in the name. */
const char *encoder_weights_name(const Encoder *encoder);
/* A reranker scores pairs: its "vectors" are one value, the score before any scaling. */
bool encoder_is_reranker(const Encoder *encoder);
/* What the model wants before a query or a passage: "query: "; mostly empty. */
Str encoder_prompt(const Encoder *encoder, bool is_query);

/* Borrowed; the chunker counts with it. */
const Tokenizer *encoder_tokenizer(const Encoder *encoder);

/* One unit vector for each text into out[count][dims]. Texts are cut at max_tokens with [CLS]
 * and [SEP] (0: encoder_tokens_usual). Fails only when max_tokens is out of range. */
MUST_CHECK bool encoder_embed(Encoder *encoder, const Str *texts, size_t count, size_t max_tokens,
                              float *out, Error *err);

/* The two halves of encoder_embed, for batches made elsewhere. Ids of at most `max` (>= 2)
 * tokens; returns how many. */
size_t encoder_tokenize(const Encoder *encoder, Str text, uint32_t *ids, size_t max);
/* Two texts as one sequence; *second_r is for EncoderPack.seconds. */
size_t encoder_tokenize_pair(const Encoder *encoder, Str first, Str second, uint32_t *ids,
                             size_t max, uint32_t *second_r);
/* A pack of sequences, ids one after another; vector i goes to outs[i]. */
typedef struct EncoderPack {
    const uint32_t *ids;
    const uint32_t *lengths; /* each 1 to encoder_tokens_max */
    const uint32_t *seconds; /* of pairs: where the second text begins; NULL: lone texts */
    size_t count;
    float *const *outs;
} EncoderPack;
void encoder_run(Encoder *encoder, const EncoderPack *pack);
/* Nobody runs much now: what the next run takes anew at once goes back to the system, the rooms of
 * threads but one and the table's rows that were read. May be called while others run. */
void encoder_rest(Encoder *encoder);
