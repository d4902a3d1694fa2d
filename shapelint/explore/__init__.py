"""Every size of a model, from as few runs of it as can tell.

``covering`` asks for runs until the domain is covered, ``paths`` reads one run as a statement about
many sizes, ``exploration`` is what is known at the end, and ``confirm`` runs PyTorch on both sides
of every claim. Where no run can be followed, ``sweep`` tries size after size.
"""
