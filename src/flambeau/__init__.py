"""flambeau: PyTorch's programming model, written entirely in Python."""
