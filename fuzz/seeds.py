#!/usr/bin/env python3
"""seeds.py OUT EXTENSION... - small files of a format into OUT, to begin fuzzing from.

They come from ../shared/corpus (also its malformed/) where that is, from tests/samples and tests/tables. Members
of ZIP files are stored, not packed: a changed byte then reaches the reader behind the ZIP.
"""
import io
import os
import sys
import zipfile

FILES_MAX, BYTES_MAX = 60, 64 * 1024
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORPUS = os.path.join(HERE, "..", "shared", "corpus")
ROOTS = [os.path.join(CORPUS), os.path.join(CORPUS, "malformed"), os.path.join(HERE, "tests", "samples"),
         os.path.join(HERE, "tests", "tables")]
# Parts and formats whose bytes are in files of other extensions.
ALSO = {
    "exif": ["tiff", "tif"], "xmp": ["svg", "xml"], "iptc": ["psd"], "photoshop": ["psd"],
    "picture_facts": ["jpg", "png", "gif", "webp", "tiff", "bmp", "heic", "avif", "jp2", "psd", "ico", "jxl"],
    "ole_file": ["doc", "xls", "ppt", "msg", "vsd", "pub"], "ole_properties": ["doc", "xls", "ppt"],
    "iwork_xml": ["xml"], "rtf_text": ["rtf"], "mapi_rtf": ["rtf"], "zip_directory": ["zip"], "seven_zip": ["7z"], "rar5_list": ["rar"],
    "djvu_page": ["djvu"],
    "charset": ["encodings", "txt", "html", "xml"], "mime": ["eml", "mhtml"],
    "sniff": ["docx", "doc", "pdf", "eml", "txt", "jpg", "zip", "html", "rtf", "tex"],
    "office_encrypted": ["docx", "xlsx", "pptx"], "gzip": ["tgz"], "bzip2": ["tbz2"], "compress": ["Z"],
    "xml": ["docbook", "opml", "xlf", "ttml"], "html": ["xhtml"], "wps": ["wps"], "doc": ["dot"],
}


def files(names):
    for root in ROOTS:
        for folder, folders, found in os.walk(root):
            if root == CORPUS and folder == root and "malformed" in folders:
                folders.remove("malformed")
            folders.sort()
            for name in sorted(found):
                extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
                wanted = {each.lower() for each in names}
                if extension in wanted or os.path.basename(folder).lower() in wanted:
                    if not name.endswith(".expected.txt"):
                        yield os.path.join(folder, name)


def stored(data):
    """The same ZIP with its members as they are; None when it is none."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
            for member in old.infolist():
                content = old.read(member)
                if len(content) <= BYTES_MAX // 2:
                    new.writestr(member.filename, content)
    except Exception:
        return None
    return out.getvalue()


def main():
    out, names = sys.argv[1], sys.argv[2:]
    for name in list(names):
        names += ALSO.get(name, [])
    os.makedirs(out, exist_ok=True)
    seeds = []
    for path in files(names):
        with open(path, "rb") as file:
            data = file.read(BYTES_MAX * 64)
        if data[:4] == b"PK\3\4":
            again = stored(data)
            if again and len(again) <= BYTES_MAX * 2:
                seeds.append((len(again), os.path.basename(path) + ".stored", again))
        if len(data) <= BYTES_MAX:
            seeds.append((len(data), os.path.basename(path), data))
    for _, name, data in sorted(seeds)[:FILES_MAX]:
        with open(os.path.join(out, name), "wb") as file:
            file.write(data)


main()
