"""Pictures of cells, rankings, predictions and searches, written as SVG: nothing to install, sharp at any size.

    svg.py           what a picture is, its elements and colours; axes.py, scales and axes
    subjects.py      interfaces of what is drawn
    layout.py        positions of the nodes of a graph
    cell.py          a cell; summary.py, one too large to be drawn
    ranking.py       means and intervals; predictions.py, these against what was measured; search.py, scores over time
    tables.py        the tables that a notebook shows

Pictures take the colour of the text around them; other colours are visible on white as well as on black, so that
pictures fit light and dark pages. They are readable at the width of a phone.
"""

from metanp.pictures.svg import Picture

__all__ = ["Picture"]
