"""What ``tandem/agreement/lint.py`` checks, one file per part of an agreement. Checks yield problems, none raises."""
