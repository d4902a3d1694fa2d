"""From what the rules say to what is reported.

Which rules run, what comments and the baseline silence, and what is wrong with these comments and
the baseline themselves.
"""
