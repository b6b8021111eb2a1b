"""Numbers as files write them: scaled without rounding, with the unit that stands beside them, and times in many notations."""

import datetime
import decimal
import re

SHAPE = re.compile(r"^([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(\s*)(\D*)$")
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000


def split(text):
    """Number, blanks and unit; None of what is no number."""
    found = SHAPE.match(str(text))
    return found and found.groups()


def is_number(value):
    return not isinstance(value, bool) and value is not None and split(value) is not None


def scaled(value, factor):
    """As the value is written: a number stays a number, `12.50 W` keeps its unit."""
    digits, blanks, unit = split(value)
    product = decimal.Decimal(digits) * decimal.Decimal(str(factor))
    plain = format(product, "f") if "e" not in digits.lower() else str(product)
    if "." in plain and "." not in digits:
        plain = plain.rstrip("0").rstrip(".")
    if isinstance(value, (int, float)):
        return int(plain) if isinstance(value, int) and "." not in plain and "E" not in plain else float(plain)
    return plain + blanks + unit


class Clock:
    """Where a document has its times. `form` is a pattern of strftime with %3 and %6 for fractions and | between fields, or `epoch` and the unit."""

    UNITS = {"epoch s": 1, "epoch ms": 1_000, "epoch us": 1_000_000, "epoch ns": NS}

    def __init__(self, form, *fields, any_notation=False):
        self.form, self.fields, self.any_notation = form, fields, any_notation

    def write(self, ns, form=None):
        form = form or self.form
        if form in self.UNITS:
            whole = decimal.Decimal(ns) * self.UNITS[form] / NS
            return [f"{whole:.3f}" if form == "epoch s" and ns % NS else f"{whole:.0f}"]
        moment = EPOCH + datetime.timedelta(microseconds=ns // 1000)
        fraction = f"{ns % NS:09}"
        return moment.strftime(form.replace("%3", fraction[:3]).replace("%6", fraction[:6])).split("|")

    def read(self, texts):
        if self.form in self.UNITS:
            return int(decimal.Decimal(str(texts[0])) * NS / self.UNITS[self.form])
        form = self.form.replace("%3", "%f").replace("%6", "%f")
        moment = datetime.datetime.strptime("|".join(texts), form).replace(tzinfo=UTC)
        delta = moment - EPOCH
        return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1000

    def of(self, document, i):
        texts = [document.get(i, field) for field in self.fields]
        try:
            return None if None in texts else self.read(texts)
        except (ValueError, decimal.InvalidOperation):
            return None

    def set(self, document, i, ns, form=None):
        for field, text in zip(self.fields, self.write(ns, form)):
            document.put(i, field, text)

    def move(self, document, start, ns):
        """All times from record `start` on."""
        for i in range(start, len(document)):
            moment = self.of(document, i)
            if moment is not None:
                self.set(document, i, moment + ns)
