// tesseract_memory.cc - the one call of Tesseract that its C interface lacks.
#include <tesseract/baseapi.h>

#include <string>
#include <vector>

#include "worker/picture/tesseract_memory.h"

static TesseractData *language_data;

// Tesseract asks for "<folder>/<language>.traineddata".
static bool read_data(const char *path, std::vector<char> *bytes)
{
    std::string name(path);
    size_t slash = name.rfind('/');
    if (slash != std::string::npos)
        name.erase(0, slash + 1);
    size_t dot = name.find('.');
    if (dot == std::string::npos || name.compare(dot, std::string::npos, ".traineddata") != 0)
        return false;
    name.erase(dot);
    size_t length = 0;
    const char *data = language_data(name.c_str(), &length);
    if (!data)
        return false;
    bytes->assign(data, data + length);
    return true;
}

extern "C" BOOL tesseract_begin(TessBaseAPI *api, const char *languages, TessOcrEngineMode mode,
                                TesseractData *data)
{
    language_data = data;
    return reinterpret_cast<tesseract::TessBaseAPI *>(api)->Init(
               "/", 0, languages, static_cast<tesseract::OcrEngineMode>(mode), nullptr, 0, nullptr,
               nullptr, false, read_data) == 0;
}
