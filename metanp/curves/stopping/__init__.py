"""Stopping trainings early: rules, schedulers, and both replayed on whole curves.

    from metanp.curves import make_predictor
    from metanp.curves.stopping import ChanceRule, simulate

    rule = ChanceRule(make_predictor("srm_svr_rbf"), delta=0.99)       # Baker et al.
    simulate(curves, rule, order, burn_in=100).speedup

rule.py        the interface; chance to beat the best, worst share of a score
simulation.py  one configuration after the other, with a burn-in
hyperband.py   Hyperband and f-Hyperband
asha.py        ASHA
"""

from metanp.curves.stopping.asha import ASHA, rung_epochs
from metanp.curves.stopping.hyperband import Hyperband, Rung, Spent, Stopper, brackets
from metanp.curves.stopping.rule import ChanceRule, Rule, ShareRule
from metanp.curves.stopping.simulation import Outcome, simulate

__all__ = ["ASHA", "ChanceRule", "Hyperband", "Outcome", "Rule", "Rung", "ShareRule", "Spent", "Stopper"]
__all__ += ["brackets", "rung_epochs", "simulate"]
