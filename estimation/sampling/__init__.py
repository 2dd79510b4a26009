"""From a posterior to chains of draws: mode, ensembles of walkers, files, convergence."""
