"""Zero-cost predictors: a side feature as it is, with no label at all, and XGBoost that sees no cell."""

import numpy as np
import pytest

from metanp.baselines.proxies import LOWEST, Proxy, ProxyXGBoost
from metanp.metrics import kendall_tau, ranking_metrics
from metanp.spaces import get_space

CELLS = get_space("nasbench201").arrays()[:60]
SYNFLOW = np.random.default_rng(0).normal(size=60)


def test_a_proxy_predicts_its_side_feature_from_no_label():
    proxy = Proxy("synflow").fit([], [])
    pool = proxy.encode(CELLS, {"flops": np.arange(60), "synflow": SYNFLOW})
    assert proxy.predict(pool).tolist() == SYNFLOW.tolist()
    assert Proxy("flops").fit().predict(pool).tolist() == list(range(60))


def test_labels_teach_a_proxy_nothing():
    features = {"synflow": SYNFLOW}
    proxy = Proxy("synflow").fit(CELLS[:20], -SYNFLOW[:20], {"synflow": SYNFLOW[:20]})
    assert proxy.predict(proxy.encode(CELLS, features)).tolist() == SYNFLOW.tolist()


def test_a_missing_proxy_ranks_last_in_any_company_and_can_be_judged():
    some = np.where(np.arange(60) % 3, SYNFLOW, np.nan)
    proxy = Proxy("synflow").fit()
    predicted = proxy.predict(proxy.encode(CELLS, {"synflow": some}))
    assert (predicted[::3] == LOWEST).all()
    assert predicted[1::3].min() > LOWEST
    alone = proxy.predict(proxy.encode(CELLS[:1], {"synflow": [None]}))
    assert alone.tolist() == predicted[:1].tolist()
    assert np.isfinite(list(ranking_metrics(predicted, SYNFLOW).values())).all()


def test_a_proxy_that_candidates_lack_is_named_beside_those_they_have():
    proxy = Proxy("synflow").fit()
    with pytest.raises(ValueError, match="no side feature 'synflow'; they have: flops, snip"):
        proxy.predict(proxy.encode(CELLS, {"flops": SYNFLOW, "snip": SYNFLOW}))
    with pytest.raises(ValueError, match="no side feature 'synflow'; they have: none"):
        proxy.predict(CELLS)


def test_a_data_set_before_the_name_is_read_over_unless_there_are_two():
    proxy = Proxy("synflow").fit()
    features = {"cifar10_flops": np.arange(60), "cifar10_synflow": SYNFLOW}
    assert proxy.predict(proxy.encode(CELLS, features)).tolist() == SYNFLOW.tolist()
    both = {**features, "fashion_mnist_synflow": -SYNFLOW}
    with pytest.raises(ValueError, match="all end in 'synflow'; name the one that is meant in full"):
        proxy.predict(proxy.encode(CELLS, both))
    exact = {**both, "synflow": 2 * SYNFLOW}
    assert proxy.predict(proxy.encode(CELLS, exact)).tolist() == (2 * SYNFLOW).tolist()


def test_a_proxy_gives_no_standard_deviation_and_nothing_before_it_is_fitted():
    pool = Proxy("synflow").encode(CELLS, {"synflow": SYNFLOW})
    with pytest.raises(ValueError, match="Proxy gives no standard deviation"):
        Proxy("synflow").fit().predict(pool, return_std=True)
    with pytest.raises(RuntimeError, match="Proxy was not fitted"):
        Proxy("synflow").predict(pool)
    assert Proxy("synflow").fit().predict([]).shape == (0,)


def test_xgboost_on_proxies_learns_which_way_each_points_and_sees_no_cell():
    features = {"down": -(SYNFLOW**3), "noise": np.random.default_rng(1).normal(size=60)}
    shown = {name: values[:30] for name, values in features.items()}
    fitted = ProxyXGBoost().fit(CELLS[:30], SYNFLOW[:30], shown)
    predicted = fitted.predict(fitted.encode(CELLS, features))
    assert kendall_tau(predicted[30:], SYNFLOW[30:]) > 0.8
    others = fitted.predict(fitted.encode(CELLS[::-1], features))
    assert others.tolist() == predicted.tolist()


def test_xgboost_on_proxies_refuses_cells_without_any():
    with pytest.raises(ValueError, match="reads side features alone"):
        ProxyXGBoost().fit(CELLS[:30], SYNFLOW[:30])
    fitted = ProxyXGBoost().fit(CELLS[:30], SYNFLOW[:30], {"synflow": SYNFLOW[:30]})
    with pytest.raises(ValueError, match="reads side features alone"):
        fitted.predict(CELLS)
