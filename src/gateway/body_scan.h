/* body_scan.h - the first look at a body, without a tree: that it is one valid object with each
 * member once, and what the way of a call is chosen by and all fronts say alike.
 *
 *     body_scan_begin(&scan, arena, body, request);
 *     while (body_scan_next(&scan, &name, &value, err))
 *         if (str_is(name, "max_tokens")) ...
 *     if (!body_scan_end(&scan, err))
 *         return false;
 *
 * It takes model, stream, whether there are tools and what parts there are besides texts, and hands
 * out every member. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

typedef struct BodyScan {
    Arena *arena;
    Str body;
    ModelRequest *request;
    JsonWalk walk;
    NameSet seen;
    bool has_failed; /* err says why */
} BodyScan;

void body_scan_begin(BodyScan *scan, Arena *arena, Str body, ModelRequest *request);
/* False at the end and after a failure. */
bool body_scan_next(BodyScan *scan, Str *name_r, Str *value_r, Error *err);
MUST_CHECK bool body_scan_end(const BodyScan *scan, Error *err);

/* A list or text that is not empty. */
bool body_scan_is_filled(Str value);
