"""The parts of `scripts.search_benchmark`.

entrants.py      the strategies of one table, with MetaNP's checkpoints, and one fit
simulation.py    one search in a table
summary.py       numbers of all runs of a strategy; tables.py: their tables
page.py          the page and its figures
"""
