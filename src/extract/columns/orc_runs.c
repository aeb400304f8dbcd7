/* orc_runs.c - see orc_runs.h. */
#include "extract/columns/orc_runs.h"

#include "extract/byte_view.h"

enum { SHORT_REPEAT, DIRECT, PATCHED_BASE, DELTA, PATCHES_MAX = 31 };

uint64_t orc_varint(Str bytes, size_t *at)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned byte = byte_at(bytes, (*at)++);
        number |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            break;
    }
    return number;
}

static int64_t unzigzag(uint64_t number) { return (int64_t)(number >> 1 ^ (0 - (number & 1))); }

static int64_t signed_of(const OrcRuns *runs, uint64_t number)
{
    return runs->is_signed ? unzigzag(number) : (int64_t)number;
}

static void add(OrcRuns *runs, int64_t value)
{
    if (runs->count < ORC_RUN_MAX)
        runs->values[runs->count++] = value;
}

/* --- Bytes, and numbers of version 1: a run of at least three, or values by themselves --- */

static void read_simple(OrcRuns *runs)
{
    unsigned control = byte_at(runs->bytes, runs->at++);
    bool is_bytes = runs->kind == ORC_BYTES, is_run = control < 128;
    unsigned count = is_run ? control + 3 : 256 - control;
    int64_t step = is_run && !is_bytes ? (int8_t)byte_at(runs->bytes, runs->at++) : 0;
    int64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || !is_run)
            value = is_bytes ? byte_at(runs->bytes, runs->at++)
                             : signed_of(runs, orc_varint(runs->bytes, &runs->at));
        else
            value = (int64_t)((uint64_t)value + (uint64_t)step);
        add(runs, value);
    }
}

/* --- Numbers of version 2 --- */

static unsigned width_of_code(unsigned code)
{
    static const unsigned char wide[] = { 26, 28, 30, 32, 40, 48, 56, 64 };
    return code < 24 ? code + 1 : wide[(code - 24) & 7];
}

/* The next width that there is a code for. */
static unsigned wider(unsigned width)
{
    unsigned code = 0;
    while (code < 31 && width_of_code(code) < width)
        code++;
    return width_of_code(code);
}

typedef struct BigBits {
    Str bytes;
    size_t at;
    unsigned bit;
} BigBits;

static uint64_t take_bits(BigBits *in, unsigned width)
{
    uint64_t number = 0;
    while (width) {
        unsigned room = 8 - in->bit, part = MIN(room, width);
        unsigned byte = byte_at(in->bytes, in->at) >> (room - part) & ((1u << part) - 1);
        number = number << part | byte;
        in->bit += part;
        in->at += in->bit / 8;
        in->bit %= 8;
        width -= part;
    }
    return number;
}

/* The rest of the last byte is not used. */
static void end_bits(OrcRuns *runs, const BigBits *in) { runs->at = in->at + (in->bit > 0); }

static uint64_t take_big(OrcRuns *runs, unsigned bytes)
{
    uint64_t number = 0;
    for (; bytes; bytes--)
        number = number << 8 | byte_at(runs->bytes, runs->at++);
    return number;
}

static void read_direct(OrcRuns *runs, unsigned width, unsigned count)
{
    BigBits in = { runs->bytes, runs->at, 0 };
    for (unsigned i = 0; i < count; i++)
        add(runs, signed_of(runs, take_bits(&in, width)));
    end_bits(runs, &in);
}

/* Differences to a base, and the high bits of the few that are large. */
static void read_patched(OrcRuns *runs, unsigned width, unsigned count)
{
    unsigned third = byte_at(runs->bytes, runs->at), fourth = byte_at(runs->bytes, runs->at + 1);
    unsigned base_bytes = (third >> 5) + 1, patch_width = width_of_code(third & 31);
    unsigned gap_width = (fourth >> 5) + 1, patches = fourth & 31;
    runs->at += 2;
    uint64_t base = take_big(runs, base_bytes), sign = UINT64_C(1) << (base_bytes * 8 - 1);
    if (base & sign)
        base = 0 - (base & (sign - 1));
    BigBits in = { runs->bytes, runs->at, 0 };
    for (unsigned i = 0; i < count; i++)
        add(runs, (int64_t)take_bits(&in, width));
    end_bits(runs, &in);
    in = (BigBits){ runs->bytes, runs->at, 0 };
    unsigned entry_width = wider(MIN(gap_width + patch_width, 64)), at = 0;
    for (unsigned i = 0; i < patches; i++) {
        uint64_t entry = take_bits(&in, entry_width);
        uint64_t patch = patch_width < 64 ? entry & ((UINT64_C(1) << patch_width) - 1) : entry;
        at += patch_width < 64 ? (unsigned)(entry >> patch_width & 0xFF) : 0;
        if (at < runs->count && width < 64)
            runs->values[at] |= (int64_t)(patch << width);
    }
    end_bits(runs, &in);
    for (size_t i = 0; i < runs->count; i++)
        runs->values[i] = (int64_t)((uint64_t)runs->values[i] + base);
}

static void read_delta(OrcRuns *runs, unsigned width, unsigned count)
{
    uint64_t value = (uint64_t)signed_of(runs, orc_varint(runs->bytes, &runs->at));
    int64_t first = unzigzag(orc_varint(runs->bytes, &runs->at));
    BigBits in = { runs->bytes, runs->at, 0 };
    add(runs, (int64_t)value);
    for (unsigned i = 1; i < count; i++) {
        uint64_t step = i == 1 || width == 0 ? (uint64_t)first : take_bits(&in, width);
        value += i > 1 && width && first < 0 ? 0 - step : step;
        add(runs, (int64_t)value);
    }
    end_bits(runs, &in);
}

static void read_version_2(OrcRuns *runs)
{
    unsigned first = byte_at(runs->bytes, runs->at++), code = first >> 1 & 31;
    if (first >> 6 == SHORT_REPEAT) {
        int64_t value = signed_of(runs, take_big(runs, (first >> 3 & 7) + 1));
        for (unsigned i = 0; i < (first & 7) + 3; i++)
            add(runs, value);
        return;
    }
    unsigned count = ((first & 1) << 8 | byte_at(runs->bytes, runs->at++)) + 1;
    if (first >> 6 == DIRECT)
        read_direct(runs, width_of_code(code), count);
    else if (first >> 6 == PATCHED_BASE)
        read_patched(runs, width_of_code(code), count);
    else
        read_delta(runs, code ? width_of_code(code) : 0, count);
}

/* --- Any of them --- */

void orc_runs_begin(OrcRuns *runs, Str bytes, OrcRunKind kind, bool is_signed)
{
    runs->bytes = bytes;
    runs->kind = kind;
    runs->is_signed = is_signed;
}

int64_t orc_runs_next(OrcRuns *runs)
{
    if (runs->taken == runs->count) {
        runs->taken = runs->count = 0;
        runs->is_broken |= runs->at >= runs->bytes.length;
        if (runs->is_broken)
            return 0;
        if (runs->kind == ORC_WHOLE_2)
            read_version_2(runs);
        else
            read_simple(runs);
    }
    return runs->values[runs->taken++];
}

bool orc_runs_next_boolean(OrcRuns *runs)
{
    if (runs->bits_left == 0) {
        runs->held = (unsigned)orc_runs_next(runs) & 0xFF;
        runs->bits_left = 8;
    }
    return runs->held >> --runs->bits_left & 1;
}
