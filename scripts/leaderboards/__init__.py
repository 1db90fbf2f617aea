"""What `scripts.leaderboard` is made of: who takes part, in which protocol, fit by fit, beside what was published.

catalogue.py     the predictors that there are; contenders.py: those of one table, with MetaNP's checkpoints
protocols.py     which benchmark, columns and numbers of labels
runner.py        fits over several processes
reproduction.py  beside published numbers; tables.py: for pages and for the terminal
"""
