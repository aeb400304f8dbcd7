"""Small random models of every family that Lectern runs, made by transformers: their vectors beside ours.

    build/bench/venv/bin/python bench/families_peer.py        needs torch, transformers; and build/tests for its client

One line a family: the largest difference of any value over TEXTS, in fp32. Ends with 1 when one is above LIMIT.
"""
import json
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from tokenizers import ByteLevelBPETokenizer, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "tests"), *map(str, ROOT.glob("build/tests/lib/python3*/site-packages"))]
from conftest import Server  # noqa: E402

LIMIT, PLACES, WIDTH = 1e-5, 128, 64
TEXTS = ["The water pump must be inspected every six months.", "Die Fähre von Bergen kostet 480 Kronen.",
         "水泵必须每六个月检查一次", "granite", "a b, c! d? " * 30]


def wordpiece(*more):
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *more]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(TEXTS * 20, trainers.WordPieceTrainer(vocab_size=200, special_tokens=names))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def byte_bpe():
    """As RoBERTa's."""
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(TEXTS * 20, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer._tokenizer


def mpnet_wordpiece():
    """As MPNet's: a vocabulary with [CLS] in it, and other tokens around a text."""
    tokenizer = wordpiece("<s>", "<pad>", "</s>")
    ends = [(name, tokenizer.token_to_id(name)) for name in ("</s>", "<s>")]
    tokenizer.post_processor = processors.RobertaProcessing(*ends)
    return tokenizer


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Replace(Regex(" {2,}"), " "), pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(TEXTS * 20, trainers.UnigramTrainer(
        vocab_size=150, unk_token="<unk>", special_tokens=["<s>", "<pad>", "</s>", "<unk>"]))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


SIZES = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 96, "initializer_range": 0.4}
BERT = {**SIZES, "max_position_embeddings": PLACES}
ROBERTA = {**SIZES, "max_position_embeddings": PLACES + 2, "pad_token_id": 1, "type_vocab_size": 1}
MPNET = {**SIZES, "max_position_embeddings": PLACES + 2, "pad_token_id": 1, "relative_attention_num_buckets": 32}
DISTIL = {"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 96, "max_position_embeddings": PLACES, "initializer_range": 0.4}
FAMILIES = {  # what transformers calls it, tokenizer, sizes, pooling, type of the weights
    "bert": ("Bert", wordpiece, BERT, "mean", torch.float32),
    "bert, CLS (BGE, GTE)": ("Bert", wordpiece, BERT, "cls", torch.float32),
    "bert, bfloat16": ("Bert", wordpiece, BERT, "mean", torch.bfloat16),
    "bert, float16": ("Bert", wordpiece, BERT, "mean", torch.float16),
    "distilbert": ("DistilBert", wordpiece, DISTIL, "mean", torch.float32),
    "roberta (all-distilroberta-v1)": ("Roberta", byte_bpe, ROBERTA, "mean", torch.float32),
    "roberta, CLS": ("Roberta", byte_bpe, ROBERTA, "cls", torch.float32),
    "xlm-roberta (multilingual E5)": ("XLMRoberta", unigram, ROBERTA, "mean", torch.float32),
    "xlm-roberta, 8192 places (Arctic L 2.0)": ("XLMRoberta", unigram, {**ROBERTA, "max_position_embeddings": 8194}, "cls", torch.float32),
    "camembert": ("Camembert", unigram, ROBERTA, "mean", torch.float32),
    "mpnet": ("MPNet", mpnet_wordpiece, MPNET, "mean", torch.float32),
}


def write(folder, kind, tokenizer, sizes, pooling, weights):
    """The folder as Hugging Face has it; the model, to be asked in fp32."""
    config = getattr(transformers, kind + "Config")(vocab_size=tokenizer.get_vocab_size(), **sizes)
    model = getattr(transformers, kind + "Model")(config).eval().to(weights)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    if kind == "MPNet":
        pieces = sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)
        (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces))
    (folder / "1_Pooling").mkdir()
    steps = [{"path": "", "type": "sentence_transformers.models.Transformer"},
             {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
    for name, content in (("tokenizer_config.json", {"model_max_length": PLACES, **({"cls_token": "<s>"} if kind == "MPNet" else {})}), ("modules.json", steps),
                          ("1_Pooling/config.json", {f"pooling_mode_{k}": k.startswith(pooling) for k in ("cls_token", "mean_tokens")})):
        (folder / name).write_text(json.dumps(content))
    return model.float()


def expected(model, tokenizer, pooling):
    tokenizer.enable_truncation(PLACES)
    out = []
    for text in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            states = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        vector = states[0] if pooling == "cls" else states.mean(0)
        out.append(vector / vector.norm())
    return torch.stack(out)


def ours(folder, data):
    server = Server(data, arguments=["--model", str(folder), "--encoder-precision", "fp32"])
    try:
        server.start()
        server.new_key()
        answer = server.post("/v1/embeddings", {"model": "lectern", "input": TEXTS})
        assert answer.status_code == 200, answer.text
        return torch.tensor([one["embedding"] for one in answer.json()["data"]])
    finally:
        server.stop()


def main():
    torch.manual_seed(5)
    worst = 0
    with tempfile.TemporaryDirectory() as root:
        for number, (name, (kind, make_tokenizer, sizes, pooling, weights)) in enumerate(FAMILIES.items()):
            folder, tokenizer = Path(root, f"model{number}"), make_tokenizer()
            model = write(folder, kind, tokenizer, sizes, pooling, weights)
            difference = float((ours(folder, Path(root, f"data{number}")) - expected(model, tokenizer, pooling)).abs().max())
            print(f"{name}: largest difference {difference:.1e}", flush=True)
            worst = max(worst, difference)
    return worst > LIMIT


if __name__ == "__main__":
    sys.exit(main())
