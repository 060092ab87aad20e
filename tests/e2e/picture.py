"""Turns what a terminal shows (text with SGR sequences) into an SVG in which blocks and braille are shapes, so that
it looks the same wherever it is opened."""

import html
import re
import unicodedata

CELL_W, CELL_H, BASELINE, PAD = 8.4, 17.0, 13.0, 14.0
FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
SIXTEEN = ["#000000", "#aa3333", "#338833", "#aa7733", "#3355aa", "#884488", "#338888", "#b0b0b0",
           "#666666", "#ee6666", "#66cc66", "#eecc66", "#6688ee", "#cc77cc", "#66cccc", "#ffffff"]
SGR = re.compile(r"\x1b\[([0-9;:]*)m")


class Pen:
    """What the next character looks like."""

    def __init__(self, foreground, background):
        self.default = (foreground, background)
        self.reset()

    def reset(self):
        self.fg, self.bg = None, None
        self.bold = self.reverse = self.underline = self.dim = self.italic = False

    def apply(self, text):
        numbers = [int(part or 0) for part in text.replace(":", ";").split(";")]
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self.reset()
            elif number in (38, 48):
                color = self.extended(numbers)
                if number == 38:
                    self.fg = color
                else:
                    self.bg = color
            elif number in (39, 49):
                setattr(self, "fg" if number == 39 else "bg", None)
            elif 30 <= number <= 37 or 90 <= number <= 97:
                self.fg = SIXTEEN[number - 30 if number < 90 else number - 82]
            elif 40 <= number <= 47 or 100 <= number <= 107:
                self.bg = SIXTEEN[number - 40 if number < 100 else number - 92]
            else:
                names = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}
                for code in (number,) if number in names else {22: (1, 2), 23: (3,), 24: (4,), 27: (7,)}.get(number, ()):
                    setattr(self, names[code], number in names)

    @staticmethod
    def extended(numbers):
        if numbers and numbers[0] == 2:
            _, red, green, blue = numbers[:4]
            del numbers[:4]
            return f"#{red:02x}{green:02x}{blue:02x}"
        index = numbers[1]
        del numbers[:2]
        if index < 16:
            return SIXTEEN[index]
        if index >= 232:
            return "#" + f"{8 + 10 * (index - 232):02x}" * 3
        levels = [0, 95, 135, 175, 215, 255]
        index -= 16
        return "#" + "".join(f"{levels[index // step % 6]:02x}" for step in (36, 6, 1))

    def look(self):
        fg, bg = self.fg or self.default[0], self.bg or self.default[1]
        return (bg, fg) if self.reverse else (fg, bg)


def cells(text, foreground, background):
    """Rows of (x, character, columns, fg, bg, bold, underline)."""
    pen = Pen(foreground, background)
    for line in text.rstrip("\n").split("\n"):
        row, x, at = [], 0, 0
        while at < len(line):
            match = SGR.match(line, at)
            if match:
                pen.apply(match.group(1))
                at = match.end()
                continue
            character = line[at]
            at += 1
            if unicodedata.combining(character) or ord(character) < 0x20:
                continue
            columns = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            row.append((x, character, columns, *pen.look(), pen.bold, pen.underline))
            x += columns
        yield row


def rectangle(x, y, w, h, color):
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" fill="{color}"/>'


def shape(character, x, y, color):
    """Blocks, eighths, lines and braille as shapes; None for anything else."""
    code = ord(character)
    if 0x2581 <= code <= 0x2588:
        height = CELL_H * (code - 0x2580) / 8
        return rectangle(x, y + CELL_H - height, CELL_W + 0.05, height, color)
    if 0x2589 <= code <= 0x258F:
        return rectangle(x, y, CELL_W * (0x2590 - code) / 8, CELL_H + 0.05, color)
    if 0x2591 <= code <= 0x2593:
        return rectangle(x, y, CELL_W + 0.05, CELL_H, color).replace("/>", f' opacity="{(code - 0x2590) * 0.25}"/>')
    if 0x2800 <= code <= 0x28FF:
        bits = {0x01: (0, 0), 0x02: (0, 1), 0x04: (0, 2), 0x08: (1, 0), 0x10: (1, 1), 0x20: (1, 2), 0x40: (0, 3), 0x80: (1, 3)}
        return "".join(f'<circle cx="{x + CELL_W * (0.28 + 0.46 * column):.2f}" cy="{y + CELL_H * (0.14 + 0.24 * row):.2f}" '
                       f'r="1.15" fill="{color}"/>' for bit, (column, row) in bits.items() if (code - 0x2800) & bit)
    middle_x, middle_y = x + CELL_W / 2, y + CELL_H / 2
    right, below = x + CELL_W, y + CELL_H
    paths = {
        "─": f"M{x:.2f} {middle_y:.2f}H{right:.2f}", "│": f"M{middle_x:.2f} {y:.2f}V{below:.2f}",
        "╭": f"M{middle_x:.2f} {below:.2f}Q{middle_x:.2f} {middle_y:.2f} {right:.2f} {middle_y:.2f}",
        "╮": f"M{middle_x:.2f} {below:.2f}Q{middle_x:.2f} {middle_y:.2f} {x:.2f} {middle_y:.2f}",
        "╰": f"M{middle_x:.2f} {y:.2f}Q{middle_x:.2f} {middle_y:.2f} {right:.2f} {middle_y:.2f}",
        "╯": f"M{middle_x:.2f} {y:.2f}Q{middle_x:.2f} {middle_y:.2f} {x:.2f} {middle_y:.2f}",
        "├": f"M{middle_x:.2f} {y:.2f}V{below:.2f}M{middle_x:.2f} {middle_y:.2f}H{right:.2f}",
        "┤": f"M{middle_x:.2f} {y:.2f}V{below:.2f}M{middle_x:.2f} {middle_y:.2f}H{x:.2f}",
        "┴": f"M{x:.2f} {middle_y:.2f}H{right:.2f}M{middle_x:.2f} {y:.2f}V{middle_y:.2f}",
        "┬": f"M{x:.2f} {middle_y:.2f}H{right:.2f}M{middle_x:.2f} {below:.2f}V{middle_y:.2f}",
        "┼": f"M{x:.2f} {middle_y:.2f}H{right:.2f}M{middle_x:.2f} {y:.2f}V{below:.2f}",
    }
    if character in paths:
        return f'<path d="{paths[character]}" stroke="{color}" stroke-width="1" fill="none"/>'
    return None


def row_shapes(row, y):
    """Backgrounds first, then runs of text of one look, then shapes."""
    backs, shapes, runs = [], [], []
    for x, character, columns, fg, bg, bold, underline in row:
        left = PAD + x * CELL_W
        if backs and backs[-1][2] == bg and abs(backs[-1][1] - left) < 0.01:
            backs[-1][1] = left + columns * CELL_W
        else:
            backs.append([left, left + columns * CELL_W, bg])
        drawn = shape(character, left, y, fg)
        if drawn:
            shapes.append(drawn)
        elif character != " ":
            look = (fg, bold, underline)
            if runs and runs[-1][1] == look and runs[-1][3] == x and columns == 1:
                runs[-1][2] += character
                runs[-1][3] += 1
            else:
                runs.append([x, look, character, x + columns])
    texts = []
    for x, (fg, bold, underline), text, end in runs:
        weight = ' font-weight="bold"' if bold else ""
        line = ' text-decoration="underline"' if underline else ""
        texts.append(f'<text x="{PAD + x * CELL_W:.2f}" y="{y + BASELINE:.2f}" fill="{fg}"{weight}{line} '
                     f'textLength="{(end - x) * CELL_W:.2f}" lengthAdjust="spacingAndGlyphs">{html.escape(text)}</text>')
    return backs, shapes + texts


def svg(text, foreground="#c8d0e0", background="#161a22", title="sandwatch"):
    """TEXT as tmux capture-pane -e gives it."""
    rows = list(cells(text, foreground, background))
    width = max((row[-1][0] + row[-1][2] for row in rows if row), default=1)
    # The screen's own background, as its first cell has it, also around it.
    ground = next((row[0][4] for row in rows if row), background)
    w, h = width * CELL_W + 2 * PAD, len(rows) * CELL_H + 2 * PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}" '
           f'shape-rendering="crispEdges" role="img" aria-label="{html.escape(title)}" font-family="{FONT}" font-size="14" xml:space="preserve">',
           f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>']
    for index, row in enumerate(rows):
        y = PAD + index * CELL_H
        backs, shapes = row_shapes(row, y)
        out += [rectangle(left, y, right - left + 0.05, CELL_H + 0.05, bg) for left, right, bg in backs if bg != ground]
        out += shapes
    return "\n".join([*out, "</svg>", ""])
