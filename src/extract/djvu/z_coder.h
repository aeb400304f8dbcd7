/* z_coder.h - the adaptive binary Z-coder of DjVu files ("DjVu3 specification", annex 3). One
 * thread each. */
#pragma once

#include "base/base.h"

typedef struct ZCoder {
    Str rest;
    uint32_t a, code, fence, buffer;
    int ready, empty; /* bits in the buffer; bytes past the end */
    bool is_over;     /* well past the end: what comes is made up */
} ZCoder;

ZCoder z_coder(Str bytes);
/* A bit by its context, which begins as 0. */
int z_decode(ZCoder *z, uint8_t *context);
/* A bit as likely as the other. */
int z_decode_even(ZCoder *z);
/* The same as IW44 has it, mostly for signs. */
int z_decode_sign(ZCoder *z);
