/* page_wire.h - the frames of the service "page". */
#pragma once

enum {
    PAGE_FRAME_MARKED, /* int32_t: boxes that show the quote; first */
    PAGE_FRAME_PNG,    /* the picture, in pieces */
};
