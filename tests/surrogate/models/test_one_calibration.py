"""The example whose box is a point."""

from pathlib import Path

from surrogate.models.krusell_smith import KrusellSmith
from surrogate.models.registry import from_file
from surrogate.training import recipe
from surrogate.training.checks import check_economy
from surrogate.training.run import Run

FILE = Path(__file__).parents[3] / "examples" / "krusell_smith_at_one_calibration.py"


def test_the_example_is_the_economy_at_its_default() -> None:
    """For the household as well, and with the recipe that the file brings."""
    model = from_file(FILE)
    lower, upper = model.parameter_box()
    assert lower.tolist() == upper.tolist() == KrusellSmith().default_parameters().tolist()
    assert isinstance(model, KrusellSmith)
    assert model.household.parameters == model.parameters
    assert recipe(model).settings.steps == 400


def test_a_box_that_is_a_point_can_be_trained() -> None:
    """A few steps move the network, and all economies are at the calibration."""
    model = from_file(FILE)
    assert not [check for check in check_economy(model) if not check.passed]
    run = Run(model, recipe(model).settings)
    rows, parameters = run.sampler.draw(run.policy)
    assert rows.isfinite().all()
    assert (parameters == model.default_parameters()).all()
