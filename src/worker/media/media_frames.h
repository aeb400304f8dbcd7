/* media_frames.h - some pictures that show what a video is about. */
#pragma once

#include "worker/media/media_file.h"

/* Up to ten key frames that differ, in the order of their times, as JPEG members named
 * "frame 00:01:23.jpg". */
void media_write_frames(MediaFile *file, DocWriter *doc);
