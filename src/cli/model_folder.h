/* model_folder.h - where the embedding model lies. */
#pragma once

#include "cli/settings.h"

/* The folder that the setting `model` names, or else the first that has a whole model: models/ in
 * the data folder,
 * ~/.cache/lectern/models, ../share/lectern/models beside the program (the package lectern-model).
 * Empty when there is none. */
Str settings_model_folder(Arena *arena, const Settings *settings, Str data_folder);
