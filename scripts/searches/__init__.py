"""What `scripts.search_benchmark` is made of: who takes part, run by run, and what it amounts to.

entrants.py      the strategies of one table, with MetaNP's checkpoints, and one fit
simulation.py    a search of a table
summary.py       numbers of all runs of a strategy
page.py          the page, with tables.py and figures.py
"""
