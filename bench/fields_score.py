#!/usr/bin/env python3
"""Values of the ready-made schemas from the documents of bench/fields, against their labels and beside plain regular expressions.

    bench/fields_score.py [dev|frozen] [--show]

Prints for each kind of document: values given, precision, recall, F1, and of the right ones how many have the right place (the
quote stands at its bytes and says the value). Needs build/lectern; no model service is asked."""
import json
import os
import re
import sys
import tempfile
import unicodedata
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from conftest import Server  # noqa: E402

HERE = Path(__file__).parent / "fields"


def plain(value):
    if isinstance(value, (int, float)):
        return round(float(value), 2)
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    return " ".join(re.sub(r"[^\w]+", " ", text).split())


def leaves(value, path=""):
    """(path, value) of every leaf; items of lists are compared as a set, so their paths have no numbers."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, f"{path}[{index}]")
    else:
        yield path, value


def says(quote, value):
    """Whether the words of the document are this value."""
    if isinstance(value, (int, float)):
        digits = re.sub(r"\D", "", quote)
        return f"{value:.2f}".replace(".", "").rstrip("0") in digits or str(int(value)) in digits
    if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        year, _, day = value.split("-")
        return (year in quote or year[2:] in quote) and str(int(day)) in quote
    if re.fullmatch(r"\d{4}(-\d\d)?|present|[A-Z]{3}|cash|card", str(value)):
        return True if not str(value)[:4].isdigit() else value[:4] in quote
    return plain(value) in plain(quote) or plain(value).replace(" ", "") == plain(quote).replace(" ", "")


class Score:
    def __init__(self):
        self.given = self.right = self.wanted = self.placed = 0

    def add(self, given, wanted, sources=None, text=b""):
        wanted = dict(leaves(wanted))
        for path, value in leaves(given):
            self.given += 1
            if path not in wanted or plain(wanted[path]) != plain(value):
                continue
            self.right += 1
            source = (sources or {}).get(path)
            if source and text[source["start"]:source["end"]].decode(errors="replace") == source["quote"] and says(source["quote"], value):
                self.placed += 1
        self.wanted += len(wanted)

    def line(self):
        precision, recall = self.right / max(1, self.given), self.right / max(1, self.wanted)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return f"{self.wanted:5} {precision:9.3f} {recall:8.3f} {f1:8.3f} {self.placed / max(1, self.right):8.3f}"


# --- The baseline: one expression for each value, over the text ----------------------------------------------------------------

MONEY = r"[^\d\n]{0,25}?([\d.,' ]*\d[.,]\d\d)"
DATE = r"(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2}\.? \w+ \d{4}|\w+ \d{1,2}, \d{4})"
EXPRESSIONS = {
    "invoice": {"number": r"(?:invoice (?:no|number|#)|rechnungs?(?:nummer|[- ]nr)|facture n°)\.?:?\s*([\w/-]*\d[\w/-]*)", "date": rf"(?:invoice date|issued|rechnungsdatum|date|datum):?\s*{DATE}",
                "due_date": rf"(?:due date|due by|payment due|zahlbar bis|fällig am|échéance)\s*:?\s*{DATE}", "total": rf"(?<!sub)(?:grand total|total due|amount due|gesamtbetrag|total ttc|total){MONEY}",
                "net": rf"(?:subtotal|net amount|nettobetrag|netto|total ht){MONEY}", "tax": rf"(?:vat|tax|mwst|tva).{{0,12}}?{MONEY}", "tax_rate": r"(\d+(?:[.,]\d+)?) ?%",
                "iban": r"\b([A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?)\b", "bic": r"BIC:? ([A-Z0-9]{8,11})", "seller.vat_id": r"\b([A-Z]{2}\d{9})\b",
                "customer_number": r"(?:customer (?:no|number|id)|kundennummer|kunden-nr)\.?:?\s*([\w-]+)", "currency": r"(EUR|USD|GBP|€|\$|£)",
                "buyer.name": r"(?:bill to|rechnung an|billed to|customer):?\s*\n?(.+)"},
    "receipt": {"total": rf"(?<!sub)(?:total|summe|gesamt|amount due){MONEY}", "date": DATE, "time": r"\b(\d\d:\d\d)\b", "tax": rf"(?:tax|vat|mwst){MONEY}",
                "number": r"(?:receipt (?:no|number)|bon-nr|transaction id|beleg-nr)\.?:?\s*([\w-]+)", "currency": r"(EUR|USD|GBP|€|\$|£)", "payment_method": r"\b(cash|card|visa|bar)\b"},
    "contract": {"date": rf"(?:made on|dated|date:?|den) {DATE}", "start_date": rf"(?:commences on|start date|beginnt am|vertragsbeginn:?)\s*{DATE}", "end_date": rf"(?:expire on|end date|vertragsende:?)\s*{DATE}",
                 "governing_law": r"governed by the laws of (.+?)\.", "amount": r"[£$€] ?([\d,.]+\d)", "currency": r"(EUR|USD|GBP|€|\$|£)", "notice_period": r"(\w+ (?:days|weeks|months|Monate))"},
    "cv": {"name": r"\A(.+)", "email": r"([\w.]+@[\w.]+\w)", "phone": r"(\+[\d ]{8,}\d)", "date_of_birth": rf"(?:birth|geburtsdatum|geboren am):?\s*{DATE}"},
    "letter": {"date": DATE, "subject": r"(?:subject|betreff|re): (.+)", "reference": r"(?:ref|zeichen|reference): (.+)", "salutation": r"((?:Dear|Sehr geehrte|Liebe).+?),", "sender.name": r"\A(.+)"},
}
MONTHS = {m: i + 1 for i, names in enumerate("january januar janvier|february februar février|march märz mars|april avril|may mai|june juni juin|july juli juillet|august août|"
                                             "september septembre|october oktober octobre|november novembre|december dezember décembre".split("|")) for m in names.split()}


def number_of(text):
    text = re.sub(r"[ ']", "", text)
    if re.search(r",\d{1,2}$", text):
        text = text.replace(".", "").replace(",", ".")
    return float(text.replace(",", ""))


def date_of(text):
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    month = next((MONTHS[w] for w in re.findall(r"[^\W\d]+", text.lower()) if w in MONTHS), None)
    if month and len(numbers) == 2:
        return f"{max(numbers):04}-{month:02}-{min(numbers):02}"
    if len(numbers) == 3:
        year, month, day = (numbers if numbers[0] > 31 else numbers[::-1])
        return f"{year:04}-{month:02}-{day:02}"
    return text


def baseline(schema, text):
    out = {}
    for path, expression in EXPRESSIONS[schema].items():
        found = re.search(expression, text, re.I)
        if not found:
            continue
        value = found.group(1).strip()
        try:
            if path in ("total", "net", "tax", "tax_rate", "amount"):
                value = number_of(value)
            elif "date" in path:
                value = date_of(value)
            elif path == "currency":
                value = {"€": "EUR", "$": "USD", "£": "GBP"}.get(value, value)
            elif path == "payment_method":
                value = {"visa": "card", "bar": "cash"}.get(value.lower(), value.lower())
            elif path == "iban":
                value = value.replace(" ", "")
        except ValueError:
            continue
        into = out
        *outer, last = path.split(".")
        for name in outer:
            into = into.setdefault(name, {})
        into[last] = value
    return out


def run(half, show):
    folder = HERE / half
    labels = json.loads((folder / "labels.json").read_text())
    ours, theirs = defaultdict(Score), defaultdict(Score)
    with tempfile.TemporaryDirectory() as data:
        server = Server(Path(data) / "data").start()
        try:
            server.new_key()
            ids = {d["path"] if "path" in d else d["name"]: d["id"] for d in server.upload(*[folder / name for name in labels])}
            for name, label in labels.items():
                server.wait_document(ids[name])
                result = server.post("/v1/fields", {"schema": label["schema"], "document": ids[name], "model": "rules"}).json()
                text = server.get(f"/v1/documents/{ids[name]}/text").content
                sources = {f["path"]: f["source"] for f in result["fields"]}
                for key in (label["schema"], "all"):
                    ours[key].add(result["values"], label["values"], sources, text)
                    theirs[key].add(baseline(label["schema"], text.decode()), label["values"])
                if show:
                    wanted, given = dict(leaves(label["values"])), dict(leaves(result["values"]))
                    wrong = {p: (given.get(p), wanted.get(p)) for p in {**wanted, **given} if plain(given.get(p, "-")) != plain(wanted.get(p, "-"))}
                    print(f"--- {name}", *[f"    {p}: {g!r}, not {w!r}" for p, (g, w) in wrong.items()], sep="\n")
        finally:
            server.stop()
    print(f"fields, {half}: {len(labels)} documents\n{'':16}{'':4}values precision   recall       F1    place")
    for key in sorted(ours, key=lambda k: (k == "all", k)):
        print(f"{key:9} rules     {ours[key].line()}\n{'':9} regular   {theirs[key].line().rsplit(None, 1)[0]}")


if __name__ == "__main__":
    halves = [word for word in sys.argv[1:] if word in ("dev", "frozen")] or ["dev", "frozen"]
    for half in halves:
        run(half, "--show" in sys.argv)
