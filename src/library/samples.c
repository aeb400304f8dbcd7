/* samples.c - see samples.h. */
#include "library/samples.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"

static const struct {
    const char *name, *text;
} samples[] = {
    { "Sample library/Harbour rules.md",
      "# Rules of Vestby harbour\n\nValid from 1 May 2025.\n\n## Berths\n\nVisitors moor at the "
      "north "
      "pier. A berth costs 240 kroner a night for boats up to 12 metres, and 360 kroner for longer "
      "ones. The first two hours are free.\n\n## Quiet hours\n\nEngines are off between 23:00 and "
      "06:00. Generators are never run at the pier.\n\n## Safety\n\nThe harbour master, Ingrid "
      "Moen, "
      "answers on VHF channel 12. Fuel is sold at the east quay from 08:00 to 18:00. Anyone who "
      "spills fuel calls the harbour master at once and pays for the cleaning.\n" },
    { "Sample library/Lighthouse log.txt",
      "Log of the Tarva lighthouse, 1931\n\n3 January. Storm from the north-west. The lamp burned "
      "without a break for sixteen hours. Two panes of the lantern cracked.\n\n9 January. The "
      "supply "
      "boat brought paraffin, flour and the new panes. Keeper Olaf Lund fitted them before "
      "dark.\n\n"
      "14 February. Fog for five days. The horn used eleven bottles of gas.\n\n2 March. The "
      "schooner "
      "Freya ran aground on the outer skerry at four in the morning. All nine of her crew were "
      "brought ashore by breeches buoy.\n\n17 May. Painted the gallery. A pair of eider nests "
      "under "
      "the stairs.\n" },
    { "Sample library/Tide table.csv",
      "Date,High water,Height (m),Low water,Height (m)\n2025-06-01,04:12,2.31,10:24,0.42\n"
      "2025-06-02,05:01,2.28,11:09,0.47\n2025-06-03,05:55,2.19,11:58,0.55\n"
      "2025-06-04,06:54,2.08,12:53,0.66\n2025-06-05,08:00,1.99,13:57,0.75\n" },
};

static bool add_sample(Library *library, const Scope *scope, Arena *arena, const char *folder,
                       const char *name, Str text, Str *id_r, Error *err)
{
    char *path = path_join(arena, str(folder), id_new(arena));
    Document document;
    bool is_new;
    if (!file_write(path, text, 0600, err))
        return false;
    NewFile file = { .path = path,
                     .name = str(name),
                     .size = text.length,
                     .sha256 = sha256_hex(arena, text),
                     .source = S("sample") };
    if (!library_add(library, scope, arena, &file, &document, &is_new, err))
        return false;
    *id_r = document.id;
    return true;
}

bool library_add_samples(Library *library, const Scope *scope, Arena *arena,
                         const char *temp_folder, StrList *ids_r, Error *err)
{
    Str *ids = arena_new_array(arena, Str, COUNT(samples));
    for (size_t i = 0; i < COUNT(samples); i++)
        if (!add_sample(library, scope, arena, temp_folder, samples[i].name, str(samples[i].text),
                        &ids[i], err))
            return false;
    *ids_r = (StrList){ ids, COUNT(samples) };
    return true;
}
