"""The operations: every function of the ``torch`` namespace, and the methods of Tensor.

One file a family; importing this package binds them all. See ``_registry`` for the form.
"""

from flambeau.ops._promotion import result_type
from flambeau.ops.arithmetic import *
from flambeau.ops.conversion import *
from flambeau.ops.creation import *
from flambeau.ops.indexing import *
from flambeau.ops.shape import *
