/* sound.c - see sound.h. Shapes: RIFF/WAVE; RFC 9639 (FLAC), section 8.2; RFC 3533 (Ogg), RFC 7845
 * (Opus); ISO/IEC 14496-12 (MP4), "mvhd"; ISO/IEC 11172-3 (MPEG audio), 2.4.1.3. */
#include "gateway/sound.h"

#include "gateway/head_bytes.h"

/* Of what says nothing: 16 kbit/s, which speech hardly goes below. */
#define BYTES_PER_SECOND 2000
/* More than anybody records for a service: a head that says so lies. */
#define SECONDS_MAX 1e6

/* --- WAV: bytes a second, and bytes --- */

static double wav_seconds(Str bytes)
{
    ptrdiff_t format = str_find(str_slice(bytes, 0, KB(64)), S("fmt "));
    uint32_t rate = format < 0 ? 0 : head_little(bytes, (size_t)format + 16, 4);
    return rate ? (double)bytes.length / rate : 0;
}

/* --- FLAC: STREAMINFO is the first block --- */

static double flac_seconds(Str bytes)
{
    uint32_t rate = head_big(bytes, 18, 3) >> 4;
    double samples = (double)(head_big(bytes, 21, 1) & 15) * 4294967296.0 + head_big(bytes, 22, 4);
    return rate ? samples / rate : 0;
}

/* --- Ogg: the time of the last page --- */

static ptrdiff_t find_last(Str bytes, Str what)
{
    for (size_t at = bytes.length; at-- > 0;)
        if (bytes.at[at] == what.at[0] && str_starts(str_from(bytes, at), what))
            return (ptrdiff_t)at;
    return -1;
}

static double ogg_seconds(Str bytes)
{
    Str head = str_slice(bytes, 0, 512);
    ptrdiff_t vorbis = str_find(head, S("\x01vorbis"));
    ptrdiff_t last = find_last(bytes, S("OggS"));
    uint32_t rate = vorbis < 0 ? 48000 : head_little(bytes, (size_t)vorbis + 12, 4);
    if (last < 0 || !rate)
        return 0;
    double time = (double)head_little(bytes, (size_t)last + 10, 4) * 4294967296.0 +
                  head_little(bytes, (size_t)last + 6, 4);
    return time / rate;
}

/* --- MP4: the movie's head, wherever it stands --- */

static double mp4_seconds(Str bytes)
{
    ptrdiff_t found = str_find(bytes, S("mvhd"));
    if (found < 0)
        return 0;
    size_t at = (size_t)found + 4;
    bool is_long = head_big(bytes, at, 1) == 1;
    uint32_t scale = head_big(bytes, at + (is_long ? 20 : 12), 4);
    double length =
        is_long ? (double)head_big(bytes, at + 24, 4) * 4294967296.0 + head_big(bytes, at + 28, 4)
                : head_big(bytes, at + 16, 4);
    return scale ? length / scale : 0;
}

/* --- MPEG audio: frame after frame --- */

typedef struct Mpeg {
    size_t size; /* 0: this is no frame */
    double seconds;
} Mpeg;

static Mpeg mpeg_frame(Str bytes, size_t at)
{
    static const short rates[3] = { 441, 480, 320 }; /* hundreds, of MPEG 1 */
    static const short kbits1[16] = { 0,   32,  40,  48,  56,  64,  80,  96,
                                      112, 128, 160, 192, 224, 256, 320, 0 };
    static const short kbits2[16] = { 0,  8,  16, 24,  32,  40,  48,  56,
                                      64, 80, 96, 112, 128, 144, 160, 0 };
    uint32_t head = head_big(bytes, at, 4);
    uint32_t version = head >> 19 & 3, layer = head >> 17 & 3, rate = head >> 10 & 3;
    bool is_first = version == 3;
    int kbit = (is_first ? kbits1 : kbits2)[head >> 12 & 15];
    if (head >> 21 != 0x7FF || version == 1 || layer != 1 || rate == 3 || !kbit)
        return (Mpeg){ 0 };
    int hertz = rates[rate] * 100 / (is_first ? 1 : version == 2 ? 2 : 4);
    int samples = is_first ? 1152 : 576;
    int size = samples / 8 * kbit * 1000 / hertz + (int)(head >> 9 & 1);
    return (Mpeg){ (size_t)size, (double)samples / hertz };
}

static double mpeg_seconds(Str bytes)
{
    double sum = 0;
    size_t at = 0;
    if (str_starts(bytes, S("ID3"))) /* its size has seven bits a byte */
        at = 10 + (size_t)(head_big(bytes, 6, 1) << 21 | head_big(bytes, 7, 1) << 14 |
                           head_big(bytes, 8, 1) << 7 | head_big(bytes, 9, 1));
    while (at + 4 <= bytes.length) {
        Mpeg frame = mpeg_frame(bytes, at);
        at += MAX(frame.size, (size_t)1);
        sum += frame.size ? frame.seconds : 0;
    }
    return sum;
}

double sound_seconds(Str bytes)
{
    double seconds = 0;
    if (str_starts(bytes, S("RIFF")))
        seconds = wav_seconds(bytes);
    else if (str_starts(bytes, S("fLaC")))
        seconds = flac_seconds(bytes);
    else if (str_starts(bytes, S("OggS")))
        seconds = ogg_seconds(bytes);
    else if (str_is(str_slice(bytes, 4, 8), "ftyp"))
        seconds = mp4_seconds(bytes);
    else if (str_starts(bytes, S("ID3")) || mpeg_frame(bytes, 0).size)
        seconds = mpeg_seconds(bytes);
    bool is_told = seconds > 0 && seconds < SECONDS_MAX;
    return is_told ? seconds : (double)bytes.length / BYTES_PER_SECOND;
}
