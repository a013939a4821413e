"""What a :class:`~flambeau.utils.data.DataLoader` is made of.

``arrays``: batches made by NumPy. ``collate``: samples to a batch. ``fetch``: indices to a batch.
``worker``: the loop of a worker process. ``transport``: how batches travel out of it. ``pool``:
the workers as their parent sees them. ``iterators``: what ``iter(loader)`` gives.
"""

__all__: list[str] = []
