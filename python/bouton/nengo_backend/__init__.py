"""Networks that were built with Nengo, on bouton's engine."""
