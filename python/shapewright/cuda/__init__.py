"""Arrays on a GPU: kernels in Python that Numba compiles, launched through cuda.core.

Imported only when an array of a GPU is handed in. `kernels` holds the bodies, `choose` picks one
for a layout, `build` compiles it, `launch` runs it; `twin` runs the same bodies on the CPU.
"""
