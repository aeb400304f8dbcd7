#!/usr/bin/env python3
"""Judged sets for bench/retrieval_bench: what people ask who remember a passage, and questions by hand.

    bench/judged_sets.py PROGRAM OUT            the sets that the ranking was chosen by
    bench/judged_sets.py PROGRAM OUT further    other sets, made when it was chosen: measured, never tuned with

OUT gets a folder for each collection (SciFact, Cranfield, CISI, and passages in German and French of
../shared/corpus): corpus.tsv (id, title, text) and KIND.judged, lines of query, document and grade as `lectern eval` reads them.
Known items are 150 queries of each kind, drawn from random sentences with a fixed seed; the document that the words come from is the
only right one. The questions of bench/judged are by hand: behind each stand words of its answer, and what has all of them is right.
Every second question is `frozen`: measured, never tuned with."""
import hashlib
import random
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
QUERIES = 150
PASSAGE_MIN = 60 # characters
GERMAN = ["html/kreuzberg__germany_german.html"]
FILING = ["pdf/r2r__lyft_2021.pdf"]
FRENCH = ["pdf/unstr__fr_olap.pdf", "html/readab__liberation-1__source.html"]
WORD = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")
# What nobody remembers a passage by. A few of each language are enough for generated queries.
COMMON = set("""the a an of to and in is for on with by that this are was were be been as at from or it its which not have has had can may we
    our their these those than then also but into such between both when where while who there during after before about over under more most
    der die das den dem des ein eine einer eines einem einen und oder in im ist sind war waren wird werden wurde wurden von vom zu zum zur mit
    für auf aus als auch an am bei nach durch sich nicht dass es er sie seit bis über unter vor um wie
    le la les un une des du de et ou en dans est sont par pour sur que qui ne pas se au aux avec ce cette ces il elle nous son sa ses leur plus
    comme d l s n qu c""".split())


def words_of(text):
    return [word for word in WORD.findall(text) if word.lower() not in COMMON]


def sentences_of(text):
    return [one for one in re.split(r"(?<=[.!?])\s+", text) if len(words_of(one)) >= 8]


def misspelled(word, chance):
    """Two letters changed places, one left out, or one twice; never the first."""
    at = chance.randrange(1, len(word) - 1)
    return chance.choice([word[:at] + word[at + 1] + word[at] + word[at + 2:], word[:at] + word[at + 1:], word[:at] + word[at] + word[at:]])


def some_words(count):
    def make(chance, title, sentence):
        words = words_of(sentence)
        if len(set(words)) < count:
            return None
        return " ".join(words[i] for i in sorted(chance.sample(range(len(words)), count)))
    return make


def title_words(chance, title, sentence):
    words = words_of(title)
    return " ".join(words[i] for i in sorted(chance.sample(range(len(words)), min(len(words), 3)))) if len(words) > 1 else None


def whole_title(chance, title, sentence):
    return title.rstrip(". ") if len(words_of(title)) > 1 else None


def phrase(chance, title, sentence):
    words = WORD.findall(sentence)
    at = chance.randrange(max(1, len(words) - 4))
    taken = " ".join(words[at:at + 4])
    return taken if len(words_of(taken)) > 1 and taken in sentence else None


def quoted(chance, title, sentence):
    taken = phrase(chance, title, sentence)
    return f'"{taken}"' if taken else None


def identifier(chance, title, sentence):
    found = [word for word in words_of(sentence) if re.search(r"\d", word) and re.search(r"[^\W\d_]", word)]
    return chance.choice(found) if found else None


def misspelled_words(chance, title, sentence):
    words = [word for word in words_of(sentence) if word.isalpha()]
    taken = [words[i] for i in sorted(chance.sample(range(len(words)), 4))] if len(words) >= 4 else []
    long = [i for i, word in enumerate(taken) if len(word) > 6]
    if not long:
        return None
    at = chance.choice(long)
    taken[at] = misspelled(taken[at], chance)
    return " ".join(taken)


ASKING = {"en": "What is said about {} and {} with {}?", "de": "Was steht dort über {} und {} bei {}?", "fr": "Que dit le texte de {} et de {} pour {} ?"}


def question(language):
    def make(chance, title, sentence):
        taken = some_words(3)(chance, title, sentence)
        return ASKING[language].format(*taken.split()) if taken and len(taken.split()) == 3 else None
    return make


def kinds(language):
    named = {f"{count} words": some_words(count) for count in (2, 3, 5, 8)}
    return {**named, "title": whole_title, "title words": title_words, "phrase": phrase, "quoted": quoted, "identifier": identifier,
            "misspelled": misspelled_words, "question": question(language)}


def two_misspelled(chance, title, sentence):
    words = [word for word in words_of(sentence) if word.isalpha()]
    if len(words) < 5:
        return None
    taken = [words[i] for i in sorted(chance.sample(range(len(words)), 5))]
    long = [i for i, word in enumerate(taken) if len(word) > 5]
    for at in chance.sample(long, 2) if len(long) > 1 else []:
        taken[at] = misspelled(taken[at], chance)
    return " ".join(taken) if len(long) > 1 else None


FRAMES = {"en": ["Is there anything about {} and {} together with {}?", "Tell me how {} and {} go with {}.", "Which study mentions {}, {} and {}?",
                 "I am looking for something on {}, {} and {}"],
          "de": ["Gibt es etwas über {} und {} mit {}?", "Wie hängen {}, {} und {} zusammen?", "Wo werden {} und {} neben {} genannt?"],
          "fr": ["Y a-t-il quelque chose sur {} et {} avec {} ?", "Quel est le lien entre {}, {} et {} ?", "Où parle-t-on de {} et {} pour {} ?"]}


def asking_otherwise(language):
    def make(chance, title, sentence):
        taken = some_words(3)(chance, title, sentence)
        return chance.choice(FRAMES[language]).format(*taken.split()) if taken and len(taken.split()) == 3 else None
    return make


def words_and_question(chance, title, sentence):
    taken = some_words(4)(chance, title, sentence)
    return "{} {}: what has {} to do with {}?".format(*taken.split()) if taken and len(taken.split()) == 4 else None


def whole_sentence(chance, title, sentence):
    return " ".join(sentence.split()).replace('"', "") if len(sentence) < 400 else None


def number_and_words(chance, title, sentence):
    number, words = identifier(chance, title, sentence), some_words(2)(chance, title, sentence)
    return f"{number} {words}" if number and words and number not in words else None


def further_kinds(language):
    return {"4 words": some_words(4), "6 words": some_words(6), "misspelled again": misspelled_words, "two of five misspelled": two_misspelled,
            "asking otherwise": asking_otherwise(language), "words and a question": words_and_question, "sentence": whole_sentence,
            "number and words": number_and_words}


def by_title(documents):
    """Whole titles as queries of documents that have lost theirs: other words for the same, often."""
    bare = [(name, "", text[len(title):].strip() if text.startswith(title) else text) for name, title, text in documents]
    asked = [(title.rstrip(". "), name) for name, title, text in documents if len(words_of(title)) > 3 and len(text) > len(title) + 200]
    chosen = random.Random("titles").sample(asked, min(2 * QUERIES, len(asked)))
    return bare, {"title of an untitled text": [f"{query}\t{name}\t1" for query, name in chosen]}


def paraphrases():
    """Pairs of sentences that mean the same (../shared/sts), the second one asked for."""
    pairs = [line.split("\t") for line in (SHARED / "sts" / "stsb-dev.tsv").read_text(encoding="utf-8").splitlines()]
    names = {}
    for pair in pairs:
        names.setdefault(pair[5], f"s{len(names)}")
    judged = {}
    for pair in pairs:
        if float(pair[4]) >= 4 and pair[5] != pair[6]:
            judged.setdefault(f"paraphrase {pair[0].removeprefix('main-')}", []).append(f"{pair[6]}\t{names[pair[5]]}\t1")
    return [(name, "", text) for text, name in names.items()], {kind: lines for kind, lines in judged.items() if len(lines) >= 30}


def known_items(documents, make, seed):
    """Up to QUERIES lines; documents may serve again where there are few."""
    chance = random.Random(hashlib.sha256(seed.encode()).digest())
    lines, tried, seen = [], 0, set()
    while len(lines) < QUERIES and tried < 40 * QUERIES:
        tried += 1
        name, title, text = chance.choice(documents)
        sentences = sentences_of(text)
        query = make(chance, title, chance.choice(sentences)) if sentences else None
        if query and query not in seen:
            seen.add(query)
            lines.append(f"{query}\t{name}\t1")
    return lines if len(lines) >= 30 else []


def by_hand(path, documents):
    """Lines for the questions of bench/judged: the first is for tuning, the second frozen, and so on."""
    lines = ([], [])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        asked, words = line.split("\t")
        right = [name for name, _, text in documents if all(word in text for word in words.split(" + "))]
        if not right:
            sys.exit(f"{path.name}, line {number + 1}: nothing has all of {words}")
        lines[number % 2].extend(f"{asked}\t{name}\t1" for name in right)
    return lines


def passages(program, names):
    found = []
    for name in names:
        done = subprocess.run([program, "extract", str(SHARED / "corpus" / name), "--format", "text"], capture_output=True, check=True, text=True)
        lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
        found += [(f"{Path(name).stem}-{i}", "", line) for i, line in enumerate(lines) if len(line) >= PASSAGE_MIN]
    return found


def write(out, name, documents, judged):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.tsv").write_text("".join("\t".join(one) + "\n" for one in documents), encoding="utf-8")
    for kind, lines in judged.items():
        if lines:
            (folder / f"{kind}.judged").write_text("\n".join(lines) + "\n", encoding="utf-8")


def collection(name):
    lines = (SHARED / "retrieval" / name / "corpus.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple((line.split("\t") + ["", ""])[:3]) for line in lines if line]


COLLECTIONS = ("scifact", "cranfield", "cisi")


def make_sets(program, out):
    for name in COLLECTIONS:
        documents = collection(name)
        write(out, name, documents, {kind: known_items(documents, make, f"{name} {kind}") for kind, make in kinds("en").items()})
    of = {"de": passages(program, GERMAN), "fr": passages(program, FRENCH)}
    judged = {f"{language} {kind}": known_items(documents, make, f"{language} {kind}")
              for language, documents in of.items() for kind, make in kinds(language).items()}
    everything = of["de"] + of["fr"]
    for language in of:
        judged[f"{language} by hand"], judged[f"{language} by hand, frozen"] = by_hand(ROOT / "bench" / "judged" / f"{language}.tsv", everything)
    write(out, "languages", everything, judged)


def make_further_sets(program, out):
    of = {"de": passages(program, GERMAN), "fr": passages(program, FRENCH)}
    filing = passages(program, FILING)
    sources = [*((name, "en", collection(name)) for name in COLLECTIONS), ("filing", "en", filing)]
    for name, language, documents in sources:
        write(out, name, documents, {kind: known_items(documents, make, f"further {name} {kind}") for kind, make in further_kinds(language).items()})
    write(out, "languages", of["de"] + of["fr"],
          {f"{language} {kind}": known_items(documents, make, f"further {language} {kind}")
           for language, documents in of.items() for kind, make in further_kinds(language).items() if kind != "words and a question"})
    for name in COLLECTIONS:
        write(out, f"{name}-untitled", *by_title(collection(name)))
    write(out, "paraphrases", *paraphrases())


def main():
    program, out = sys.argv[1], Path(sys.argv[2])
    if not SHARED.is_dir():
        sys.exit("skipped: needs ../shared")
    make_further_sets(program, out) if sys.argv[3:] == ["further"] else make_sets(program, out)


if __name__ == "__main__":
    main()
