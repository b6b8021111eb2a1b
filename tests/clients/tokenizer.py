"""Writes the tokenizer inside a GGUF file as a folder in Hugging Face's layout, which is what clients load.

    python tokenizer.py MODEL.gguf FOLDER

For byte-level BPE that takes digits one by one (`tokenizer.ggml.pre` is `smollm`), and no other.
"""

import json
import pathlib
import struct
import sys

# Of the GGUF specification: scalar types by number; 8 is a string, 9 an array.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
CONTROL = 3


class Header:
    """Key-value pairs at the start of a GGUF file."""

    def __init__(self, path):
        with open(path, "rb") as self.file:
            if self.file.read(4) != b"GGUF":
                raise ValueError(f"{path}: not a GGUF file")
            self.scalar("I")
            self.scalar("Q")
            self.pairs = {self.text(): self.value(self.scalar("I")) for _ in range(self.scalar("Q"))}

    def scalar(self, code):
        return struct.unpack(f"<{code}", self.file.read(struct.calcsize(code)))[0]

    def text(self):
        return self.file.read(self.scalar("Q")).decode()

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            inner, count = self.scalar("I"), self.scalar("Q")
            return [self.value(inner) for _ in range(count)]
        return self.scalar(SCALARS[kind])


def tokenizer_json(pairs):
    tokens, kinds = pairs["tokenizer.ggml.tokens"], pairs["tokenizer.ggml.token_type"]
    special = [
        {"id": at, "content": token, "special": True}
        | dict.fromkeys(["single_word", "lstrip", "rstrip", "normalized"], False)
        for at, token in enumerate(tokens)
        if kinds[at] == CONTROL
    ]
    bytes_only = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, bytes_only]},
        "post_processor": None,
        "decoder": bytes_only | {"add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {token: at for at, token in enumerate(tokens)},
            "merges": pairs["tokenizer.ggml.merges"],
        },
    }


def tokenizer_config(pairs):
    at = lambda which: pairs["tokenizer.ggml.tokens"][pairs[f"tokenizer.ggml.{which}_token_id"]]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": at("bos"),
        "eos_token": at("eos"),
        "unk_token": at("unknown"),
        "pad_token": at("eos"),
        "model_max_length": pairs["llama.context_length"],
        "chat_template": pairs["tokenizer.chat_template"],
        "clean_up_tokenization_spaces": False,
    }


def main():
    model, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    pairs = Header(model).pairs
    if (pre := pairs["tokenizer.ggml.pre"]) != "smollm":
        raise ValueError(f"{model}: tokenizer.ggml.pre is {pre}, this script knows smollm")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "tokenizer.json": tokenizer_json(pairs),
        "tokenizer_config.json": tokenizer_config(pairs),
        "config.json": {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
    }.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False))


main()
