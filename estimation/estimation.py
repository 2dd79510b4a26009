"""One estimation from data to results: what a script or the command line works with."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from surrogate import Surrogate, load
from surrogate.artifact.graph import LARGEST_FILE, files_of
from surrogate.errors import BadConfiguration
from surrogate.house import records
from surrogate.house.files import atomic_files, atomic_path
from surrogate.house.listener import listener, progress
from surrogate.house.ownership import owner
from surrogate.house.records import by_name

from . import fingerprint, inputs
from .data import select_sample
from .finding import as_text, save
from .fingerprint import seal, unseal
from .likelihoods import METHODS, Ingredients, likelihood_settings
from .likelihoods.learnt_graph import GRAPH_FILE
from .moments import MomentsResult
from .priors import Prior, PriorSet
from .results import DRAWN, LEAST_ESS, Results
from .sampling.chain_file import ChainFile
from .sampling.chains import automatic_burn, read_chains
from .sampling.ensemble import weights_of
from .sampling.mode import Mode, find_mode, improved_mode
from .sampling.sampler import SamplerSettings, SamplingProgress, ensemble_file, sample
from .settings import given_prior, read_numbers, read_priors, read_settings
from .work.cluster import open_pool
from .work.pool import Pool

MODE_FILE = "mode.json"
CHAINS = "chains"


class Estimation:
    """A surrogate, data, priors and settings; see the methods for what can be done with them.

    Parameters
    ----------
    surrogate : the economy, or its folder, or the name of one that ships.
    data : observations [T, n_y] by quarter, columns named after observables; see
        :func:`estimation.load_data`.
    priors : free parameter -> :class:`estimation.priors.Prior` or the arguments of
        :func:`estimation.priors.make_prior` as a mapping.
    fixed : values of parameters that do not move.
    measurement_error : ``sd``, ``share_of_sd`` or ``share_of_variance``, each a number or a mapping from
        observables to numbers; series with a prior on ``measurement_sd_<observable>`` need none.
    likelihood : ``method`` and the settings of its class in :mod:`estimation.likelihoods`; the twisted
        particle filter if left out.
    sampler : settings of :class:`estimation.sampling.sampler.SamplerSettings`.
    configuration : the text of the TOML file that all this comes from, for output folders to keep; written
        from the other arguments if left out.

    Raises
    ------
    SurrogateError : in one sentence, what does not fit together.
    """

    def __init__(
        self,
        surrogate: Surrogate | str | Path,
        data: pd.DataFrame,
        priors: Mapping[str, Prior | Mapping[str, Any]],
        *,
        fixed: Mapping[str, float] | None = None,
        measurement_error: Mapping[str, Any] | None = None,
        likelihood: Mapping[str, Any] | None = None,
        sampler: Mapping[str, Any] | None = None,
        configuration: str | None = None,
    ) -> None:
        self.surrogate = surrogate if isinstance(surrogate, Surrogate) else load(surrogate)
        self.data = select_sample(data)
        self.sampler = read_settings(SamplerSettings, sampler or {}, "sampler")
        self.likelihood = likelihood_settings(likelihood or {})
        ingredients = Ingredients(
            self.surrogate,
            self.data,
            PriorSet(read_priors(priors)),
            read_numbers({} if fixed is None else fixed, "fixed"),
            measurement_error or {},
            self.sampler.seed,
        )
        self.posterior = self.likelihood.posterior(ingredients)
        self.sampler.check(self.posterior.n_free)
        self._configuration = configuration
        self._given = {
            "priors": {name: given_prior(prior) for name, prior in priors.items()},
            "fixed": fixed,
            "measurement_error": measurement_error,
            "likelihood": likelihood,
            "sampler": sampler,
        }

    @classmethod
    def from_toml(cls, path: str | Path) -> "Estimation":
        """Read an estimation from a TOML file, see :mod:`estimation.inputs` for its sections, or from the
        output folder of another one, see :mod:`estimation.inputs`.
        """
        return cls(**inputs.read_configuration(Path(path)))

    @property
    def configuration(self) -> str:
        """The estimation as TOML, as it was given; empty if no file can hold what was given in Python."""
        if self._configuration is not None:
            return self._configuration
        columns = {str(name): str(name) for name in self.data.columns}
        sections = {
            "model": {"surrogate": "."},  # which is beside it
            "data": {"file": inputs.SAMPLE, "columns": columns, "date_column": inputs.DATE},
        }
        for name, section in self._given.items():
            values = {} if section is None else by_name(section)
            sections[name] = {key: value for key, value in values.items() if value is not None}
        try:
            return records.as_toml(sections)
        except TypeError:
            return ""

    def keep_inputs(self, folder: Path) -> None:
        """Put all that the estimation is made of into an output folder; see :mod:`estimation.inputs`."""
        learnt = vars(self.likelihood).get("folder")
        graph = files_of(Path(learnt), [GRAPH_FILE], LARGEST_FILE) if learnt else ()
        inputs.keep(folder, self.configuration, self.data, self.surrogate, graph)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Hashes of all that the chains depend on, apart from their length."""
        sampler = [self.sampler.ensembles, self.sampler.walkers, self.sampler.seed]
        sampler += sorted(weights_of(self.sampler.moves).items())
        return {
            "model": fingerprint.of_surrogate(self.surrogate),
            "data": fingerprint.of_data(self.data),
            "priors": fingerprint.of_priors(self.posterior.priors),
            "fixed parameters": fingerprint.hash_of(self.posterior.fixed),
            "likelihood": fingerprint.hash_of(self.likelihood.ingredients(self.posterior)),
            "sampler settings": fingerprint.hash_of(sampler),
        }

    def find_mode(self, processes: int | None = 1) -> Mode:
        """Find the posterior mode, in this process unless ``processes`` is more than one."""
        if processes == 1:
            return find_mode(self.posterior, self.sampler.seed, report=listener().message)
        with open_pool(processes) as pool:
            return find_mode(
                self.posterior, self.sampler.seed, parallel_map=pool.map, report=listener().message
            )

    def point_estimate(self) -> MomentsResult:
        """Simulated method of moments: the closest parameters in the priors' supports.

        Raises
        ------
        BadConfiguration : the likelihood is not made of moments, or there are too few of them.
        """
        return self.likelihood.point_estimate(self.posterior, self.sampler.seed)

    @owner("output")
    def sample(
        self,
        output: str | Path | None = None,
        resume: bool = False,
        processes: int | None = None,
        scheduler: str | None = None,
    ) -> Results:
        """Find the mode, sample, and collect the draws.

        Parameters
        ----------
        output : folder for ``mode.json``, ``chains/`` and ``inputs/``; ``None`` keeps nothing.
        resume : go on with what is in ``output``.
        processes : worker processes; one for each core if ``None``. The answer does not depend on it.
        scheduler : address of a Dask scheduler whose workers take the place of processes.

        Raises
        ------
        MissingPackage, NoCluster : as :func:`estimation.work.cluster.open_pool`.
        BadConfiguration : ``output`` holds chains and ``resume`` is not given.
        Changed : they belong to another model, prior, likelihood, data or seed.
        InUse : another run is at work there.
        Interrupted : on Ctrl-C, after saving.
        """
        if output is None:
            with TemporaryDirectory() as folder:
                return self.sample(folder, resume, processes, scheduler)
        folder = Path(output)
        files = self._chain_files(folder)
        self._check_folder(folder, resume)
        done = [ChainFile(file).steps for file in files if file.exists()]
        if processes is not None:
            processes = min(processes, self.sampler.ensembles)
        pool = open_pool(processes, scheduler)
        with pool, progress("sampling") as tell:
            mode = self._mode(folder, resume, pool)
            self.keep_inputs(folder)
            chains, callbacks = folder / CHAINS, SamplingProgress(self.sampler, done, tell).callbacks
            sample(self.posterior, mode, self.sampler, chains, pool, self.fingerprints, callbacks)
        return self._results(mode, files)

    def saved_results(self, output: str | Path) -> Results:
        """Collect the draws that a run has left in ``output`` so far, finished or not.

        Raises
        ------
        BadConfiguration : there are none.
        Changed : they belong to another model, prior, likelihood, data or seed.
        """
        folder = Path(output)
        files = self._chain_files(folder)
        self._check_folder(folder, resume=True)
        if not (folder / MODE_FILE).exists() or not all(map(Path.exists, files)):
            raise BadConfiguration(f"There are no draws in {folder}: estimate first.")
        return self._results(_saved_mode(folder / MODE_FILE)[0], files)

    @owner("output_dir")
    def run(
        self,
        output_dir: str | Path,
        resume: bool = False,
        processes: int | None = None,
        plots: bool = True,
        scheduler: str | None = None,
    ) -> Results:
        """Sample, tell the listener the posterior table, and leave everything in ``output_dir``.

        Files: ``inputs/``, ``mode.json``, ``chains/ensemble_<i>.chain``, ``posterior.nc`` (ArviZ),
        ``posterior.csv`` and ``.md``, tables of what the method of estimation finds out besides (``files`` of
        its class in :mod:`estimation.likelihoods`), and, where Matplotlib and corner are installed,
        ``trace.png``, ``prior_posterior.png`` and ``corner.png``. Tables, draws and figures take the place of
        an earlier run's all at once, whatever its method. Parameters and errors as in :meth:`sample`.
        """
        folder = Path(output_dir)
        results = self.sample(folder, resume, processes, scheduler)
        listener().result(results.summary())
        of_methods = [name for method in METHODS.values() for name in method.files]
        with atomic_files(folder, ["posterior", *DRAWN, *of_methods]) as temporary:
            results.save(temporary)
            likelihood = self.posterior.likelihood
            for warning in likelihood.warnings(results):
                listener().result(warning)
            for finding in likelihood.findings(results, self.sampler.seed, processes):
                save(finding, temporary)
                listener().result(f"\n{finding.title}\n{as_text(finding.table)}\n{finding.note}")
            if plots:
                results.plot(temporary)
        listener().result(f"Saved in {folder}")
        return results

    def _chain_files(self, folder: Path) -> list[Path]:
        return [ensemble_file(folder / CHAINS, number) for number in range(self.sampler.ensembles)]

    def _check_folder(self, folder: Path, resume: bool) -> None:
        if any((folder / CHAINS).glob("*.h5")):
            raise BadConfiguration(
                f"{folder} holds chains of an earlier version, which this one cannot go on with or read: "
                "choose another folder."
            )
        if not resume and any((folder / CHAINS).glob("ensemble_*")):
            raise BadConfiguration(
                f"{folder} already holds chains: resume to go on with them, or choose another folder."
            )
        if resume and (folder / MODE_FILE).exists():
            _, fingerprints = _saved_mode(folder / MODE_FILE)
            fingerprint.require_unchanged(fingerprints, self.fingerprints, str(folder))
        for file in filter(ChainFile.exists, map(ChainFile, self._chain_files(folder))):
            fingerprint.require_unchanged(file.fingerprints, self.fingerprints, str(folder))

    def _mode(self, folder: Path, resume: bool, pool: Pool) -> Mode:
        file = folder / MODE_FILE
        if resume and file.exists():
            return _saved_mode(file)[0]
        tell = listener().message
        mode = find_mode(self.posterior, self.sampler.seed, parallel_map=pool.map, report=tell)
        tell(f"log posterior at the mode {mode.log_prob:.2f}")
        with atomic_path(file) as path:
            path.write_text(json.dumps(seal({**mode.to_dict(), "fingerprints": self.fingerprints}), indent=1))
        return mode

    def _results(self, mode: Mode, files: list[Path]) -> Results:
        chains = read_chains(files, self.posterior.names)
        chains.require_inside(*self.posterior.priors.bounds(), str(files[0].parent))
        draws = chains.theta.reshape(-1, self.posterior.n_free)
        mode = improved_mode(self.posterior, mode, draws, chains.log_prob.ravel())
        burn = automatic_burn(chains) if self.sampler.burn is None else self.sampler.burn
        settings = {
            "surrogate": self.surrogate.card.model,
            "sample": f"{self.data.index[0]} to {self.data.index[-1]}",
            "likelihood": {key: str(value) for key, value in vars(self.likelihood).items()},
            "sampler": vars(self.sampler),
            "fixed": self.posterior.fixed,
        }
        attributes = {
            "settings": json.dumps(settings),
            "fingerprints": json.dumps(self.fingerprints),
            "versions": json.dumps(fingerprint.versions()),
        }
        target = self.sampler.target_ess or LEAST_ESS
        return Results(self.posterior, mode, chains, burn, self.data, attributes, target)


def read_results(folder: str | Path) -> Results:
    """The draws in an output folder, of a run that has finished or not; it needs nothing but the folder.

    Raises
    ------
    BadConfiguration : there are no draws, or the estimation was made in Python with settings that no file can
        hold.
    BrokenArtifact, Changed : something in the folder is damaged, or does not belong to the rest.
    """
    return Estimation.from_toml(folder).saved_results(folder)


def _saved_mode(file: Path) -> tuple[Mode, dict[str, str]]:
    """The mode in a file, with the fingerprints of what it belongs to."""
    try:
        saved = unseal(json.loads(file.read_text(encoding="utf-8")))
        return Mode.from_dict(saved), dict(saved["fingerprints"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadConfiguration(
            f"{file} is damaged, or of another version; delete it to look for the mode again."
        ) from None
