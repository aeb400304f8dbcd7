/* symbol_fonts.c - see symbol_fonts.h.
 *
 * Symbol's codes are those of Adobe's Symbol encoding (PostScript Language Reference, appendix
 * E.5), Wingdings' those that Unicode 7 was made for (L2/12-368); a few of its newest characters,
 * which few fonts draw, are an older one that looks alike. */
#include "extract/charset/symbol_fonts.h"

enum { FIRST = 0x20, LAST = 0xFF, PRIVATE = 0xF000 };

/* From 0x20 on; a space: nothing stands for it. */
static const uint32_t symbol[] = U" !∀#∃%&∋()∗+,−./" /* 20 */
                                 U"0123456789:;<=>?" /* 30 */
                                 U"≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟ" /* 40 */
                                 U"ΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_" /* 50 */
                                 U"‾αβχδεφγηιϕκλμνο" /* 60 */
                                 U"πθρστυϖωξψζ{|}∼ " /* 70 */
                                 U"                " /* 80 */
                                 U"                " /* 90 */
                                 U"€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓" /* A0 */
                                 U"°±″≥×∝∂•÷≠≡≈…|―↵" /* B0 */
                                 U"ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉" /* C0 */
                                 U"∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓" /* D0 */
                                 U"◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪" /* E0 */
                                 U" ⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭ " /* F0 */;

static const uint32_t wingdings[] =
    U" ✏✂✁👓🕭🕮🕯🕿✆🖂🖃📪📫📬📭"     /* 20 */
    U"📁📂📄🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍" /* 30 */
    U"🖎✌👌👍👎☜☞☝☟🖐☺😐☹💣☠🏳"      /* 40 */
    U"🏱✈☼💧❄🕆✞🕈✠✡☪☯ॐ☸♈♉"          /* 50 */
    U"♊♋♌♍♎♏♐♑♒♓🙰🙵●❍■□"            /* 60 */
    U"🞐❑❒⬧⧫◆❖⬥⌧⮹⌘🏵🏶🙶🙷 "           /* 70 */
    U"⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹"                                              /* 80 */
    U"❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•"       /* 90 */
    U"▪○🞆🞈🞊◎🔿▪☐🟀🟁★🟋🟏🟓🟑"    /* A0 */
    U"⯐⌖⯎⯏⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘"     /* B0 */
    U"🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗"      /* C0 */
    U"🙖🙐🙑🙒🙓⌫⌦⮘➢⮙⮛⮈➲⮉⮋←"         /* D0 */
    U"→↑↓↖↗↙↘⬅➔⬆⬇🡼🡽🡿🡾⇦"          /* E0 */
    U"⇨⇧⇩⬄⇳⬁⬀⬃⬂🢬🢭✗✓☒☑ " /* F0 */;

/* Of Wingdings 2 and Webdings only what people tick. */
static const struct {
    const char *font;
    unsigned char code;
    uint32_t means;
} others[] = { { "Wingdings 2", 0x4F, U'✗' }, { "Wingdings 2", 0x50, U'✓' },
               { "Wingdings 2", 0x51, U'☒' }, { "Wingdings 2", 0x52, U'☑' },
               { "Wingdings 2", 0x53, U'☒' }, { "Wingdings 2", 0x54, U'☒' },
               { "Wingdings 2", 0x2A, U'☐' }, { "Wingdings 2", 0xA3, U'☐' },
               { "Webdings", 0x61, U'✔' },    { "Webdings", 0x63, U'☐' },
               { "Webdings", 0x67, U'■' },    { "Webdings", 0x72, U'✗' } };

uint32_t symbol_of_font(Str font, uint32_t code)
{
    if (code >= PRIVATE + FIRST && code <= PRIVATE + LAST)
        code -= PRIVATE;
    if (code < FIRST || code > LAST)
        return 0;
    const uint32_t *table = str_equal_ignore_case(font, S("Symbol"))      ? symbol
                            : str_equal_ignore_case(font, S("Wingdings")) ? wingdings
                                                                          : NULL;
    if (table)
        return table[code - FIRST] == U' ' ? 0 : table[code - FIRST];
    for (size_t i = 0; i < COUNT(others); i++)
        if (others[i].code == code && str_equal_ignore_case(font, str(others[i].font)))
            return others[i].means;
    return 0;
}
