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


def interval_of_median(values, seed=42):
    """The median and its bootstrap 95 % interval."""
    source = random.Random(seed)
    found = sorted(statistics.median(source.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return statistics.median(values), found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1]


def ms(ns):
    """Three digits of it, as ms."""
    value = ns / 1e6
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def between(low, high, form="{:.2f}"):
    return f"{form.format(low)} to {form.format(high)}"


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


def verdict_of_ratio(ratio, low, high, goal, is_least=False):
    """A goal inside the interval can't be told from the figure: that is said."""
    return verdict(ratio >= goal if is_least else ratio <= goal) + (", not clear of noise" if low <= goal <= high else "")


class Goals(Table):
    """What was aimed at, and what came of it, met or not."""

    def __init__(self, title):
        super().__init__(title, "", "measured", "95 % interval", "goal", "")

    def figure(self, name, found, goal, form="{:.2f}", unit="", is_least=False):
        """FOUND: (figure, low, high), or None where it could not be taken; GOAL None: none was set."""
        sign = "≥" if is_least else "≤"
        aim = "" if goal is None else f"{sign} {goal:g}{unit}"
        if found is None:
            self.add(name, "not measured", "", aim, "")
            return
        word = "" if goal is None else verdict_of_ratio(*found, goal, is_least)
        self.add(name, form.format(found[0]) + unit, between(*found[1:], form) + unit, aim, word)

    def fact(self, name, measured, goal, holds):
        self.add(name, measured, "", goal, verdict(holds))
