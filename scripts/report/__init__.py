"""The page of a leaderboard, and tables for texts: rows in, HTML, Markdown and LaTeX out; no predictor runs here."""
