/* symbol_fonts.h - what the letters of Symbol, Wingdings and their like show: ticks, arrows, Greek.
 */
#pragma once

#include "base/base.h"

/* The character that a code (0x20 to 0xFF, also as private U+F020 to U+F0FF) shows in this font;
 * 0: none is known. */
uint32_t symbol_of_font(Str font, uint32_t code);
