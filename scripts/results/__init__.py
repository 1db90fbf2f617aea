"""What all studies share: entrants -> fits -> executor -> rows -> statistics -> tables and plots -> page.

entrants.py    who takes part, with which checkpoint, and what marks its rows
fits.py        one piece of work each, the rows that are there, and those that are missing
executors.py   over local processes, SLURM or Ray; running.py: the options that every study has
rows.py        one file an entrant; CSV and Parquet; read_rows.py: CSV files that people edit
statistics.py  which is better, and by how much
table.py       a table: terminal, Markdown, LaTeX, page; wording.py: names and numbers as people read them
plots.py       drawings, with axes.py, drawing.py and names.py; page.py, page.css, page.js: what pages share
provenance.py  what a number was made by

A study says what a fit does (`fits.Study`), which rows are in which table or plot, and what is said beside them.
Nothing here knows a protocol or a search.
"""
