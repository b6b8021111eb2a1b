"""Files as records with fields, so that one mutation fits a table, a JSON document and a text.

A field is whatever `fields()` gives; `label` is its name as a person would say it. `text()` is the file again.
"""

import copy
import csv
import io
import json
import re


class Document:
    """`records`: what rows, objects or blocks there are, in order of the file."""

    is_table = False

    def copy(self):
        return copy.deepcopy(self)

    def __len__(self):
        return len(self.records)

    def repeat(self, i):
        self.records.insert(i, copy.deepcopy(self.records[i]))

    def lose(self, i):
        del self.records[i]

    def swap(self, i, j):
        self.records[i], self.records[j] = self.records[j], self.records[i]

    def exchange(self, a, b, start=0):
        """Two values of each record from `start` on, the names stay."""
        for i in range(start, len(self)):
            first, second = self.get(i, a), self.get(i, b)
            if first is not None and second is not None:
                self.put(i, a, second)
                self.put(i, b, first)


class Table(Document):
    """Delimited text: `before` lines, the header, `under` lines, rows. Fields are places, so that names may repeat.

    `joiner` stands between cells; None is blanks of any length. `quoted` puts every cell in quotes.
    """

    is_table = True

    def __init__(self, text, joiner=",", before=0, under=0, quoted=False):
        lines = text.lstrip("\ufeff").splitlines()
        self.joiner, self.quoted = joiner, quoted
        self.before, self.under = lines[:before], lines[before + 1 : before + 1 + under]
        self.names = self.split(lines[before])
        self.records = [self.split(line) for line in lines[before + 1 + under :]]

    def split(self, line):
        if self.joiner is None or len(self.joiner) > 1:
            return line.split(self.joiner)
        return next(csv.reader([line], delimiter=self.joiner), [])

    def join(self, cells):
        if self.joiner is None:
            return "  ".join(cells)
        if len(self.joiner) > 1 and not any(self.joiner[0] in cell or '"' in cell for cell in cells):
            return self.joiner.join(cells)
        out = io.StringIO()
        quoting = csv.QUOTE_ALL if self.quoted else csv.QUOTE_MINIMAL
        csv.writer(out, delimiter=self.joiner[0], quoting=quoting, lineterminator="").writerow(cells)
        return out.getvalue()

    def text(self):
        rows = [self.join(cells) for cells in [self.names, *self.records]]
        return "\n".join([*self.before, rows[0], *self.under, *rows[1:]]) + "\n"

    def fields(self):
        return list(range(len(self.names)))

    def label(self, field):
        return self.names[field].strip() or f"column {field + 1}"

    def get(self, i, field):
        row = self.records[i]
        return row[field].strip() if field < len(row) else None

    def put(self, i, field, value):
        if field < len(self.records[i]):
            self.records[i][field] = str(value)

    def rename(self, field, name):
        self.names[field] = name

    def drop(self, field):
        for row in [self.names, *self.records]:
            del row[field : field + 1]

    def double(self, field):
        for row in [self.names, *self.records]:
            row[field:field] = row[field : field + 1]

    def exchange_columns(self, a, b, start=None):
        """Header and cells; from row `start` on under a header of its own."""
        rows = self.records[start or 0 :]
        if start is None:
            rows.append(self.names)
        else:
            rows.insert(0, list(self.names))
            self.records[start:] = rows
        for row in rows:
            if max(a, b) < len(row):
                row[a], row[b] = row[b], row[a]


class Records(Document):
    """JSON: `find` gives the objects or lists that are records of the tree. Fields are paths to leaves below a record."""

    def __init__(self, text, find=lambda tree: [tree], lines=False, fields=None):
        self.find, self.lines, self.chosen = find, lines, fields
        self.tree = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)

    def copy(self):
        other = copy.copy(self)
        other.tree = copy.deepcopy(self.tree)
        return other

    @property
    def records(self):
        return self.tree if self.lines else self.find(self.tree)

    def text(self):
        if self.lines:
            return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in self.tree)
        return json.dumps(self.tree, indent=1, ensure_ascii=False) + "\n"

    def fields(self):
        if self.chosen:
            return self.chosen
        paths = {}
        for record in self.records:
            paths.update(dict.fromkeys(leaves(record)))
        return list(paths)

    def label(self, field):
        return ".".join(map(str, field))

    def parent(self, i, field):
        node = self.records[i]
        for step in field[:-1]:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def get(self, i, field):
        try:
            return self.parent(i, field)[field[-1]]
        except (KeyError, IndexError, TypeError):
            return None

    def put(self, i, field, value):
        """A number stays one where the text allows it."""
        old = self.get(i, field)
        if old is None and self.parent(i, field) is None:
            return
        if isinstance(value, str) and isinstance(old, (int, float)) and not isinstance(old, bool):
            value = number(value)
        self.parent(i, field)[field[-1]] = value

    def rename(self, field, name):
        for i in range(len(self)):
            node = self.parent(i, field)
            if isinstance(node, dict) and field[-1] in node:
                entries = [(name if key == field[-1] else key, value) for key, value in node.items()]
                node.clear()
                node.update(entries)

    def drop(self, field):
        for i in range(len(self)):
            node = self.parent(i, field)
            if isinstance(node, dict):
                node.pop(field[-1], None)

    def double(self, field):
        for i in range(len(self)):
            node = self.parent(i, field)
            if isinstance(node, dict) and field[-1] in node:
                node[f"{field[-1]}_2"] = node[field[-1]]


class Text(Document):
    """Lines or blocks: `start` begins a record, `patterns` have one group each, the value of the field of that name."""

    def __init__(self, text, patterns, start=r"(?m)^"):
        cuts = [match.start() for match in re.finditer(start, text) if match.start() < len(text)]
        self.before = text[: cuts[0]]
        self.records = [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)])]
        self.patterns = patterns

    def text(self):
        return self.before + "".join(self.records)

    def fields(self):
        return list(self.patterns)

    def label(self, field):
        return field

    def match(self, i, field):
        return re.search(self.patterns[field], self.records[i])

    def get(self, i, field):
        found = self.match(i, field)
        return found and found.group(1)

    def put(self, i, field, value):
        found = self.match(i, field)
        if found:
            record = self.records[i]
            self.records[i] = record[: found.start(1)] + str(value) + record[found.end(1) :]

    def rewrite(self, field, change):
        for i in range(len(self)):
            found = self.match(i, field)
            if found:
                record = self.records[i]
                self.records[i] = record[: found.start()] + change(found.group()) + record[found.end() :]

    def rename(self, field, name):
        self.rewrite(field, lambda text: re.sub(r"[A-Za-z_]{3,}", name, text, count=1))

    def drop(self, field):
        self.rewrite(field, lambda text: "")

    def double(self, field):
        self.rewrite(field, lambda text: f"{text} {text}" if "\n" not in text else text + text)


def leaves(node, path=()):
    """Paths to everything that is neither an object nor a long list of numbers."""
    if isinstance(node, dict):
        entries = node.items()
    elif isinstance(node, list) and len(node) <= 8:
        entries = enumerate(node)
    else:
        yield path
        return
    for key, value in entries:
        yield from leaves(value, (*path, key))


def number(text):
    try:
        return json.loads(text)
    except ValueError:
        return text
