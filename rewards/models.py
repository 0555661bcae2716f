"""No tables yet; see the package's docstring."""
