"""The registry: a mutation is a function that gives trials of one sample, (where, what to import).

What to import is a document, bytes, or several of them for several files. `SAME` must not change the answer, nor be refused unless the
refusal asks for an option; `SEEN` may change it only with a remark, a refusal or an unknown value.
"""

import random

SAME, SEEN = "same", "seen"
REGISTRY = {}


def mutation(name, expects=SEEN, kinds=("power", "runs", "prices", "grid")):
    def register(function):
        assert name not in REGISTRY, name
        REGISTRY[name] = (function, expects, kinds)
        return function

    return register


class Case:
    """One sample under one mutation: its own seeded random numbers, and how many places are tried."""

    def __init__(self, sample, name, seed, count):
        self.sample, self.count = sample, count
        self.random = random.Random(f"{seed}/{sample.kind}/{sample.reader}/{sample.name}/{name}")

    @property
    def document(self):
        return self.sample.document.copy()

    def places(self, size, count=None):
        """Different places below `size`, in the middle first, where the runs of a log are."""
        wanted = self.count if count is None else count
        places = [self.random.randrange(size * 3 // 10, max(size * 7 // 10, size * 3 // 10 + 1))] if size else []
        places += [self.random.randrange(size) for _ in range(wanted - 1) if size]
        return sorted(set(places[:wanted]))

    def starts(self):
        """Records from which on something is changed."""
        size = len(self.sample.document)
        return [place for place in self.places(size, 1 if size < 20 else self.count) if place > 0]

    def fields(self):
        """Fields of results and lists, a large document has some of them chosen; of logs those with a meaning here, and one other."""
        document, sample = self.sample.document, self.sample
        every = document.fields()
        if sample.kind != "power":
            most = 60 if self.count > 1 else 6
            return every if len(every) <= most else sorted(self.random.sample(every, most), key=every.index)
        chosen = [*sample.values, *(sample.clock.fields if sample.clock else ()), *sample.devices]
        others = [field for field in every if field not in chosen]
        return chosen + (self.random.sample(others, 1) if others else [])

    def numbers(self):
        """Fields whose values are numbers; of logs powers and energies alone."""
        if self.sample.kind == "power":
            return list(self.sample.values)
        return [field for field in self.fields() if self.filled(field, numeric=True)]

    def filled(self, field, numeric=False):
        """Records that have a value, or a number, there."""
        from quantities import is_number

        document = self.sample.document
        values = ((i, document.get(i, field)) for i in range(len(document)))
        return [i for i, value in values if (is_number(value) if numeric else value not in (None, ""))]


from . import clocks, columns, cells, encodings, lines, meaning, units  # noqa: E402,F401  they register themselves
