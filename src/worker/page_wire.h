/* page_wire.h - the frames of the services "page" and "prepare". */
#pragma once

enum {
    PAGE_FRAME_MARKED, /* int32_t: boxes that show the quote; first */
    PAGE_FRAME_PNG,    /* the picture, in pieces */
};

enum {
    PREPARED_FRAME_TYPE,  /* its media type; first */
    PREPARED_FRAME_BYTES, /* the file, in pieces */
};
