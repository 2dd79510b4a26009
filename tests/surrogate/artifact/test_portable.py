import pickle
import shutil

import numpy as np

from surrogate import Surrogate


def test_a_pickled_surrogate_needs_no_file_of_the_machine_it_comes_from(linear_folder, tmp_path):
    shutil.copytree(linear_folder, tmp_path / "moved")
    original = Surrogate(tmp_path / "moved")
    content = pickle.dumps(original)
    shutil.rmtree(tmp_path / "moved")
    rebuilt = pickle.loads(content)
    assert rebuilt is pickle.loads(content)
    assert not rebuilt.folder.samefile(linear_folder)
    states = np.zeros((3, original.n_states))
    for economy in (original, rebuilt):
        assert np.array_equal(economy.policy(states, {}), original.policy(states, {}))


def test_files_that_have_changed_since_are_not_used(linear_folder, tmp_path):
    shutil.copytree(linear_folder, tmp_path / "artifact")
    content = pickle.dumps(Surrogate(tmp_path / "artifact"))
    (tmp_path / "artifact" / "step.onnx").write_bytes(b"")
    assert pickle.loads(content).folder != tmp_path / "artifact"
