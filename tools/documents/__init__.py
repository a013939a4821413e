"""The code of documents about PyTorch, taken out, run block by block, and compared.

A document is a text with code in it: Markdown fences or the cells of a notebook. Its code
blocks, in order, are one program, each block run in the namespace that the ones before it
left. ``python -m tools.documents --help`` says what can be done with them.
"""
