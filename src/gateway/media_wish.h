/* media_wish.h - what is to be made of a client's picture or sound (media.h), for whoever makes it.
 */
#pragma once

#include "base/base.h"

/* What is to become of a file so that a service takes it. */
typedef struct MediaWish {
    bool is_sound; /* WAV is wanted, else PNG or JPEG */
    Str bytes;
    size_t bytes_max;             /* of what is made */
    int64_t side_max, pixels_max; /* of a picture; 0: any */
} MediaWish;
typedef struct PreparedMedia {
    Str bytes, media_type;
} PreparedMedia;
