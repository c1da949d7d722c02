"""The parts of the pages under docs/ that are made from the code, a module for each kind.

A made part stands between two marks, `<!-- name -->` and `<!-- /name -->`; everything else on a page is written
by hand. `python docs/refresh.py` fills the parts anew, `--check` says which are stale.
"""
