"""What all studies share: entrants -> fits -> executor -> rows -> statistics -> tables and plots -> page.

entrants.py    entrants with their checkpoints, and their fits
running.py     the options of every study, which fits are missing, the files that are made of rows
executors.py   runs fits on local processes, SLURM or Ray
rows.py        one file of rows for each entrant; CSV and Parquet
provenance.py  digests of code, settings and data; commit, date and machine
statistics.py  which entrant is better, and by how much
table.py       a table for terminal, Markdown, LaTeX and page; wording.py: names and numbers for people
published.py   numbers that others published
plots.py       drawings, with axes.py and drawing.py
page.py        a page, from page.html.j2 and a study's own template, page.css, page.js

A study says what a fit does (`entrants.Study`), which rows are in which table or plot, and what captions say. Nothing
here depends on a protocol or a search.
"""
