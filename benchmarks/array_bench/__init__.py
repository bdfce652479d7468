"""The parts of bench_arrays.py: what is moved, how it is timed, what is made of it."""
