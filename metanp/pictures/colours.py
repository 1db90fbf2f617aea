"""One colour for each kind of operation.

Each has a contrast of at least 3 with white and with the black of dark pages, so that there is one set for both.
"""

from metanp.operations import INDEX, VOCABULARY

BLUE, ORANGE, GREEN, RED = "#3b82f6", "#d97706", "#16a34a", "#ef4444"
PURPLE, TEAL, PINK, GREY = "#a855f7", "#0d9488", "#db2777", "#858585"
KINDS = {
    "convolution": BLUE,
    "pool": ORANGE,
    "linear": TEAL,
    "aggregation": PURPLE,
    "activation": GREEN,
    "product": PINK,
    "sum": PINK,
    "custom": RED,
}


def colour_of(operation: str) -> str:
    """The colour of an operation's kind; grey for input, output, skip, none and words that are not known."""
    return KINDS.get(VOCABULARY[INDEX[operation]].kind, GREY) if operation in INDEX else GREY
