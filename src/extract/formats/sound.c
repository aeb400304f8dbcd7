/* sound.c - recordings by what marks them; the worker class "media" reads them. */
#include "extract/byte_view.h"
#include "extract/extractor.h"

#define SOUND_WORKER "media"

/* ID3v2.4 structure, 3.1: ten bytes, four of them a size of 28 bits; also before FLAC and AAC. */
static Str after_id3(Str bytes)
{
    for (int i = 0; i < 4 && str_starts(bytes, S("ID3")) && bytes.length > 10; i++) {
        uint32_t size = 0;
        for (size_t k = 6; k < 10; k++)
            size = size << 7 | (byte_at(bytes, k) & 0x7F);
        bytes = str_from(bytes, 10 + (size_t)size + (byte_at(bytes, 5) & 0x10 ? 10 : 0));
    }
    return bytes;
}

static bool has_id3(Str bytes)
{
    return str_starts(bytes, S("ID3")) && byte_at(bytes, 3) < 0xFF && byte_at(bytes, 6) < 0x80;
}

/* --- MP3 --- */

/* Bytes of the MPEG audio frame at `at` (ISO/IEC 11172-3, 2.4.1.3; 13818-3); 0: there is none. */
static size_t mpeg_frame(Str bytes, size_t at)
{
    static const uint16_t rates[2][3][15] = {
        { { 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448 },
          { 0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384 },
          { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 } },
        { { 0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256 },
          { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
          { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 } },
    };
    static const uint32_t samples[] = { 44100, 48000, 32000 };
    uint32_t head = big32(bytes, at);
    unsigned version = head >> 19 & 3, layer = 4 - (head >> 17 & 3), rate = head >> 12 & 15;
    unsigned frequency = head >> 10 & 3, padding = head >> 9 & 1;
    if (head >> 21 != 0x7FF || version == 1 || layer == 4 || rate == 0 || rate == 15 ||
        frequency == 3)
        return 0;
    uint32_t hertz = samples[frequency] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    uint32_t bits = rates[version != 3][layer - 1][rate] * 1000U;
    if (layer == 1)
        return (size_t)(12 * bits / hertz + padding) * 4;
    return (layer == 3 && version != 3 ? 72 : 144) * (size_t)bits / hertz + padding;
}

/* How many frames follow each other from `at`, at most four; *cut_r: the file ends in the last. */
static int mpeg_frames(Str bytes, size_t at, bool *cut_r)
{
    int count = 0;
    *cut_r = false;
    while (count < 4) {
        size_t length = mpeg_frame(bytes, at);
        if (!length)
            break;
        count++;
        at += length;
        if (at >= bytes.length) {
            *cut_r = true;
            break;
        }
    }
    return count;
}

static int mp3_sniff(Str bytes)
{
    enum { GARBAGE_MAX = 16384 };
    Str rest = after_id3(bytes);
    bool is_cut;
    int frames = mpeg_frames(rest, 0, &is_cut);
    if (frames >= 3 || (frames && is_cut))
        return frames >= 2 ? 90 : 60;
    if (!has_id3(bytes))
        return 0;
    /* Padding and broken tags stand before the first frame. */
    for (size_t at = 0; at + 4 <= rest.length && at < GARBAGE_MAX; at++)
        if (byte_at(rest, at) == 0xFF && mpeg_frames(rest, at, &is_cut) >= 3)
            return 85;
    return 60;
}

const Extractor extractor_mp3 = {
    .name = "mp3",
    .title = "MP3 and other MPEG sound",
    .extensions = LIST("mp3", "mp2", "mpga", "mpa", "m2a"),
    .media_types = LIST("audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3"),
    .worker = SOUND_WORKER,
    .sniff = mp3_sniff,
};

/* --- AAC --- */

/* ISO/IEC 13818-7, 6.2: the frame's length stands in bits 30 to 42 of its header. */
static size_t adts_frame(Str bytes, size_t at)
{
    size_t length = ((size_t)byte_at(bytes, at + 3) & 3) << 11 |
                    (size_t)byte_at(bytes, at + 4) << 3 | byte_at(bytes, at + 5) >> 5;
    bool is_one = (big16(bytes, at) & 0xFFF6) == 0xFFF0 && (byte_at(bytes, at + 2) >> 2 & 15) < 13;
    return is_one && length >= 7 ? length : 0;
}

static int aac_sniff(Str bytes)
{
    Str rest = after_id3(bytes);
    size_t at = 0;
    int count = 0;
    for (size_t length; count < 3 && (length = adts_frame(rest, at)) > 0; at += length) {
        count++;
        if (at + length >= rest.length)
            return 92;
    }
    if (str_starts(rest, S("ADIF")))
        return 70;
    return count == 3 ? 92 : 0;
}

const Extractor extractor_aac = {
    .name = "aac",
    .title = "AAC sound",
    .extensions = LIST("aac", "adts"),
    .media_types = LIST("audio/aac", "audio/x-aac", "audio/aacp"),
    .worker = SOUND_WORKER,
    .sniff = aac_sniff,
};

/* --- Kinds with a mark at their beginning --- */

static bool is_form(Str bytes, const char *outer, const char *inner)
{
    return str_starts(bytes, str(outer)) && str_is(bytes_part(bytes, 8, 4), inner);
}

static int wav_sniff(Str bytes)
{
    /* Sony's Wave64 begins with the number of a type that begins with "riff". */
    bool is_wave64 = str_starts(bytes, S("riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1"));
    return is_form(bytes, "RIFF", "WAVE") || is_form(bytes, "RF64", "WAVE") ||
                   is_form(bytes, "BW64", "WAVE") || is_form(bytes, "RIFX", "WAVE") || is_wave64
               ? 95
               : 0;
}

const Extractor extractor_wav = {
    .name = "wav",
    .title = "WAVE sound",
    .extensions = LIST("wav", "wave", "bwf", "rf64", "w64"),
    .media_types = LIST("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
    .worker = SOUND_WORKER,
    .sniff = wav_sniff,
};

static int aiff_sniff(Str bytes)
{
    return is_form(bytes, "FORM", "AIFF") || is_form(bytes, "FORM", "AIFC") ? 95 : 0;
}

const Extractor extractor_aiff = {
    .name = "aiff",
    .title = "AIFF sound",
    .extensions = LIST("aif", "aiff", "aifc"),
    .media_types = LIST("audio/aiff", "audio/x-aiff"),
    .worker = SOUND_WORKER,
    .sniff = aiff_sniff,
};

static int flac_sniff(Str bytes) { return str_starts(after_id3(bytes), S("fLaC")) ? 95 : 0; }

const Extractor extractor_flac = {
    .name = "flac",
    .title = "FLAC sound",
    .extensions = LIST("flac", "fla"),
    .media_types = LIST("audio/flac", "audio/x-flac"),
    .worker = SOUND_WORKER,
    .sniff = flac_sniff,
};

static int ogg_sniff(Str bytes)
{
    return str_starts(bytes, S("OggS")) && byte_at(bytes, 4) == 0 ? 90 : 0;
}

const Extractor extractor_ogg = {
    .name = "ogg",
    .title = "Ogg: Vorbis, Opus, Speex, FLAC, Theora",
    .extensions = LIST("ogg", "oga", "opus", "spx", "ogv", "ogx"),
    .media_types = LIST("audio/ogg", "audio/opus", "audio/vorbis", "audio/speex", "video/ogg",
                        "application/ogg"),
    .worker = SOUND_WORKER,
    .sniff = ogg_sniff,
};

static int amr_sniff(Str bytes)
{
    return str_starts(bytes, S("#!AMR\n")) || str_starts(bytes, S("#!AMR-WB\n")) ? 95 : 0;
}

const Extractor extractor_amr = {
    .name = "amr",
    .title = "AMR recordings of telephones",
    .extensions = LIST("amr", "awb"),
    .media_types = LIST("audio/amr", "audio/amr-wb", "audio/3gpp"),
    .worker = SOUND_WORKER,
    .sniff = amr_sniff,
};

static int caf_sniff(Str bytes) { return str_starts(bytes, S("caff\0\1")) ? 95 : 0; }

const Extractor extractor_caf = {
    .name = "caf",
    .title = "Apple Core Audio files",
    .extensions = LIST("caf"),
    .media_types = LIST("audio/x-caf"),
    .worker = SOUND_WORKER,
    .sniff = caf_sniff,
};

static int wavpack_sniff(Str bytes)
{
    /* The version of a block is 0x402 to 0x410. */
    return str_starts(bytes, S("wvpk")) && byte_at(bytes, 9) == 4 ? 95 : 0;
}

const Extractor extractor_wavpack = {
    .name = "wavpack",
    .title = "WavPack sound",
    .extensions = LIST("wv"),
    .media_types = LIST("audio/x-wavpack", "audio/wavpack"),
    .worker = SOUND_WORKER,
    .sniff = wavpack_sniff,
};

static int ape_sniff(Str bytes) { return str_starts(after_id3(bytes), S("MAC ")) ? 70 : 0; }

const Extractor extractor_ape = {
    .name = "ape",
    .title = "Monkey's Audio",
    .extensions = LIST("ape", "apl"),
    .media_types = LIST("audio/x-ape"),
    .worker = SOUND_WORKER,
    .sniff = ape_sniff,
};

static int musepack_sniff(Str bytes)
{
    Str rest = after_id3(bytes);
    return str_starts(rest, S("MPCK")) ||
                   (str_starts(rest, S("MP+")) && (byte_at(rest, 3) & 15) == 7)
               ? 70
               : 0;
}

const Extractor extractor_musepack = {
    .name = "musepack",
    .title = "Musepack sound",
    .extensions = LIST("mpc", "mp+", "mpp"),
    .media_types = LIST("audio/x-musepack"),
    .worker = SOUND_WORKER,
    .sniff = musepack_sniff,
};

static int au_sniff(Str bytes)
{
    uint32_t data = big32(bytes, 4), coding = big32(bytes, 12);
    return str_starts(bytes, S(".snd")) && data >= 24 && coding >= 1 && coding <= 27 ? 90 : 0;
}

const Extractor extractor_au = {
    .name = "au",
    .title = "Sun sound",
    .extensions = LIST("au", "snd"),
    .media_types = LIST("audio/basic"),
    .worker = SOUND_WORKER,
    .sniff = au_sniff,
};
