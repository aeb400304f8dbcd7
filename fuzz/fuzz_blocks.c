/* fuzz_blocks.c - stored blocks: any bytes are refused or read, and what is read packs again. */
#include "base/hash.h"
#include "store/blocks_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf buf = buf_new(arena, size + 4);
    StoredBlockList list;
    Error err = { 0 };

    /* The right checksum, so that the reader behind it is reached. */
    buf_add_bytes(&buf, data, size);
    uint32_t crc = crc32c(0, data, size);
    for (int shift = 0; shift < 32; shift += 8)
        buf_add_char(&buf, (char)(crc >> shift));
    if (!block_unpack(arena, buf_str(&buf), 0, &list, &err)) {
        if (err.code != ERROR_DAMAGED)
            abort();
        return 0;
    }
    return block_pack(arena, list.at, list.count).length ? 0 : -1;
}
