"""What PyTorch itself does with memory on the CPU: measured, with nothing of shapewright in it."""
