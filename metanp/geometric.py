"""The parts of torch-geometric that are used here, imported without its notebook warning.

Its progress bar warns in a notebook without ipywidgets that it cannot be drawn; nothing here draws it.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    from torch_geometric.data import Data
    from torch_geometric.nn import SimpleConv, global_add_pool

__all__ = ["Data", "SimpleConv", "global_add_pool"]
