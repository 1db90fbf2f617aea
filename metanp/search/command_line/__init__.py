"""`metanp search`: a search by hand, or one that drives a training command.

commands.py      the commands; opening.py finds the search that a journal belongs to
results.py       files of scores that are told
workers.py       the driver; evaluation.py runs the command for one cell, guard.py ends what a dead driver left
status.py        what is shown, with plot.py and progress.py
"""
