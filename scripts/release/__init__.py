"""What `python -m scripts.release_check` does: the texts of a release, its files, environments that install them."""
