"""How accurate a policy is, by tests that training has not seen."""

from surrogate.accuracy.certificate import Certificate, certify
from surrogate.accuracy.errors import euler_errors

__all__ = ["Certificate", "certify", "euler_errors"]
