"""Take a surrogate economy to data: likelihoods, priors, posteriors, moments, tables and plots."""
