"""What `scripts.leaderboard` is made of: who takes part, in which protocol, fit by fit, beside what was published.

catalogue.py     the predictors that there are; entrants.py: those of one table, with MetaNP's checkpoints
protocols.py     which benchmark, columns and numbers of labels
evaluation.py    one fit; judging.py: how well a predictor ranks
summary.py       rows of a CSV table; standings.py, verdict.py: what the page says
page.py          the page, with tables.py and figures.py; reproduction.py: beside published numbers
"""
