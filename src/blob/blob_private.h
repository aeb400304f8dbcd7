/* blob_private.h - how drivers and blob_store.c meet. Not for other folders. */
#pragma once

#include "blob/blob_store.h"

/* Takes `self`, which driver->free() gives back. */
BlobStore *blob_store_new(const BlobDriver *driver, void *self);
