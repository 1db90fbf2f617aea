"""`metanp search`: a search by hand, or one that drives a training command.

commands.py      the commands; opening.py finds the search that a journal belongs to
results.py       files of results to tell
workers.py       the driver; evaluation.py runs the command for one cell, epoch_lines.py reads its epochs, guard.py
                 kills what a dead driver left running
status.py        what is displayed, with plot.py and progress.py
"""
