"""The ONNX file by itself, and files that are something else."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from estimation.learnt import LearntGraph, LikelihoodCard
from estimation.likelihoods.learnt_graph import METADATA_KEY
from surrogate.errors import BrokenArtifact, NewerFormat
from tests.artifact_files import bare
from tests.estimation.learnt.conftest import CALLS


def test_plain_onnxruntime_runs_the_file(learnt, near):
    theta, exact = near
    session = onnxruntime.InferenceSession(str(learnt.folder / "likelihood.onnx"))
    (given,), (returned,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type) == ("parameters", "tensor(float)")
    assert (returned.name, returned.type) == ("log_likelihood", "tensor(float)")
    for rows in (1, 7):
        values = np.asarray(session.run(None, {"parameters": theta[:rows].astype(np.float32)})[0])
        assert values.shape == (rows, 1)
        np.testing.assert_allclose(values[:, 0], exact[:rows], atol=1.0)
    card = LikelihoodCard.from_json(session.get_modelmeta().custom_metadata_map[METADATA_KEY])
    assert card.names == learnt.posterior.names
    assert card.calls <= CALLS


def test_graph_is_the_surface(learnt, near):
    from estimation.learnt.learning import Plan, Round, fit_round
    from estimation.learnt.surface import read_design

    theta, _ = near
    design = read_design(learnt.folder / "design.csv", learnt.posterior.names)
    surface = fit_round(Round(learnt.posterior, Plan(CALLS, 0, True), design, 7)).surface
    found = LearntGraph(learnt.folder).log_likelihood(theta)
    np.testing.assert_allclose(found, surface(theta), atol=2e-3)


def changed_copy(learnt, tmp_path, change):
    model, metadata = bare(learnt.folder / "likelihood.onnx")
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata[METADATA_KEY]})
    change(model)
    onnx.save(model, str(tmp_path / "likelihood.onnx"))
    return tmp_path


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(BrokenArtifact, match="dsge-surrogate learn"):
        LearntGraph(tmp_path)


def test_a_damaged_file_is_an_error(tmp_path):
    (tmp_path / "likelihood.onnx").write_bytes(b"no graph")
    with pytest.raises(BrokenArtifact, match="cannot be read"):
        LearntGraph(tmp_path)


def test_a_foreign_graph_is_an_error(learnt, tmp_path):
    folder = changed_copy(learnt, tmp_path, lambda model: model.ClearField("metadata_props"))
    with pytest.raises(BrokenArtifact, match="no card"):
        LearntGraph(folder)


def test_a_card_of_another_graph_is_an_error(learnt, tmp_path):
    def change(model):
        card = LikelihoodCard.from_json(learnt.card.to_json())
        text = card.to_json().replace('"name": "rho"', '"name": "rho"', 1)
        wrong = LikelihoodCard.from_json(text)
        object.__setattr__(wrong, "parameters", wrong.parameters[:1])
        onnx.helper.set_model_props(model, {METADATA_KEY: wrong.to_json()})

    with pytest.raises(BrokenArtifact, match="card asks for"):
        LearntGraph(changed_copy(learnt, tmp_path, change))


def test_a_later_format_is_an_error(learnt):
    text = learnt.card.to_json().replace('"format": 1', '"format": 2')
    with pytest.raises(NewerFormat, match="Upgrade"):
        LikelihoodCard.from_json(text)


def test_a_byte_changed_anywhere_is_an_error(learnt, tmp_path):
    content = (learnt.folder / "likelihood.onnx").read_bytes()
    for position in np.random.default_rng(0).integers(len(content) - 91, size=60):  # the rest is the digest
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        (tmp_path / "likelihood.onnx").write_bytes(damaged)
        with pytest.raises(BrokenArtifact):
            LearntGraph(tmp_path)


def test_a_file_of_a_version_before_digests_is_read(learnt, near, tmp_path):
    theta, _ = near
    old = LearntGraph(changed_copy(learnt, tmp_path, lambda model: None))
    np.testing.assert_array_equal(old.log_likelihood(theta), LearntGraph(learnt.folder).log_likelihood(theta))


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card["parameters"][0].update(name=card["parameters"][1]["name"]),
        lambda card: card["parameters"][0].update(lower=9e9),
        lambda card: card.update(parameters=[]),
        lambda card: card.update(peak=float("nan")),
        lambda card: card.update(region={"depth": 1.0}),
        lambda card: card.update(likelihood="twisted"),
        lambda card: card.update(format="1"),
        lambda card: card.update(calls=10**400),
        lambda card: card.update(model="\ud800"),
    ],
)
def test_a_card_with_impossible_values_is_an_error(learnt, change):
    values = json.loads(learnt.card.to_json())
    change(values)
    with pytest.raises(BrokenArtifact, match="cannot be read"):
        LikelihoodCard.from_json(json.dumps(values))
