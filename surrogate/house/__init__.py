"""What every room needs and no economics: files, locks, figures, records, who listens, and the version."""

__version__ = "0.1.0"
