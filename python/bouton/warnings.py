"""What bouton warns of."""


class BoutonWarning(UserWarning):
    """Something runs, and not as one might expect."""
