"""The classical answers that surrogates are held against."""
