/* model_folder.h - where the embedding model lies, and how it is opened. */
#pragma once

#include "cli/settings.h"
#include "encode/kernel_sets.h"

/* The folder that the setting `model` names, or else the first that has a whole model: models/ in
 * the data folder,
 * ~/.cache/lectern/models, ../share/lectern/models beside the program (the package lectern-model).
 * Empty when there is none. */
Str settings_model_folder(Arena *arena, const Settings *settings, Str data_folder);
/* As the settings encoder_kernels and encoder_precision say; weights are kept in cache/ of the data
 * folder. */
MUST_CHECK bool settings_encoder_options(Arena *arena, const Settings *settings, Str data_folder,
                                         EncoderOptions *options_r, Error *err);
