"""The parts of `scripts.leaderboard`.

entrants.py      the predictors of the catalogue, and MetaNP's checkpoints; transfer.py: training data from elsewhere
protocols.py     which columns and numbers of labels
evaluation.py    one fit; judging.py: how well a predictor ranks
standings.py     rows as views and entries; tables.py: all tables
page.py          the page with its verdict; figures.py: its figures
"""
