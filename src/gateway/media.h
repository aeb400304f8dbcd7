/* media.h - pictures and sound of a call, and what a service states that it takes of them.
 *
 *     part -> media_fits(): its first bytes, its length -> goes out as it came
 *                        \-> GatewayPorts.prepare_media: another file of the same, in a sandbox
 *
 * Nothing is decoded here: type and size are read from fixed places of a head. What they do not
 * tell goes out as it is; the service judges it. Threads: any. */
#pragma once

#include "gateway/media_wish.h"
#include "gateway/model.h"

/* The lines of media.def; the first states nothing. */
typedef enum MediaRules {
#define MEDIA(name, pictures, bytes, side, many, pixels, sounds) MEDIA_##name,
#include "gateway/media.def"
#undef MEDIA
    MEDIA_COUNT
} MediaRules;

#define MEDIA_MANY 20

typedef struct MediaLimits {
    const char *pictures, *sounds; /* types, with spaces between them; "": not stated */
    size_t bytes;
    int64_t side, many_side, pixels;
} MediaLimits;
extern const MediaLimits media_limits[MEDIA_COUNT];

typedef struct MediaHead {
    const char *type;      /* "png"; "" for what nobody knows */
    int64_t width, height; /* of a picture; 0: not told */
} MediaHead;
/* Of the beginning of a file. */
MediaHead media_picture_head(Str bytes);
const char *media_sound_type(Str bytes);

/* Whether a service takes the part as it is, among so many pictures. False: *why_r says which limit
 * it is over, and *wish_r all of what is to be made of it, but for the bytes. */
bool media_fits(Arena *arena, const MediaLimits *limits, const ModelPart *part, size_t pictures,
                Str *why_r, MediaWish *wish_r);
