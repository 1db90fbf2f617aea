"""What all studies share: entrants -> fits -> executor -> rows -> statistics -> tables and plots -> page.

entrants.py    who takes part, with which checkpoint, and what marks its rows
fits.py        one piece of work each, the rows that are there, and those that are missing
executors.py   over local processes, SLURM or Ray
running.py     the options that every study has, its rows, the files that are made of them
rows.py        one file an entrant; CSV and Parquet
statistics.py  which is better, and by how much
table.py       a table: terminal, Markdown, LaTeX, page; wording.py: names and numbers as people read them
plots.py       drawings, with axes.py and drawing.py
page.py        a page, of page.html.j2 and a study's own template, page.css, page.js
provenance.py  what a number was made by

A study says what a fit does (`fits.Study`), which rows are in which table or plot, and what is said beside them.
Nothing here knows a protocol or a search.
"""
