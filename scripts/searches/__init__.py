"""What `scripts.search_benchmark` is made of: who takes part, run by run, and what it amounts to.

contestants.py   the strategies of one table, with MetaNP's checkpoints
simulation.py    a search of a table; runner.py: many, over several processes
summary.py       numbers of all runs of a strategy; tables.py: for people
"""
