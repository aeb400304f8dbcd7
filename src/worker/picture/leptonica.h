/* leptonica.h - Leptonica's functions, whose `Box` is not ours. */
#pragma once

#define Box LeptonicaBox
#include <leptonica/allheaders.h>
#undef Box
