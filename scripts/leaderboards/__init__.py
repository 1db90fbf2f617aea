"""What `scripts.leaderboard` is made of: who takes part, in which protocol, fit by fit, beside what was published.

entrants.py      the predictors that there are, MetaNP's checkpoints; transfer.py: what some are trained on first
protocols.py     which benchmark, columns and numbers of labels
evaluation.py    one fit; judging.py: how well a predictor ranks
standings.py     rows as views and entries; tables.py: all tables; verdict.py: what the page says
page.py          the page, with figures.py; reproduction.py: beside published numbers
"""
