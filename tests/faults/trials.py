"""One trial: a mutation of a sample through the binaries, and the word for what became of it."""

import collections
import re

import answers
import samples
from mutations import REGISTRY, SAME, Case

OUTCOMES = ("same", "within", "refused", "warned", "named", "unknown", "SILENT", "WRONG", "MUTE", "crash")
FAILURES = {"SILENT", "WRONG", "MUTE", "crash"}
Trial = collections.namedtuple("Trial", "kind reader sample mutation where outcome detail")


def outcome(base, answer, expects, files):
    """The word of the table, and what to print beside it."""
    said = "; ".join(answer.said)
    if answer.code not in (0, 1, 2) or "panicked" in said:
        return "crash", f"exit {answer.code}: {said[:300]}"
    if answer.code:
        named = any(name in said for name in files) and answer.by == "import"
        if expects == SAME and " --" not in said:
            return "WRONG", said[:300]
        return ("refused", "") if named else ("MUTE", said[:300])
    new, change = answer.new_notes(base), answers.compare(base, answer)
    if expects == SAME:
        return (change, "") if change in ("same", "within") else ("WRONG", f"{change}: {difference(base, answer)}")
    if change != "changed":
        return change, ""
    return ("warned", "") if new else ("SILENT", difference(base, answer))


def difference(base, answer):
    """The first value that is another one."""
    if isinstance(base.rows, dict):
        found = []
        for key in sorted(base.rows.keys() | answer.rows.keys()):
            old, new = base.rows.get(key), answer.rows.get(key)
            if old != new:
                found.append(f"{'/'.join(key)}: {joules(old)} -> {joules(new)}")
        return ", ".join(found[:3])
    if len(base.rows) != len(answer.rows):
        return f"{len(base.rows)} -> {len(answer.rows)} rows"
    pairs = [(old, new) for old, new in zip(base.rows, answer.rows) if not answers.row_close(old, new)]
    found = [f"{key}: {old[key]} -> {new.get(key)}" for old, new in pairs[:1] for key in old if not answers.close(old[key], new.get(key))]
    return ", ".join(found)[:200] or "order of rows"


def joules(value):
    return "none" if value is None else "unknown" if value[0] is None else f"{value[0]:.0f} ± {value[1]:.0f} J"


def files_of(sample, payload):
    """Name -> bytes."""
    parts = payload if isinstance(payload, list) else [payload]
    stem, ending = sample.file.rsplit(".", 1)
    names = [sample.file, *(f"{stem}-{number}.{ending}" for number in range(2, len(parts) + 1))]
    changed = {name: part if isinstance(part, bytes) else part.text().encode(sample.encoding) for name, part in zip(names, parts)}
    return changed | sample.beside


class Work:
    """What a worker process needs: made once in each."""

    def __init__(self, given, scratch):
        self.given, self.importer, self.samples = given, answers.Importer(given.bin.resolve(), scratch), samples.every()
        self.bases = {}

    def base(self, number):
        if number not in self.bases:
            sample = self.samples[number]
            self.bases[number] = self.importer.answer(sample, files_of(sample, sample.document))
        return self.bases[number]

    def trials(self, number, name):
        sample, (mutate, expects, _) = self.samples[number], REGISTRY[name]
        base, found = self.base(number), []
        if base.code or not base.rows:
            return found
        for place, (where, payload) in enumerate(mutate(Case(sample, name, self.given.seed, self.given.places))):
            files = files_of(sample, payload)
            if files == files_of(sample, sample.document):
                continue
            word, detail = outcome(base, self.importer.answer(sample, files), expects, files)
            found.append(Trial(sample.kind, sample.reader, sample.name, name, where, word, detail))
            if self.given.keep and word in FAILURES:
                folder = self.given.keep / re.sub(r"\W+", "-", f"{word}-{sample.kind}-{sample.reader}-{sample.name}-{name}-{place}")
                folder.mkdir(parents=True, exist_ok=True)
                for file, data in files.items():
                    (folder / file).write_bytes(data)
        return found


def begin(*given):
    global work
    work = Work(*given)


def do(task):
    return work.trials(*task)


def unknown(base):
    """A power log that gives no energy shows nothing."""
    return isinstance(base.rows, dict) and any(value[0] is None for value in base.rows.values())
