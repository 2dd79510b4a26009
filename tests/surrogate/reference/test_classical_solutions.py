"""Classical answers are found by the name of the economy and are what they say."""

import subprocess
import sys

import numpy as np
import pytest

from surrogate import economies, load
from surrogate.catalogue import available
from surrogate.comparison.solutions import ReferencePolicy
from surrogate.economy import Economy
from surrogate.errors import UnknownName

ELSEWHERE = {"an_schorfheide_zlb": {"rho_z": 0.8}}
"""What to change where an economy has no equilibrium at its default parameters."""


COMPARED = [
    name
    for name in sorted(set(economies.with_classical_solution()) & set(available()))
    if economies.find(name).own_comparison() is None
]
"""Many households choose at nodes where they eat less than they choose: test_krusell_smith_population.py."""


@pytest.mark.parametrize("name", COMPARED)
def test_at_the_steady_state_of_the_surrogate_the_controls_are_its_own(name: str) -> None:
    economy = load(name)
    parameters = dict(zip(economy.parameter_names, economy.default.tolist(), strict=True))
    parameters.update(ELSEWHERE.get(name, {}))
    rest = economy.steady_state(parameters)
    expected = dict(zip(economy.control_names, rest.controls.T, strict=True))
    found = ReferencePolicy(economy, parameters)(rest.states.astype(float))
    assert found
    for control, values in found.items():
        assert values.shape == (1,)
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, expected[control], rtol=2e-3, atol=2e-3)


def test_an_economy_without_one_is_told_which_have_one() -> None:
    with pytest.raises(UnknownName, match=r"krusell"):
        economies.find("krusell")
    with pytest.raises(UnknownName, match="no classical solution of 'mine'"):
        Economy("mine").solve({})


def test_solvers_need_no_training_framework() -> None:
    program = (
        "import importlib, sys\n"
        "from surrogate.economies import SHIPPED\n"
        "for economy in SHIPPED:\n"
        "    if economy.classical:\n"
        "        importlib.import_module(economy.classical.partition(':')[0])\n"
        "import surrogate.reference.krusell_smith\n"
        "print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
