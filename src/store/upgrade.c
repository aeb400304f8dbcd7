/* upgrade.c - see upgrade.h. */
#include "store/upgrade.h"

#include "store/collection_guard.h"
#include "store/sealed_texts.h"

bool upgrade_end(Db *db, Error *err)
{
    return texts_seal_all(db, err) && collection_guards_may_follow(db, err);
}
