/* sentiment_head.h - sentiment by words and by meaning together.
 *
 * What has no word for or against it ("two hours that I will never get back") is heard by a head
 * trained on sentences of our own (sentiment_examples.def). The encoder reads English best; where a
 * language is not its own, the words say more. Any thread. */
#pragma once

#include "classify/classify.h"
#include "classify/sentiment.h"

/* One call of the embedder for some hundred short sentences: keep the head while the model is the
 * same. */
MUST_CHECK bool sentiment_learn(const Embedder *embedder, Arena *arena, Classifier *head_r,
                                Error *err);
MUST_CHECK bool sentiment_read(const Classifier *head, const Embedder *embedder, Arena *arena,
                               Str text, Language language, Sentiment *sentiment_r, Error *err);
