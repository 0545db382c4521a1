"""Small pictures for notebooks."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def matrix_svg(values: ArrayLike, width: int = 240) -> str:
    """A matrix as a picture in SVG: blue below zero, white at zero, red above; of a large one the furthest from
    zero in each block: a mean of weights of both signs would be none of them.

    Parameters
    ----------
    values : array_like
        One or two dimensions.
    width : int
        Width of the picture (pixels).
    """
    values = np.atleast_2d(np.asarray(values, dtype=float))
    if values.ndim != 2 or values.size == 0:
        return ""
    rows, cols = values.shape
    small = _blocks(values, min(rows, 48), min(cols, 48))
    most = float(np.abs(small).max()) or 1.0
    rows, cols = small.shape
    side = width / max(cols, 4)
    cells = []
    for (i, j), value in np.ndenumerate(small):
        share = min(abs(value) / most, 1.0)
        faded = round(255 * (1 - share))
        colour = f"rgb(255,{faded},{faded})" if value > 0 else f"rgb({faded},{faded},255)"
        cells.append(f'<rect x="{j * side:.1f}" y="{i * side:.1f}" width="{side:.1f}" height="{side:.1f}" fill="{colour}"/>')
    size = f'width="{cols * side:.0f}" height="{rows * side:.0f}"'
    title = f"<title>±{most:.3g} at the strongest colours</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">{title}{"".join(cells)}</svg>'


def _blocks(values, rows, cols):
    """Of so many blocks what is furthest from zero."""
    at = [np.linspace(0, n, k + 1).astype(int)[:-1] for n, k in zip(values.shape, (rows, cols))]
    highest, lowest = (f.reduceat(f.reduceat(values, at[0], axis=0), at[1], axis=1) for f in (np.maximum, np.minimum))
    return np.where(highest >= -lowest, highest, lowest)


class Plan(str):
    """The plan of a step as text: a line a kernel, and what else there is to say behind it. A notebook shows it as a table, in which a
    bar says how many numbers a kernel touches."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        rows: list[tuple[str, int, str, str]] = []
        rest: list[str] = []
        for line in self.split("\n")[1:]:
            found = re.match(r"(\S.*?) +(\d+)  (.*?)(?:  \[(.*)\])?$", line) if not rest else None
            if found:
                rows.append((found[1].strip(), int(found[2]), found[3], found[4] or ""))
            elif line:
                rest.append(line)
        most = max([count for _, count, *_ in rows], default=1) or 1
        cell = "text-align:left;padding:1px 8px;white-space:nowrap"
        lines = []
        for kernel, count, of, by in rows:
            # By the root: a large matrix leaves something to be seen of the others.
            width = round(80 * (count / most) ** 0.5)
            bar = f'<span style="display:inline-block;height:9px;width:{width}px;background:#4878d0"></span>'
            cells = (html.escape(kernel), f"{bar} {count}", html.escape(of), html.escape(by))
            lines.append("<tr>" + "".join(f'<td style="{cell}">{c}</td>' for c in cells) + "</tr>")
        heads = "".join(f'<th style="{cell}">{h}</th>' for h in ("kernel", "numbers", "object", "pass"))
        said = "".join(f"<br>{html.escape(line)}" for line in rest)
        return f"<div><table><tr>{heads}</tr>{''.join(lines)}</table>{said}</div>"
