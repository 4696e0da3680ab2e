"""The benchmarks: every figure beside its limit in the same run, one JSON line each.

    python -m tests.bench            all of them, about six minutes
    python -m tests.bench claims     some of them

Ratios hold on any machine; absolute figures are this machine's, with whatever else it does.
"""
