"""The documentation site: pages that `mkdocs build` makes of the code, of notebooks and of files outside docs/.

hooks.py        what mkdocs calls; all other modules know nothing of it
public.py       which names are public, and the reference's page of each module
commands.py     the command line, from its own help
settings.py     the keys of every hydra command, from its dataclasses and its file
notebooks.py    notebooks as pages, with their stored outputs
spacing.py      empty lines that the site's reader of Markdown needs and others do not
repository.py   files outside docs/ that pages link, and links as the site needs them
"""
