"""How accurate a policy is, by tests that training has not seen."""

from .certificate import Certificate, certify
from .errors import euler_errors

__all__ = ["Certificate", "certify", "euler_errors"]
