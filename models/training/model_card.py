"""Keep the figures of a model card the same as those of its `metrics.json`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def short(value: float) -> str:
    """Return a figure with three places, rounded from the four that `metrics.json` keeps."""
    return f"{round(value, 4):.3f}"


def figures_table(figures: Mapping[str, Mapping[str, float | list[float]]], names: Mapping[str, str]) -> str:
    """Return a table of figures with their 95 % intervals, in the order of `names`."""
    rows = ["| figure | held-back part | 95 % interval |", "|---|---|---|"]
    for key, name in names.items():
        value, interval = figures[key]["value"], figures[key]["interval95"]
        assert isinstance(value, float)
        assert isinstance(interval, list)
        low, high = interval
        rows.append(f"| {name} | {short(value)} | {short(low)} – {short(high)} |")
    return "\n".join(rows)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table, numbers that are not whole with three places."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        lines.append("| " + " | ".join(short(v) if isinstance(v, float) else str(v) for v in row) + " |")
    return "\n".join(lines)


def refresh_card(folder: Path, text: str) -> None:
    """Put the text between the markers of the folder's README.md, where there is a card with markers."""
    card = folder / "README.md"
    if not card.exists():
        return
    before, found, rest = card.read_text().partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{card} has no place for the figures between {BEGIN} and {END}")
    card.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
