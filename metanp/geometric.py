"""What we use of torch-geometric, imported without a warning that is none of ours.

It brings a progress bar which, in a notebook without ipywidgets, warns that it cannot be drawn; nothing here draws it.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")
    from torch_geometric.data import Data
    from torch_geometric.nn import SimpleConv, global_add_pool

__all__ = ["Data", "SimpleConv", "global_add_pool"]
