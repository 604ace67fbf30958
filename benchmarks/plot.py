"""A plot of cost against size as SVG: both axes logarithmic, a line for each tool, named at its end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Mapping[str, Sequence[tuple[float, float]]]
"""`{name: [(files, CPU seconds)]}`, each with at least one point, by files."""

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 30, 60
COLOURS = ("#888888", "#555555", "#7a4ea3", "#c2410c", "#ea8a4b", "#1d6fa5", "#2a9d6f", "#b5a021", "#a03050")
LABEL_GAP = 16
LEAST_S = 0.001
"""What takes less is drawn as this: the system counts no finer."""


def draw(points: Points) -> str:
    """Return the plot."""
    return "\n".join(_iter_parts(points)) + "\n"


def _iter_parts(points: Points) -> Iterator[str]:
    every = [point for line in points.values() for point in line]
    x_range = _decades([files for files, _ in every])
    y_range = _decades([seconds for _, seconds in every])

    def place(files: float, seconds: float) -> tuple[float, float]:
        x = LEFT + _share(files, x_range) * (WIDTH - LEFT - RIGHT)
        return x, HEIGHT - BOTTOM - _share(seconds, y_range) * (HEIGHT - TOP - BOTTOM)

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">'
    )
    yield "<title>CPU seconds by number of files, nothing to fix</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    for power in range(x_range[0], x_range[1] + 1):
        x, bottom = place(10**power, 10 ** y_range[0])
        yield f'<path d="M{x:.1f} {TOP}V{bottom:.1f}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{10**power:,}</text>'
    for power in range(y_range[0], y_range[1] + 1):
        left, y = place(10 ** x_range[0], 10**power)
        yield f'<path d="M{left:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{10**power:g} s</text>'
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 16}" text-anchor="middle">Python files</text>'
    yield f'<text x="{LEFT}" y="{TOP - 12}" text-anchor="middle">CPU seconds</text>'
    placed = {name: [place(*point) for point in line] for name, line in points.items()}
    labels = _spread({name: line[-1][1] for name, line in placed.items()})
    for (name, line), colour in zip(placed.items(), COLOURS, strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        width = 3 if name.startswith("httpx-fixer") else 1.5
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        for x, y in line:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
        end, at = line[-1], labels[name]
        text = WIDTH - RIGHT + 24
        leader = f"M{end[0] + 5:.1f} {end[1]:.1f}L{text - 4} {at:.1f}"
        yield f'<path d="{leader}" stroke="{colour}" stroke-width="0.6"/>'
        yield f'<text x="{text}" y="{at + 4:.1f}" fill="{colour}">{escape(name)}</text>'
    yield "</svg>"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    return math.floor(math.log10(max(min(values), LEAST_S))), math.ceil(math.log10(max(values)))


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(max(value, LEAST_S)) - decades[0]) / (decades[1] - decades[0])


def _spread(wanted: Mapping[str, float]) -> dict[str, float]:
    """Move labels apart, each as little downwards as lets it be read."""
    found: dict[str, float] = {}
    last = -math.inf
    for name, y in sorted(wanted.items(), key=lambda item: item[1]):
        last = max(y, last + LABEL_GAP)
        found[name] = last
    return found
