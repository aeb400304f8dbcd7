"""The tokenizers of model folders beside the packages that made them: the same ids, and how fast.

    tokenizer_peer.py TOKENIZER_BENCH        needs tokenizers, transformers, sentencepiece

Vocabularies of every kind are learned from ../shared/retrieval and written as folders have them. The ids of its documents
and of hostile texts (every character, mixtures of scripts, spaces and marks) have to be the package's. One line a kind:
texts that differ, million tokens a second of processor time of ours and of the package. Ends with 1 when a text differs.
"""
import json
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace

from tokenizers import ByteLevelBPETokenizer, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared/retrieval/scifact/corpus.tsv"
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
WORDS = ["the", "Café", "naïve", "水泵", "必须", "don't", "WE'LL", "we'll", "it's", "3.14", "x²", "Ⅷ", "ﬁne", "Straße", "поезд", "ทดสอบ", "😀", "👩‍👩‍👧", "e\u0301",
         "ا\u0651ل", "한국어", "<s>", "</s>", "<mask>", "<unk>", "<pad>", "<0x41>", "▁", "Ġ", "'", "''", "'s", "'d", "--", "\u200b", "\ufeff", "\xad", "ＡＢＣ", "½", "№", "ﷺ", "…"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028", "\x85", "\u1680", "", ""]


def hostile():
    texts, chance = [], random.Random(7)
    known = [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF]
    for i in range(0, len(known), 97):
        texts += ["".join(known[i:i + 97]), " ".join(known[i:i + 97]), "a" + "a1 ".join(known[i:i + 97:7])]
    for _ in range(20000):
        texts.append("".join(chance.choice(chance.choice((WORDS, SPACES, known[:0x3000]))) for _ in range(chance.randrange(1, 14))))
    texts += ["", " ", "\n", "a" * 5000, " " * 5000, "ab" * 3000, "'" * 3000, "é" * 2000, "水" * 2000, "a b" * 2000, "1" * 4000 + " " * 99 + "x"]
    return texts


def documents():
    return [line for line in CORPUS.read_text(encoding="utf-8").split("\n") if line]


def learn_bytes(texts):
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(texts, vocab_size=50265, min_frequency=2, special_tokens=SPECIALS)
    tokenizer._tokenizer.add_special_tokens(SPECIALS)
    return tokenizer._tokenizer


def roberta(folder, texts):
    """As roberta-base and all-distilroberta-v1 have it."""
    tokenizer = learn_bytes(texts)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def roberta_files(folder, texts):
    """The same as two files, read by the package's converter."""
    from transformers import AddedToken, RobertaTokenizer
    learn_bytes(texts).model.save(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer"}))
    return RobertaTokenizer.from_pretrained(str(folder), mask_token=AddedToken("<mask>", lstrip=True)).backend_tokenizer


def wordpiece(folder, texts):
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=30522, special_tokens=names))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def unigram(folder, texts):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Replace(Regex(" {2,}"), " "), pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(texts[:1000], trainers.UnigramTrainer(vocab_size=8000, unk_token="<unk>", special_tokens=SPECIALS))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def pieces(kind, name, of_file):
    """A file of SentencePiece alone: XLM-RoBERTa's and CamemBERT's are read by the package's converter, another by SentencePiece."""
    def make(folder, texts):
        import sentencepiece
        import transformers
        (folder / "corpus").write_text("\n".join(texts[:3000]), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(input=str(folder / "corpus"), model_prefix=str(folder / "m"), vocab_size=8000, model_type=kind,
                                                 byte_fallback=name == "bytes", minloglevel=2)
        (folder / "m.model").rename(folder / of_file)
        if of_file == "spiece.model":
            return ByFile(sentencepiece.SentencePieceProcessor(str(folder / of_file)))
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": name}))
        mask = transformers.AddedToken("<mask>", lstrip=True)
        return getattr(transformers, name).from_pretrained(str(folder), mask_token=mask).backend_tokenizer
    return make


class ByFile:
    """SentencePiece's own ids, with <s> and </s> around; a text that names those has them there."""

    def __init__(self, program):
        self.program = program

    def encode(self, text):
        return SimpleNamespace(ids=[1, *self.program.encode(text), 2])

    def encode_batch(self, texts):
        return [self.encode(text) for text in texts]


KINDS = {"WordPiece": wordpiece, "Unigram": unigram, "byte-level BPE": roberta, "byte-level BPE, vocab.json and merges.txt": roberta_files,
         "XLM-RoBERTa's pieces": pieces("unigram", "XLMRobertaTokenizer", "sentencepiece.bpe.model"),
         "CamemBERT's pieces": pieces("unigram", "CamembertTokenizer", "sentencepiece.bpe.model"),
         "spiece.model, Unigram": pieces("unigram", "", "spiece.model"), "spiece.model, BPE": pieces("bpe", "", "spiece.model"),
         "spiece.model, BPE with bytes": pieces("bpe", "bytes", "spiece.model")}


def write(path, texts):
    path.write_bytes(b"\0".join(text.encode() for text in texts))


def compare(bench, folder, tokenizer, texts):
    write(folder / "texts", texts)
    lines = subprocess.run([bench, folder, folder / "texts", "--ids"], check=True, capture_output=True, text=True).stdout.split("\n")
    wrong = []
    for text, line, expected in zip(texts, lines, tokenizer.encode_batch(texts)):
        if line != " ".join(map(str, expected.ids)):
            wrong.append((text, line, expected.ids))
    for text, line, ids in wrong[:5]:
        names = [unicodedata.name(c, hex(ord(c))) for c in text[:12]]
        print(f"  {text[:60]!r} {names}\n    ours   {line[:200]}\n    theirs {' '.join(map(str, ids))[:200]}", file=sys.stderr)
    return len(wrong)


def speed(bench, folder, tokenizer, texts):
    write(folder / "texts", texts)
    ours = subprocess.run([bench, folder, folder / "texts"], check=True, capture_output=True, text=True).stdout.split()[-1]
    began = time.process_time()
    tokens = sum(len(tokenizer.encode(text).ids) for text in texts[:500])
    return float(ours), tokens / (time.process_time() - began) / 1e6


def main():
    bench, own, odd, failed = sys.argv[1], documents(), hostile(), False
    for kind, make in KINDS.items():
        if sys.argv[2:] and not any(word in kind for word in sys.argv[2:]):
            continue
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            tokenizer = make(folder, own)
            wrong = compare(bench, folder, tokenizer, own + odd)
            ours, theirs = speed(bench, folder, tokenizer, own)
            print(f"tokenizer {kind}: {wrong} of {len(own) + len(odd)} texts differ; {ours:.2f} million tokens/s, the package {theirs:.2f}", flush=True)
            failed |= wrong > 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
