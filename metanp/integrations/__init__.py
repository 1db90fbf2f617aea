"""MetaNP inside other engines: `metanp.integrations.optuna`. Each needs an extra of its own, imported with it alone."""
