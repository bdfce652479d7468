"""Answers about training memory held to what PyTorch does on the CPU."""
