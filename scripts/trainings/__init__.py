"""Training networks on images: the recipe, the loop, and which images are learned from and judged by."""
