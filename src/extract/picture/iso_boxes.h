/* iso_boxes.h - the boxes of ISO base media files (ISO/IEC 14496-12), JPEG 2000 and JPEG XL. */
#pragma once

#include "extract/byte_view.h"

typedef struct IsoBox {
    Str type; /* four bytes */
    Str body;
} IsoBox;

/* The next box of *rest, and *rest moves past it; a box that claims more than there is gets what
 * there is. False at the end. */
static inline bool iso_box_next(Str *rest, IsoBox *box_r)
{
    uint64_t length = big32(*rest, 0), head = 8;
    if (rest->length < 8)
        return false;
    if (length == 1) {
        length = big64(*rest, 8);
        head = 16;
    }
    if (length == 0 || length > rest->length)
        length = rest->length;
    if (length < head)
        return false;
    *box_r = (IsoBox){ str_slice(*rest, 4, 8), str_slice(*rest, (size_t)head, (size_t)length) };
    *rest = str_from(*rest, (size_t)length);
    return true;
}

/* The first box of a type, or an empty body. */
static inline Str iso_box_find(Str boxes, const char *type)
{
    IsoBox box;
    while (iso_box_next(&boxes, &box))
        if (str_is(box.type, type))
            return box.body;
    return STR_NONE;
}
