/* settings.h - files of settings as blocks of lines, for the formats that are such: each section
 * or top-level key is a block as it is, with its name as the place.
 *
 * Comments stay, since they say more to people than the values; values are not interpreted. */
#pragma once

#include "extract/extractor.h"

typedef enum SettingsStyle { SETTINGS_INI, SETTINGS_TOML, SETTINGS_YAML } SettingsStyle;

MUST_CHECK bool settings_write(const ExtractSource *source, DocWriter *doc, SettingsStyle style,
                               const char *language, Error *err);
/* A text of sections with values below them; 4 for any text, so that the name decides. */
int settings_sniff(Str bytes);
