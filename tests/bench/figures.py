"""Quantiles, ratios with their intervals, and how both are written."""
import random
import statistics

RESAMPLES = 2000


def quantile(values, q):
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def ratio_of_medians(ours, theirs, seed=42):
    """The ratio and its bootstrap 95 % interval: both sides are resampled on their own."""
    source = random.Random(seed)
    ratios = sorted(statistics.median(source.choices(ours, k=len(ours))) /
                    statistics.median(source.choices(theirs, k=len(theirs))) for _ in range(RESAMPLES))
    return (statistics.median(ours) / statistics.median(theirs),
            ratios[int(0.025 * RESAMPLES)], ratios[int(0.975 * RESAMPLES) - 1])


def ratio_in_blocks(ours, theirs, seed=42):
    """The same of values that were taken block by block: whole blocks are resampled, both sides' together, because
    what comes within a block is alike."""
    source = random.Random(seed)

    def ratio(blocks):
        return (statistics.median([value for i in blocks for value in ours[i]]) /
                statistics.median([value for i in blocks for value in theirs[i]]))

    every = range(len(ours))
    ratios = sorted(ratio(source.choices(every, k=len(ours))) for _ in range(RESAMPLES))
    return ratio(every), ratios[int(0.025 * RESAMPLES)], ratios[int(0.975 * RESAMPLES) - 1]


SECTION = "<!-- From here on: tests/bench/screen.py. -->\n"


def section(path):
    """What another script wrote at the end of the file, with its mark."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text[text.index(SECTION):] if SECTION in text else ""


def replace_section(path, text):
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    before = before[:-len(section(path))] if section(path) else before + "\n"
    path.write_text(before + SECTION + "\n" + text, encoding="utf-8")


class Table:
    """Columns of text; as plain text and as Markdown."""

    def __init__(self, title, *header):
        self.title, self.header, self.rows, self.notes = title, header, [], []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def note(self, text):
        self.notes.append(text)

    def text(self):
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows)]
        lines = [self.title]
        for row in (self.header, *self.rows):
            cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                     for i, (cell, width) in enumerate(zip(row, widths))]
            lines.append(("  " + "  ".join(cells)).rstrip())
        return "\n".join(lines + [f"  {note}" for note in self.notes]) + "\n"

    def markdown(self):
        lines = [f"## {self.title}", "", "| " + " | ".join(self.header) + " |",
                 "| --- |" + " ---: |" * (len(self.header) - 1)]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in self.rows]
        return "\n".join(lines + [line for note in self.notes for line in ("", note)]) + "\n"


def verdict(holds):
    return "met" if holds else "MISSED"


def verdict_of_ratio(ratio, low, high, goal):
    """A goal inside the interval can't be told from the figure: that is said."""
    return verdict(ratio <= goal) + (", not clear of noise" if low <= goal < high else "")
